package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// A Document is JSON under a name. Its version changes with every write and is never used again, not even after the document was
// deleted.
type Document struct {
	ID      string          `json:"id"`
	Version int64           `json:"version"`
	Updated time.Time       `json:"updated"`
	Body    json.RawMessage `json:"body,omitempty"` // none: deleted
}

// A Change writes a document, or deletes it if there is no body.
type Change struct {
	ID   string          `json:"id"`
	Body json.RawMessage `json:"body,omitempty"`
	// If is the version the document must have; 0: it must not exist; nil: whatever it has.
	If *int64 `json:"if_version,omitempty"`
}

// Store is where documents are. Every method ends with the context's error if that ends first; a write may have happened then.
type Store interface {
	Get(ctx context.Context, id string) (Document, error)
	// List returns up to limit documents whose names start with prefix and come after the name given, in order.
	List(ctx context.Context, prefix, after string, limit int) ([]Document, error)
	// Apply makes all the changes or none. When it returns without an error they are durable. No two changes may be of the same document.
	Apply(ctx context.Context, changes []Change) ([]Document, error)
	Ping(ctx context.Context) error
	Close() error
}

var (
	ErrNotFound = errors.New("no such document")
	ErrVersion  = errors.New("the document has another version")
)

// now is the time of a change, no finer than what every store keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
