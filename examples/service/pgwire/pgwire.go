// Package pgwire is a driver for database/sql that speaks PostgreSQL's wire protocol, version 3.
//
// A connection string is a URL:
//
//	postgres://user:password@host:port/database?sslmode=require
//
// sslmode is disable (the default for a host on this machine), require (encrypted, whoever is there) or verify-full (the default
// otherwise). ?host=/folder connects to a Unix socket. Other parameters become settings of the session.
//
// Statements are prepared once for each connection and kept; their arguments and results travel as text, except bytea. Not supported
// are COPY, notifications, and passwords with GSSAPI; their use fails.
package pgwire

import (
	"bufio"
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func init() { sql.Register("pgwire", Driver{}) }

// Driver makes sql.Open("pgwire", url) work.
type Driver struct{}

func (Driver) Open(dsn string) (driver.Conn, error) {
	c, err := NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return c.Connect(context.Background())
}

func (Driver) OpenConnector(dsn string) (driver.Connector, error) { return NewConnector(dsn) }

// Error is what the server says. Codes are listed in appendix A of its manual.
type Error struct {
	Severity, Code, Message, Detail, Hint, Constraint string
}

func (e *Error) Error() string {
	return fmt.Sprintf("postgres: %s: %s (%s)", strings.ToLower(e.Severity), e.Message, e.Code)
}

// Connector knows where to connect and as whom.
type Connector struct {
	network, address         string
	user, password, database string
	ssl                      *tls.Config // nil: no encryption
	settings                 map[string]string
}

// NewConnector takes the connection string apart.
func NewConnector(dsn string) (*Connector, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, fmt.Errorf("pgwire: %q is not a postgres:// URL", dsn)
	}
	c := &Connector{network: "tcp", user: u.User.Username(), database: strings.TrimPrefix(u.Path, "/"), settings: map[string]string{}}
	c.password, _ = u.User.Password()
	host, port := u.Hostname(), u.Port()
	if port == "" {
		port = "5432"
	}
	mode := ""
	for key, values := range u.Query() {
		switch key {
		case "host":
			host = values[0]
		case "sslmode":
			mode = values[0]
		default:
			c.settings[key] = values[0]
		}
	}
	if host == "" {
		host = "localhost"
	}
	c.address = net.JoinHostPort(host, port)
	local := host == "localhost" || net.ParseIP(host).IsLoopback()
	if filepath.IsAbs(host) {
		c.network, c.address, local = "unix", filepath.Join(host, ".s.PGSQL."+port), true
	}
	switch {
	case mode == "disable" || mode == "" && local:
	case mode == "require":
		c.ssl = &tls.Config{InsecureSkipVerify: true}
	case mode == "verify-full" || mode == "":
		c.ssl = &tls.Config{ServerName: host}
	default:
		return nil, fmt.Errorf("pgwire: sslmode=%s is not supported", mode)
	}
	return c, nil
}

func (c *Connector) Driver() driver.Driver { return Driver{} }

// dial opens a connection on which nothing was said yet, except what encryption needs.
func (c *Connector) dial(ctx context.Context) (net.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, c.network, c.address)
	if err != nil || c.ssl == nil {
		return nc, err
	}
	const sslRequest = 80877103
	request := binary.BigEndian.AppendUint32([]byte{0, 0, 0, 8}, sslRequest)
	var answer [1]byte
	tc := tls.Client(nc, c.ssl)
	stop := interruptible(ctx, nc)
	if _, err = nc.Write(request); err == nil {
		_, err = io.ReadFull(nc, answer[:])
	}
	stop()
	if err == nil && answer[0] != 'S' {
		err = errors.New("pgwire: the server does not encrypt")
	}
	if err == nil {
		err = tc.HandshakeContext(ctx)
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return tc, nil
}

// interruptible makes reading and writing fail when the context ends, until stop is called.
func interruptible(ctx context.Context, nc net.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })
}

// Connect opens a session.
func (c *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	nc, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	cn := &conn{connector: c, nc: nc, in: bufio.NewReader(nc), statements: map[string]*statement{}}
	stop := interruptible(ctx, nc)
	err = cn.startup()
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return cn, nil
}

