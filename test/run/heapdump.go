// A heap dump is read again: it has the list that hangs off a package variable, the local variable of a waiting goroutine, a finalizer.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"unsafe"
)

type node struct {
	id   int
	next *node
	pad  [100]int // with a header before it
	last *node
}

var list *node

type object struct {
	mem    []byte
	fields []uint64
}

type dump struct {
	r       *bufio.Reader
	objects map[uint64]object
	data    []object
	dataAt  []uint64
	frames  map[string]object
	final   map[uint64]bool
	types   int
	reasons map[string]int
}

func (d *dump) num() uint64 {
	v, err := binary.ReadUvarint(d.r)
	if err != nil {
		panic(err)
	}
	return v
}

func (d *dump) nums(n int) (v []uint64) {
	for range n {
		v = append(v, d.num())
	}
	return v
}

func (d *dump) bytes() []byte {
	b := make([]byte, d.num())
	if _, err := io.ReadFull(d.r, b); err != nil {
		panic(err)
	}
	return b
}

func (d *dump) fieldList() (f []uint64) {
	for {
		switch k := d.num(); k {
		case 0:
			return f
		case 1:
			f = append(f, d.num())
		default:
			panic(fmt.Sprint("field kind ", k))
		}
	}
}

func (d *dump) read() {
	var header [16]byte
	io.ReadFull(d.r, header[:])
	fmt.Printf("%q\n", header[:])
	for {
		switch tag := d.num(); tag {
		case 0:
			return
		case 1:
			at, mem := d.num(), d.bytes()
			d.objects[at] = object{mem, d.fieldList()}
		case 3:
			d.nums(2)
			d.bytes()
			d.num()
			d.types++
		case 4:
			d.nums(8)
			d.reasons[string(d.bytes())]++
			d.nums(4)
		case 5:
			d.nums(3)
			mem := d.bytes()
			d.nums(3)
			d.frames[string(d.bytes())] = object{mem, d.fieldList()}
		case 6:
			d.nums(4)
			fmt.Printf("%s\n", d.bytes())
			d.bytes()
			d.num()
		case 7:
			d.final[d.nums(5)[0]] = true
		case 8:
			d.nums(2)
		case 9:
			d.nums(3)
		case 10:
			d.nums(24 + 256 + 1)
		case 11:
			d.nums(5)
		case 12, 13:
			d.dataAt = append(d.dataAt, d.num())
			d.data = append(d.data, object{d.bytes(), d.fieldList()})
		case 14:
			d.nums(7)
		case 15:
			d.nums(6)
		case 16:
			d.nums(2)
			for range d.num() {
				d.bytes()
				d.bytes()
				d.num()
			}
			d.nums(2)
		case 17:
			d.nums(2)
		default:
			panic(fmt.Sprint("tag ", tag))
		}
	}
}

// pointer is the word at offset, which must be among the pointers.
func (o object) pointer(offset uint64) uint64 {
	for _, f := range o.fields {
		if f == offset {
			return binary.LittleEndian.Uint64(o.mem[f:])
		}
	}
	panic(fmt.Sprint("no pointer at ", offset))
}

func (d *dump) variable(at uint64) uint64 {
	for i, o := range d.data {
		if at >= d.dataAt[i] && at < d.dataAt[i]+uint64(len(o.mem)) {
			return o.pointer(at - d.dataAt[i])
		}
	}
	panic("no such variable")
}

//go:noinline
func waits(c chan bool, n *node) {
	<-c
	n.id++
}

func main() {
	for i := range 50 {
		list = &node{id: i, next: list, last: list}
	}
	runtime.SetFinalizer(list, func(*node) {})
	c := make(chan bool)
	n0 := &node{id: 1000}
	held := uint64(uintptr(unsafe.Pointer(n0)))
	go waits(c, n0)
	runtime.Gosched()
	f, err := os.CreateTemp("", "heapdump")
	if err != nil {
		panic(err)
	}
	defer os.Remove(f.Name())
	debug.WriteHeapDump(f.Fd())
	f.Seek(0, 0)
	d := &dump{r: bufio.NewReader(f), objects: map[uint64]object{}, frames: map[string]object{}, final: map[uint64]bool{}, reasons: map[string]int{}}
	d.read()
	p := d.variable(uint64(uintptr(unsafe.Pointer(&list))))
	start := p
	n := 0
	for p != 0 {
		slot := p - 8 // the header
		o := d.objects[slot]
		if o.pointer(8+8) != o.pointer(8+uint64(unsafe.Offsetof(node{}.last))) {
			panic("next and last differ")
		}
		p = o.pointer(8 + 8)
		n++
	}
	fmt.Println(n, "nodes, finalizer:", d.final[start], "types:", d.types > 10, "waiting:", d.reasons["chan receive"] >= 1)
	found := false
	for name, fr := range d.frames {
		for _, off := range fr.fields {
			found = found || strings.HasPrefix(name, "main.") && name != "main.main" && binary.LittleEndian.Uint64(fr.mem[off:]) == held
		}
	}
	fmt.Println("in a frame:", found)
	c <- true
}
