package pgwire

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Types whose values have a Go form of their own (pg_type.oid); all others are strings.
const (
	oidBool        = 16
	oidBytea       = 17
	oidInt8        = 20
	oidInt2        = 21
	oidInt4        = 23
	oidFloat4      = 700
	oidFloat8      = 701
	oidDate        = 1082
	oidTimestamp   = 1114
	oidTimestamptz = 1184
)

// statement is one that the server has prepared.
type statement struct {
	name    string
	params  []int // their types
	columns []column
}

type column struct {
	name string
	oid  int
}

// maxStatements bounds what the server keeps for a session.
const maxStatements = 200

var errCopy = errors.New("pgwire: COPY is not supported")

// ---- preparing ----

// prepare returns the statement of a query, made now or earlier.
func (c *conn) prepare(query string) (*statement, error) {
	if s := c.statements[query]; s != nil {
		return s, nil
	}
	if len(c.statements) >= maxStatements {
		for q, s := range c.statements {
			c.putMessage('C', "S"+s.name)
			delete(c.statements, q)
		}
	}
	c.names++
	s := &statement{name: "s" + strconv.Itoa(c.names)}
	end := c.message('P')
	c.putString(s.name)
	c.putString(query)
	c.put16(0) // all types of parameters are for the server to find
	end()
	c.putMessage('D', "S"+s.name)
	c.putMessage('S')
	err := c.exchange(func(kind byte, m reader) error {
		switch kind {
		case 't':
			s.params = make([]int, m.number(2))
			for i := range s.params {
				s.params[i] = m.number(4)
			}
		case 'T':
			s.columns = columns(m)
		}
		return nil
	})
	if err == nil {
		c.statements[query] = s
	}
	return s, err
}

func columns(m reader) []column {
	cols := make([]column, m.number(2))
	for i := range cols {
		cols[i].name = m.string()
		m.bytes(6) // table and column number
		cols[i].oid = m.number(4)
		m.bytes(8) // size, modifier, format
	}
	return cols
}

// forget drops a statement that the server cannot run any more as it was prepared: a table has changed, or all statements were discarded.
func (c *conn) forget(query string, err error) {
	var pg *Error
	if errors.As(err, &pg) && (pg.Code == "0A000" || pg.Code == "26000") {
		delete(c.statements, query)
	}
}

// exchange sends what is pending and hands every answer to the function until the server is ready again. It returns the server's error,
// or the first of the function's.
func (c *conn) exchange(each func(kind byte, m reader) error) (err error) {
	if err := c.flush(); err != nil {
		return err
	}
	for {
		kind, m, e := c.receive()
		switch {
		case e != nil: // perhaps because of what the server said before
			return cmp.Or(err, e)
		case kind == 'Z':
			c.status = m.bytes(1)[0]
			return err
		case kind == 'E':
			e = m.error()
		case kind == 'G': // the server waits for data
			c.broken = true
			return errCopy
		case kind == 'H':
			e = errCopy
		default:
			e = each(kind, m)
		}
		if err == nil {
			err = e
		}
	}
}

// Prepare is for database/sql; statements outlive its handles.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	end := c.watch(ctx)
	s, err := c.prepare(query)
	if err = end(err); err != nil {
		return nil, err
	}
	return &stmt{c, query, len(s.params)}, nil
}

type stmt struct {
	c      *conn
	query  string
	params int
}

func (s *stmt) Close() error  { return nil }
func (s *stmt) NumInput() int { return s.params }

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.c.ExecContext(ctx, s.query, args)
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.c.QueryContext(ctx, s.query, args)
}

// database/sql takes the methods above.
func (s *stmt) Exec([]driver.Value) (driver.Result, error) { return nil, errors.ErrUnsupported }
func (s *stmt) Query([]driver.Value) (driver.Rows, error)  { return nil, errors.ErrUnsupported }

// ---- running ----

// simple runs statements without arguments or results.
func (c *conn) simple(ctx context.Context, query string) (result, error) {
	var r result
	c.putMessage('Q', query)
	end := c.watch(ctx)
	return r, end(c.exchange(r.read))
}

// result counts the rows that a statement changed.
type result int64

func (r *result) read(kind byte, m reader) error {
	if kind == 'C' { // "INSERT 0 5"
		tag := m.string()
		n, err := strconv.ParseInt(tag[strings.LastIndexByte(tag, ' ')+1:], 10, 64)
		if err == nil {
			*r = result(n)
		}
	}
	return nil
}

func (r result) RowsAffected() (int64, error) { return int64(r), nil }
func (r result) LastInsertId() (int64, error) {
	return 0, errors.New("pgwire: there is no last identity; use INSERT ... RETURNING")
}

// execute puts the messages that run a prepared statement.
func (c *conn) execute(s *statement, args []driver.NamedValue) error {
	if len(args) != len(s.params) {
		return fmt.Errorf("pgwire: %d arguments for %d parameters", len(args), len(s.params))
	}
	mark := len(c.out)
	end := c.message('B')
	c.putString("") // the portal
	c.putString(s.name)
	c.put16(len(args))
	for _, oid := range s.params {
		c.put16(format(oid))
	}
	c.put16(len(args))
	for i, a := range args {
		if err := c.argument(a, s.params[i]); err != nil {
			c.out = c.out[:mark]
			return err
		}
	}
	c.put16(len(s.columns))
	for _, col := range s.columns {
		c.put16(format(col.oid))
	}
	end()
	end = c.message('E')
	c.putString("")
	c.put32(0) // all rows
	end()
	c.putMessage('S')
	return nil
}

