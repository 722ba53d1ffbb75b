/* go.S: hand-written "Go" for the runtime's test: ABIInternal functions that the compiler
 * would make. Each prologue is gc's. test.c supplies the C side through thunks. */
.macro GO name, frame
.section .gotext, "ax", @progbits
.globl "\name"
.type "\name", @function
.balign 16
"\name":
9:	cmp	16(%r14), %rsp
	ja	8f
	mov	%rax, 8(%rsp)
	call	"runtime.morestack"
	mov	8(%rsp), %rax
	jmp	9b
8:	push	%rbp
	mov	%rsp, %rbp
	sub	$\frame, %rsp
.endm
.macro ENDGO
	mov	%rbp, %rsp
	pop	%rbp
	ret
.endm
.macro CCALL cname, goname
.endm

GO runtime.main, 32
	call	"runtime.cstartsysmon"
	call	"test.main"
	ud2
	ENDGO

/* pinger: DX -> {code, chan in, chan out, count, done chan} */
GO test.pinger, 64
	mov	%rdx, 8(%rsp)
1:	mov	8(%rsp), %rdx
	mov	8(%rdx), %rax
	lea	16(%rsp), %rbx
	call	"runtime.chanrecv1"
	incq	16(%rsp)
	mov	8(%rsp), %rdx
	mov	16(%rdx), %rax
	lea	16(%rsp), %rbx
	call	"runtime.chansend1"
	mov	8(%rsp), %rdx
	decq	24(%rdx)
	jne	1b
	mov	32(%rdx), %rax
	lea	16(%rsp), %rbx
	call	"runtime.chansend1"
	ENDGO

/* sleeper: DX -> {code, ns, done chan} */
GO test.sleeper, 64
	mov	%rdx, 8(%rsp)
	mov	8(%rdx), %rax
	call	"time.Sleep"
	mov	8(%rsp), %rdx
	mov	16(%rdx), %rax
	lea	16(%rsp), %rbx
	movq	$1, 16(%rsp)
	call	"runtime.chansend1"
	ENDGO

/* spinner: DX -> {code, iterations, done chan} */
GO test.spinner, 64
	mov	%rdx, 8(%rsp)
	mov	8(%rdx), %rcx
1:	dec	%rcx
	jne	1b
	call	"runtime.Gosched"
	mov	8(%rsp), %rdx
	mov	16(%rdx), %rax
	lea	16(%rsp), %rbx
	movq	$1, 16(%rsp)
	call	"runtime.chansend1"
	ENDGO

/* reader: DX -> {code, pollDesc, fd, done chan}: wait readable, read 8 bytes, send them */
GO test.reader, 64
	mov	%rdx, 8(%rsp)
	mov	8(%rdx), %rax
	mov	$'r', %ebx
	call	"internal/poll.runtime_pollWait"
	mov	%rax, 24(%rsp)
	mov	8(%rsp), %rdx
	mov	16(%rdx), %rbx
	xor	%eax, %eax
	lea	16(%rsp), %rcx
	mov	$8, %edi
	call	"internal/runtime/syscall/linux.Syscall6"
	mov	24(%rsp), %rax
	add	%rax, 16(%rsp)
	mov	8(%rsp), %rdx
	mov	24(%rdx), %rax
	lea	16(%rsp), %rbx
	call	"runtime.chansend1"
	ENDGO

/* locker: DX -> {code, *sema, *counter, rounds, done chan} */
GO test.locker, 64
	mov	%rdx, 8(%rsp)
1:	mov	8(%rsp), %rdx
	mov	8(%rdx), %rax
	call	"sync.runtime_Semacquire"
	mov	8(%rsp), %rdx
	mov	16(%rdx), %rcx
	incq	(%rcx)
	mov	8(%rdx), %rax
	xor	%ebx, %ebx
	xor	%ecx, %ecx
	call	"sync.runtime_Semrelease"
	mov	8(%rsp), %rdx
	decq	24(%rdx)
	jne	1b
	mov	32(%rdx), %rax
	lea	16(%rsp), %rbx
	call	"runtime.chansend1"
	ENDGO

/* recursion: fib-like depth to force growth: AX = depth; returns sum 1..depth */
GO test.deep, 128
	test	%rax, %rax
	je	1f
	mov	%rax, 8(%rsp)
	dec	%rax
	call	"test.deep"
	add	8(%rsp), %rax
