// Heap dumps: what C (runtime/heapdump.c) cannot know, types and itabs.
package runtime

import (
	"internal/abi"
	"unsafe"
)

func cheapdump(fd uintptr, hints *dumpHints)

// dumpHints is C's DumpHints.
type dumpHints struct {
	records *byte
	n       int
	reasons *[waitReasonCount]string
}

const (
	dumpTagType = 3
	dumpTagItab = 8
)

//go:linkname writeHeapDump runtime/debug.WriteHeapDump
func writeHeapDump(fd uintptr) {
	b := appendDumpString(nil, buildVersion)
	b = appendUvarint(b, uint64(NumCPU()))
	seen := map[*_type]bool{}
	var tabs []*itab
	lock(&itabLock)
	iterate_itabs(func(tab *itab) { tabs = append(tabs, tab) })
	unlock(&itabLock)
	for _, tab := range tabs {
		if t := tab.Type; !seen[t] {
			seen[t] = true
			b = appendDumpType(b, t)
		}
		b = appendUvarint(b, dumpTagItab)
		b = appendUvarint(b, uint64(uintptr(unsafe.Pointer(tab))))
		b = appendUvarint(b, uint64(uintptr(unsafe.Pointer(tab.Type))))
	}
	stopTheWorld("write heap dump\x00")
	cheapdump(fd, &dumpHints{&b[0], len(b), &waitReasonStrings})
	startTheWorld()
}

func appendDumpString(b []byte, s string) []byte {
	return append(appendUvarint(b, uint64(len(s))), s...)
}

func appendDumpType(b []byte, t *abi.Type) []byte {
	b = appendUvarint(b, dumpTagType)
	b = appendUvarint(b, uint64(uintptr(unsafe.Pointer(t))))
	b = appendUvarint(b, uint64(t.Size_))
	rt := toRType(t)
	if pkg := rt.pkgpath(); pkg == "" || rt.name() == "" {
		b = appendDumpString(b, rt.string())
	} else {
		b = appendDumpString(b, pkg+"."+rt.name())
	}
	if !t.IsDirectIface() || t.Pointers() {
		return append(b, 1)
	}
	return append(b, 0)
}
