package pgwire

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// A server's side of SCRAM, which knows the password only by what RFC 5802 lets it keep.
func TestScram(t *testing.T) {
	salt := []byte("salt and pepper!")
	salted, err := pbkdf2.Key(sha256.New, "pencil", salt, 4096, sha256.Size)
	if err != nil {
		t.Fatal(err)
	}
	stored := sha256.Sum256(mac(salted, "Client Key"))
	serverKey := mac(salted, "Server Key")
	challenge := "r=clientserver,s=" + base64.StdEncoding.EncodeToString(salt) + ",i=4096"
	for password, good := range map[string]bool{"pencil": true, "pen": false} {
		s := newScram(password, "client")
		if s.first() != "n,,n=,r=client" {
			t.Errorf("first: %s", s.first())
		}
		answer, err := s.final(challenge)
		if err != nil {
			t.Fatal(err)
		}
		bare, proof64, _ := strings.Cut(answer, ",p=")
		key, err := base64.StdEncoding.DecodeString(proof64)
		if err != nil {
			t.Fatal(err)
		}
		transcript := "n=,r=client," + challenge + "," + bare
		for i, b := range mac(stored[:], transcript) {
			key[i] ^= b
		}
		if hash := sha256.Sum256(key); hmac.Equal(hash[:], stored[:]) != good {
			t.Errorf("password %q: proof accepted: %v", password, !good)
		}
		signature := "v=" + base64.StdEncoding.EncodeToString(mac(serverKey, transcript))
		if err := s.verify(signature); (err == nil) != good {
			t.Errorf("password %q: server verified: %v", password, err)
		}
	}
	for _, bad := range []string{"", "r=other,s=AAAA,i=1", "r=client,s=AAAA,i=1", "r=clientx,s=!,i=1", "r=clientx,s=AAAA,i=0", "r=clientx,s=AAAA"} {
		if _, err := newScram("pencil", "client").final(bad); err == nil {
			t.Errorf("challenge %q accepted", bad)
		}
	}
}

func TestURL(t *testing.T) {
	for _, test := range []struct{ url, want string }{
		{"postgres://me:secret@db.test/main", "tcp db.test:5432 me secret main encrypted true verified true"},
		{"postgres://me@localhost:99/main", "tcp localhost:99 me  main encrypted false verified false"},
		{"postgresql://me@[::1]/", "tcp [::1]:5432 me   encrypted false verified false"},
		{"postgres://me@127.0.0.1/x?sslmode=require", "tcp 127.0.0.1:5432 me  x encrypted true verified false"},
		{"postgres:///x?host=/run/pg", "unix /run/pg/.s.PGSQL.5432   x encrypted false verified false"},
		{"mysql://x", `pgwire: "mysql://x" is not a postgres:// URL`},
		{"postgres://x/?sslmode=prefer", "pgwire: sslmode=prefer is not supported"},
	} {
		c, err := NewConnector(test.url)
		got := fmt.Sprint(err)
		if err == nil {
			got = fmt.Sprintf("%s %s %s %s %s encrypted %v verified %v", c.network, c.address, c.user, c.password, c.database, c.ssl != nil,
				c.ssl != nil && !c.ssl.InsecureSkipVerify)
		}
		if got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.url, got, test.want)
		}
	}
}

// What a server says is cut anywhere.
func TestShortMessages(t *testing.T) {
	whole := "SERROR\x00C42P01\x00Mno such table\x00\x00"
	for i := range len(whole) {
		reader(whole[:i]).error()
	}
	if e := reader(whole).error(); e.Error() != "postgres: " || e.Code != "42P01" {
		if e.Message != "no such table" {
			t.Errorf("got %+v", e)
		}
	}
	columns(reader("\x00\x02name"))
}

// message is one of the server's.
func message(kind, body string) string {
	return kind + string(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4))) + body
}

const (
	authenticated = "\x00\x00\x00\x00"
	oneParameter  = "\x00\x01\x00\x00\x00\x17"
	oneColumn     = "\x00\x01n\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x00"
	oneRow        = "\x00\x01\x00\x00\x00\x017"
)

