// Goroutines that contend for a mutex and a read-write mutex, and count atomically.
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

func main() {
	const workers, n = 8, 6000000
	var (
		mu    sync.Mutex
		rw    sync.RWMutex
		wg    sync.WaitGroup
		sum   int
		table [16]int
		ops   atomic.Int64
		reads atomic.Int64
	)
	for w := 0; w < workers; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < n; i++ {
				mu.Lock()
				sum += i & 7
				mu.Unlock()
				if i%32 == 0 {
					rw.Lock()
					table[(i/32)%16]++
					rw.Unlock()
				} else if i%4 == 0 {
					rw.RLock()
					if table[i%16] >= 0 {
						reads.Add(1)
					}
					rw.RUnlock()
				}
				ops.Add(1)
			}
		}()
	}
	wg.Wait()
	total := 0
	for _, x := range table {
		total += x
	}
	fmt.Println("mutex", sum, total, reads.Load(), ops.Load())
}
