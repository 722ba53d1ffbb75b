package unitchecker

// The driver of seago vet: many packages in one process.
//
// Upstream's vet is started once for each package, with the compiler's export data of what that package imports. There is no such
// data here. Instead standard input has the whole import graph, and a package that is imported is type-checked from its source:
// without bodies where only its declarations are wanted, with them where it is analysed. Facts travel between packages in upstream's
// encoding.
//
// What was found out about a package, its facts and its diagnostics, is kept in a file named by a hash of all that decides it: this
// program, the flags, the package's files, and the names of what it imports. A package that is known is not looked at again, nor are
// those it imports: when nothing has changed, only files are hashed.
//
// A package is analysed together with its tests; its external tests are a package of their own, for which whatever lies between
// them and the package is checked anew, so that it is the one with the tests that they see.

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/internal/analysisflags"
	"golang.org/x/tools/internal/analysis/driverutil"
	"golang.org/x/tools/internal/diff"
)

// A Node is a package of the graph as seago describes it; imports come before importers.
type Node struct {
	ImportPath, Dir                    string
	GoVersion                          string // "go1.N"
	ModulePath, ModuleVersion          string
	Standard, Named, Fixable           bool
	GoFiles, TestGoFiles, XTestGoFiles []string
	NonGoFiles, IgnoredFiles           []string
	ImportMap                          map[string]string // where the path in the source is not the package's
	Imports, TestImports, XTestImports []string          // resolved

	key    [2]string // name of what is known: as imported, with tests
	mu     sync.Mutex
	pkg    *types.Package // as importers see it
	err    error
	done   bool
	unit   *unit          // of the package with its tests
	full   *types.Package // with tests
	plain  *known
	tested *known
	told   bool // what is wrong with it
}

// known is what is kept of a package.
type known struct {
	Facts []byte
	Tree  json.RawMessage   // analyzer -> diagnostics or error, as vet -json prints it; nil: only facts were wanted
	Err   string            // it could not be checked
	Fixed map[string][]byte `json:",omitempty"` // files after fixes
	Diff  string            `json:",omitempty"`
}

type graph struct {
	Explicit bool   // vet flags were given
	Cache    string // folder of what is known, or ""
	Program  string // identifies this program
	Cwd      string
	Nodes    []*Node

	fset      *token.FileSet
	analyzers []*analysis.Analyzer
	flags     string
	byPath    map[string]*Node
	files     map[string]string // hash of a file
	filesMu   sync.Mutex
	parsed    sync.Map // path -> *parsedFile
	hooks     sync.Map // config ID -> *unit
}

// Graph analyses the packages that standard input describes, if the environment says so; it does not return then.
func Graph(suite []*analysis.Analyzer) {
	if os.Getenv("SEAGO_VET") == "" {
		return
	}
	os.Unsetenv("SEAGO_VET")
	log.SetFlags(0)
	log.SetPrefix("vet: ")
	if err := analysis.Validate(suite); err != nil {
		log.Fatal(err)
	}
	flags := strings.Join(os.Args[1:], "\x00")
	g := &graph{fset: token.NewFileSet(), analyzers: analysisflags.Parse(suite, true), flags: flags, byPath: map[string]*Node{}, files: map[string]string{}}
	data, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = json.Unmarshal(data, g)
	}
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range g.Nodes {
		g.byPath[n.ImportPath] = n
	}
	g.install()
	os.Exit(g.run())
}

// ---- what is asked ----

// A unit is one analysis: a package as imported, with its tests, or its external tests.
type unit struct {
	g     *graph
	n     *Node
	cfg   *Config
	key   string
	want  bool                      // diagnostics too
	ext   map[string]*types.Package // external tests: packages checked anew
	pkg   *types.Package
	facts []byte
	out   *known
}

func (g *graph) config(n *Node, id string, files []string, vetxOnly bool) *Config {
	return &Config{ID: id, Compiler: "gc", Dir: n.Dir, ImportPath: id, GoVersion: n.GoVersion, GoFiles: files, NonGoFiles: n.NonGoFiles,
		IgnoredFiles: n.IgnoredFiles, ModulePath: n.ModulePath, ModuleVersion: n.ModuleVersion, VetxOnly: vetxOnly}
}