// fakeServer gives these answers to whatever it is told on its first connection, and then lets go of it or holds it.
func fakeServer(t *testing.T, hold bool, answers ...string) *sql.DB {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for _, a := range answers {
			c.Read(make([]byte, 1000))
			io.WriteString(c, a)
		}
		if hold {
			io.Copy(io.Discard, c)
		}
	}()
	db, err := sql.Open("pgwire", "postgres://me@"+l.Addr().String()+"/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// A connection that ends between two rows is an error, not the end of the rows.
func TestLostConnection(t *testing.T) {
	db := fakeServer(t, false,
		message("R", authenticated)+message("Z", "I"),
		message("1", "")+message("t", oneParameter)+message("T", oneColumn)+message("Z", "I"),
		message("2", "")+message("D", oneRow))
	rows, err := db.Query("SELECT n FROM somewhere WHERE n = $1", 7)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			t.Error(err)
		}
	}
	if n != 7 || !errors.Is(rows.Err(), io.ErrUnexpectedEOF) {
		t.Error(n, rows.Err())
	}
}

// A server that says nothing any more, not even that it has cancelled, is not waited for.
func TestSilentServer(t *testing.T) {
	db := fakeServer(t, true, message("R", authenticated)+message("Z", "I"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	err := db.QueryRowContext(ctx, "SELECT $1::int", 1).Scan(new(int))
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 20*time.Second {
		t.Error(err, time.Since(start))
	}
	if n := db.Stats().OpenConnections; n != 0 {
		t.Errorf("%d connections are kept", n)
	}
}

// ---- with a server ----

// database connects to the server named by PGWIRE_TEST_URL.
func database(t *testing.T) *sql.DB {
	t.Helper()
	url := os.Getenv("PGWIRE_TEST_URL")
	if url == "" {
		t.Skip("PGWIRE_TEST_URL names no server")
	}
	db, err := sql.Open("pgwire", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestValues(t *testing.T) {
	db := database(t)
	when := time.Date(2024, 2, 29, 12, 30, 15, 123456000, time.FixedZone("", 3600))
	var (
		i    int
		f    float64
		b    bool
		s    string
		data []byte
		ts   time.Time
		null sql.NullString
	)
	blob := []byte("\x00\\x01'\xff")
	err := db.QueryRow("SELECT $1::int + 1, $2::float8, NOT $3::bool, $4::text || '!', $5::bytea, $6::timestamptz, $7::text",
		41, 0.1, false, "häh'\"\\", blob, when, nil).Scan(&i, &f, &b, &s, &data, &ts, &null)
	if err != nil {
		t.Fatal(err)
	}
	if i != 42 || f != 0.1 || !b || s != "häh'\"\\!" || !bytes.Equal(data, blob) || !ts.Equal(when) || null.Valid {
		t.Error(i, f, b, s, data, ts, null)
	}
	var date, local time.Time
	if err := db.QueryRow("SELECT $1::date, $2::timestamp", when, when).Scan(&date, &local); err != nil {
		t.Error(err)
	}
	if date.Format(time.DateOnly) != "2024-02-29" || local.Format(time.DateTime) != "2024-02-29 12:30:15" {
		t.Error(date, local)
	}
}

func TestRows(t *testing.T) {
	db := database(t)
	db.SetMaxOpenConns(1) // so that every statement meets what the one before left
	rows, err := db.Query("SELECT n, repeat('x', n) FROM generate_series(0, $1::int) n", 10000)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for rows.Next() {
		var n int
		var s string
		if err := rows.Scan(&n, &s); err != nil || n != count || len(s) != n {
			t.Fatal(n, len(s), err)
		}
		count++
	}
	if rows.Err() != nil || count != 10001 {
		t.Error(count, rows.Err())
	}
	if rows, err = db.Query("SELECT generate_series(1, 1000000)"); err != nil {
		t.Fatal(err)
	}
	rows.Next()
	if err := rows.Close(); err != nil { // with nearly all unread
		t.Error(err)
	}
	if rows, err = db.Query("SELECT 1 / (3 - n) FROM generate_series(1, 5) n"); err != nil {
		t.Fatal(err)
	}
	count = 0
	for rows.Next() {
		count++
	}
	var pg *Error
	if !errors.As(rows.Err(), &pg) || pg.Code != "22012" || count != 2 {
		t.Error(count, rows.Err())
	}
	stmt, err := db.Prepare("SELECT $1::int * 2")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		var n int
		if err := stmt.QueryRow(i).Scan(&n); err != nil || n != 2*i {
			t.Error(n, err)
		}
	}
	for i := range 3 * maxStatements / 2 { // more than are kept
		if _, err := db.Exec(fmt.Sprintf("SELECT %d + $1::int", i), 1); err != nil {
			t.Fatal(err)
		}
	}
}

func TestErrors(t *testing.T) {
	db := database(t)
	db.SetMaxOpenConns(1)
	var pg *Error
	for query, code := range map[string]string{
		"SELEC 1":                                       "42601",
		"SELECT * FROM nowhere":                         "42P01",
		"SELECT 'x'::int":                               "22P02",
		"COPY (SELECT 1) TO STDOUT":                     "copy",
		"CREATE TEMP TABLE c (n int)":                   "",
		"COPY c FROM STDIN":                             "copy",
		"SELECT pg_terminate_backend(pg_backend_pid())": "57P01",
	} {
		_, err := db.Exec(query)
		switch {
		case code == "":
			if err != nil {
				t.Error(query, err)
			}
		case code == "copy":
			if err == nil {
				t.Error(query, "no error")
			}
		case !errors.As(err, &pg) || pg.Code != code:
			t.Error(query, err)
		}
		if err := db.Ping(); err != nil { // the session, or the next one, goes on
			t.Error(query, "then", err)
		}
	}
	if _, err := db.Exec("SELECT $1::int", "many", "arguments"); err == nil {
		t.Error("too many arguments: no error")
	}
	if err := db.Ping(); err != nil {
		t.Error(err)
	}
	wrong := strings.Replace(os.Getenv("PGWIRE_TEST_URL"), "@", "x@", 1)
	other, err := sql.Open("pgwire", wrong)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.Ping(); !errors.As(err, &pg) || pg.Code != "28P01" {
		t.Errorf("wrong password: %v", err)
	}
}

func TestTransactions(t *testing.T) {
	db := database(t)
	defer db.Exec("DROP TABLE counters")
	if _, err := db.Exec("DROP TABLE IF EXISTS counters; CREATE TABLE counters (name text PRIMARY KEY, n int); INSERT INTO counters VALUES ('a', 0)"); err != nil {
		t.Fatal(err)
	}
	add := func(commit bool) error {
		tx, err := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelSerializable})
		if err != nil {
			return err
		}
		defer tx.Rollback()
		var n int
		if err := tx.QueryRow("SELECT n FROM counters WHERE name = $1", "a").Scan(&n); err != nil {
			return err
		}
		r, err := tx.Exec("UPDATE counters SET n = $1 WHERE name = $2", n+1, "a")
		if err != nil {
			return err
		}
		if rows, _ := r.RowsAffected(); rows != 1 {
			return fmt.Errorf("%d rows", rows)
		}
		if !commit {
			return nil
		}
		return tx.Commit()
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for done := 0; done < 5; {
				err := add(true)
				var pg *Error
				switch {
				case err == nil:
					done++
				case !errors.As(err, &pg) || pg.Code != "40001":
					t.Error(err)
					return
				}
				if err := add(false); err != nil && !errors.As(err, &pg) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var n int
	if err := db.QueryRow("SELECT n FROM counters").Scan(&n); err != nil || n != 40 {
		t.Error(n, err)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("SELECT 1/0"); err == nil {
		t.Error("no error")
	}
	if err := tx.Commit(); err == nil {
		t.Error("a failed transaction was committed")
	}
}

func TestCancel(t *testing.T) {
	db := database(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := db.ExecContext(ctx, "SELECT pg_sleep(60)")
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 10*time.Second {
		t.Error(err, time.Since(start))
	}
	var n int
	for range 100 { // the server has ended it, too
		if err := db.QueryRow("SELECT count(*) FROM pg_stat_activity WHERE query = $1", "SELECT pg_sleep(60)").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the statement is still running")
}
