// One variable an iteration: closures see their own, the post statement works on the next one, and what no address outlives
// is not allocated.
package main

import (
	"fmt"
	"testing"
)

type cursor struct {
	at, end int
	name    string
}

func (c *cursor) next() bool { c.at++; return c.at < c.end }
func (c *cursor) sum(n int) int {
	return c.at*10 + n
}

//go:noinline
func walk(n int) (total int) {
	for c, i := (cursor{0, n, "c"}), 0; c.at < c.end; c.next() {
		total += c.sum(i)
		i++
		if i == 3 {
			continue
		}
		total += len(c.name)
	}
	return
}

func main() {
	var f []func() int
	for i := 0; i < 6; i++ {
		if i%2 == 0 {
			i++
		}
		f = append(f, func() int { i += 10; return i })
	}
	for _, g := range f {
		fmt.Print(g(), g(), " ")
	}
	fmt.Println()
	var p []*int
outer:
	for i, j := 0, 10; ; i, j = i+1, j-1 {
		switch {
		case i == 2:
			continue outer
		case i == j:
			break outer
		}
		p = append(p, &i, &j)
	}
	for _, q := range p {
		fmt.Print(*q, " ")
	}
	fmt.Println()
	var posts []func() int
	for i := 0; i < 3; func() { i++; posts = append(posts, func() int { return i }) }() {
		posts = append(posts, func() int { return i * 100 })
	}
	for _, g := range posts {
		fmt.Print(g(), " ")
	}
	fmt.Println()
	fmt.Println(walk(5), testing.AllocsPerRun(10, func() { walk(50) }))
}
