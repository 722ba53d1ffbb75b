package main

import "reflect"

// Generic types local to a generic function are different types in its different instances.

type Int int

func F[A ~int]() (x, y, z interface{}) {
	type T[B any] struct {
		a A
		b B
	}
	type L int
	return T[string]{}, T[A]{}, T[L]{}
}

func main() {
	a, b, l := F[int]()
	c, d, m := F[Int]()
	println(a == c, b == d, l == m)
	println(reflect.TypeOf(a).String(), reflect.TypeOf(c).String(), reflect.TypeOf(d).Field(0).Type.String())
	println(reflect.TypeOf(l).String(), reflect.TypeOf(m).String())
}