func (g *graph) hashFile(name string) string {
	g.filesMu.Lock()
	h, ok := g.files[name]
	g.filesMu.Unlock()
	if ok {
		return h
	}
	data, err := os.ReadFile(name)
	if err != nil {
		h = err.Error()
	} else {
		sum := sha256.Sum256(data)
		h = string(sum[:])
	}
	g.filesMu.Lock()
	g.files[name] = h
	g.filesMu.Unlock()
	return h
}

// key names what is known of files in n that import the packages of imports.
func (g *graph) key(n *Node, kind string, files, imports []string, with func(path string) string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%q %v %v %v\n%s %s %s %s %s\n", g.Program, g.flags, g.Explicit, analysisflags.Fix, n.Fixable, kind, n.ImportPath, n.GoVersion, n.ModulePath, n.ModuleVersion)
	for _, list := range [][]string{files, n.NonGoFiles, n.IgnoredFiles} {
		for _, f := range list {
			fmt.Fprintf(h, "%s %x\n", f, g.hashFile(f))
		}
	}
	for _, p := range imports {
		fmt.Fprintf(h, "%s %s\n", p, with(p))
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:20])
}

func (g *graph) keys() {
	for _, n := range g.Nodes {
		n.key[0] = g.key(n, "plain", n.GoFiles, n.Imports, g.plainKey)
	}
	for _, n := range g.Nodes {
		if n.Named {
			n.key[1] = g.key(n, "tested", slices.Concat(n.GoFiles, n.TestGoFiles), slices.Concat(n.Imports, n.TestImports), g.plainKey)
		}
	}
}

func (g *graph) plainKey(path string) string {
	if n := g.byPath[path]; n != nil {
		return n.key[0]
	}
	return ""
}

// ---- what is known ----

func (g *graph) load(key string) *known {
	if g.Cache == "" {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(g.Cache, key[:2], key))
	if err != nil || len(data) < sha256.Size {
		return nil
	}
	k := new(known)
	sum := sha256.Sum256(data[sha256.Size:])
	if !bytes.Equal(sum[:], data[:sha256.Size]) || json.Unmarshal(data[sha256.Size:], k) != nil {
		return nil
	}
	return k
}

func (g *graph) store(key string, k *known) {
	if g.Cache == "" {
		return
	}
	data, err := json.Marshal(k)
	if err != nil {
		return
	}
	sum := sha256.Sum256(data)
	dir := filepath.Join(g.Cache, key[:2])
	os.MkdirAll(dir, 0777)
	f, err := os.CreateTemp(dir, "tmp")
	if err != nil {
		return // the next one tries again
	}
	_, err = f.Write(append(sum[:], data...))
	if err2 := f.Close(); err == nil {
		err = err2
	}
	if err != nil || os.Rename(f.Name(), filepath.Join(dir, key)) != nil {
		os.Remove(f.Name())
	}
}

// ---- types ----

type parsedFile struct {
	once sync.Once
	f    *ast.File
	err  error
}

// declarations parses a file for its declarations only.
func (g *graph) declarations(name string) (*ast.File, error) {
	v, _ := g.parsed.LoadOrStore(name, new(parsedFile))
	p := v.(*parsedFile)
	p.once.Do(func() { p.f, p.err = parser.ParseFile(g.fset, name, nil, parser.SkipObjectResolution) })
	return p.f, p.err
}

func (g *graph) typesConfig(n *Node, imp types.Importer) *types.Config {
	return &types.Config{Importer: imp, Sizes: types.SizesFor("gc", runtime.GOARCH), GoVersion: n.GoVersion, IgnoreFuncBodies: true,
		FakeImportC: true, Error: func(error) {}}
}

