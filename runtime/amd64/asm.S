/* asm.S: the switches between goroutine stacks, system stacks and C.
 *
 * Go side: ABIInternal (AX BX CX DI SI R8-R11, R14 = g, X15 = 0, DX = closure, no
 * callee-saved registers). %fs:0 is the M. While Go runs on the system stack R14 and M.g
 * are g0; while C runs for a goroutine only rsp has changed. */
#include "offsets.h"

#define FN(name) .section .text.name, "ax", @progbits; .globl name; .type name, @function; .balign 16; name:
#define GOFN(name, sec) .section .text.go.sec, "ax", @progbits; .globl name; .type name, @function; .balign 16; name:

/* What a routine takes of the goroutine's stack below its return address, for the linker. */
.macro STACKUSE name, bytes
.globl "\name\().stack"
.set "\name\().stack", \bytes
.endm

/* Bytes between the guard and the end of a goroutine's stack: the linker replaces it by what the program needs. */
.section .data.rt_stackguard, "aw", @progbits
.globl rt_stackguard
.balign 8
rt_stackguard:
	.quad	928

/* Whether anything in the program reads memory profiles: the linker says so. */
.section .data.rt_memprofile, "aw", @progbits
.globl rt_memprofile
.balign 8
rt_memprofile:
	.quad	0

/* Kernel entry: argc at 0(rsp). */
FN(_rt0_amd64_linux)
	xor	%ebp, %ebp
	mov	%rsp, %rdi
	and	$-16, %rsp
	call	rt_start
	ud2

FN(rt_getg)
	mov	%fs:M_g, %rax
	ret

FN(rt_cputicks)
	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	ret

/* rt_setfs(M*) is arch_prctl(ARCH_SET_FS). */
FN(rt_setfs)
	mov	%rdi, %rsi
	mov	$0x1002, %edi
	mov	$158, %eax
	syscall
	ret

/* i64 os_syscall(nr, a, b, c, d, e, f) */
FN(os_syscall)
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	%r9, %r8
	mov	8(%rsp), %r9
	syscall
	ret

/* i64 os_clone(flags, stack, M*, fn): the child takes fs from M and calls fn. */
FN(os_clone)
	push	%r12
	mov	%rdx, %r8
	mov	%rcx, %r12
	xor	%edx, %edx
	xor	%r10d, %r10d
	mov	$56, %eax
	syscall
	test	%rax, %rax
	jz	1f
	pop	%r12
	ret
1:	xor	%ebp, %ebp
	and	$-16, %rsp
	call	*%r12
	ud2

/* void rt_gogo(G*, a, b) */
FN(rt_gogo)
	mov	%rdi, %r14
	mov	%r14, %fs:M_g
	mov	%rsi, %rax
	mov	%rdx, %rbx
	mov	G_sched_ctxt(%r14), %rdx
	movq	$0, G_sched_ctxt(%r14)
	mov	G_sched_bp(%r14), %rbp
	mov	G_sched_sp(%r14), %rsp
	xorps	%xmm15, %xmm15
	jmp	*G_sched_pc(%r14)

/* void rt_gogo_async(G*): everything back from M.pregs; the return slot that the
 * signal handler pushed holds the pc. */
