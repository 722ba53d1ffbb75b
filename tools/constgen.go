// Constgen prints a table of constant expressions evaluated by go/constant, one per line:
//
//	literal|literal op literal   string form   float64 bits   float32 bits
//
// test_const evaluates the same expressions and compares. Usage: go run tools/constgen.go > table
package main

import (
	"fmt"
	"go/constant"
	"go/token"
	"math"
	"strings"
)

var lits = strings.Fields(`0 1 2 3 7 10 0x10 0b1011 0o17 017 1_000 255 65536 4294967295 4294967296 9223372036854775807
	9223372036854775808 18446744073709551615 18446744073709551616 340282366920938463463374607431768211456
	0.5 0.1 1e3 1e-7 1e6 1000000.5 123456.7 1234567.5 3.14159265358979323846264338327950288419716939937510582097494459 0x1p-2 0x1.8p3 0x1.fffffep127
	1e308 1.8e308 1e-320 4.9e-324 1e-330 1e400 1e1300 1e-1300 3.4028235e38 3.4028236e38 1e-45 1.401298464324817e-45 7e-46 1e10000 1i 2.5i 0x10i 0123i
	16777217 9007199254740993 0.3333333333333333333333333333333 2.2250738585072011e-308 'a' '\n' '\u1234' '\'' '世'
	"a" "hello\tworld" "é\x00\xff"`)

func lit(s string) constant.Value {
	tok := token.INT
	switch {
	case s[0] == '"':
		tok = token.STRING
	case s[0] == '\'':
		tok = token.CHAR
	case strings.HasSuffix(s, "i"):
		tok = token.IMAG
	case strings.HasPrefix(s, "0x"):
		if strings.ContainsAny(s, ".p") {
			tok = token.FLOAT
		}
	case strings.ContainsAny(s, ".e"):
		tok = token.FLOAT
	}
	return constant.MakeFromLiteral(s, tok, 0)
}

func show(name string, v constant.Value) {
	var d uint64
	var f uint32
	if k := v.Kind(); k == constant.Int || k == constant.Float {
		x, _ := constant.Float64Val(v)
		y, _ := constant.Float32Val(v)
		d, f = math.Float64bits(x), math.Float32bits(y)
	}
	fmt.Printf("%s\t%s\t%x\t%x\n", name, v.String(), d, f)
}

func numeric(v constant.Value) bool { return v.Kind() >= constant.Int }

func main() {
	ops := []struct {
		s string
		t token.Token
	}{{"+", token.ADD}, {"-", token.SUB}, {"*", token.MUL}, {"/", token.QUO}, {"%", token.REM}, {"&", token.AND}, {"|", token.OR}, {"^", token.XOR}, {"&^", token.AND_NOT}}
	for _, a := range lits {
		x := lit(a)
		show(a, x)
		if numeric(x) {
			show("- "+a, constant.UnaryOp(token.SUB, x, 0))
		}
		if x.Kind() == constant.Int {
			show("^ "+a, constant.UnaryOp(token.XOR, x, 0))
			show(a+" << 70", constant.Shift(x, token.SHL, 70))
			show(a+" >> 3", constant.Shift(x, token.SHR, 3))
		}
		if numeric(x) {
			show("int "+a, constant.ToInt(x))
			show("float "+a, constant.ToFloat(x))
		}
		for _, b := range lits {
			y := lit(b)
			if !numeric(x) || !numeric(y) {
				continue
			}
			ints := x.Kind() == constant.Int && y.Kind() == constant.Int
			for i, op := range ops {
				if i >= 4 && !ints || (op.s == "/" || op.s == "%") && constant.Sign(y) == 0 {
					continue
				}
				t := op.t
				if ints && op.s == "/" {
					t = token.QUO_ASSIGN
				}
				show(a+" "+op.s+" "+b, constant.BinaryOp(x, t, y))
			}
			if ints && constant.Sign(y) != 0 {
				show(a+" // "+b, constant.BinaryOp(x, token.QUO, y))
			}
			if x.Kind() != constant.Complex && y.Kind() != constant.Complex {
				show(a+" < "+b, constant.MakeBool(constant.Compare(x, token.LSS, y)))
			}
			show(a+" == "+b, constant.MakeBool(constant.Compare(x, token.EQL, y)))
		}
	}
}
