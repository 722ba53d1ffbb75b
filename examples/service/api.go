package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

const (
	maxBody    = 1 << 20
	maxID      = 200
	maxChanges = 1000
	maxList    = 1000
)

// API answers HTTP requests:
//
//	GET    /v1/documents?prefix=p&after=id&limit=n   the documents in order of their names
//	GET    /v1/documents/{id}                        one, with its version as ETag
//	PUT    /v1/documents/{id}                        writes it; If-Match: "version" and If-None-Match: * are honoured
//	DELETE /v1/documents/{id}                        deletes it
//	POST   /v1/batch                                 many writes and deletions, all or none
//	GET    /healthz, /readyz                         whether the process lives, and whether it should get requests
//
// Errors are objects with the field "error".
type API struct {
	store    Store
	metrics  *Metrics
	timeout  time.Duration
	stopping atomic.Bool
	slots    chan struct{} // one for each request that is being worked on
}

// NewAPI lets at most so many requests be worked on at once, and each take at most the timeout.
func NewAPI(store Store, metrics *Metrics, timeout time.Duration, concurrent int) *API {
	return &API{store: store, metrics: metrics, timeout: timeout, slots: make(chan struct{}, concurrent)}
}

// Handler returns the routes.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /v1/documents":         a.list,
		"GET /v1/documents/{id}":    a.get,
		"PUT /v1/documents/{id}":    a.put,
		"DELETE /v1/documents/{id}": a.delete,
		"POST /v1/batch":            a.batch,
	} {
		mux.Handle(pattern, a.endpoint(pattern, h))
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", a.ready)
	return mux
}

// ---- around every request ----

// failure is an error with a status of its own.
type failure struct {
	status int
	text   string
}

func (f failure) Error() string { return f.text }

func badRequest(format string, args ...any) error {
	return failure{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// status is what a client gets to see of an error, and whether it may see its text.
func status(err error) (code int, public bool) {
	var f failure
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &f):
		return f.status, true
	case errors.Is(err, ErrNotFound):
		return http.StatusNotFound, true
	case errors.Is(err, ErrVersion):
		return http.StatusPreconditionFailed, true
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, true
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, false
	case errors.Is(err, context.Canceled):
		return 499, false // the client has gone; nobody sees this but the log
	}
	return http.StatusInternalServerError, false
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	code int
}

func (r *recorder) WriteHeader(code int) {
	r.code = code
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// endpoint puts around a handler what all have in common: a slot, a deadline, a limit of the body, the answer to errors and panics, a line
// in the log, and numbers for the metrics.
func (a *API) endpoint(route string, handle func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		a.metrics.inflight.Add(1)
		defer a.metrics.inflight.Add(-1)
		id := r.Header.Get("X-Request-Id")
		if id == "" || len(id) > 64 {
			id = rand.Text()
		}
		ctx, cancel := context.WithTimeout(r.Context(), a.timeout)
		defer cancel()
		rec := &recorder{w, http.StatusOK}
		rec.Header().Set("X-Request-Id", id)
		r.Body = http.MaxBytesReader(rec, r.Body, maxBody)
		err := a.guarded(handle)(rec, r.WithContext(ctx))
		level := slog.LevelDebug
		if err != nil {
			code, public := status(err)
			text := http.StatusText(code)
			if public {
				text = err.Error()
			}
			writeJSON(rec, code, map[string]string{"error": text})
			if level = slog.LevelInfo; code >= 500 {
				level = slog.LevelError
			}
		}
		took := time.Since(start)
		a.metrics.Done(route, rec.code, took)
		slog.LogAttrs(ctx, level, "request", slog.String("id", id), slog.String("method", r.Method), slog.String("path", r.URL.Path),
			slog.String("client", r.RemoteAddr), slog.Int("status", rec.code), slog.Duration("took", took), slog.Any("error", err))
	})
}

// guarded waits for a slot, and makes panics errors.
func (a *API) guarded(handle func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) (err error) {
		select {
		case a.slots <- struct{}{}:
			defer func() { <-a.slots }()
		case <-r.Context().Done():
			w.Header().Set("Retry-After", "1")
			return failure{http.StatusServiceUnavailable, "too many requests at once"}
		}
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
			}
		}()
		return handle(w, r)
	}
}

func writeJSON(w http.ResponseWriter, code int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	w.Write(append(data, '\n')) // if this fails, nobody is there any more to be told
	return nil
}

// ---- requests ----

func checkID(id string) error {
	if id == "" || len(id) > maxID || !utf8.ValidString(id) || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return badRequest("the name of a document has 1 to %d bytes, and no control characters", maxID)
	}
	return nil
}