1:	ENDGO

/* selector: DX -> {code, chan a, chan b, count, done}: sum what comes from either */
GO test.selector, 160
	mov	%rdx, 8(%rsp)
	movq	$0, 24(%rsp)
1:	mov	8(%rsp), %rdx
	mov	8(%rdx), %rcx
	mov	%rcx, 32(%rsp)
	lea	16(%rsp), %rdi
	mov	%rdi, 40(%rsp)
	mov	16(%rdx), %rcx
	mov	%rcx, 48(%rsp)
	mov	%rdi, 56(%rsp)
	lea	32(%rsp), %rax
	lea	96(%rsp), %rbx
	xor	%ecx, %ecx
	xor	%edi, %edi
	mov	$2, %esi
	mov	$1, %r8d
	call	"runtime.selectgo"
	mov	16(%rsp), %rcx
	add	%rcx, 24(%rsp)
	mov	8(%rsp), %rdx
	decq	24(%rdx)
	jne	1b
	mov	32(%rdx), %rax
	lea	24(%rsp), %rbx
	call	"runtime.chansend1"
	ENDGO

/* feeder: DX -> {code, chan, count}: sends 1 count times */
GO test.feeder, 64
	mov	%rdx, 8(%rsp)
	movq	$1, 16(%rsp)
1:	mov	8(%rsp), %rdx
	mov	8(%rdx), %rax
	lea	16(%rsp), %rbx
	call	"runtime.chansend1"
	mov	8(%rsp), %rdx
	decq	16(%rdx)
	jne	1b
	ENDGO

/* tick(arg any, seq uintptr, delay int64): DX -> {code, chan}; non-blocking send of seq */
GO test.tick, 64
	mov	%rcx, 16(%rsp)
	mov	8(%rdx), %rax
	lea	16(%rsp), %rbx
	call	"runtime.selectnbsend"
	ENDGO

/* registers: DX -> {code, iterations, done}: loop with known values in every register, with
 * no call, and send 1 if all are still there. The only function the test's module table has. */
.globl test_registers_first, test_registers_end
.section .gotext, "ax", @progbits
.balign 16
test_registers_first:
GO test.registers, 64
	mov	%rdx, 8(%rsp)
	mov	8(%rdx), %rcx
	mov	$100, %eax
	movq	%rax, %xmm0
	mov	$101, %eax
	movq	%rax, %xmm1
	mov	$102, %eax
	movq	%rax, %xmm2
	mov	$103, %eax
	movq	%rax, %xmm3
	mov	$104, %eax
	movq	%rax, %xmm4
	mov	$105, %eax
	movq	%rax, %xmm5
	mov	$106, %eax
	movq	%rax, %xmm6
	mov	$107, %eax
	movq	%rax, %xmm7
	mov	$108, %eax
	movq	%rax, %xmm8
	mov	$109, %eax
	movq	%rax, %xmm9
	mov	$110, %eax
	movq	%rax, %xmm10
	mov	$111, %eax
	movq	%rax, %xmm11
	mov	$112, %eax
	movq	%rax, %xmm12
	mov	$113, %eax
	movq	%rax, %xmm13
	mov	$114, %eax
	movq	%rax, %xmm14
	mov	$1000, %rax
	mov	$1001, %rbx
	mov	$1002, %rdx
	mov	$1003, %rsi
	mov	$1004, %rdi
	mov	$1005, %r8
	mov	$1006, %r9
	mov	$1007, %r10
	mov	$1008, %r11
	mov	$1009, %r12
	mov	$1010, %r13
	mov	$1011, %r15
	stc
1:	nop
	lea	-1(%rcx), %rcx
	jrcxz	2f
	jmp	1b
