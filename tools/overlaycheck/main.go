// Overlaycheck type-checks the standard library as the overlay manifest composes it
// and lists the functions that Go source leaves to the compiler, to C and to assembly.
//
//	go run ./tools/overlaycheck [-overlay dir] [-abi dir] [-rt dir] [-needs file] [packages]
//
// Without packages all of std is checked. The file list of a package is what go/build
// selects for linux/amd64 with our build tags, changed by the package's manifest section.
// A function without a body is satisfied by a Go definition of the same symbol (directly
// or through go:linkname), by a row of abi/entries.def, by a TEXT-like label in an
// assembly file of the runtime, or by the compiler (the intrinsics table below).
// What is left is printed; with -needs everything not defined in Go is written to a file.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

var tags = []string{"purego", "math_big_pure_go"}

// Symbols the compiler expands itself; they have no body anywhere.
var intrinsic = map[string]bool{
	"internal/abi.FuncPCABI0": true, "internal/abi.FuncPCABIInternal": true,
	"internal/runtime/sys.GetCallerPC": true, "internal/runtime/sys.GetCallerSP": true,
	"internal/runtime/sys.GetClosurePtr": true, "runtime.getg": true, "main.main": true,
}

type section struct {
	only bool
	take map[string]bool
	drop map[string]bool
	add  []string
}

type pkg struct {
	path  string
	files []*ast.File
	tpkg  *types.Package
	info  *types.Info
	busy  bool
}

type checker struct {
	fset     *token.FileSet
	ctxt     build.Context
	overlay  string
	goroot   string
	manifest map[string]*section
	pkgs     map[string]*pkg
	order    []*pkg
	errors   int
}

func readManifest(dir string) (map[string]*section, error) {
	f, err := os.Open(filepath.Join(dir, "manifest"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m := map[string]*section{}
	var cur *section
	sc := bufio.NewScanner(f)
	for n := 1; sc.Scan(); n++ {
		line, _, _ := strings.Cut(sc.Text(), "#")
		w := strings.Fields(line)
		if len(w) == 0 {
			continue
		}
		bad := func() error { return fmt.Errorf("manifest:%d: bad line %q", n, sc.Text()) }
		if w[0] == "package" && len(w) == 2 {
			cur = &section{take: map[string]bool{}, drop: map[string]bool{}}
			m[w[1]] = cur
			continue
		}
		if cur == nil {
			return nil, bad()
		}
		switch {
		case w[0] == "only" && len(w) == 1:
			cur.only = true
		case w[0] == "take" && len(w) == 2:
			cur.take[w[1]] = true
		case w[0] == "drop" && len(w) == 2:
			cur.drop[w[1]] = true
		case w[0] == "add" && len(w) == 2:
			cur.add = append(cur.add, w[1])
		default:
			return nil, bad()
		}
	}
	return m, sc.Err()
}

func (c *checker) fileList(path, dir string) ([]string, map[string]string, error) {
	s := c.manifest[path]
	var names []string
	importMap := map[string]string{}
	if s == nil || !s.only {
		bp, err := c.ctxt.ImportDir(dir, 0)
		if err != nil {
			return nil, nil, err
		}
		names = append(names, bp.GoFiles...)
	}
	var list []string
	seen := map[string]bool{}
	for _, n := range names {
		if s != nil && s.drop[n] {
			continue
		}
		seen[n] = true
		list = append(list, filepath.Join(dir, n))
	}
	if s != nil {
		for n := range s.take {
			if !seen[n] {
				list = append(list, filepath.Join(dir, n))
			}
		}
		for _, n := range s.add {
			list = append(list, filepath.Join(c.overlay, n))
		}
	}
	sort.Strings(list)
	return list, importMap, nil
}

func (c *checker) load(path string) (*pkg, error) {
	if p := c.pkgs[path]; p != nil {
		if p.busy {
			return nil, fmt.Errorf("import cycle through %s", path)
		}
		return p, nil
	}
	p := &pkg{path: path, busy: true}
	c.pkgs[path] = p
	defer func() { p.busy = false }()
	if path == "unsafe" {
		p.tpkg = types.Unsafe
		return p, nil
	}
	dir := filepath.Join(c.goroot, "src", path)
	list, _, err := c.fileList(path, dir)
	if err != nil {
		return nil, err
	}
	for _, name := range list {
		f, err := parser.ParseFile(c.fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, f)
	}
	p.info = &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}}
	conf := types.Config{
		GoVersion: "go1.26",
		Importer:  importerFor{c, path},
		Sizes:     types.SizesFor("gc", "amd64"),
		Error: func(err error) {
			c.errors++
			if c.errors <= *maxErrors {
				fmt.Println(err)
			}
		},
		FakeImportC: true,
	}
	p.tpkg, _ = conf.Check(path, c.fset, p.files, p.info)
	c.order = append(c.order, p)
	return p, nil
}