FN(rt_gogo_async)
	mov	%rdi, %fs:M_g
	mov	%fs:0, %rax
	movups	M_pxmm+0(%rax), %xmm0
	movups	M_pxmm+16(%rax), %xmm1
	movups	M_pxmm+32(%rax), %xmm2
	movups	M_pxmm+48(%rax), %xmm3
	movups	M_pxmm+64(%rax), %xmm4
	movups	M_pxmm+80(%rax), %xmm5
	movups	M_pxmm+96(%rax), %xmm6
	movups	M_pxmm+112(%rax), %xmm7
	movups	M_pxmm+128(%rax), %xmm8
	movups	M_pxmm+144(%rax), %xmm9
	movups	M_pxmm+160(%rax), %xmm10
	movups	M_pxmm+176(%rax), %xmm11
	movups	M_pxmm+192(%rax), %xmm12
	movups	M_pxmm+208(%rax), %xmm13
	movups	M_pxmm+224(%rax), %xmm14
	movups	M_pxmm+240(%rax), %xmm15
	mov	%fs:M_pregs+8*15, %rsp
	push	%fs:M_pregs+8*16
	popfq
	mov	%fs:M_pregs+8*1, %rbx
	mov	%fs:M_pregs+8*2, %rcx
	mov	%fs:M_pregs+8*3, %rdx
	mov	%fs:M_pregs+8*4, %rsi
	mov	%fs:M_pregs+8*5, %rdi
	mov	%fs:M_pregs+8*6, %rbp
	mov	%fs:M_pregs+8*7, %r8
	mov	%fs:M_pregs+8*8, %r9
	mov	%fs:M_pregs+8*9, %r10
	mov	%fs:M_pregs+8*10, %r11
	mov	%fs:M_pregs+8*11, %r12
	mov	%fs:M_pregs+8*12, %r13
	mov	%fs:M_pregs+8*13, %r14
	mov	%fs:M_pregs+8*14, %r15
	mov	%fs:M_pregs+8*0, %rax
	ret

/* Injected by the preemption signal as if the interrupted instruction had called it. */
GOFN("runtime.asyncPreempt", asyncpreempt)
	mov	%rax, %fs:M_pregs+8*0
	mov	%rbx, %fs:M_pregs+8*1
	mov	%rcx, %fs:M_pregs+8*2
	mov	%rdx, %fs:M_pregs+8*3
	mov	%rsi, %fs:M_pregs+8*4
	mov	%rdi, %fs:M_pregs+8*5
	mov	%rbp, %fs:M_pregs+8*6
	mov	%r8, %fs:M_pregs+8*7
	mov	%r9, %fs:M_pregs+8*8
	mov	%r10, %fs:M_pregs+8*9
	mov	%r11, %fs:M_pregs+8*10
	mov	%r12, %fs:M_pregs+8*11
	mov	%r13, %fs:M_pregs+8*12
	mov	%r14, %fs:M_pregs+8*13
	mov	%r15, %fs:M_pregs+8*14
	mov	%rsp, %fs:M_pregs+8*15
	pushfq
	pop	%fs:M_pregs+8*16
	mov	%fs:0, %rax
	movups	%xmm0, M_pxmm+0(%rax)
	movups	%xmm1, M_pxmm+16(%rax)
	movups	%xmm2, M_pxmm+32(%rax)
	movups	%xmm3, M_pxmm+48(%rax)
	movups	%xmm4, M_pxmm+64(%rax)
	movups	%xmm5, M_pxmm+80(%rax)
	movups	%xmm6, M_pxmm+96(%rax)
	movups	%xmm7, M_pxmm+112(%rax)
	movups	%xmm8, M_pxmm+128(%rax)
	movups	%xmm9, M_pxmm+144(%rax)
	movups	%xmm10, M_pxmm+160(%rax)
	movups	%xmm11, M_pxmm+176(%rax)
	movups	%xmm12, M_pxmm+192(%rax)
	movups	%xmm13, M_pxmm+208(%rax)
	movups	%xmm14, M_pxmm+224(%rax)
	movups	%xmm15, M_pxmm+240(%rax)
	mov	%fs:M_systop, %rsp
	cld
	call	proc_asyncpreempt
	ud2

/* On the way back from C, results in registers, the return address on top of the goroutine's stack: yields there if that is allowed, as if
 * the signal had arrived at the instruction returned to. */
FN(rt_latepreempt)
	mov	%rsp, %r12
	mov	%fs:M_systop, %rsp
	and	$-16, %rsp
	push	%rax
	push	%rbx
	push	%rcx
	push	%rdi
	push	%rsi
	push	%r8
	mov	(%r12), %rdi
	mov	%r12, %rsi
	call	sig_preempt_late
	mov	%eax, %r13d
	pop	%r8
	pop	%rsi
	pop	%rdi
	pop	%rcx
	pop	%rbx
	pop	%rax
	mov	%r12, %rsp
	xorps	%xmm15, %xmm15
	test	%r13d, %r13d
	jnz	"runtime.asyncPreempt"
	ret