2:	mov	$0, %ecx
	adc	$0, %ecx
	add	%rax, %rcx
	add	%rbx, %rcx
	add	%rdx, %rcx
	add	%rsi, %rcx
	add	%rdi, %rcx
	add	%r8, %rcx
	add	%r9, %rcx
	add	%r10, %rcx
	add	%r11, %rcx
	add	%r12, %rcx
	add	%r13, %rcx
	add	%r15, %rcx
	movq	%xmm0, %rax
	add	%rax, %rcx
	movq	%xmm1, %rax
	add	%rax, %rcx
	movq	%xmm2, %rax
	add	%rax, %rcx
	movq	%xmm3, %rax
	add	%rax, %rcx
	movq	%xmm4, %rax
	add	%rax, %rcx
	movq	%xmm5, %rax
	add	%rax, %rcx
	movq	%xmm6, %rax
	add	%rax, %rcx
	movq	%xmm7, %rax
	add	%rax, %rcx
	movq	%xmm8, %rax
	add	%rax, %rcx
	movq	%xmm9, %rax
	add	%rax, %rcx
	movq	%xmm10, %rax
	add	%rax, %rcx
	movq	%xmm11, %rax
	add	%rax, %rcx
	movq	%xmm12, %rax
	add	%rax, %rcx
	movq	%xmm13, %rax
	add	%rax, %rcx
	movq	%xmm14, %rax
	add	%rax, %rcx
	sub	$13672, %rcx
	mov	%rcx, 16(%rsp)
	mov	8(%rsp), %rdx
	mov	16(%rdx), %rax
	lea	16(%rsp), %rbx
	call	"runtime.chansend1"
	ENDGO
test_registers_end:

/* test.main: AX AX ... drives: calls C test_next(step, value) -> {op, arg} until op 0.
 * op 1: go arg   op 2: receive from arg   op 3: send 5 to arg   op 4: deep(arg)
 * op 5: GOMAXPROCS(arg)   op 6, 7: lock, unlock the thread   op 8: collect */
GO test.main, 96
	movq	$0, 8(%rsp)
	movq	$0, 16(%rsp)
1:	mov	8(%rsp), %rax
	mov	16(%rsp), %rbx
	call	"test.next"
	incq	8(%rsp)
	cmp	$1, %rax
	je	2f
	cmp	$2, %rax
	je	3f
	cmp	$3, %rax
	je	4f
	cmp	$4, %rax
	je	5f
	cmp	$5, %rax
	je	6f
	cmp	$6, %rax
	je	7f
	cmp	$7, %rax
	je	10f
	cmp	$8, %rax
	je	11f
	ud2
6:	mov	%rbx, 24(%rsp)
	lea	resizing(%rip), %rax
	call	"runtime.cstoptheworld"
	mov	24(%rsp), %rax
	call	"runtime.cprocresize"
	call	"runtime.cstarttheworld"
	jmp	1b
7:	call	"runtime.LockOSThread"
	jmp	1b
10:	call	"runtime.UnlockOSThread"
	jmp	1b
11:	call	"runtime.cgc"
	jmp	1b
2:	mov	%rbx, %rax
	call	"runtime.newproc"
	jmp	1b
3:	mov	%rbx, %rax
	lea	16(%rsp), %rbx
	call	"runtime.chanrecv1"
	jmp	1b
4:	mov	%rbx, %rax
	movq	$5, 24(%rsp)
	lea	24(%rsp), %rbx
	call	"runtime.chansend1"
	jmp	1b
5:	mov	%rbx, %rax
	call	"test.deep"
	mov	%rax, 16(%rsp)
	jmp	1b
	ENDGO

GO runtime.goexit1, 16
	call	"runtime.goexit0"
	ud2
	ENDGO

.macro STUB name
.section .text, "ax", @progbits
.globl "\name"
"\name":
	mov	%rbx, %rsi
	mov	%rax, %rdi
	and	$-16, %rsp
	call	test_die
	ud2
.endm
STUB runtime.fatal
STUB runtime.throw
STUB runtime.rtPanicPlain
STUB runtime.rtPanicError
STUB runtime.sigpanic
STUB runtime.fatalsignal
STUB runtime.corostart
STUB runtime.reflectcallmove
STUB reflect.callReflect
STUB reflect.callMethod
STUB reflect.moveMakeFuncArgPtrs
.section .text
.globl "test.next"
"test.next":
	lea	8(%rsp), %rcx
	mov	%rcx, 56(%r14)
	mov	(%rsp), %rcx
	mov	%rcx, 64(%r14)
	mov	%rbp, 96(%r14)
	mov	%rsp, %r12
	mov	%fs:16, %rsp
	mov	%rax, %rdi
	mov	%rbx, %rsi
	call	test_next
	mov	%rdx, %rbx
	mov	%r12, %rsp
	ret
.globl test_gotext, test_egotext
.section .gotext
test_gotext_first:
.section .note.GNU-stack,"",@progbits

.section .rodata
resizing:
	.asciz "GOMAXPROCS"
