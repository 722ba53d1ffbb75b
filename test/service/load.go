// Load writes documents to the service and checks that what was acknowledged is there.
//
//	load -url https://host:port -ca cert.pem -state file -for 2s [-clients n]
//
// The state file says what each document must be: as it was acknowledged last, or, if an answer stayed out, as it would be after that
// request. First every document is looked at; then each client changes its own ones until the time is up or the service is gone.
// Exit status 1: something acknowledged is lost, or an answer makes no sense.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
	"time"
)

// A value is the body of a document with its version; no body: it does not exist.
type value struct {
	Body    string `json:"body"`
	Version int64  `json:"version"` // 0: never told
}

// doc is what may be found under a name.
type doc struct {
	Acked value  `json:"acked"`
	Maybe *value `json:"maybe,omitempty"` // asked for, and never answered
}

type client struct {
	http  *http.Client
	url   string
	docs  map[string]*doc
	acked int
	gone  error // why it stopped early
}

const each = 20 // documents of a client

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// do returns an error if there was no answer, or one that leaves open what happened.
func (c *client) do(method, path, body string) (int, []byte, error) {
	r, err := http.NewRequest(method, c.url+path, bytes.NewReader([]byte(body)))
	check(err)
	resp, err := c.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 500 {
		err = fmt.Errorf("%s: %s", resp.Status, data)
	}
	return resp.StatusCode, data, err
}

// verify compares a document with what it must be, and settles what was open.
func (c *client) verify(id string, d *doc) {
	code, data, err := c.do("GET", "/v1/documents/"+id, "")
	check(err)
	var found struct {
		Version int64
		Body    json.RawMessage
	}
	if code == 200 {
		check(json.Unmarshal(data, &found))
	} else if code != 404 {
		log.Fatalf("%s: status %d: %s", id, code, data)
	}
	got := value{string(found.Body), found.Version}
	switch {
	case got.Body == d.Acked.Body && (got.Body == "" || got.Version == d.Acked.Version):
	case d.Maybe != nil && got.Body == d.Maybe.Body && (got.Body == "" || got.Version > d.Acked.Version):
	default:
		log.Fatalf("%s: found %+v, acknowledged %+v, perhaps %+v", id, got, d.Acked, d.Maybe)
	}
	d.Acked, d.Maybe = value{got.Body, max(got.Version, d.Acked.Version)}, nil
}

// change writes or deletes some documents; with more than one, in a batch.
func (c *client) change(ids []string) {
	method, path, body := "PUT", "/v1/documents/"+ids[0], ""
	var ops []map[string]any
	for _, id := range ids {
		d := c.docs[id]
		d.Maybe = &value{Body: fmt.Sprintf(`"%s %d %.*s"`, id, rand.Int64(), rand.IntN(300), filler)}
		body = d.Maybe.Body
		op := map[string]any{"id": id, "put": json.RawMessage(body)}
		if d.Acked.Body != "" && rand.IntN(5) == 0 {
			d.Maybe.Body, method = "", "DELETE"
			op = map[string]any{"id": id, "delete": true}
		}
		ops = append(ops, op)
	}
	if len(ids) > 1 {
		batch, err := json.Marshal(ops)
		check(err)
		method, path, body = "POST", "/v1/batch", string(batch)
	}
	code, data, err := c.do(method, path, body)
	if err != nil {
		c.gone = err
		return
	}
	var one struct {
		Version   int64
		Documents []struct{ Version int64 }
	}
	check(json.Unmarshal(data, &one))
	if code != 200 || len(ids) > 1 && len(one.Documents) != len(ids) {
		log.Fatalf("%s %s: status %d: %s", method, path, code, data)
	}
	for i, id := range ids {
		d := c.docs[id]
		d.Acked, d.Maybe = *d.Maybe, nil
		if d.Acked.Version = one.Version; len(ids) > 1 {
			d.Acked.Version = one.Documents[i].Version
		}
	}
	c.acked++
}

var filler = string(bytes.Repeat([]byte("abcdefghij"), 30))

// run changes documents until the time is up or nobody answers.
func (c *client) run(n int, until time.Time) {
	var ids []string
	for i := range each {
		id := fmt.Sprintf("c%d-%d", n, i)
		ids = append(ids, id)
		if c.docs[id] == nil {
			c.docs[id] = new(doc)
		}
	}
	for c.gone == nil && time.Now().Before(until) {
		rand.Shuffle(each, func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		count := 1
		if rand.IntN(5) == 0 {
			count = 3
		}
		c.change(ids[:count])
	}
}

func main() {
	log.SetFlags(0)
	url := flag.String("url", "", "of the service")
	ca := flag.String("ca", "", "its certificate")
	state := flag.String("state", "", "file")
	duration := flag.Duration("for", time.Second, "how long to write")
	clients := flag.Int("clients", 16, "at a time")
	flag.Parse()
	pool := x509.NewCertPool()
	pem, err := os.ReadFile(*ca)
	check(err)
	pool.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	hc := &http.Client{Transport: transport, Timeout: 30 * time.Second}

	all := map[string]*doc{}
	if data, err := os.ReadFile(*state); err == nil {
		check(json.Unmarshal(data, &all))
	}
	c := &client{http: hc, url: *url}
	open := 0
	for id, d := range all {
		if d.Maybe != nil {
			open++
		}
		c.verify(id, d)
	}
	fmt.Printf("%d documents are as acknowledged, %d of them were open\n", len(all), open)

	var wg sync.WaitGroup
	var cs []*client
	until := time.Now().Add(*duration)
	for n := range *clients {
		c := &client{http: hc, url: *url, docs: map[string]*doc{}}
		for i := range each {
			if id := fmt.Sprintf("c%d-%d", n, i); all[id] != nil {
				c.docs[id] = all[id]
			}
		}
		cs = append(cs, c)
		wg.Go(func() { c.run(n, until) })
	}
	wg.Wait()
	acked, gone := 0, 0
	for _, c := range cs {
		for id, d := range c.docs {
			all[id] = d
		}
		acked += c.acked
		if c.gone != nil {
			if gone++; gone == 1 {
				log.Println("first error:", c.gone)
			}
		}
	}
	data, err := json.Marshal(all)
	check(err)
	check(os.WriteFile(*state, data, 0o600))
	fmt.Printf("%d changes acknowledged, %d clients left without an answer\n", acked, gone)
}
