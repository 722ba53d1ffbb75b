// Modproxy is the module proxy of the tests of the build command.
//
//	modproxy make SRC DST              modules in SRC, folders named path@version, become a proxy's files in DST
//	modproxy sums DST                  the go.sum lines of all of them
//	modproxy serve [flags] DST CMD...  runs CMD with GOPROXY set to a server of DST on the loopback
//
// Flags of serve make a bad server: -status 500 answers everything so, -gone PREFIX only what begins so with 404, -lie PREFIX with
// the zip of a module that is another, -cut PREFIX ends answers in the middle, -log prints what was asked for.
// A folder "raw" beside a module's files holds entries for the zip whose names are to be taken as they are written in
// raw/names, one a line: path escapes and names that differ by case only.
package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "modproxy:", err)
		os.Exit(3)
	}
}

func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('!')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

type entry struct {
	name string
	data []byte
}

// entries returns the files of a module; names below raw/ come from raw/names.
func entries(dir, prefix string) (list []entry) {
	check(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		data, err := os.ReadFile(path)
		if rel == "raw/names" {
			for _, name := range strings.Fields(string(data)) {
				list = append(list, entry{strings.ReplaceAll(name, "PREFIX", prefix), []byte("package raw\n")})
			}
			return err
		}
		list = append(list, entry{prefix + "/" + rel, data})
		return err
	}))
	sort.SliceStable(list, func(i, j int) bool { return list[i].name < list[j].name })
	return list
}

func zipped(list []entry) []byte {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, e := range list {
		w, err := z.Create(e.name)
		check(err)
		_, err = w.Write(e.data)
		check(err)
	}
	check(z.Close())
	return buf.Bytes()
}

func hash(list []entry) string {
	h := sha256.New()
	for _, e := range list {
		fmt.Fprintf(h, "%x  %s\n", sha256.Sum256(e.data), e.name)
	}
	return "h1:" + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func write(name string, data []byte) {
	check(os.MkdirAll(filepath.Dir(name), 0o777))
	check(os.WriteFile(name, data, 0o666))
}

func makeProxy(src, dst string) {
	var sums []string
	lists := map[string][]string{}
	check(filepath.WalkDir(src, func(dir string, d fs.DirEntry, err error) error {
		path, version, ok := strings.Cut(strings.TrimPrefix(dir, src+"/"), "@")
		if err != nil || !d.IsDir() || !ok {
			return err
		}
		list := entries(dir, path+"@"+version)
		mod := []byte("module " + path + "\n")
		for _, e := range list {
			if e.name == path+"@"+version+"/go.mod" {
				mod = e.data
			}
		}
		base := filepath.Join(dst, escape(path), "@v", escape(version))
		write(base+".mod", mod)
		write(base+".zip", zipped(list))
		write(base+".info", []byte(fmt.Sprintf("{\"Version\":%q,\"Time\":\"2020-01-02T03:04:05Z\"}", version)))
		lists[path] = append(lists[path], version)
		sums = append(sums, fmt.Sprintf("%s %s %s\n%s %s/go.mod %s\n", path, version, hash(list), path, version, hash([]entry{{"go.mod", mod}})))
		return fs.SkipDir
	}))
	for path, v := range lists {
		write(filepath.Join(dst, escape(path), "@v/list"), []byte(strings.Join(v, "\n")+"\n"))
	}
	sort.Strings(sums)
	write(filepath.Join(dst, "sums"), []byte(strings.Join(sums, "")))
}

func serve(args []string) {
	f := flag.NewFlagSet("serve", flag.ExitOnError)
	status := f.Int("status", 0, "")
	gone := f.String("gone", "\x00", "")
	lie := f.String("lie", "\x00", "")
	cut := f.String("cut", "\x00", "")
	show := f.Bool("log", false, "")
	check(f.Parse(args))
	root := f.Arg(0)
	var mu sync.Mutex
	var asked []string
	handler := func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		mu.Lock()
		asked = append(asked, name)
		mu.Unlock()
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		switch {
		case *status != 0:
			http.Error(w, "the proxy is out of order", *status)
		case err != nil || strings.HasPrefix(name, *gone):
			http.Error(w, "not found: "+name, http.StatusNotFound)
		case strings.HasPrefix(name, *lie) && strings.HasSuffix(name, ".zip"):
			path, version, _ := strings.Cut(strings.TrimSuffix(name, ".zip"), "/@v/")
			w.Write(zipped([]entry{{path + "@" + version + "/evil.go", []byte("package evil\n")}}))
		case strings.HasPrefix(name, *cut) && strings.HasSuffix(name, ".zip"):
			w.Header().Set("Content-Length", fmt.Sprint(len(data)))
			w.Write(data[:len(data)/2])
		default:
			w.Write(data)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go http.Serve(l, http.HandlerFunc(handler))
	cmd := exec.Command("bash", "-c", strings.Join(f.Args()[1:], " "))
	cmd.Env = append(os.Environ(), "GOPROXY=http://"+l.Addr().String())
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	err = cmd.Run()
	sort.Strings(asked)
	for i, name := range asked {
		if *show && (i == 0 || name != asked[i-1]) {
			fmt.Println("asked:", name)
		}
	}
	if err != nil && cmd.ProcessState == nil {
		check(err)
	}
	os.Exit(cmd.ProcessState.ExitCode())
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: modproxy make SRC DST | sums DST [prefix...] | serve [flags] DST command")
		os.Exit(2)
	}
	switch os.Args[1] {
	case "make":
		makeProxy(filepath.Clean(os.Args[2]), os.Args[3])
	case "sums":
		data, err := os.ReadFile(filepath.Join(os.Args[2], "sums"))
		check(err)
		for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
			wanted := len(os.Args) == 3
			for _, p := range os.Args[3:] {
				wanted = wanted || strings.HasPrefix(s.Text(), p)
			}
			if wanted {
				fmt.Println(s.Text())
			}
		}
	case "serve":
		serve(os.Args[2:])
	}
}
