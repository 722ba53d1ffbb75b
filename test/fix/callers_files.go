package main

// Functions of the runtime stand in files of the library, whatever they are written in.

import (
	"fmt"
	"runtime"
	"strings"
)

func main() {
	var pc [10]uintptr
	n := runtime.Callers(0, pc[:])
	fr := runtime.CallersFrames(pc[:n])
	for {
		f, more := fr.Next()
		i := strings.Index(f.File, "/src/")
		fmt.Println(f.Function, strings.HasSuffix(f.File[:max(i, 0)], "go"), f.File[max(i, 0):], f.Line > 0)
		if !more {
			break
		}
	}
}