type importerFor struct {
	c    *checker
	from string
}

func (i importerFor) Import(path string) (*types.Package, error) {
	if v := "vendor/" + path; strings.Contains(strings.SplitN(path, "/", 2)[0], ".") {
		if _, err := os.Stat(filepath.Join(i.c.goroot, "src", v)); err == nil {
			path = v
		}
	}
	p, err := i.c.load(path)
	if err != nil {
		return nil, err
	}
	return p.tpkg, nil
}

func recvName(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	star := false
	if s, ok := t.(*ast.StarExpr); ok {
		star, t = true, s.X
	}
	switch x := t.(type) {
	case *ast.IndexExpr:
		t = x.X
	case *ast.IndexListExpr:
		t = x.X
	}
	n := t.(*ast.Ident).Name
	if star {
		return "(*" + n + ")"
	}
	return n
}

var linknameRE = regexp.MustCompile(`^//go:linkname\s+(\S+)(?:\s+(\S+))?`)

type need struct{ sym, where, sig string }

// survey collects, over all loaded packages, which symbols Go defines and which it wants.
func (c *checker) survey() (defined map[string]bool, wanted []need) {
	defined = map[string]bool{}
	// A bodyless declaration that nothing names is an alias for outsiders, not a demand.
	used := map[types.Object]bool{}
	for _, p := range c.order {
		for _, o := range p.info.Uses {
			used[o] = true
		}
	}
	for _, p := range c.order {
		target := map[string]string{}
		for _, f := range p.files {
			for _, g := range f.Comments {
				for _, cm := range g.List {
					if m := linknameRE.FindStringSubmatch(cm.Text); m != nil && m[2] != "" {
						target[m[1]] = m[2]
					}
				}
			}
		}
		for _, f := range p.files {
			for _, d := range f.Decls {
				fd, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				name := fd.Name.Name
				if fd.Recv != nil {
					defined[p.path+"."+recvName(fd)+"."+name] = true
					continue
				}
				sym := p.path + "." + name
				if t := target[name]; t != "" {
					if fd.Body != nil {
						defined[sym] = true
					}
					sym = t
				}
				if fd.Body != nil {
					defined[sym] = true
					continue
				}
				obj := p.info.Defs[fd.Name]
				if obj == nil || !used[obj] && !*all {
					continue
				}
				wanted = append(wanted, need{sym, c.fset.Position(fd.Pos()).String(), types.TypeString(obj.Type(), types.RelativeTo(p.tpkg))})
			}
		}
	}
	return defined, wanted
}

// A line that defines a Go symbol in assembly: a macro in capitals and a quoted name.
var asmDef = regexp.MustCompile(`(?m)^[A-Z][A-Z0-9_]*[ (](?:[^"\n]*, )?"([^"\n]+\.[^"\n]+)"`)

