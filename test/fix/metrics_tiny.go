package main

// Tiny objects count in MemStats, and in a metric of their own.

import (
	"fmt"
	"runtime"
	"runtime/metrics"
)

var sink *int8

func main() {
	for i := 0; i < 100000; i++ {
		sink = new(int8)
	}
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	s := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}, {Name: "/gc/heap/tiny/allocs:objects"}, {Name: "/gc/heap/frees:objects"}}
	metrics.Read(s)
	tiny := s[1].Value.Uint64()
	near := func(a, b uint64) bool { return a <= b && b-a < 500 }
	fmt.Println(tiny > 80000, near(ms.Mallocs, s[0].Value.Uint64()+tiny), near(ms.Frees, s[2].Value.Uint64()+tiny))
}
