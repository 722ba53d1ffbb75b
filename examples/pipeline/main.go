// Pipeline squares numbers in stages connected by channels and counts the primes next
// to the squares.
package main

import "fmt"

func generate(n int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for i := 1; i <= n; i++ {
			out <- i
		}
	}()
	return out
}

func apply(in <-chan int, f func(int) (int, bool)) <-chan int {
	out := make(chan int, 8)
	go func() {
		defer close(out)
		for v := range in {
			if r, ok := f(v); ok {
				out <- r
			}
		}
	}()
	return out
}

func prime(n int) bool {
	for d := 2; d*d <= n; d++ {
		if n%d == 0 {
			return false
		}
	}
	return n > 1
}

func main() {
	squares := apply(generate(2000), func(v int) (int, bool) { return v*v + 1, true })
	primes := apply(squares, func(v int) (int, bool) { return v, prime(v) })
	count, sum := 0, 0
	for p := range primes {
		count++
		sum += p
	}
	fmt.Println(count, "primes of the form n*n+1, sum", sum)
}
