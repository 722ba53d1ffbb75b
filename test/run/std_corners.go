// Corners of the standard library that no other fast test reaches, each used once: net/rpc, net/smtp, net/textproto, log/syslog, html/template,
// image and its formats, compress, archive, debug/elf, dwarf, gosym and buildinfo on this very program, expvar, plugin, os/user, time/tzdata,
// encoding's rarer formats, hash, index/suffixarray, text/tabwriter, go/format, testing/fstest.
package main

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/flate"
	"compress/gzip"
	"compress/lzw"
	"compress/zlib"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/dwarf"
	"debug/elf"
	"debug/gosym"
	"encoding/ascii85"
	"encoding/asn1"
	"encoding/base32"
	"encoding/csv"
	"encoding/gob"
	"encoding/hex"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"expvar"
	"fmt"
	"go/format"
	"hash/adler32"
	"hash/crc64"
	"hash/fnv"
	"html/template"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"index/suffixarray"
	"io"
	"log/syslog"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/rpc"
	"net/rpc/jsonrpc"
	"net/smtp"
	"net/textproto"
	"os"
	"os/user"
	"plugin"
	"slices"
	"strings"
	"testing/fstest"
	"text/tabwriter"
	"time"
	_ "time/tzdata"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// ---- net/rpc ----

type Args struct{ A, B int }
type Arith struct{}

func (Arith) Mul(a *Args, r *int) error { *r = a.A * a.B; return nil }
func (Arith) Div(a *Args, r *int) error {
	if a.B == 0 {
		return errors.New("divide by zero")
	}
	*r = a.A / a.B
	return nil
}

func remoteCalls() {
	s := rpc.NewServer()
	check(s.Register(Arith{}))
	for _, json := range []bool{false, true} {
		near, far := net.Pipe()
		var c *rpc.Client
		if json {
			go s.ServeCodec(jsonrpc.NewServerCodec(far))
			c = jsonrpc.NewClient(near)
		} else {
			go s.ServeConn(far)
			c = rpc.NewClient(near)
		}
		var r int
		err := c.Call("Arith.Mul", &Args{6, 7}, &r)
		fmt.Println("rpc:", r, err, c.Call("Arith.Div", &Args{1, 0}, &r), c.Call("Arith.Pow", &Args{1, 0}, &r))
		check(c.Close())
	}
}

// ---- net/smtp, against a server that takes one message ----

func mailServer(l net.Listener, got chan<- string) {
	c := textproto.NewConn(must(l.Accept()))
	defer c.Close()
	c.PrintfLine("220 here ESMTP")
	for {
		line, err := c.ReadLine()
		if err != nil {
			return
		}
		got <- line
		switch strings.ToUpper(line)[:4] {
		case "EHLO":
			c.PrintfLine("250-here\r\n250-8BITMIME\r\n250 AUTH PLAIN")
		case "DATA":
			c.PrintfLine("354 go on")
			for _, l := range must(c.ReadDotLines()) {
				got <- "  " + l
			}
			c.PrintfLine("250 taken")
		case "AUTH":
			c.PrintfLine("235 welcome")
		case "QUIT":
			c.PrintfLine("221 bye")
			close(got)
			return
		default:
			c.PrintfLine("250 ok")
		}
	}
}

func mailing() {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	got := make(chan string, 100)
	go mailServer(l, got)
	check(smtp.SendMail(l.Addr().String(), smtp.PlainAuth("", "me", "secret", "127.0.0.1"), "a@x.test", []string{"b@y.test", "c@y.test"},
		[]byte("Subject: dots\r\n\r\n.one\r\ntwo\r\n")))
	for line := range got {
		fmt.Println("smtp:", line)
	}
	a := must(mail.ParseAddress("=?utf-8?q?J=C3=B6rg?= <j@x.test>"))
	fmt.Println("mail:", a.Name, a)
}

// ---- log/syslog, into a socket of ours ----

func systemLog() {
	dir := must(os.MkdirTemp("", "syslog"))
	defer os.RemoveAll(dir)
	l := must(net.ListenUnixgram("unixgram", &net.UnixAddr{Name: dir + "/log", Net: "unixgram"}))
	w := must(syslog.Dial("unixgram", dir+"/log", syslog.LOG_WARNING|syslog.LOG_DAEMON, "smoke"))
	check(w.Err("something"))
	b := make([]byte, 1000)
	n := must(l.Read(b))
	text := string(b[:n])
	fmt.Println("syslog:", text[:strings.Index(text, ">")+1], strings.Contains(text, "smoke["), strings.HasSuffix(text, ": something\n"))
	check(w.Close())
}

