package main

// Builtins take the results of one call as their arguments; elided &T{...} of slices and maps inside other literals.

func strs() ([]interface{}, *int, string) { return []interface{}{1}, nil, "x" }
func parts() (float64, float64)           { return 1, 2 }
func parts32() (float32, float32)         { return 3, 4 }
func nums() (int, int, int)               { return 3, 1, 2 }
func words() (s, t string)                { return "b", "a" }

type S []T
type T struct{ x int }
type M map[string]int

var static = map[string]*S{"a": {{1}, {2}}}

func main() {
	x := append(strs())
	println(len(x), x[1] == (*int)(nil), x[2].(string))
	println(complex(parts()), complex(parts32()))
	println(min(nums()), max(nums()), min(words()))
	println((*static["a"])[1].x)
	l := [...]*M{{"k": 7}, nil, {}}
	println((*l[0])["k"], l[1] == nil, len(*l[2]))
	p := [1]*S{{{5}}}
	println((*p[0])[0].x)
}
