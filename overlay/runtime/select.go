// reflect.Select over the C selectgo.
package runtime

import "unsafe"

// scase is one case as compiled select statements lay them out.
type scase struct {
	c    *hchan
	elem unsafe.Pointer
}

func selectgo(cases *scase, order *uint16, pc *uintptr, nsends, nrecvs int, block bool) (int, bool)

const (
	selectSend = iota + 1
	selectRecv
	selectDefault
)

type runtimeSelect struct {
	dir uintptr
	typ unsafe.Pointer
	ch  *hchan
	val unsafe.Pointer
}

// reflect_rselect sorts the cases as selectgo wants them, sends first and receives from
// the back, and translates the answer.
//
//go:linkname reflect_rselect reflect.rselect
func reflect_rselect(cases []runtimeSelect) (int, bool) {
	sel := make([]scase, len(cases))
	orig := make([]int, len(cases))
	nsends, nrecvs, dflt := 0, 0, -1
	for i, c := range cases {
		var at int
		switch c.dir {
		case selectDefault:
			dflt = i
			continue
		case selectSend:
			at = nsends
			nsends++
		case selectRecv:
			nrecvs++
			at = len(cases) - nrecvs
		}
		sel[at] = scase{c.ch, c.val}
		orig[at] = i
	}
	if nsends+nrecvs == 0 {
		if dflt < 0 {
			block()
		}
		return dflt, false
	}
	if gap := len(cases) - nsends - nrecvs; gap > 0 {
		copy(sel[nsends:], sel[nsends+gap:])
		copy(orig[nsends:], orig[nsends+gap:])
	}
	order := make([]uint16, 2*(nsends+nrecvs))
	chosen, ok := selectgo(&sel[0], &order[0], nil, nsends, nrecvs, dflt < 0)
	if chosen < 0 {
		return dflt, ok
	}
	return orig[chosen], ok
}