func (g *graph) check(n *Node, imp types.Importer) (*types.Package, error) {
	var files []*ast.File
	for _, name := range n.GoFiles {
		f, err := g.declarations(name)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return g.typesConfig(n, imp).Check(n.ImportPath, g.fset, files, nil)
}

func (n *Node) resolve(path string) string {
	if to, ok := n.ImportMap[path]; ok {
		return to
	}
	return path
}

// typesOf is package path as its importers see it.
func (g *graph) typesOf(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	n := g.byPath[path]
	if n == nil {
		return nil, fmt.Errorf("can't resolve import %q", path)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.done {
		n.pkg, n.err = g.check(n, importerFunc(func(p string) (*types.Package, error) { return g.typesOf(n.resolve(p)) }))
		n.done = true
	}
	return n.pkg, n.err
}

// reaches tells whether from imports the package at path, directly or not.
func (g *graph) reaches(from, path string, seen map[string]bool) bool {
	if from == path {
		return true
	}
	n := g.byPath[from]
	if yes, ok := seen[from]; ok || n == nil {
		return yes
	}
	seen[from] = false
	yes := false
	for _, p := range n.Imports {
		yes = yes || g.reaches(p, path, seen)
	}
	seen[from] = yes
	return yes
}

// external is what the external tests of u.n see under path: packages that import u.n are checked against it as it is with its tests.
func (u *unit) external(path string) (*types.Package, error) {
	if len(u.n.TestGoFiles) == 0 {
		return u.g.typesOf(path)
	}
	if p, ok := u.ext[path]; ok {
		return p, nil
	}
	if path == u.n.ImportPath {
		p, err := u.g.withTests(u.n)
		u.ext[path] = p
		return p, err
	}
	if !u.g.reaches(path, u.n.ImportPath, map[string]bool{}) {
		return u.g.typesOf(path)
	}
	n := u.g.byPath[path]
	p, err := u.g.check(n, importerFunc(func(p string) (*types.Package, error) { return u.external(n.resolve(p)) }))
	u.ext[path] = p
	return p, err
}

// withTests is n with its own test files; where those are none, it is n.
func (g *graph) withTests(n *Node) (*types.Package, error) {
	if len(n.TestGoFiles) == 0 {
		return g.typesOf(n.ImportPath)
	}
	if n.full == nil {
		var files []*ast.File
		for _, name := range slices.Concat(n.GoFiles, n.TestGoFiles) {
			f, err := g.declarations(name)
			if err != nil {
				return nil, err
			}
			files = append(files, f)
		}
		var err error
		n.full, err = g.typesConfig(n, importerFunc(func(p string) (*types.Package, error) { return g.typesOf(n.resolve(p)) })).Check(n.ImportPath, g.fset, files, nil)
		return n.full, err
	}
	return n.full, nil
}

// ---- analysis ----

// install puts the graph behind the places where upstream's driver reads and writes files.
func (g *graph) install() {
	of := func(cfg *Config) *unit {
		u, _ := g.hooks.Load(cfg)
		return u.(*unit)
	}
	makeTypesImporter = func(cfg *Config, fset *token.FileSet) types.Importer {
		u := of(cfg)
		return importerFunc(func(path string) (*types.Package, error) {
			if u.ext != nil {
				return u.external(u.n.resolve(path))
			}
			return g.typesOf(u.n.resolve(path))
		})
	}
	makeFactImporter = func(cfg *Config) factImporter {
		u := of(cfg)
		return func(path string) ([]byte, error) {
			if u.ext != nil && path == u.n.ImportPath && u.n.tested != nil {
				return u.n.tested.Facts, nil
			}
			if n := g.byPath[path]; n != nil && n.plain != nil {
				return n.plain.Facts, nil
			}
			return nil, nil
		}
	}
	exportFacts = func(cfg *Config, data []byte) error {
		of(cfg).facts = data
		return nil
	}
	exportTypes = func(cfg *Config, fset *token.FileSet, pkg *types.Package) error {
		of(cfg).pkg = pkg
		return nil
	}
}

func (g *graph) suite(n *Node) []*analysis.Analyzer {
	if !n.Standard || g.Explicit {
		return g.analyzers
	}
	// As the go command has it: the library uses unsafe.Pointer in ways that vet does not like.
	return slices.DeleteFunc(slices.Clone(g.analyzers), func(a *analysis.Analyzer) bool { return a.Name == "unsafeptr" })
}

func (u *unit) analyse() *known {
	g := u.g
	if k := g.load(u.key); k != nil && (k.Tree != nil || k.Err != "" || !u.want) {
		return k
	}
	g.hooks.Store(u.cfg, u)
	k := new(known)
	results, err := run(g.fset, u.cfg, g.suite(u.n))
	k.Facts = u.facts
	if err != nil {
		k.Err = err.Error()
		if u.want {
			return k // told again the next time, from what is there then
		}
	} else if u.want {
		g.tell(u, results, k)
	}
	g.store(u.key, k)
	return k
}

// tell records what the analyzers have found.
func (g *graph) tell(u *unit, results []result, k *known) {
	tree := make(driverutil.JSONTree)
	for _, res := range results {
		tree.Add(g.fset, u.cfg.ID, res.a.Name, res.diagnostics, res.err)
	}
	k.Tree, _ = json.Marshal(tree)
	if !analysisflags.Fix || !u.n.Fixable {
		return
	}
	actions := make([]driverutil.FixAction, len(results))
	for i, res := range results {
		actions[i] = driverutil.FixAction{Name: res.a.Name, Pkg: res.pkg, Files: res.files, FileSet: g.fset, ReadFileFunc: os.ReadFile, Diagnostics: res.diagnostics}
	}
	k.Fixed = map[string][]byte{}
	write := func(name string, content []byte) error {
		k.Fixed[name] = bytes.Clone(content)
		return nil
	}
	if err := driverutil.ApplyFixes(actions, write, false, false); err != nil {
		k.Err = err.Error()
	}
}

// facts makes known what n and all it imports export; imports are done, since nodes are taken in order.
func (g *graph) facts(need map[*Node]bool) {
	var wg sync.WaitGroup
	ready := map[*Node]chan bool{}
	limit := make(chan bool, runtime.GOMAXPROCS(0))
	for _, n := range g.Nodes {
		if !need[n] {
			continue
		}
		done := make(chan bool)
		ready[n] = done
		var wait []chan bool
		for _, p := range n.Imports {
			if c := ready[g.byPath[p]]; c != nil {
				wait = append(wait, c)
			}
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer close(done)
			for _, c := range wait {
				<-c
			}
			limit <- true
			u := &unit{g: g, n: n, cfg: g.config(n, n.ImportPath, n.GoFiles, true), key: n.key[0]}
			if n.unit != nil && len(n.TestGoFiles) == 0 { // both are the same
				u = n.unit
			}
			u.out = u.analyse()
			n.plain = u.out
			n.mu.Lock()
			if !n.done && u.pkg != nil {
				n.pkg, n.done = u.pkg, true
			}
			n.mu.Unlock()
			<-limit
		}()
	}
	wg.Wait()
}

// closure marks what the packages of paths import, directly or not.
func (g *graph) closure(paths []string, need map[*Node]bool) {
	for _, p := range paths {
		if n := g.byPath[p]; n != nil && !need[n] {
			need[n] = true
			g.closure(n.Imports, need)
		}
	}
}

// units lists what is to be analysed for diagnostics, in the order of the command line's graph.
func (g *graph) units() (tests, externals []*unit) {
	for _, n := range g.Nodes {
		if !n.Named {
			continue
		}
		if files := slices.Concat(n.GoFiles, n.TestGoFiles); len(files) > 0 {
			n.unit = &unit{g: g, n: n, cfg: g.config(n, n.ImportPath, files, false), key: n.key[1], want: true}
			tests = append(tests, n.unit)
		}
		if len(n.XTestGoFiles) > 0 {
			u := &unit{g: g, n: n, cfg: g.config(n, n.ImportPath+"_test", n.XTestGoFiles, false), want: true, ext: map[string]*types.Package{}}
			u.cfg.NonGoFiles, u.cfg.IgnoredFiles = nil, nil // they were seen with the package
			u.key = g.key(n, "external", n.XTestGoFiles, append([]string{n.ImportPath}, n.XTestImports...), func(p string) string {
				if p == n.ImportPath {
					return n.key[1]
				}
				return g.plainKey(p)
			})
			externals = append(externals, u)
		}
	}
	return
}

// each runs what is not known yet, on all processors.
func each(units []*unit) {
	var wg sync.WaitGroup
	limit := make(chan bool, runtime.GOMAXPROCS(0))
	for _, u := range units {
		wg.Add(1)
		limit <- true
		go func() {
			defer wg.Done()
			if u.out == nil && u.g.failed(u) == nil {
				u.out = u.analyse()
			}
			if u.ext == nil {
				u.n.tested = u.out
				if u.pkg != nil && len(u.n.TestGoFiles) > 0 {
					u.n.full = u.pkg
				}
			}
			<-limit
		}()
	}
	wg.Wait()
}

// failed is a package that u needs and that cannot be checked.
func (g *graph) failed(u *unit) *Node {
	need := map[*Node]bool{}
	g.closure(u.n.Imports, need)
	g.closure(u.n.TestImports, need)
	if u.ext != nil {
		g.closure(u.n.XTestImports, need)
	}
	for _, n := range g.Nodes {
		if need[n] && n.plain != nil && n.plain.Err != "" {
			return n
		}
	}
	return nil
}

// compiled tells what is wrong with n in the compiler's manner, as go does for packages that others import: they are built.
func (g *graph) compiled(n *Node) []string {
	var files []*ast.File
	var list []string
	add := func(err error) {
		if len(list) < 10 {
			list = append(list, g.relative(err.Error(), "./"))
		} else if len(list) == 10 {
			list = append(list, "too many errors")
		}
	}
	for _, name := range n.GoFiles {
		f, err := parser.ParseFile(g.fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			add(err)
		}
		files = append(files, f)
	}
	if len(list) > 0 {
		return list
	}
	conf := g.typesConfig(n, importerFunc(func(p string) (*types.Package, error) { return g.typesOf(n.resolve(p)) }))
	conf.IgnoreFuncBodies = false
	conf.Error = add
	conf.Check(n.ImportPath, g.fset, files, nil)
	return list
}

// tell prints once what is wrong with a package.
func (n *Node) tell(g *graph, id, err string, imported bool) {
	if n.told {
		return
	}
	n.told = true
	fmt.Fprintf(os.Stderr, "# %s\n", id)
	var list []string
	if imported {
		list = g.compiled(n)
	}
	if len(list) == 0 {
		list = []string{"vet: " + g.relative(err, "./")}
	}
	for _, s := range list {
		fmt.Fprintln(os.Stderr, s)
	}
}

func (g *graph) imported(n *Node) bool {
	return slices.ContainsFunc(g.Nodes, func(by *Node) bool { return slices.Contains(by.Imports, n.ImportPath) })
}

func (g *graph) run() int {
	g.keys()
	tests, externals := g.units()
	need := map[*Node]bool{}
	for _, u := range slices.Concat(tests, externals) {
		if k := g.load(u.key); k != nil && k.Tree != nil {
			continue
		}
		g.closure(u.n.Imports, need)
		if u.ext != nil {
			g.closure(u.n.XTestImports, need)
		} else {
			g.closure(u.n.TestImports, need)
		}
	}
	g.facts(need)
	each(tests)
	each(externals)
	status := 0
	fixed := map[string][]byte{}
	var order []*unit
	for _, u := range tests {
		order = append(order, u)
		for _, x := range externals {
			if x.n == u.n {
				order = append(order, x)
			}
		}
	}
	for _, x := range externals {
		if !slices.Contains(order, x) {
			order = append(order, x)
		}
	}
	for _, u := range order {
		status |= u.print(fixed)
	}
	return status | g.write(fixed)
}

// ---- output ----

func (g *graph) short(name string) string {
	if rel, err := filepath.Rel(g.Cwd, name); err == nil && len(rel) < len(name) {
		return rel
	}
	return name
}

// relative shortens the file name that text begins with.
func (g *graph) relative(text, prefix string) string {
	dir, rest := text, ""
	if i := strings.Index(text, ":"); i >= 0 {
		dir, rest = text[:i], text[i:]
	}
	if !filepath.IsAbs(dir) {
		return text
	}
	short := g.short(dir)
	if !strings.Contains(short, "/") {
		short = prefix + short
	}
	return short + rest
}

type (
	position struct {
		name      string
		line, col int
	}
	diagnostic struct {
		Posn, End, Message string
		Related            []struct{ Posn, End, Message string }
	}
)

func parsePosition(s string) (p position, ok bool) {
	rest, col, ok := cutLast(s)
	if !ok {
		return p, false
	}
	name, line, ok := cutLast(rest)
	return position{name, line, col}, ok
}

func cutLast(s string) (string, int, bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s, 0, false
	}
	n, err := strconv.Atoi(s[i+1:])
	return s[:i], n, err == nil
}

func (g *graph) line(posn, end, message string) {
	p, ok := parsePosition(posn)
	if !ok {
		fmt.Fprintf(os.Stderr, "%s: %s\n", posn, message)
		return
	}
	fmt.Fprintf(os.Stderr, "%s:%d:%d: %s\n", g.short(p.name), p.line, p.col, message)
	if analysisflags.Context < 0 {
		return
	}
	e, ok := parsePosition(end)
	if !ok {
		e = p
	}
	data, _ := os.ReadFile(p.name)
	lines := strings.Split(string(data), "\n")
	for i := max(1, p.line-analysisflags.Context); i <= e.line+analysisflags.Context && i <= len(lines); i++ {
		fmt.Fprintf(os.Stderr, "%d\t%s\n", i, lines[i-1])
	}
}

func (u *unit) print(fixed map[string][]byte) int {
	g, k := u.g, u.out
	if k == nil { // something it imports is at fault, which tells itself if it was named
		n := g.failed(u)
		n.tell(g, n.ImportPath, n.plain.Err, true)
		return 1
	}
	if k.Err != "" {
		u.n.tell(g, u.cfg.ID, k.Err, u.ext == nil && g.imported(u.n))
		return 1
	}
	if analysisflags.Fix {
		for name, content := range k.Fixed {
			fixed[name] = content
		}
		return 0
	}
	if analysisflags.JSON {
		if string(k.Tree) != "{}" {
			var b bytes.Buffer
			json.Indent(&b, k.Tree, "", "\t")
			fmt.Printf("%s\n", b.Bytes())
		}
		return 0
	}
	var tree map[string]map[string]json.RawMessage
	if err := json.Unmarshal(k.Tree, &tree); err != nil {
		log.Fatal(err)
	}
	status := 0
	for _, of := range tree {
		var names []string
		for name := range of {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			var list []diagnostic
			var failed struct{ Error string }
			status = 1
			if json.Unmarshal(of[name], &list) != nil {
				json.Unmarshal(of[name], &failed)
				fmt.Fprintf(os.Stderr, "# %s\n%s\n", u.cfg.ID, failed.Error)
			}
			for _, d := range list {
				g.line(d.Posn, d.End, d.Message)
				for _, r := range d.Related {
					g.line(r.Posn, r.End, "\t"+r.Message)
				}
			}
		}
	}
	return status
}

// write puts the fixed files in their places, or shows what would change.
func (g *graph) write(fixed map[string][]byte) int {
	var names []string
	for name := range fixed {
		names = append(names, name)
	}
	sort.Strings(names)
	status := 0
	for _, name := range names {
		if analysisflags.Diff {
			old, _ := os.ReadFile(name)
			if text := diff.Unified(name+" (old)", name+" (new)", string(old), string(fixed[name])); text != "" {
				os.Stdout.WriteString(text)
				status = 1
			}
		} else if err := os.WriteFile(name, fixed[name], 0666); err != nil {
			log.Printf("applying fix: %v", err)
			status = 1
		}
	}
	return status
}
