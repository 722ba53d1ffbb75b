// Regular expressions over a text made here: one-pass, backtracking and the general machine.
package main

import (
	"fmt"
	"regexp"
	"strings"
)

func logLines(n int) string {
	var b strings.Builder
	verbs := []string{"GET", "POST", "PUT", "DELETE"}
	for i := 0; i < n; i++ {
		fmt.Fprintf(&b, "10.%d.%d.%d - user%d [2026-01-%02d] \"%s /item/%d/view?q=%x HTTP/1.1\" %d %d\n",
			i%200, i%77, i%253, i%31, i%28+1, verbs[i%4], i, i*i, 200+i%7*50, i*37%90001)
	}
	return b.String()
}

func main() {
	text := logLines(60000)
	lines := strings.Split(text, "\n")
	line := regexp.MustCompile(`^(\S+) - (\w+) \[(\d{4})-(\d\d)-(\d\d)\] "([A-Z]+) ([^ ]+) HTTP/1\.1" (\d{3}) (\d+)$`)
	fields := 0
	for _, l := range lines {
		if m := line.FindStringSubmatch(l); m != nil {
			fields += len(m[7]) + len(m[9])
		}
	}
	words := len(regexp.MustCompile(`(?i)\b(get|delete)\b\s+/item/\d*7/`).FindAllStringIndex(text, -1))
	hex := regexp.MustCompile(`q=([0-9a-f]*)(ab|cd|ef)+`)
	replaced := hex.ReplaceAllString(text, "q=<<$1>>")
	slow := 0
	nested := regexp.MustCompile(`(a*)*(0|3|7)+[^x]*user(1|2|3)\d`)
	for _, l := range lines {
		if nested.MatchString(l) {
			slow++
		}
	}
	fmt.Println("regexp", len(text), fields, words, len(replaced), slow)
}
