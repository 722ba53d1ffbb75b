// Trees made, walked and dropped while one large tree lives on: allocator and collector.
package main

import "fmt"

type tree struct{ left, right *tree }

func grow(depth int) *tree {
	if depth == 0 {
		return new(tree)
	}
	return &tree{grow(depth - 1), grow(depth - 1)}
}

func (t *tree) count() int {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.count() + t.right.count()
}

func main() {
	const least, most = 4, 17
	long := grow(most)
	total := 0
	for d := least; d <= most; d += 4 {
		n := 1 << (most - d + least)
		nodes := 0
		for i := 0; i < n; i++ {
			nodes += grow(d).count()
		}
		total += nodes
	}
	fmt.Println("binarytrees", most, total, long.count())
}
