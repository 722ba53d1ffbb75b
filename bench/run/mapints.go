// A map of integers: insert, look up (hits and misses), update, delete, iterate.
package main

import "fmt"

func main() {
	const n = 400000
	var hits, sum, left int
	for round := 0; round < 10; round++ {
		m := make(map[int]int)
		for i := 0; i < n; i++ {
			m[i*7919] = i
		}
		for i := 0; i < 2*n; i++ {
			if v, ok := m[i*7919]; ok {
				hits++
				sum += v
			}
		}
		for i := 0; i < n; i += 2 {
			m[i*7919]++
			delete(m, (i+1)*7919)
		}
		left += len(m)
		for k, v := range m {
			sum += k ^ v
		}
	}
	fmt.Println("mapints", n, hits, sum, left)
}