// outside reads the names that C entries and assembly provide.
func outside(abiDir, rtDir string) (have map[string]bool, rowOf map[string]string) {
	have = map[string]bool{}
	rowOf = map[string]string{}
	rows, _ := filepath.Glob(filepath.Join(abiDir, "entries*.def"))
	for _, name := range rows {
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		re := regexp.MustCompile(`"([A-Za-z0-9_/.()*]+\.[A-Za-z0-9_]+)"`)
		for _, line := range strings.Split(string(b), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "/*") || strings.HasPrefix(strings.TrimSpace(line), "*") {
				continue
			}
			for _, m := range re.FindAllStringSubmatch(line, -1) {
				have[m[1]], rowOf[m[1]] = true, name
			}
		}
	}
	filepath.Walk(rtDir, func(path string, fi os.FileInfo, err error) error {
		if err != nil || !strings.HasSuffix(path, ".S") && !strings.HasSuffix(path, ".c") {
			return nil
		}
		b, _ := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`"?([A-Za-z0-9_/()*]+(?:[./][A-Za-z0-9_()*]+)*\.[A-Za-z0-9_]+)"?`).FindAllStringSubmatch(string(b), -1) {
			have[m[1]] = true
		}
		if strings.HasSuffix(path, ".S") {
			for _, m := range asmDef.FindAllStringSubmatch(string(b), -1) {
				rowOf[m[1]] = path
			}
		}
		return nil
	})
	return have, rowOf
}

var (
	maxErrors = flag.Int("e", 40, "errors to print")
	all       = flag.Bool("all", false, "also list bodyless functions nobody uses")
)

func main() {
	overlay := flag.String("overlay", "overlay", "overlay directory")
	abi := flag.String("abi", "abi", "directory of entries.def")
	rt := flag.String("rt", "runtime", "directory of the C runtime")
	needs := flag.String("needs", "", "write every symbol not defined in Go to this file")
	flag.Parse()
	c := &checker{fset: token.NewFileSet(), ctxt: build.Default, overlay: *overlay, pkgs: map[string]*pkg{}}
	c.ctxt.CgoEnabled = false
	c.ctxt.GOOS, c.ctxt.GOARCH = "linux", "amd64"
	c.ctxt.BuildTags = tags
	c.goroot = c.ctxt.GOROOT
	var err error
	if c.manifest, err = readManifest(*overlay); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	roots := flag.Args()
	if len(roots) == 0 {
		cmd := exec.Command("go", "list", "-tags", strings.Join(tags, ","), "-f", "{{if .GoFiles}}{{.ImportPath}}{{end}}", "std")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
		out, err := cmd.Output()
		if err != nil {
			fmt.Fprintln(os.Stderr, "go list:", err)
			os.Exit(1)
		}
		roots = strings.Fields(string(out))
	}
	if _, err := c.load("runtime"); err != nil {
		fmt.Println(err)
		c.errors++
	}
	for _, r := range roots {
		if _, err := c.load(r); err != nil {
			fmt.Println(r+":", err)
			c.errors++
		}
	}
	defined, wanted := c.survey()
	have, rowOf := outside(*abi, *rt)
	var twice []string
	for sym, name := range rowOf {
		if defined[sym] {
			twice = append(twice, sym+" (also in "+name+")")
		}
	}
	sort.Strings(twice)
	for _, s := range twice {
		fmt.Println("defined twice:", s)
	}
	var lines, missing []string
	seen := map[string]bool{}
	for _, n := range wanted {
		if defined[n.sym] || intrinsic[n.sym] || seen[n.sym] {
			continue
		}
		seen[n.sym] = true
		line := n.sym + strings.TrimPrefix(n.sig, "func")
		lines = append(lines, line)
		if !have[n.sym] {
			missing = append(missing, line)
		}
	}
	sort.Strings(lines)
	sort.Strings(missing)
	if *needs != "" {
		os.WriteFile(*needs, []byte(strings.Join(lines, "\n")+"\n"), 0o666)
	}
	for _, l := range missing {
		fmt.Println("missing:", l)
	}
	fmt.Printf("%d packages, %d errors, %d symbols from outside Go, %d missing\n", len(c.order), c.errors, len(lines), len(missing))
	if c.errors > 0 {
		os.Exit(1)
	}
}
