// Every metric has a value of its kind; distributions are well formed.
package main

import (
	"fmt"
	"runtime"
	"runtime/metrics"
)

func main() {
	runtime.GC()
	all := metrics.All()
	s := make([]metrics.Sample, len(all))
	for i := range all {
		s[i].Name = all[i].Name
	}
	metrics.Read(s)
	bad := 0
	for i, x := range s {
		if x.Value.Kind() != all[i].Kind {
			bad++
			fmt.Println(x.Name, x.Value.Kind(), all[i].Kind)
			continue
		}
		if x.Value.Kind() == metrics.KindFloat64Histogram {
			h := x.Value.Float64Histogram()
			if len(h.Buckets) != len(h.Counts)+1 {
				fmt.Println("bad histogram", x.Name, len(h.Buckets), len(h.Counts))
			}
			for i := 1; i < len(h.Buckets); i++ {
				if h.Buckets[i] <= h.Buckets[i-1] {
					fmt.Println("order", x.Name, i)
				}
			}
		}
	}
	fmt.Println("kinds that differ:", bad)
}
