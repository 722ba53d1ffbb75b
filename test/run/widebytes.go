// Numbers from bytes and back, in both orders, where that is one access and where it is not quite.
package main

import (
	"encoding/binary"
	"fmt"
)

//go:noinline
func le32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

//go:noinline
func be32(b []byte) uint32 {
	return uint32(b[3]) | uint32(b[2])<<8 | uint32(b[1])<<16 | uint32(b[0])<<24
}

//go:noinline
func le16wide(b []byte) int { return int(b[1]) | int(b[2])<<8 }

//go:noinline
func be16(b *[4]byte, i int) uint16 { return uint16(b[i])<<8 | uint16(b[i+1]) }

//go:noinline
func mixed(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[2])<<8 | uint32(b[1])<<16 | uint32(b[3])<<24
}

//go:noinline
func twice(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[0])<<8 | uint32(b[1])<<16 | uint32(b[1])<<24
}

//go:noinline
func gap(b []byte) uint16 { return uint16(b[0]) | uint16(b[2])<<8 }

//go:noinline
func shifted(b []byte) uint32 { return uint32(b[0])<<8 | uint32(b[1])<<16 }

//go:noinline
func written(b []byte) uint16 {
	x := uint16(b[0])
	b[1] = 0x77
	return x | uint16(b[1])<<8
}

//go:noinline
func put(b []byte, x uint64) {
	b[0], b[1], b[2], b[3] = byte(x), byte(x>>8), byte(x>>16), byte(x>>24)
	b[7], b[6], b[5], b[4] = byte(x>>32), byte(x>>40), byte(x>>48), byte(x>>56)
}

//go:noinline
func put3(b []byte, x uint32) {
	_ = b[2]
	b[0] = byte(x >> 16)
	b[1] = byte(x >> 8)
	b[2] = byte(x)
}

//go:noinline
func putOther(b []byte, x uint32) {
	_ = b[3]
	b[0] = byte(x >> 8)
	b[1] = byte(x)
	b[2] = byte(x)
	b[3] = byte(x >> 8)
}

//go:noinline
func short(b []byte) (n uint64, err any) {
	defer func() { err = recover() }()
	return binary.LittleEndian.Uint64(b), nil
}

//go:noinline
func shortPut(b []byte) (err any) {
	defer func() { err = recover() }()
	b[0] = 1
	b[1] = 2
	binary.BigEndian.PutUint32(b, 0x01020304)
	return
}

func main() {
	b := []byte{1, 2, 3, 4, 5, 6, 7, 0x88, 0x99, 10}
	fmt.Printf("%x %x %x %x %x %x %x %x\n", le32(b), be32(b), le16wide(b), be16((*[4]byte)(b), 1), mixed(b), twice(b), gap(b), shifted(b))
	fmt.Printf("%x %x %x\n", binary.BigEndian.Uint64(b), binary.LittleEndian.Uint64(b[1:]), binary.BigEndian.Uint16(b[7:]))
	fmt.Println(short(b[:7]))
	fmt.Println(shortPut(b[:3]), b)
	fmt.Printf("%x %v\n", written(b), b)
	put(b, 0x1122334455667788)
	fmt.Printf("%x\n", b)
	put3(b[1:], 0xaabbcc)
	putOther(b[5:], 0xd0e0)
	fmt.Printf("%x\n", b)
	binary.LittleEndian.PutUint64(b, 0xfedcba9876543210)
	binary.BigEndian.PutUint16(b[8:], 0x55aa)
	fmt.Printf("%x\n", b)
	for i := range b[:6] {
		binary.BigEndian.PutUint32(b[i:], uint32(i)<<28|0x1234567)
	}
	fmt.Printf("%x\n", b)
}
