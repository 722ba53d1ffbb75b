// Command unicode writes src/base/unicode.def: the classes of characters the Go language needs, as ranges.
//
//	go run tools/unicode.go > src/base/unicode.def
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"unicode"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	fmt.Fprintf(out, "/* Classes of characters, Unicode %s, as RANGE(lo, hi, stride). Made by tools/unicode.go. */\n", unicode.Version)
	class(out, "LETTER", unicode.IsLetter)
	class(out, "DIGIT", unicode.IsDigit)
	class(out, "UPPER", unicode.IsUpper)
	class(out, "PRINT", strconv.IsPrint)
}

// class writes the members of one class in ascending order. A run of members two apart (common among capitals)
// is one range of stride 2.
func class(out *bufio.Writer, name string, in func(rune) bool) {
	var all []rune
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if in(r) {
			all = append(all, r)
		}
	}
	fmt.Fprintf(out, "\n#ifdef UNICODE_%s\n", name)
	n := 0
	for i := 0; i < len(all); {
		j, stride := i, rune(1)
		if i+2 < len(all) && all[i+1] == all[i]+2 && all[i+2] == all[i]+4 {
			stride = 2
		}
		for j+1 < len(all) && all[j+1] == all[j]+stride {
			j++
		}
		fmt.Fprintf(out, "RANGE(0x%X, 0x%X, %d)", all[i], all[j], stride)
		if n++; n%4 == 0 {
			fmt.Fprintln(out)
		} else {
			fmt.Fprint(out, " ")
		}
		i = j + 1
	}
	fmt.Fprintf(out, "\n#undef UNICODE_%s\n#endif\n", name)
}