// compact reads a JSON value and leaves out its white space.
func compact(data []byte) (json.RawMessage, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		return nil, badRequest("the body is not JSON: %v", err)
	}
	if !utf8.Valid(b.Bytes()) {
		return nil, badRequest("the body is not UTF-8")
	}
	return b.Bytes(), nil
}

func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// precondition reads If-Match and If-None-Match.
func precondition(r *http.Request) (*int64, error) {
	if match := r.Header.Get("If-Match"); match != "" && match != "*" {
		v, err := strconv.ParseInt(strings.Trim(match, `"`), 10, 64)
		if err != nil || v <= 0 || etag(v) != match {
			return nil, ErrVersion // of no document
		}
		return &v, nil
	}
	if none := r.Header.Get("If-None-Match"); none == "*" {
		return new(int64), nil
	} else if none != "" {
		return nil, badRequest("If-None-Match of a write can only be *")
	}
	return nil, nil
}

func (a *API) get(w http.ResponseWriter, r *http.Request) error {
	d, err := a.store.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	w.Header().Set("ETag", etag(d.Version))
	w.Header().Set("Last-Modified", d.Updated.Format(http.TimeFormat))
	if r.Header.Get("If-None-Match") == etag(d.Version) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return writeJSON(w, http.StatusOK, d)
}

func (a *API) list(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	limit := 100
	if s := q.Get("limit"); s != "" {
		var err error
		if limit, err = strconv.Atoi(s); err != nil || limit < 1 || limit > maxList {
			return badRequest("limit is a number from 1 to %d", maxList)
		}
	}
	prefix, after := q.Get("prefix"), q.Get("after")
	for _, s := range []string{prefix, after} {
		if s != "" && checkID(s) != nil {
			return checkID(s)
		}
	}
	docs, err := a.store.List(r.Context(), prefix, after, limit)
	if err != nil {
		return err
	}
	answer := struct {
		Documents []Document `json:"documents"`
		Next      string     `json:"next,omitempty"` // where to go on
	}{Documents: docs}
	if len(docs) == limit {
		answer.Next = docs[limit-1].ID
	}
	if docs == nil {
		answer.Documents = []Document{}
	}
	return writeJSON(w, http.StatusOK, answer)
}

func (a *API) put(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := checkID(id); err != nil {
		return err
	}
	cond, err := precondition(r)
	if err != nil {
		return err
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	body, err := compact(data)
	if err != nil {
		return err
	}
	return a.apply(w, r, Change{ID: id, Body: body, If: cond})
}

func (a *API) delete(w http.ResponseWriter, r *http.Request) error {
	cond, err := precondition(r)
	if err != nil {
		return err
	}
	return a.apply(w, r, Change{ID: r.PathValue("id"), If: cond})
}

// apply answers with what became of one document.
func (a *API) apply(w http.ResponseWriter, r *http.Request, c Change) error {
	docs, err := a.store.Apply(r.Context(), []Change{c})
	if err != nil {
		return err
	}
	w.Header().Set("ETag", etag(docs[0].Version))
	docs[0].Body = nil // the client knows it
	return writeJSON(w, http.StatusOK, docs[0])
}

// operation is an element of a batch.
type operation struct {
	ID        string          `json:"id"`
	Put       json.RawMessage `json:"put"`
	Delete    bool            `json:"delete"`
	IfVersion *int64          `json:"if_version"`
}

func (a *API) batch(w http.ResponseWriter, r *http.Request) error {
	var ops []operation
	in := json.NewDecoder(r.Body)
	in.DisallowUnknownFields()
	if err := in.Decode(&ops); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return err
		}
		return badRequest("a batch is a list of {id, put or delete, if_version}: %v", err)
	}
	if len(ops) == 0 || len(ops) > maxChanges {
		return badRequest("a batch has 1 to %d changes", maxChanges)
	}
	changes := make([]Change, len(ops))
	seen := make(map[string]bool, len(ops))
	for i, op := range ops {
		if err := checkID(op.ID); err != nil {
			return err
		}
		if seen[op.ID] {
			return badRequest("%s is changed twice", op.ID)
		}
		seen[op.ID] = true
		if op.Delete == (op.Put != nil) {
			return badRequest("%s: either put or delete", op.ID)
		}
		c := Change{ID: op.ID, If: op.IfVersion}
		if op.Put != nil {
			var err error
			if c.Body, err = compact(op.Put); err != nil {
				return err
			}
		}
		changes[i] = c
	}
	docs, err := a.store.Apply(r.Context(), changes)
	if err != nil {
		return err
	}
	for i := range docs {
		docs[i].Body = nil
	}
	return writeJSON(w, http.StatusOK, map[string]any{"documents": docs})
}

// ready says no as soon as the service is about to stop, so that no new requests are sent here.
func (a *API) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	err := a.store.Ping(ctx)
	if a.stopping.Load() {
		err = errors.New("stopping")
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	io.WriteString(w, "ready\n")
}