// conn is one session. database/sql lets only one goroutine use it at a time.
type conn struct {
	connector  *Connector
	nc         net.Conn
	in         *bufio.Reader
	out        []byte // messages not sent yet
	body       []byte // of the last message received
	process    []byte // number and key of the server's process: to cancel what it does
	status     byte   // I: idle, T: in a transaction, E: in a failed one
	broken     bool   // what comes next is unknown
	statements map[string]*statement
	names      int
}

// ---- messages ----

// message begins a message; the function ends it.
func (c *conn) message(kind byte) (end func()) {
	if kind != 0 { // the first one of a session has none
		c.out = append(c.out, kind)
	}
	start := len(c.out)
	c.out = append(c.out, 0, 0, 0, 0)
	return func() { binary.BigEndian.PutUint32(c.out[start:], uint32(len(c.out)-start)) }
}

func (c *conn) putString(s string) { c.out = append(append(c.out, s...), 0) }
func (c *conn) put16(n int)        { c.out = binary.BigEndian.AppendUint16(c.out, uint16(n)) }
func (c *conn) put32(n int)        { c.out = binary.BigEndian.AppendUint32(c.out, uint32(n)) }

func (c *conn) putMessage(kind byte, strings ...string) {
	end := c.message(kind)
	for _, s := range strings {
		c.putString(s)
	}
	end()
}

func (c *conn) flush() error {
	if c.broken {
		return driver.ErrBadConn
	}
	_, err := c.nc.Write(c.out)
	c.out = c.out[:0]
	if err != nil {
		c.broken = true
	}
	return err
}

// receive returns the next message, which is valid until the one after it. Those that may come at any time are dealt with here.
func (c *conn) receive() (kind byte, m reader, err error) {
	for {
		var head [5]byte
		if _, err = io.ReadFull(c.in, head[:]); err == nil {
			n := int(binary.BigEndian.Uint32(head[1:])) - 4
			if n < 0 || n > 1<<30 {
				err = fmt.Errorf("pgwire: a message of %d bytes", n)
			} else {
				if cap(c.body) < n {
					c.body = make([]byte, n)
				}
				c.body = c.body[:n]
				_, err = io.ReadFull(c.in, c.body)
			}
		}
		if err != nil {
			c.broken = true
			if err == io.EOF {
				err = io.ErrUnexpectedEOF // there is always an answer missing; EOF would be the regular end of rows
			}
			return 0, nil, err
		}
		switch head[0] {
		case 'N', 'S', 'A': // notice, setting, notification
		default:
			return head[0], c.body, nil
		}
	}
}

// reader takes a message apart. What is missing at its end is zero.
type reader []byte

func (r *reader) bytes(n int) []byte {
	n = min(max(n, 0), len(*r))
	b := (*r)[:n]
	*r = (*r)[n:]
	return b
}

func (r *reader) number(size int) int {
	n := 0
	for _, b := range r.bytes(size) {
		n = n<<8 | int(b)
	}
	return n
}

func (r *reader) string() string {
	s, rest, _ := strings.Cut(string(*r), "\x00")
	*r = (*r)[len(*r)-len(rest):]
	return s
}

func (r reader) error() *Error {
	e := new(Error)
	for len(r) > 0 {
		field := r.bytes(1)[0]
		text := r.string()
		switch field {
		case 'V':
			e.Severity = text
		case 'C':
			e.Code = text
		case 'M':
			e.Message = text
		case 'D':
			e.Detail = text
		case 'H':
			e.Hint = text
		case 'n':
			e.Constraint = text
		}
	}
	return e
}

// ---- the life of a session ----

