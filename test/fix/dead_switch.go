package main

// Switches on constants: the clause is known, in every kind of dispatch.

func pick(n int, s string) {
	print(n, s, " ")
}

func main() {
	const f, c, t = 1.5, 2i, "go"
	switch f {
	case 2.5:
		pick(1, "no")
	case 1.5:
		pick(1, "yes")
	}
	switch c {
	case 2:
		pick(2, "no")
	case 2i:
		pick(2, "yes")
	}
	switch t {
	case "og":
		pick(3, "no")
	case "go":
		pick(3, "yes")
	}
	switch 5 {
	case 0, 1, 2, 3:
		pick(4, "no")
	case 4, 5, 6, 7, 8:
		pick(4, "yes")
	default:
		pick(4, "none")
	}
	switch -3 {
	case 0, 1, 2, 3, 4, 5, 6, 7, 8:
		pick(5, "no")
	default:
		pick(5, "none")
	}
	println()
}
