// Index reads every Go file below a directory with a bounded pool of workers, counts
// lines and identifiers, and prints the totals as JSON.
//
//	index [-workers n] [-timeout d] [-top n] DIR
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"sync"
	"time"
	"unicode"
)

type fileStats struct {
	path         string
	lines, bytes int
	words        map[string]int
}

type count struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

type report struct {
	Root  string  `json:"root"`
	Files int     `json:"files"`
	Lines int     `json:"lines"`
	Bytes int     `json:"bytes"`
	Words int     `json:"words"`
	Top   []count `json:"top_words"`
	Dirs  []count `json:"largest_dirs"`
}

// find sends the paths of all Go files below root until the context ends.
func find(ctx context.Context, root string, paths chan<- string) error {
	defer close(paths)
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		select {
		case paths <- path:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func notIdent(r rune) bool {
	return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

func scan(path string) (fileStats, error) {
	st := fileStats{path: path, words: make(map[string]int)}
	data, err := os.ReadFile(path)
	if err != nil {
		return st, err
	}
	st.bytes = len(data)
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(make([]byte, 0, 64<<10), 8<<20)
	for lines.Scan() {
		st.lines++
		for _, w := range strings.FieldsFunc(lines.Text(), notIdent) {
			st.words[w]++
		}
	}
	return st, lines.Err()
}

func worker(ctx context.Context, paths <-chan string, out chan<- fileStats, errs chan<- error) {
	for path := range paths {
		st, err := scan(path)
		if err != nil {
			errs <- fmt.Errorf("%s: %w", path, err)
			continue
		}
		select {
		case out <- st:
		case <-ctx.Done():
			return
		}
	}
}

// top returns the n largest entries, equal ones by name.
func top(m map[string]int, n int) []count {
	all := make([]count, 0, len(m))
	for w, c := range m {
		all = append(all, count{w, c})
	}
	sort.Slice(all, func(i, j int) bool {
		if all[i].Count != all[j].Count {
			return all[i].Count > all[j].Count
		}
		return all[i].Name < all[j].Name
	})
	return all[:min(n, len(all))]
}

func run(root string, workers, topN int, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	start := time.Now()
	paths := make(chan string, 64)
	out := make(chan fileStats, workers)
	errs := make(chan error, workers)
	walk := make(chan error, 1)
	go func() { walk <- find(ctx, root, paths) }()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { worker(ctx, paths, out, errs) })
	}
	go func() {
		wg.Wait()
		close(out)
	}()

	rep := report{Root: root}
	words, dirs := make(map[string]int), make(map[string]int)
	goroutines := runtime.NumGoroutine()
	var failed []error
	progress := time.NewTicker(2 * time.Second)
	defer progress.Stop()
loop:
	for {
		select {
		case st, ok := <-out:
			if !ok {
				break loop
			}
			rep.Files++
			rep.Lines += st.lines
			rep.Bytes += st.bytes
			for w, c := range st.words {
				words[w] += c
			}
			if rel, err := filepath.Rel(root, filepath.Dir(st.path)); err == nil {
				dirs[rel] += st.lines
			}
		case err := <-errs:
			failed = append(failed, err)
		case <-progress.C:
			fmt.Fprintf(os.Stderr, "%d files ...\n", rep.Files)
		case <-ctx.Done():
			return fmt.Errorf("after %d files: %w", rep.Files, ctx.Err())
		}
	}
	if err := <-walk; err != nil {
		failed = append(failed, err)
	}
	rep.Words, rep.Top, rep.Dirs = len(words), top(words, topN), top(dirs, topN)
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	if err := enc.Encode(rep); err != nil {
		return err
	}
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	fmt.Fprintf(os.Stderr, "%d files, %d lines in %v; %d goroutines, %d collections\n",
		rep.Files, rep.Lines, time.Since(start).Round(time.Millisecond), goroutines, ms.NumGC)
	return errors.Join(failed...)
}

func main() {
	workers := flag.Int("workers", 2*runtime.GOMAXPROCS(0), "files read at once")
	timeout := flag.Duration("timeout", time.Minute, "give up after this time")
	topN := flag.Int("top", 10, "entries to list")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: index [flags] DIR")
		flag.PrintDefaults()
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *workers, *topN, *timeout); err != nil {
		fmt.Fprintln(os.Stderr, "index:", err)
		os.Exit(1)
	}
}
