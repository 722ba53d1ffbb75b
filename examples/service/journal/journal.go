// Package journal keeps records in a folder so that what was acknowledged survives the end of the process and of the machine.
//
// A journal is a chain of generations. Generation n is a log, n.log, to which frames are appended; beside it there may be a snapshot,
// n.snap, which says everything that the logs before n said. Opening a journal replays the newest snapshot and the logs from its number
// on. A snapshot is written under another name, synced and renamed, so it is either complete or absent; only then are older files removed.
//
// Records are committed in groups: while one frame is being written and synced, the records that arrive meanwhile gather for the next
// one. A frame is
//
//	magic "frm1" | length of the payload, 4 bytes | number, 8 bytes | CRC-32C of number and payload, 4 bytes | payload
//
// and its payload a sequence of records, each with its length as a varint in front. A frame is only written after all before it were
// synced. Hence a crash damages the last frame of the last log at most, and nothing in that frame was acknowledged: it is cut off. Damage
// anywhere else is not a crash but a broken disk, and the journal refuses to open.
package journal

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	magic      = "frm1"
	headerSize = 4 + 4 + 8 + 4
	maxFrame   = 1 << 30
	// snapshotFrame is about how much of a snapshot is written at once.
	snapshotFrame = 256 << 10
)

// ErrClosed is what waiting for a record of a closed journal returns.
var ErrClosed = errors.New("journal is closed")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// file is what a journal needs of an *os.File; tests take its place to see what a crash leaves.
type file interface {
	io.WriteCloser
	Sync() error
}

// A Position is the place of a record in the order of all.
type Position uint64

// batch is a group of records that is committed together.
type batch struct {
	payload []byte
	last    Position
	done    chan struct{} // closed when the batch is durable or failed
}

func newBatch() *batch { return &batch{done: make(chan struct{})} }

// Journal is safe for use by many goroutines.
type Journal struct {
	dir    string
	create func(path string) (file, error)

	mu      sync.Mutex
	work    sync.Cond // pending has records, or closing
	pending *batch    // gathers records
	writing *batch    // on its way to the disk, or nil
	last    Position  // of the newest record
	durable Position
	log     file   // owned by the committer, and by Rotate while nothing is pending
	gen     int    // number of log
	number  uint64 // of the next frame
	size    int64  // of the logs since the last snapshot
	err     error  // what ended the journal
	closing bool
	ended   chan struct{} // closed when the committer is gone
}

// Open replays what the folder holds, record by record, and makes the journal ready for more. A record is only valid during the call of
// replay. If replay fails, so does Open.
func Open(dir string, replay func(record []byte) error) (*Journal, error) {
	return open(dir, replay, createFile)
}

func createFile(path string) (file, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

func open(dir string, replay func([]byte) error, create func(string) (file, error)) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := sweep(dir); err != nil {
		return nil, err
	}
	snaps, logs, err := generations(dir)
	if err != nil {
		return nil, err
	}
	j := &Journal{dir: dir, create: create, gen: 1, pending: newBatch(), ended: make(chan struct{})}
	j.work.L = &j.mu
	if len(snaps) > 0 {
		j.gen = snaps[len(snaps)-1]
		if _, err := j.read(j.path(j.gen, "snap"), replay, false); err != nil {
			return nil, err
		}
		if err := j.removeBefore(j.gen); err != nil { // a crash may have come before that
			return nil, err
		}
	}
	j.number = 0
	logs = slices.DeleteFunc(logs, func(n int) bool { return n < j.gen })
	for i, n := range logs {
		if n != j.gen+i {
			return nil, fmt.Errorf("%s is missing", j.path(j.gen+i, "log"))
		}
		size, err := j.read(j.path(n, "log"), replay, i == len(logs)-1)
		if err != nil {
			return nil, err
		}
		j.size += size
	}
	if len(logs) > 0 {
		j.gen = logs[len(logs)-1]
	}
	if j.log, err = j.begin(j.gen); err != nil {
		return nil, err
	}
	go j.commit()
	return j, nil
}

func (j *Journal) path(gen int, kind string) string {
	return filepath.Join(j.dir, fmt.Sprintf("%08d.%s", gen, kind))
}

