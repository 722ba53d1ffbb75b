package main

const name = "ab"

// A switch on a constant string: cases of other lengths are not compared byte by byte.
func kind() int {
	switch name {
	case "a long case that is longer than the string", "another one":
		return 1
	case "x", "y":
		return 2
	case "ac", "ab", "ad":
		return 3
	case "abc", "abd", "abcd", "abcde", "abcdef":
		return 4
	}
	return 5
}

func main() { println(kind()) }