// ---- html/template ----

func pages() {
	t := template.Must(template.New("page").Parse(`<a href="/q?x={{.}}" onclick="f({{.}})" title='{{.}}'>{{.}}</a><script>var v = {{.}}</script><style>p { color: {{.}} }</style>` + "\n"))
	check(t.Execute(os.Stdout, `<i>"O'Reilly" & co</i>`))
	_, err := template.Must(template.New("bad").Parse(`<a {{if .}}href="{{end}}">`)).Clone()
	fmt.Println("clone:", err, template.Must(template.New("bad").Parse(`<a {{if .}}href="{{end}}">`)).Execute(io.Discard, true))
}

// ---- image ----

func pictures() {
	m := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for y := range 30 {
		for x := range 40 {
			m.Set(x, y, color.NRGBA{uint8(x * 6), uint8(y * 8), 100, 255})
		}
	}
	draw.Draw(m, image.Rect(5, 5, 20, 20), image.NewUniform(color.RGBA{0, 128, 0, 128}), image.Point{}, draw.Over)
	var p, j, g bytes.Buffer
	check(png.Encode(&p, m))
	check(jpeg.Encode(&j, m, &jpeg.Options{Quality: 80}))
	pal := image.NewPaletted(m.Bounds(), palette.Plan9)
	draw.FloydSteinberg.Draw(pal, m.Bounds(), m, image.Point{})
	check(gif.EncodeAll(&g, &gif.GIF{Image: []*image.Paletted{pal, pal}, Delay: []int{1, 2}}))
	for _, b := range []*bytes.Buffer{&p, &j, &g} {
		sum := sha256.Sum256(b.Bytes())
		got, name, err := image.Decode(b)
		r, gr, bl, a := got.At(10, 10).RGBA()
		fmt.Printf("image: %s %v %v %x %d %d %d %d\n", name, got.Bounds(), err, sum[:4], r>>8, gr>>8, bl>>8, a>>8)
	}
}

// ---- compress and archive ----

func packing() {
	text := strings.Repeat("the quick brown fox jumps over the lazy dog. ", 200)
	for name, f := range map[string]struct {
		w func(io.Writer) io.WriteCloser
		r func(io.Reader) io.Reader
	}{
		"flate": {func(w io.Writer) io.WriteCloser { return must(flate.NewWriter(w, 9)) }, func(r io.Reader) io.Reader { return flate.NewReader(r) }},
		"gzip":  {func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, func(r io.Reader) io.Reader { return must(gzip.NewReader(r)) }},
		"zlib":  {func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }, func(r io.Reader) io.Reader { return must(zlib.NewReader(r)) }},
		"lzw":   {func(w io.Writer) io.WriteCloser { return lzw.NewWriter(w, lzw.LSB, 8) }, func(r io.Reader) io.Reader { return lzw.NewReader(r, lzw.LSB, 8) }},
	} {
		var b bytes.Buffer
		w := f.w(&b)
		io.WriteString(w, text)
		check(w.Close())
		if back := must(io.ReadAll(f.r(&b))); string(back) != text {
			fmt.Println(name, "lost something")
		}
	}
	const hello = "425a68393141592653594eece83600000251800010400006449080200031064c4101a7a9a580bb9431f8bb9229c28482776741b0"
	fmt.Printf("bzip2: %q\n", must(io.ReadAll(bzip2.NewReader(bytes.NewReader(must(hex.DecodeString(hello)))))))
	var t, z bytes.Buffer
	tw, zw := tar.NewWriter(&t), zip.NewWriter(&z)
	check(tw.AddFS(fstest.MapFS{"a/b.txt": {Data: []byte("in tar"), Mode: 0o644}}))
	check(tw.Close())
	check(zw.AddFS(fstest.MapFS{"a/b.txt": {Data: []byte("in zip"), Mode: 0o644}}))
	check(zw.Close())
	tr := tar.NewReader(&t)
	for h, err := tr.Next(); err == nil; h, err = tr.Next() {
		fmt.Printf("tar: %s %d %q\n", h.Name, h.Size, must(io.ReadAll(tr)))
	}
	zr := must(zip.NewReader(bytes.NewReader(z.Bytes()), int64(z.Len())))
	fmt.Println("zip:", fstest.TestFS(zr, "a/b.txt"))
}

// ---- this program ----