/* Continue a runtime function on an empty system stack. */
FN(rt_onsystop)
	mov	%fs:M_systop, %rsp
	xor	%ebp, %ebp
	call	*%rdi
	ud2

/* u64 rt_callgo(fn, a0, a1, a2, a3): Go on the system stack. */
FN(rt_callgoclosure)
	mov	%rdi, %r11
	mov	(%rdi), %rdi
	jmp	1f
	.globl	rt_callgo
rt_callgo:
	xor	%r11d, %r11d
1:	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	sub	$72, %rsp
	mov	%fs:M_g, %rax
	mov	%rax, 64(%rsp)
	mov	%fs:M_g0, %r14
	mov	%r14, %fs:M_g
	mov	%rdi, %r10
	mov	%rsi, %rax
	mov	%rdx, %rbx
	mov	%r8, %rdi
	mov	%r11, %rdx
	xorps	%xmm15, %xmm15
	call	*%r10
	mov	64(%rsp), %rcx
	mov	%rcx, %fs:M_g
	add	$72, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret

/* void rt_gocall(fn, a0, a1): leave C; fn runs as if the Go caller of this entry had
 * called it. The return slot below g.sched.sp still holds the return pc. */
FN(rt_gocall)
	mov	%fs:M_curg, %r14
	mov	%r14, %fs:M_g
	mov	%rdi, %r10
	mov	%rsi, %rax
	mov	%rdx, %rbx
	mov	G_sched_sp(%r14), %rsp
	mov	G_sched_bp(%r14), %rbp
	mov	G_sched_pc(%r14), %rcx
	push	%rcx
	xorps	%xmm15, %xmm15
	jmp	*%r10

/* func systemstack(fn func()) */
GOFN("runtime.systemstack", systemstack)
	mov	%rax, %rdx
	cmp	%r14, %fs:M_curg
	jne	1f
	mov	%rsp, G_sched_sp(%r14)
	mov	$"runtime.systemstack_switch"+1, %ecx     /* a frame of its own: upstream counts it */
	mov	%rcx, G_sched_pc(%r14)
	mov	%rbp, G_sched_bp(%r14)
	movq	$0, G_sched_ctxt(%r14)
	mov	%fs:M_g0, %r14
	mov	%r14, %fs:M_g
	mov	%fs:M_systop, %rsp
	push	$0
	push	%rbp
	mov	%rsp, %rbp
	call	*(%rdx)
	mov	%fs:M_curg, %r14
	mov	%r14, %fs:M_g
	mov	G_sched_sp(%r14), %rsp
	mov	G_sched_bp(%r14), %rbp
	ret
1:	jmp	*(%rdx)

/* func mcall(fn func(*g)): fn never returns. */
GOFN("runtime.mcall", mcall)
	mov	%rax, %rdx
	lea	8(%rsp), %rcx
	mov	%rcx, G_sched_sp(%r14)
	mov	(%rsp), %rcx
	mov	%rcx, G_sched_pc(%r14)
	mov	%rbp, G_sched_bp(%r14)
	movq	$0, G_sched_ctxt(%r14)
	mov	%r14, %rax
	mov	%fs:M_g0, %r14
	mov	%r14, %fs:M_g
	mov	%fs:M_systop, %rsp
	push	$0
	call	*(%rdx)
	ud2

/* func gogo(buf *gobuf): the M's goroutine goes on there */
GOFN("runtime.gogo", gogo)
	mov	%fs:M_curg, %r14
	mov	%r14, %fs:M_g
	mov	Gobuf_sp(%rax), %rsp
	mov	Gobuf_bp(%rax), %rbp
	mov	Gobuf_ctxt(%rax), %rdx
	movq	$0, Gobuf_ctxt(%rax)
	mov	Gobuf_pc(%rax), %rcx
	xor	%ebx, %ebx
	mov	$1, %eax
	xorps	%xmm15, %xmm15
	jmp	*%rcx

