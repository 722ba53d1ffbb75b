// A call through an interface made by a function that was inlined is a call of the method: its receiver can stay in the frame.
package main

import (
	"fmt"
	"hash"
	"testing"
)

type sum struct{ n uint32 }

func (s *sum) Write(p []byte) (int, error) {
	for _, c := range p {
		s.n = s.n*31 + uint32(c)
	}
	return len(p), nil
}
func (s *sum) Sum(b []byte) []byte { return append(b, byte(s.n), byte(s.n>>8)) }
func (s *sum) Reset()              { s.n = 7 }
func (s *sum) Size() int           { return 2 }
func (s *sum) BlockSize() int      { return 1 }

type named struct {
	name string
	size int
}

func (v named) Len() int { return len(v.name) * v.size }

type lener interface{ Len() int }

func newHash() hash.Hash { return &sum{7} }
func newLen(s string) lener {
	return named{s, 3}
}

type wrapper struct{ lener }

func main() {
	in, out := []byte("some bytes"), make([]byte, 0, 8)
	fmt.Println(testing.AllocsPerRun(10, func() {
		h := newHash()
		h.Write(in)
		h.Reset()
		h.Write(in)
		out = h.Sum(out[:0])
	}), out)
	fmt.Println(newLen("abc").Len(), wrapper{newLen("de")}.Len())
	var l lener = wrapper{newLen("f")}
	fmt.Println(l.Len())
	defer func() { fmt.Println(recover()) }()
	var p *named
	l = p
	fmt.Println(l.Len())
}
