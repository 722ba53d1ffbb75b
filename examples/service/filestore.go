package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"examples/service/journal"
)

// FileStore keeps all documents in memory and every change in a journal.
//
// A change is made in memory first, under the lock, which gives all changes one order; that is the order of their records. Then, without
// the lock, the caller waits until its record is durable. A reader may see a change that is not durable yet, so it waits for it too:
// nobody is ever told something that a crash undoes.
type FileStore struct {
	log       *journal.Journal
	compactAt int64

	mu         sync.RWMutex
	docs       map[string]*stored
	names      []string // of all documents, sorted
	version    int64    // the newest
	written    int64    // bytes of all documents, about
	compacting bool
	background sync.WaitGroup
}

// stored is a document and its place in the journal. It does not change: a write puts another one into the map.
type stored struct {
	Document
	at journal.Position
}

// record is what the journal holds: documents that changed together, and the newest version (deletions leave no document that has it).
type record struct {
	Version int64      `json:"v"`
	Docs    []Document `json:"docs,omitempty"`
}

// OpenFileStore takes up what the folder holds. The journal is compacted when it is larger than the documents and compactAt bytes.
func OpenFileStore(dir string, compactAt int64) (*FileStore, error) {
	s := &FileStore{docs: map[string]*stored{}, compactAt: compactAt}
	log, err := journal.Open(dir, s.replay)
	if err != nil {
		return nil, err
	}
	s.log = log
	s.names = slices.Sorted(maps.Keys(s.docs))
	return s, nil
}

func (s *FileStore) replay(data []byte) error {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return err
	}
	s.version = max(s.version, r.Version)
	for _, d := range r.Docs {
		s.put(&stored{Document: d})
	}
	return nil
}

// put enters a document, or removes one without a body. It leaves names alone.
func (s *FileStore) put(d *stored) {
	if old := s.docs[d.ID]; old != nil {
		s.written -= size(old)
	}
	if d.Body == nil {
		delete(s.docs, d.ID)
		return
	}
	s.docs[d.ID] = d
	s.written += size(d)
}

// size is about what a document takes in the journal.
func size(d *stored) int64 { return int64(len(d.ID)+len(d.Body)) + 80 }

func (s *FileStore) Get(ctx context.Context, id string) (Document, error) {
	s.mu.RLock()
	d := s.docs[id]
	s.mu.RUnlock()
	if d == nil {
		return Document{}, ErrNotFound
	}
	return d.Document, s.log.Wait(ctx, d.at)
}

func (s *FileStore) List(ctx context.Context, prefix, after string, limit int) ([]Document, error) {
	docs, at := s.list(prefix, after, limit)
	return docs, s.log.Wait(ctx, at)
}

func (s *FileStore) list(prefix, after string, limit int) (docs []Document, at journal.Position) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i, found := slices.BinarySearch(s.names, max(prefix, after))
	if found && s.names[i] == after {
		i++
	}
	for ; i < len(s.names) && strings.HasPrefix(s.names[i], prefix) && len(docs) < limit; i++ {
		d := s.docs[s.names[i]]
		docs = append(docs, d.Document)
		at = max(at, d.at)
	}
	return docs, at
}

func (s *FileStore) Apply(ctx context.Context, changes []Change) ([]Document, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	docs, at, err := s.apply(changes)
	if err != nil {
		return nil, err
	}
	if s.log.Size() > s.compactAt {
		s.compact()
	}
	return docs, s.log.Wait(ctx, at)
}

func (s *FileStore) apply(changes []Change) ([]Document, journal.Position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range changes {
		if err := s.allowed(c); err != nil {
			return nil, 0, fmt.Errorf("%s: %w", c.ID, err)
		}
	}
	docs := make([]Document, len(changes))
	when := now()
	for i, c := range changes {
		docs[i] = Document{c.ID, s.version + int64(i) + 1, when, c.Body}
	}
	data, err := json.Marshal(record{s.version + int64(len(docs)), docs})
	if err != nil {
		return nil, 0, err
	}
	s.version += int64(len(docs))
	at := s.log.Append(data)
	for _, d := range docs {
		s.index(d)
		s.put(&stored{d, at})
	}
	return docs, at, nil
}

func (s *FileStore) allowed(c Change) error {
	old := s.docs[c.ID]
	switch {
	case c.Body == nil && old == nil:
		return ErrNotFound
	case c.If == nil:
		return nil
	case old == nil && *c.If != 0, old != nil && *c.If != old.Version:
		return ErrVersion
	}
	return nil
}

// index keeps the sorted names. Inserting moves the names behind, which costs less than a tree up to some hundred thousand of them.
func (s *FileStore) index(d Document) {
	i, found := slices.BinarySearch(s.names, d.ID)
	if found && d.Body == nil {
		s.names = slices.Delete(s.names, i, i+1)
	} else if !found && d.Body != nil {
		s.names = slices.Insert(s.names, i, d.ID)
	}
}

// compact replaces the journal by a snapshot in the background, if it is worth it and not already going on. Writers are held up while the
// map is copied, but not while it is written.
func (s *FileStore) compact() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.compacting || s.log.Size() < max(s.compactAt, s.written) {
		return
	}
	gen, err := s.log.Rotate()
	if err != nil {
		return // whoever waits for the journal hears of it
	}
	s.compacting = true
	docs, version := maps.Clone(s.docs), s.version
	s.background.Go(func() {
		err := s.log.WriteSnapshot(gen, snapshot(docs, version))
		slog.Info("journal compacted", "generation", gen, "documents", len(docs), "error", err)
		s.mu.Lock()
		s.compacting = false
		s.mu.Unlock()
	})
}

// snapshot yields a record for each document. What is in memory always has a JSON form.
func snapshot(docs map[string]*stored, version int64) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		sorted := slices.SortedFunc(maps.Values(docs), func(a, b *stored) int { return cmp.Compare(a.Version, b.Version) })
		for _, d := range sorted {
			data, _ := json.Marshal(record{version, []Document{d.Document}})
			if !yield(data) {
				return
			}
		}
		data, _ := json.Marshal(record{Version: version})
		yield(data)
	}
}

// Ping fails once the journal cannot be written any more.
func (s *FileStore) Ping(context.Context) error { return s.log.Err() }

func (s *FileStore) Close() error {
	s.background.Wait()
	return s.log.Close()
}