func (c *conn) startup() error {
	const version3 = 3 << 16
	end := c.message(0)
	c.put32(version3)
	c.putString("user")
	c.putString(c.connector.user)
	if c.connector.database != "" {
		c.putString("database")
		c.putString(c.connector.database)
	}
	for key, value := range c.connector.settings {
		c.putString(key)
		c.putString(value)
	}
	for _, s := range []string{"client_encoding", "UTF8", "DateStyle", "ISO", "TimeZone", "UTC", ""} {
		c.putString(s)
	}
	end()
	if err := c.flush(); err != nil {
		return err
	}
	for {
		kind, m, err := c.receive()
		if err != nil {
			return err
		}
		switch kind {
		case 'E':
			return m.error()
		case 'R':
			if err := c.authenticate(m); err != nil {
				return err
			}
		case 'K':
			c.process = append([]byte(nil), m...)
		case 'Z':
			c.status = m[0]
			return nil
		default:
			return fmt.Errorf("pgwire: message %q while connecting", kind)
		}
	}
}

// watch cancels the statement at the server when the context ends. The server then answers with an error; if it does not in time, the
// connection is given up. It returns what is to be called at the end, with the statement's error, and returns the one to report.
func (c *conn) watch(ctx context.Context) (end func(error) error) {
	stop := context.AfterFunc(ctx, func() {
		const grace = 2 * time.Second
		c.nc.SetDeadline(time.Now().Add(grace))
		c.cancel(grace)
	})
	return func(err error) error {
		if stop() {
			return err
		}
		// The request may still be on its way, and would hit the next statement.
		c.broken = true
		if err != nil {
			return ctx.Err()
		}
		return nil
	}
}

// cancel asks the server, on a connection of its own, to end what this session does.
func (c *conn) cancel(timeout time.Duration) {
	ctx, done := context.WithTimeout(context.Background(), timeout)
	defer done()
	nc, err := c.connector.dial(ctx)
	if err != nil {
		return
	}
	defer nc.Close()
	const cancelRequest = 80877102
	nc.SetDeadline(time.Now().Add(timeout))
	nc.Write(append(binary.BigEndian.AppendUint32([]byte{0, 0, 0, 16}, cancelRequest), c.process...))
	io.Copy(io.Discard, nc) // the server closes when it has passed it on
}

func (c *conn) Close() error {
	c.putMessage('X')
	c.nc.SetDeadline(time.Now().Add(time.Second))
	c.flush()
	return c.nc.Close()
}

// IsValid tells database/sql whether to keep the connection.
func (c *conn) IsValid() bool { return !c.broken && c.status == 'I' }

// ResetSession is called before a connection is used again.
func (c *conn) ResetSession(context.Context) error {
	if !c.IsValid() || !c.quiet() {
		return driver.ErrBadConn
	}
	return nil
}

// quiet tells whether the server has said nothing since the last statement: neither a farewell nor the end of the connection.
func (c *conn) quiet() bool {
	nc := c.nc
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	raw, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		return false
	}
	var peeked error
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		_, _, peeked = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return true
	})
	return err == nil && peeked == syscall.EAGAIN
}

func (c *conn) Ping(ctx context.Context) error {
	_, err := c.simple(ctx, "")
	return err
}

func (c *conn) Begin() (driver.Tx, error) { return c.BeginTx(context.Background(), driver.TxOptions{}) }

func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	query := "BEGIN"
	if level := sql.IsolationLevel(opts.Isolation); level != sql.LevelDefault {
		if level < sql.LevelReadUncommitted || level > sql.LevelSerializable || level == sql.LevelWriteCommitted || level == sql.LevelSnapshot {
			return nil, fmt.Errorf("pgwire: isolation level %s is not supported", level)
		}
		query += " ISOLATION LEVEL " + level.String()
	}
	if opts.ReadOnly {
		query += " READ ONLY"
	}
	_, err := c.simple(ctx, query)
	return tx{c}, err
}

type tx struct{ c *conn }

// Commit fails if the transaction has: the server then only rolls back.
func (t tx) Commit() error {
	failed := t.c.status == 'E'
	_, err := t.c.simple(context.Background(), "COMMIT")
	if err == nil && failed {
		err = errors.New("pgwire: the transaction failed and was rolled back")
	}
	return err
}

func (t tx) Rollback() error {
	_, err := t.c.simple(context.Background(), "ROLLBACK")
	return err
}
