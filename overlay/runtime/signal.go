// From signal to panic. The C handler finds that a fault happened in Go code, notes it in
// the goroutine and arranges for sigpanic to run as if the faulting instruction had
// called it.
package runtime

import "unsafe"

const (
	fpe_INTDIV = 1
	fpe_INTOVF = 2
	segvMapErr = 1
	segvAccErr = 2
	siKernel   = 0x80
	busAdrErr  = 2
)

var sigNames = [...]string{
	1: "SIGHUP: terminal line hangup", 2: "SIGINT: interrupt", 3: "SIGQUIT: quit",
	4: "SIGILL: illegal instruction", 5: "SIGTRAP: trace trap", 6: "SIGABRT: abort",
	7: "SIGBUS: bus error", 8: "SIGFPE: floating-point exception", 9: "SIGKILL: kill",
	10: "SIGUSR1: user-defined signal 1", 11: "SIGSEGV: segmentation violation",
	12: "SIGUSR2: user-defined signal 2", 13: "SIGPIPE: write to broken pipe",
	14: "SIGALRM: alarm clock", 15: "SIGTERM: termination", 16: "SIGSTKFLT: stack fault",
	17: "SIGCHLD: child status has changed", 18: "SIGCONT: continue",
	19: "SIGSTOP: stop, unblockable", 20: "SIGTSTP: keyboard stop",
	21: "SIGTTIN: background read from tty", 22: "SIGTTOU: background write to tty",
	23: "SIGURG: urgent condition on socket", 24: "SIGXCPU: cpu limit exceeded",
	25: "SIGXFSZ: file size limit exceeded", 26: "SIGVTALRM: virtual alarm clock",
	27: "SIGPROF: profiling alarm clock", 28: "SIGWINCH: window size change",
	29: "SIGIO: i/o now possible", 30: "SIGPWR: power failure restart",
	31: "SIGSYS: bad system call",
}

func signame[T uint8 | uint32](sig T) string {
	if int(sig) >= len(sigNames) {
		return ""
	}
	return sigNames[sig]
}

// sigpanic turns the fault noted in the goroutine into a panic. Its caller's pc is the
// faulting instruction itself.
//
//go:linkname sigpanic
func sigpanic() {
	gp := getg()
	switch gp.sig {
	case _SIGBUS:
		if gp.sigcode0 == busAdrErr && gp.sigcode1 < 0x1000 {
			panicmem()
		}
		faultpanic(gp)
	case _SIGSEGV:
		if (gp.sigcode0 == 0 || gp.sigcode0 == segvMapErr || gp.sigcode0 == segvAccErr) && gp.sigcode1 < 0x1000 {
			panicmem()
		}
		faultpanic(gp)
	case _SIGFPE:
		switch gp.sigcode0 {
		case fpe_INTDIV:
			panicdivide()
		case fpe_INTOVF:
			panicoverflow()
		}
		panicfloat()
	}
	throw("unexpected signal")
}

// faultpanic answers a fault at an address no nil pointer explains.
func faultpanic(gp *g) {
	if gp.paniconfault {
		panicmemAddr(gp.sigcode1)
	}
	print("unexpected fault address ", hex(gp.sigcode1), "\n")
	throw("fault")
}

func cfindfunc(pc uintptr) *_func

// printcode prints the bytes at pc, as many as an instruction has at most, but none of a page that may not be there.
func printcode(pc uintptr) {
	n := min(16, 4096-pc%4096)
	print("instruction bytes:")
	for i := uintptr(0); i < n; i++ {
		print(" ", hex(*(*byte)(unsafe.Pointer(pc + i))))
	}
	print("\n")
}

// fatalsignal reports a signal that no Go code can answer; the C handler calls it on the
// signal stack with the interrupted pc and sp.
func fatalsignal(gp *g, sig uint32, pc, sp uintptr) {
	getg().m.caughtsig.set(gp)
	startpanic_m()
	if name := signame(sig); name != "" {
		print(name, "\n")
	} else {
		print("Signal ", sig, "\n")
	}
	print("PC=", hex(pc), " m=", getg().m.id, " sigcode=", gp.sigcode0)
	if sig == _SIGSEGV || sig == _SIGBUS {
		print(" addr=", hex(gp.sigcode1))
	}
	print("\n")
	if sig == 4 || sig == _SIGFPE { // SIGILL
		printcode(pc)
	}
	print("\n")
	level, _, docrash := gotraceback()
	if level > 0 {
		goroutineheader(gp)
		if c := cfindfunc(pc) == nil; c && sp >= gp.stack.lo && sp < gp.stack.hi && gp.goid != 0 {
			pc, sp = *(*uintptr)(unsafe.Pointer(sp)), sp+8 // called by Go code
		} else if c && gp.goid != 0 {
			pc, sp = ^uintptr(0), ^uintptr(0) // in C for a goroutine, whose frames end where it entered
		}
		if pc == ^uintptr(0) || cfindfunc(pc) != nil {
			traceback(pc, sp, 0, gp)
		} else if f := findfunc(pc); f.valid() {
			print(funcname(f), "()\n\t?:0 +", hex(pc-f.entry()), "\n") // C has no tables to go on by
		}
		tracebackothers(gp)
		print("\n")
	}
	if docrash {
		crash()
	}
	exit(2)
}

// What C raises: a plain runtime panic, and one with the prefix "runtime error: ".
func rtPanicPlain(msg string) { panic(plainError(msg)) }
func rtPanicError(msg string) { panic(errorString(msg)) }