// generations lists the numbers of the snapshots and of the logs, ascending.
func generations(dir string) (snaps, logs []int, err error) {
	entries, err := os.ReadDir(dir) // sorted by name, and so by number
	for _, e := range entries {
		number, kind, _ := strings.Cut(e.Name(), ".")
		n, err := strconv.Atoi(number)
		switch {
		case err != nil:
		case kind == "snap":
			snaps = append(snaps, n)
		case kind == "log":
			logs = append(logs, n)
		}
	}
	return snaps, logs, err
}

// sweep removes what unfinished snapshots left.
func sweep(dir string) error {
	tmp, err := filepath.Glob(filepath.Join(dir, "*.tmp"))
	for _, name := range tmp {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// begin opens a log for appending; its name is durable before anything is written to it.
func (j *Journal) begin(gen int) (file, error) {
	f, err := j.create(j.path(gen, "log"))
	if err != nil {
		return nil, err
	}
	if err := syncDir(j.dir); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// ---- frames ----

// appendRecord adds a record to a payload.
func appendRecord(payload, record []byte) []byte {
	return append(binary.AppendUvarint(payload, uint64(len(record))), record...)
}

func checksum(number, payload []byte) uint32 {
	return crc32.Update(crc32.Checksum(number, castagnoli), castagnoli, payload)
}

func writeFrame(w io.Writer, number uint64, payload []byte) error {
	frame := make([]byte, 0, headerSize+len(payload))
	frame = append(frame, magic...)
	frame = binary.LittleEndian.AppendUint32(frame, uint32(len(payload)))
	frame = binary.LittleEndian.AppendUint64(frame, number)
	frame = binary.LittleEndian.AppendUint32(frame, checksum(frame[8:16], payload))
	_, err := w.Write(append(frame, payload...))
	return err
}

// parseFrame takes the frame at the beginning of data.
func parseFrame(data []byte) (number uint64, payload []byte, ok bool) {
	if len(data) < headerSize || string(data[:4]) != magic {
		return 0, nil, false
	}
	n := int64(binary.LittleEndian.Uint32(data[4:]))
	if n > maxFrame || headerSize+n > int64(len(data)) {
		return 0, nil, false
	}
	payload = data[headerSize : headerSize+n]
	return binary.LittleEndian.Uint64(data[8:]), payload, checksum(data[8:16], payload) == binary.LittleEndian.Uint32(data[16:])
}

// read replays a file. In the last log a damaged end is cut off. It returns the size of what is good.
func (j *Journal) read(path string, replay func([]byte) error, last bool) (int64, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	rest := data
	for len(rest) > 0 {
		number, payload, ok := parseFrame(rest)
		if !ok || j.number != 0 && number != j.number {
			break
		}
		j.number = number + 1
		rest = rest[headerSize+len(payload):]
		for len(payload) > 0 {
			n, k := binary.Uvarint(payload)
			if k <= 0 || n > uint64(len(payload)-k) {
				return 0, fmt.Errorf("%s: a record is longer than its frame", path)
			}
			if err := replay(payload[k : k+int(n)]); err != nil {
				return 0, fmt.Errorf("%s: %w", path, err)
			}
			payload = payload[k+int(n):]
		}
	}
	good := int64(len(data) - len(rest))
	if len(rest) == 0 {
		return good, nil
	}
	if !last || j.frameFollows(rest) {
		return 0, fmt.Errorf("%s is damaged at offset %d", path, good)
	}
	return good, truncate(path, good)
}

// frameFollows tells whether there is a good frame somewhere behind a damaged one: then this is not the end of the log.
func (j *Journal) frameFollows(rest []byte) bool {
	for {
		i := bytes.Index(rest[1:], []byte(magic))
		if i < 0 {
			return false
		}
		rest = rest[1+i:]
		if number, _, ok := parseFrame(rest); ok && number > j.number {
			return true
		}
	}
}

func truncate(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		return err
	}
	return f.Sync()
}

// ---- committing ----

// Append puts a record behind all others. It does not wait: Wait does.
func (j *Journal) Append(record []byte) Position {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	b := j.pending
	b.payload = appendRecord(b.payload, record)
	b.last = j.last
	j.work.Signal()
	return j.last
}

// Wait returns when the record at the position is durable, with all before it. When the context ends first, the record may still
// become durable.
func (j *Journal) Wait(ctx context.Context, p Position) error {
	j.mu.Lock()
	b := j.pending
	if j.writing != nil && p <= j.writing.last {
		b = j.writing
	}
	durable, err := p <= j.durable, j.err
	j.mu.Unlock()
	if durable {
		return nil
	}
	if err != nil {
		return err
	}
	select {
	case <-b.done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if p <= j.durable {
		return nil
	}
	return j.err
}

// Err tells what broke the journal, if something did.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// Size is how much was written since the last snapshot, in bytes.
func (j *Journal) Size() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.size
}

// commit writes batch after batch until the journal is closed. After an error nothing is written any more: what the disk holds
// is unknown then, and trying again could acknowledge what is not there.
func (j *Journal) commit() {
	defer close(j.ended)
	for err := error(nil); err == nil; {
		b := j.take()
		if b == nil {
			err = ErrClosed
		} else if err = j.write(b.payload); err == nil {
			j.finish(b)
		}
		if err != nil {
			j.fail(err)
		}
	}
}

// take waits for records; nil: the journal is to be closed and everything is written.
func (j *Journal) take() *batch {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(j.pending.payload) == 0 && !j.closing {
		j.work.Wait()
	}
	if len(j.pending.payload) == 0 {
		return nil
	}
	j.writing, j.pending = j.pending, newBatch()
	return j.writing
}

func (j *Journal) write(payload []byte) error {
	if len(payload) > maxFrame {
		return fmt.Errorf("journal: %d bytes in one group", len(payload))
	}
	if err := writeFrame(j.log, j.number, payload); err != nil {
		return err
	}
	j.number++
	return j.log.Sync()
}

func (j *Journal) finish(b *batch) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.durable = b.last
	j.size += int64(headerSize + len(b.payload))
	j.writing = nil
	close(b.done)
}

// fail ends the journal and wakes all who wait.
func (j *Journal) fail(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e := j.log.Close(); err == ErrClosed && e != nil {
		err = e
	}
	j.err = err
	close(j.pending.done)
	if j.writing != nil {
		close(j.writing.done)
	}
}

// Close commits what is pending. What is appended later is never durable.
func (j *Journal) Close() error {
	j.mu.Lock()
	j.closing = true
	j.work.Signal()
	j.mu.Unlock()
	<-j.ended
	if err := j.Err(); err != ErrClosed {
		return err
	}
	return nil
}

// ---- snapshots ----

// Rotate begins a new generation when all that was appended is durable, and returns its number. Nobody may append meanwhile. What the
// records say until then is to be written to the generation's snapshot.
func (j *Journal) Rotate() (gen int, err error) {
	j.mu.Lock()
	last := j.last
	j.mu.Unlock()
	if err := j.Wait(context.Background(), last); err != nil {
		return 0, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return 0, j.err
	}
	log, err := j.begin(j.gen + 1)
	if err != nil {
		return 0, err
	}
	err = j.log.Close()
	j.log = log
	j.gen++
	j.size = 0
	return j.gen, err
}

// WriteSnapshot makes the records the beginning of the generation, and removes what they replace. The journal can be used meanwhile. If
// it fails, the older files stay and keep everything.
func (j *Journal) WriteSnapshot(gen int, records iter.Seq[[]byte]) error {
	tmp := j.path(gen, "snap.tmp")
	if err := writeSnapshot(tmp, records); err != nil {
		os.Remove(tmp)
		return err
	}
	if err := os.Rename(tmp, j.path(gen, "snap")); err != nil {
		return err
	}
	if err := syncDir(j.dir); err != nil {
		return err
	}
	return j.removeBefore(gen)
}

// removeBefore removes what a snapshot has replaced.
func (j *Journal) removeBefore(gen int) error {
	snaps, logs, err := generations(j.dir)
	for _, n := range snaps {
		if n < gen {
			err = errors.Join(err, os.Remove(j.path(n, "snap")))
		}
	}
	for _, n := range logs {
		if n < gen {
			err = errors.Join(err, os.Remove(j.path(n, "log")))
		}
	}
	return err
}

func writeSnapshot(path string, records iter.Seq[[]byte]) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer f.Close() // for the way out after an error; twice does no harm
	var payload []byte
	number := uint64(1)
	flush := func() error {
		err := writeFrame(f, number, payload)
		number++
		payload = payload[:0]
		return err
	}
	for record := range records {
		if payload = appendRecord(payload, record); len(payload) >= snapshotFrame {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}
