// Bubbles of internal/synctest: what of Run and Wait is written as a loop. C counts who is blocked and keeps the clock.
package runtime

import (
	"internal/runtime/sys"
	_ "unsafe"
)

// A synctestBubble is C's; tracebacks print its number.
type synctestBubble struct {
	_  sys.NotInHeap
	id uint64
}

func cbubblestart(main func())
func cbubbleruntimers()
func cbubbleidle()
func cbubblenext() bool
func cbubbleend() (left int, done bool)
func cbubblewait() bool
func cbubbleactive(b *synctestBubble, d int)

//go:linkname synctestRun internal/synctest.Run
func synctestRun(f func()) {
	gp := getg()
	if gp.bubble != nil {
		panic("synctest.Run called from within a synctest bubble")
	}
	cbubblestart(f)
	bubble := gp.bubble
	defer func() { gp.bubble = nil }()
	for {
		cbubbleruntimers()
		cbubbleidle() // until everybody is blocked
		if !cbubblenext() {
			break
		}
	}
	if left, done := cbubbleend(); left != 0 {
		reason := "deadlock: all goroutines in bubble are blocked"
		if done {
			reason = "deadlock: main bubble goroutine has exited but blocked goroutines remain"
		}
		panic(synctestDeadlockError{reason, bubble})
	}
}

// synctestDeadlockError is what Run panics with when nobody in its bubble can go on.
type synctestDeadlockError struct {
	reason string
	bubble *synctestBubble
}

func (e synctestDeadlockError) Error() string { return e.reason }

//go:linkname synctestWait internal/synctest.Wait
func synctestWait() {
	if getg().bubble == nil {
		panic("goroutine is not in a bubble")
	}
	if !cbubblewait() {
		panic("wait already in progress")
	}
}

//go:linkname synctest_acquire internal/synctest.acquire
func synctest_acquire() any {
	b := getg().bubble
	if b == nil {
		return nil
	}
	cbubbleactive(b, 1)
	return b
}

//go:linkname synctest_release internal/synctest.release
func synctest_release(bubble any) { cbubbleactive(bubble.(*synctestBubble), -1) }

//go:linkname synctest_inBubble internal/synctest.inBubble
func synctest_inBubble(bubble any, f func()) {
	gp := getg()
	if gp.bubble != nil {
		panic("goroutine is already bubbled")
	}
	gp.bubble = bubble.(*synctestBubble)
	defer func() { gp.bubble = nil }()
	f()
}
