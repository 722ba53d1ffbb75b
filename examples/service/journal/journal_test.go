package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// reopen returns the journal and the records it replayed.
func reopen(t *testing.T, dir string) (*Journal, []string) {
	t.Helper()
	var got []string
	j, err := Open(dir, func(r []byte) error { got = append(got, string(r)); return nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j, got
}

func appendAll(t *testing.T, j *Journal, records ...string) {
	t.Helper()
	for _, r := range records {
		if err := j.Wait(t.Context(), j.Append([]byte(r))); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReplay(t *testing.T) {
	dir := t.TempDir()
	want := []string{"one", "", strings.Repeat("three", 100000)}
	j, got := reopen(t, dir)
	if len(got) != 0 {
		t.Fatalf("a new journal has records: %q", got)
	}
	appendAll(t, j, want...)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := j.Wait(t.Context(), j.Append([]byte("late"))); err != ErrClosed {
		t.Errorf("after Close: %v", err)
	}
	for range 2 {
		j, got = reopen(t, dir)
		if !slices.Equal(got, want) {
			t.Fatalf("got %.100q", got)
		}
		j.Close()
	}
}

// Wherever the log ends, what was complete before is there, and the journal goes on behind it.
func TestTornTail(t *testing.T) {
	dir := t.TempDir()
	j, _ := reopen(t, dir)
	var ends []int // of each frame
	log := j.path(1, "log")
	for i := range 5 {
		appendAll(t, j, fmt.Sprint("record ", i))
		info, err := os.Stat(log)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, int(info.Size()))
	}
	j.Close()
	whole, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for size := range len(whole) {
		complete := 0
		for complete < len(ends) && ends[complete] <= size {
			complete++
		}
		for _, tail := range []string{"", "frm1", string(make([]byte, 40))} {
			if err := os.WriteFile(log, append(whole[:size:size], tail...), 0o600); err != nil {
				t.Fatal(err)
			}
			j, got := reopen(t, dir)
			if len(got) != complete {
				t.Fatalf("%d of %d bytes: %q", size, len(whole), got)
			}
			appendAll(t, j, "new")
			j.Close()
			j, got = reopen(t, dir)
			if len(got) != complete+1 || got[complete] != "new" {
				t.Fatalf("%d of %d bytes, and a new record: %q", size, len(whole), got)
			}
			j.Close()
		}
	}
}

// A damaged frame that others follow is not the work of a crash.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	j, _ := reopen(t, dir)
	appendAll(t, j, "first", "second", "third")
	j.Close()
	log := j.path(1, "log")
	whole, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	second := bytes.Index(whole, []byte("second"))
	for i := range second + 6 {
		bad := bytes.Clone(whole)
		bad[i] ^= 0x10
		if err := os.WriteFile(log, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := Open(dir, func([]byte) error { return nil })
		if err == nil {
			j.Close()
			t.Fatalf("byte %d changed: opened", i)
		}
		if !strings.Contains(err.Error(), "damaged at offset") {
			t.Fatal(err)
		}
	}
}

func TestSnapshot(t *testing.T) {
	dir := t.TempDir()
	j, _ := reopen(t, dir)
	appendAll(t, j, "a=1", "b=2", "a=3")
	gen, err := j.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, j, "c=4")
	if _, got := reopen(t, copyDir(t, dir)); !slices.Equal(got, []string{"a=1", "b=2", "a=3", "c=4"}) {
		t.Errorf("before the snapshot: %q", got)
	}
	if err := j.WriteSnapshot(gen, slices.Values([][]byte{[]byte("b=2"), []byte("a=3")})); err != nil {
		t.Fatal(err)
	}
	appendAll(t, j, "d=5")
	j.Close()
	want := []string{"b=2", "a=3", "c=4", "d=5"}
	for _, name := range []string{"00000007.snap.tmp", "00000001.log"} { // left by a crash
		if err := os.WriteFile(filepath.Join(dir, name), []byte("whatever"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, got := reopen(t, dir); !slices.Equal(got, want) {
		t.Errorf("after it: %q", got)
	}
	names, _ := filepath.Glob(dir + "/*")
	if len(names) != 2 {
		t.Errorf("files left: %q", names)
	}
}

func copyDir(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// disk is a file whose power can be cut: what was not synced may be there in part.
type disk struct {
	*os.File
	mu     *sync.Mutex
	synced map[string]int64
	syncs  *int
}

func (d disk) Sync() error {
	time.Sleep(time.Millisecond) // as a disk does
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.Seek(0, io.SeekEnd)
	d.synced[d.Name()] = n
	*d.syncs++
	return err
}

// Whenever the power is cut, all that was acknowledged is replayed, in order; and groups are what makes it fast.
func TestPowerCut(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	synced, syncs := map[string]int64{}, 0
	j, err := open(dir, func([]byte) error { return nil }, func(path string) (file, error) {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
		return disk{f, &mu, synced, &syncs}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	const writers, each = 32, 40
	var acked [writers]int
	var wg sync.WaitGroup
	var ackmu sync.Mutex
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := j.Wait(t.Context(), j.Append(fmt.Appendf(nil, "%d %d", w, i))); err != nil {
					t.Error(err)
					return
				}
				ackmu.Lock()
				acked[w] = i + 1
				ackmu.Unlock()
			}
		})
	}
	done := make(chan bool)
	go func() { wg.Wait(); close(done) }()
	for cuts := 0; ; cuts++ {
		select {
		case <-done:
			if syncs > writers*each/4 {
				t.Errorf("%d syncs for %d records", syncs, writers*each)
			}
			return
		case <-time.After(3 * time.Millisecond):
		}
		ackmu.Lock()
		want := acked
		ackmu.Unlock()
		after := cutPower(t, dir, &mu, synced)
		var next [writers]int
		j, err := Open(after, func(r []byte) error {
			var w, i int
			fmt.Sscan(string(r), &w, &i)
			if i != next[w] {
				return fmt.Errorf("writer %d: record %d after %d", w, i, next[w]-1)
			}
			next[w]++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		j.Close()
		for w := range writers {
			if next[w] < want[w] {
				t.Fatalf("writer %d: %d records acknowledged, %d found", w, want[w], next[w])
			}
		}
	}
}

// cutPower copies the folder as a power cut may leave it.
func cutPower(t *testing.T, dir string, mu *sync.Mutex, synced map[string]int64) string {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	to := copyDir(t, dir)
	for name, size := range synced {
		path := filepath.Join(to, filepath.Base(name))
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if rest := data[size:]; len(rest) > 0 {
			rest[rand.IntN(len(rest))] ^= byte(rand.IntN(256))
			data = data[:size+rand.Int64N(int64(len(rest)+1))]
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

type brokenFile struct{ file }

func (brokenFile) Sync() error { return errors.New("no space") }

func TestBrokenDisk(t *testing.T) {
	j, err := open(t.TempDir(), func([]byte) error { return nil }, func(path string) (file, error) {
		f, err := createFile(path)
		return brokenFile{f}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := j.Wait(t.Context(), j.Append([]byte("x"))); err == nil || err.Error() != "no space" {
			t.Errorf("Wait: %v", err)
		}
	}
	if err := j.Close(); err == nil || err.Error() != "no space" {
		t.Errorf("Close: %v", err)
	}
}

// slowFile syncs when it is told to.
type slowFile struct {
	file
	sync chan bool
}

func (f slowFile) Sync() error { <-f.sync; return f.file.Sync() }

func TestDeadline(t *testing.T) {
	sync := make(chan bool)
	j, err := open(t.TempDir(), func([]byte) error { return nil }, func(path string) (file, error) {
		f, err := createFile(path)
		return slowFile{f, sync}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	p := j.Append([]byte("x"))
	if err := j.Wait(ctx, p); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Wait: %v", err)
	}
	close(sync)
	if err := j.Wait(t.Context(), p); err != nil {
		t.Error(err)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}

func BenchmarkAppend(b *testing.B) {
	j, err := Open(b.TempDir(), func([]byte) error { return nil })
	if err != nil {
		b.Fatal(err)
	}
	record := make([]byte, 200)
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := j.Wait(b.Context(), j.Append(record)); err != nil {
				b.Error(err)
			}
		}
	})
	if err := j.Close(); err != nil {
		b.Error(err)
	}
}
