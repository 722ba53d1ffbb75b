package main

// Functions of the runtime stand in files of the library, whatever they are written in.

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

func main() {
	var pc [10]uintptr
	n := runtime.Callers(0, pc[:])
	fr := runtime.CallersFrames(pc[:n])
	for {
		f, more := fr.Next()
		fmt.Println(f.Function, strings.Contains(f.File, "/src/runtime/"), path.Base(f.File), f.Line > 0)
		if !more {
			break
		}
	}
}