// format is 1 for what travels in binary form.
func format(oid int) int {
	if oid == oidBytea {
		return 1
	}
	return 0
}

func (c *conn) argument(a driver.NamedValue, oid int) error {
	if a.Name != "" {
		return fmt.Errorf("pgwire: parameters have no names, but one is called %s", a.Name)
	}
	if a.Value == nil {
		c.put32(-1)
		return nil
	}
	at := len(c.out)
	c.put32(0)
	switch v := a.Value.(type) {
	case int64:
		c.out = strconv.AppendInt(c.out, v, 10)
	case float64:
		c.out = strconv.AppendFloat(c.out, v, 'g', -1, 64)
	case bool:
		c.out = strconv.AppendBool(c.out, v)
	case []byte:
		c.out = append(c.out, v...)
	case string:
		c.out = append(c.out, v...)
	case time.Time:
		c.out = appendTime(c.out, v, oid)
	default:
		return fmt.Errorf("pgwire: argument %d is a %T", a.Ordinal, v)
	}
	n := len(c.out) - at - 4
	c.out[at], c.out[at+1], c.out[at+2], c.out[at+3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
	return nil
}

func appendTime(b []byte, t time.Time, oid int) []byte {
	if oid == oidTimestamp || oid == oidDate {
		return t.AppendFormat(b, "2006-01-02 15:04:05.999999")
	}
	return t.AppendFormat(b, "2006-01-02 15:04:05.999999Z07:00:00")
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 0 {
		return c.simple(ctx, query)
	}
	end := c.watch(ctx)
	s, err := c.prepare(query)
	if err == nil {
		err = c.execute(s, args)
	}
	var r result
	if err == nil {
		err = c.exchange(r.read)
		c.forget(query, err)
	}
	return r, end(err)
}

// QueryContext returns rows that are read from the connection as they are asked for.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	end := c.watch(ctx)
	s, err := c.prepare(query)
	if err == nil {
		err = c.execute(s, args)
	}
	if err == nil {
		err = c.flush()
	}
	if err != nil {
		return nil, end(err)
	}
	r := &rows{c: c, columns: s.columns, end: end}
	if r.err = r.peek(); r.err != nil && r.err != io.EOF { // an error before the first row is the query's
		c.forget(query, r.err)
		return nil, r.Close()
	}
	return r, nil
}

// rows is one message ahead: next holds the row that comes now.
type rows struct {
	c       *conn
	columns []column
	next    reader
	ready   bool // the server is: nothing more will come
	err     error
	end     func(error) error
}

func (r *rows) Columns() []string {
	names := make([]string, len(r.columns))
	for i, col := range r.columns {
		names[i] = col.name
	}
	return names
}

// peek receives the next row; io.EOF: there is none.
func (r *rows) peek() error {
	var failed error
	for {
		kind, m, err := r.c.receive()
		if err != nil {
			r.ready = true
			return cmp.Or(failed, err)
		}
		switch kind {
		case 'D':
			r.next = m
			return nil
		case 'Z':
			r.ready = true
			r.c.status = m.bytes(1)[0]
			return cmp.Or(failed, io.EOF)
		case 'E':
			failed = m.error()
		case 'G':
			r.ready = true
			r.c.broken = true
			return errCopy
		case 'H':
			failed = errCopy
		}
	}
}

func (r *rows) Next(dest []driver.Value) error {
	if r.err != nil {
		return r.err
	}
	m := r.next
	m.number(2)
	for i := range dest {
		n := int(int32(m.number(4)))
		if n < 0 {
			dest[i] = nil
			continue
		}
		v, err := decode(m.bytes(n), r.columns[i].oid)
		if err != nil {
			return fmt.Errorf("pgwire: column %s: %w", r.columns[i].name, err)
		}
		dest[i] = v
	}
	r.err = r.peek()
	return nil
}

// Close reads what nobody wanted, and returns the error that no row has reported.
func (r *rows) Close() error {
	for !r.ready {
		if err := r.peek(); err != nil && r.err == nil {
			r.err = err
		}
	}
	if r.end == nil {
		return nil
	}
	err := r.err
	if err == io.EOF {
		err = nil
	}
	err = r.end(err)
	r.end = nil
	return err
}

// decode makes a Go value of what the server sent.
func decode(text []byte, oid int) (driver.Value, error) {
	switch oid {
	case oidBool:
		return string(text) == "t", nil
	case oidBytea:
		return append([]byte{}, text...), nil
	case oidInt2, oidInt4, oidInt8:
		return strconv.ParseInt(string(text), 10, 64)
	case oidFloat4, oidFloat8:
		return strconv.ParseFloat(string(text), 64)
	case oidDate:
		return time.Parse("2006-01-02", string(text))
	case oidTimestamp:
		return time.Parse("2006-01-02 15:04:05.999999", string(text))
	case oidTimestamptz:
		return time.Parse("2006-01-02 15:04:05.999999-07", string(text))
	}
	return string(text), nil
}