func ownBinary() {
	exe := must(os.Executable())
	f := must(elf.Open(exe))
	defer f.Close()
	fmt.Println("elf:", f.Class, f.Data, f.Machine, f.Type, f.Section(".text") != nil, f.Section(".gopclntab") != nil)
	libs, err := f.ImportedLibraries()
	fmt.Println("libraries:", len(libs), err)
	syms := must(f.Symbols())
	at := slices.IndexFunc(syms, func(s elf.Symbol) bool { return s.Name == "main.ownBinary" })
	fmt.Println("symbol:", elf.ST_TYPE(syms[at].Info), syms[at].Size > 0)
	table := must(gosym.NewTable(nil, gosym.NewLineTable(must(f.Section(".gopclntab").Data()), f.Section(".text").Addr)))
	_, line, fn := table.PCToLine(syms[at].Value)
	fmt.Println("gosym:", line > 0, fn.Name)
	r := must(f.DWARF()).Reader()
	for e, err := r.Next(); e != nil && err == nil; e, err = r.Next() {
		if e.Tag == dwarf.TagSubprogram && e.Val(dwarf.AttrName) == "main.ownBinary" {
			fmt.Println("dwarf: same address:", e.Val(dwarf.AttrLowpc) == syms[at].Value)
		}
	}
	info := must(buildinfo.ReadFile(exe))
	fmt.Println("buildinfo:", strings.HasPrefix(info.GoVersion, "go1."), info.Path)
}

// ---- the rest ----

func others() {
	expvar.NewInt("n").Add(41)
	expvar.NewMap("m").Add("k", 1)
	expvar.Get("n").(*expvar.Int).Add(1)
	fmt.Println("expvar:", expvar.Get("n"), expvar.Get("m"))
	_, err := plugin.Open("nothing.so")
	fmt.Println("plugin:", err)
	u := must(user.Current())
	same := must(user.LookupId(u.Uid))
	fmt.Println("user:", same.Username == u.Username, u.HomeDir != "")
	_, err = user.Lookup("nobody-of-this-name")
	fmt.Println("user:", err)
	fmt.Println("tzdata:", time.Unix(1700000000, 0).In(must(time.LoadLocation("Pacific/Chatham"))))
	data := must(xml.MarshalIndent(struct {
		XMLName xml.Name `xml:"list"`
		Kind    string   `xml:"kind,attr"`
		Items   []string `xml:"items>item"`
	}{Kind: "a<b", Items: []string{"x", "y&z"}}, "", " "))
	fmt.Printf("%s\n", data)
	var b bytes.Buffer
	check(gob.NewEncoder(&b).Encode(map[string][]any{"k": {1, "two", 3.5}}))
	var back map[string][]any
	check(gob.NewDecoder(&b).Decode(&back))
	fmt.Println("gob:", back)
	fmt.Println("asn1:", must(asn1.Marshal(struct {
		A int
		B string `asn1:"utf8"`
		C asn1.ObjectIdentifier
	}{300, "é", asn1.ObjectIdentifier{1, 2, 840}})))
	block, _ := pem.Decode([]byte("-----BEGIN X-----\nK: v\n\naGVsbG8=\n-----END X-----\n"))
	fmt.Println("pem:", block.Type, block.Headers, string(block.Bytes))
	fmt.Println("csv:", must(csv.NewReader(strings.NewReader("a,\"b \"\"c\"\"\",\nd,e,f\n")).ReadAll()))
	fmt.Println("base32:", base32.StdEncoding.EncodeToString([]byte("hello")), "ascii85:", ascii85.MaxEncodedLen(8))
	q := quotedprintable.NewWriter(os.Stdout)
	fmt.Fprintln(q, "schön = gut")
	check(q.Close())
	h := fnv.New64a()
	io.WriteString(h, "hello")
	fmt.Println("hash:", adler32.Checksum([]byte("hello")), crc64.Checksum([]byte("hello"), crc64.MakeTable(crc64.ECMA)), h.Sum64())
	found := suffixarray.New([]byte("banana")).Lookup([]byte("ana"), -1)
	slices.Sort(found)
	fmt.Println("suffixarray:", found)
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 1, '.', tabwriter.AlignRight)
	fmt.Fprint(w, "a\tbbb\tc\t\naaaa\tb\tccc\t\n")
	check(w.Flush())
	fmt.Printf("%s", must(format.Source([]byte("package p\nfunc f ( ) {x:=1;_=x}"))))
	in := bufio.NewReader(strings.NewReader("K: v\r\n w\r\n\r\n"))
	fmt.Println("textproto:", must(textproto.NewReader(in).ReadMIMEHeader()))
}

func main() {
	gob.Register(0)
	gob.Register("")
	gob.Register(0.5)
	remoteCalls()
	mailing()
	systemLog()
	pages()
	pictures()
	packing()
	ownBinary()
	others()
}
