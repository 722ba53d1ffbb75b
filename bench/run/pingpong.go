// Two goroutines and two unbuffered channels: the cost of a switch.
package main

import "fmt"

func main() {
	const n = 2000000
	ping, pong := make(chan int), make(chan int)
	go func() {
		for x := range ping {
			pong <- x + 1
		}
		close(pong)
	}()
	x := 0
	for i := 0; i < n; i++ {
		ping <- x
		x = <-pong
	}
	close(ping)
	_, open := <-pong
	fmt.Println("pingpong", x, open)
}