GOFN("runtime.getcallersp_unused", getcallersp)
	lea	8(%rsp), %rax
	ret

/* The prologue's slow path; argument registers are already spilled. (rsp) is the pc to
 * resume at in the function that needs stack, 8(rsp) that function's return slot. */
GOFN("runtime.morestack_noctxt", morestack_noctxt)
	xor	%edx, %edx
	jmp	"runtime.morestack"
GOFN("runtime.morestack", morestack)
	cmp	%r14, %fs:M_curg
	jne	rt_badmorestack
	lea	8(%rsp), %rcx
	mov	%rcx, G_sched_sp(%r14)
	mov	(%rsp), %rcx
	mov	%rcx, G_sched_pc(%r14)
	mov	%rbp, G_sched_bp(%r14)
	mov	%rdx, G_sched_ctxt(%r14)
	mov	%fs:M_systop, %rsp
	mov	%r14, %rdi
	cld
	call	stack_new
	/* grown: back to the instruction after the call, with the closure register */
	mov	%fs:M_curg, %r14
	mov	G_sched_ctxt(%r14), %rdx
	movq	$0, G_sched_ctxt(%r14)
	mov	G_sched_sp(%r14), %rsp
	mov	G_sched_bp(%r14), %rbp
	xorps	%xmm15, %xmm15
	jmp	*G_sched_pc(%r14)

FN(rt_badmorestack)
	and	$-16, %rsp
	call	stack_bad
	ud2

/* Return address below the first frame of every goroutine. */
GOFN("runtime.goexit", goexit)
	nop
	call	"runtime.goexit1"
	nop
	ud2

/* First instructions of a coroutine go through the overlay's corostart. */

/* Write barrier: reserve n words in the P's buffer, result in R11, all else preserved. */
.macro WB n, name
.section .text.go.wb\n, "ax", @progbits
.globl \name
.type \name, @function
.balign 16
\name:
	push	%r12
	push	%r13
1:	mov	%fs:M_p, %r13
	mov	P_wbbuf(%r13), %r11
	lea	8*\n(%r11), %r11
	cmp	P_wbbuf+8(%r13), %r11
	ja	2f
	mov	%r11, P_wbbuf(%r13)
	sub	$8*\n, %r11
	pop	%r13
	pop	%r12
	ret
2:	call	rt_wbflush_asm
	jmp	1b
.endm
.irp n, 1, 2, 3, 4, 5, 6, 7, 8
STACKUSE "runtime.gcWriteBarrier\n", 24
.endr
WB 1, "runtime.gcWriteBarrier1"
WB 2, "runtime.gcWriteBarrier2"
WB 3, "runtime.gcWriteBarrier3"
WB 4, "runtime.gcWriteBarrier4"
WB 5, "runtime.gcWriteBarrier5"
WB 6, "runtime.gcWriteBarrier6"
WB 7, "runtime.gcWriteBarrier7"
WB 8, "runtime.gcWriteBarrier8"

/* Preserves everything but r11-r13 and flags; C does not touch vector registers. */
FN(rt_wbflush_asm)
	mov	%rsp, %r12
	cmp	%r14, %fs:M_curg
	jne	1f
	mov	%fs:M_systop, %rsp
1:	and	$-16, %rsp
	push	%rax
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	cld
	call	rt_wbflush
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rax
	mov	%r12, %rsp
	ret

/* Kernel signal frames: handler(sig, info, ctx) on the alternate stack; the kernel has
 * made rsp+8 16-aligned as for a call. */
FN(rt_sigtramp)
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	sub	$8, %rsp
	cld
	call	sig_handler
	add	$8, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
FN(rt_sigreturn)
	mov	$15, %eax
	syscall
	ud2

/* i64 rt_vdso_call(fn, a, b) on the current (system) stack */
FN(rt_vdso_call)
	push	%rbp
	mov	%rsp, %rbp
	and	$-16, %rsp
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	call	*%rax
	mov	%rbp, %rsp
	pop	%rbp
	ret
.section .note.GNU-stack,"",@progbits
