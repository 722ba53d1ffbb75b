// The address that reflection takes of a T has the methods of *T, though the program never mentions *T.
package main

import (
	"fmt"
	"reflect"
)

type setter interface{ Set(string) }

type word string

func (w *word) Set(s string) { *w = word(s) }

type outer struct {
	struct1
	W []word
}

type struct1 struct{ X word }

func main() {
	v := reflect.ValueOf(&outer{W: make([]word, 1)}).Elem()
	v.Field(1).Index(0).Addr().Interface().(setter).Set("element")
	v.Field(0).Field(0).Addr().Interface().(setter).Set("field")
	n := reflect.New(v.Field(1).Type().Elem())
	n.Interface().(setter).Set("new")
	fmt.Println(v, n.Elem())
}
