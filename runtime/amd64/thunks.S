/* thunks.S: one entry per row of abi/entries.def.
 *
 * Arguments arrive as AX BX CX DI SI R8 R9 R10 R11; C wants DI SI DX CX R8 R9 and the
 * stack. g stays in R14, which C preserves. The continuation is written to g.sched before
 * the switch, so that a parked or scanned goroutine is found at its Go call site. When
 * already on a system stack (R14 is not the M's current goroutine) C is called in place.
 * A signal that asks to yield is in vain while C runs: on the way back the goroutine looks for itself. */
#include "offsets.h"

.macro ENTER_C nargs
	mov	%rsp, %r12
	cmp	%r14, %fs:M_curg
	jne	1f
	lea	8(%rsp), %r13
	mov	%r13, G_sched_sp(%r14)
	mov	(%rsp), %r13
	mov	%r13, G_sched_pc(%r14)
	mov	%rbp, G_sched_bp(%r14)
	movq	$0, G_sched_ctxt(%r14)
	mov	%fs:M_systop, %rsp
1:	and	$-16, %rsp
.if \nargs > 6
.if \nargs & 1
	sub	$8, %rsp
.endif
.if \nargs > 8
	push	%r11
.endif
.if \nargs > 7
	push	%r10
.endif
	push	%r9
.endif
.if \nargs > 5
	mov	%r8, %r9
.endif
.if \nargs > 4
	mov	%rsi, %r8
.endif
.if \nargs > 2
	mov	%rcx, %rdx
.endif
.if \nargs > 3
	mov	%rdi, %rcx
.endif
.if \nargs > 1
	mov	%rbx, %rsi
.endif
.if \nargs > 0
	mov	%rax, %rdi
.endif
.endm

.macro ENTRY_THUNK goname, cname, nargs, nres
.pushsection .text.go.thunk.\@, "ax", @progbits
.globl "\goname"
.type "\goname", @function
.balign 16
"\goname":
	ENTER_C \nargs
	cld
	call	\cname
	mov	%r12, %rsp
.if \nres > 1
	mov	%rdx, %rbx
.endif
.if \nres > 2
	mov	%fs:M_ret, %rcx
.endif
.if \nres > 3
	mov	%fs:M_ret+8, %rdi
.endif
.if \nres > 4
	mov	%fs:M_ret+16, %rsi
.endif
.if \nres > 5
	mov	%fs:M_ret+24, %r8
.endif
	xorps	%xmm15, %xmm15
	cmpb	$0, G_preempt(%r14)
	jne	rt_latepreempt
	ret
.size "\goname", . - "\goname"
.popsection
.endm

#define ENTRY(kind, goname, cname, nargs, nres) ENTRY_THUNK goname, cname, nargs, nres
#include "../../abi/entries.def"
#include "../../abi/entries-mem.def"
.section .note.GNU-stack,"",@progbits
