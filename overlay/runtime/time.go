// Clocks and output. C reads the clocks; there is no faked time.
package runtime

import "unsafe"

const faketime = 0

//go:linkname nanotime
func nanotime() int64
func walltime() (sec int64, nsec int32)

// cputicks counts nanoseconds: profiles convert with ticksPerSecond, whatever the unit.
func cputicks() int64 { return nanotime() }

//go:nosplit
func write(fd uintptr, p unsafe.Pointer, n int32) int32 { return write1(fd, p, n) }
