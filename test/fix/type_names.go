// Names in descriptors: pointers to exported types are exported, unexported methods name their package only where it is another one.
package main

import (
	"fmt"
	"reflect"
	"time"
)

func main() {
	t := reflect.StructOf([]reflect.StructField{{Name: "Time", Type: reflect.TypeOf(time.Time{}), Anonymous: true}})
	fmt.Println(t.NumField(), t.Field(0).Name)
	m := reflect.ValueOf(func(a, b, c, d [3]int, e string) (r [3]int) {
		for i := range r {
			r[i] = a[i] + b[i] + c[i] + d[i] + len(e)
		}
		return
	})
	v := reflect.ValueOf([3]int{1, 2, 3})
	fmt.Println(m.Call([]reflect.Value{v, v, v, v, reflect.ValueOf("ab")})[0])
}
