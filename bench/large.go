// A program with a large closure of packages: it checks the types of a source text and prints facts about them as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
)

const source = `package p
type T struct { a, b int }
func (t *T) Sum() int { return t.a + t.b }
func Map[E, F any](s []E, f func(E) F) (r []F) { for _, e := range s { r = append(r, f(e)) }; return }
var X = Map([]int{1, 2}, func(i int) string { return "x" })
`

func main() {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "p.go", source, 0)
	if err == nil {
		var pkg *types.Package
		if pkg, err = new(types.Config).Check("p", set, []*ast.File{file}, nil); err == nil {
			facts := map[string]string{}
			for _, name := range pkg.Scope().Names() {
				facts[name] = pkg.Scope().Lookup(name).Type().String()
			}
			err = json.NewEncoder(os.Stdout).Encode(facts)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
