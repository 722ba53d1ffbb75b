/* std.S: leaf functions that have no Go body and no assembly of the library is used for: memory moves,
 * hashes, atomics, raw system calls.
 *
 * ABIInternal. All are frameless leaves (a fault in them is charged to their caller) except
 * reflectcall and reflect's stubs, which keep a frame pointer so that the unwinder can step
 * over them. Aligned words are never torn: the collector may look at any moment. */
#include "offsets.h"
#define GOFN(name, sec) .section .text.go.sec, "ax", @progbits; .globl name; .type name, @function; .balign 32; name:

/* func memmove(to, from unsafe.Pointer, n uintptr) */
GOFN("runtime.memmove", memmove)
	cmp	$16, %rcx
	ja	2f
	cmp	$8, %rcx
	jae	1f
	cmp	$4, %rcx
	jae	3f
	test	%rcx, %rcx
	je	9f
	movzbl	(%rbx), %edx
	movzbl	-1(%rbx,%rcx), %esi
	cmp	$2, %rcx
	jbe	4f
	movzbl	1(%rbx), %edi
	mov	%dil, 1(%rax)
4:	mov	%sil, -1(%rax,%rcx)
	mov	%dl, (%rax)
9:	ret
3:	mov	(%rbx), %edx
	mov	-4(%rbx,%rcx), %esi
	mov	%edx, (%rax)
	mov	%esi, -4(%rax,%rcx)
	ret
1:	mov	(%rbx), %rdx
	mov	-8(%rbx,%rcx), %rsi
	mov	%rdx, (%rax)
	mov	%rsi, -8(%rax,%rcx)
	ret
2:	cmp	$32, %rcx
	ja	5f
	movups	(%rbx), %xmm0
	movups	-16(%rbx,%rcx), %xmm1
	movups	%xmm0, (%rax)
	movups	%xmm1, -16(%rax,%rcx)
	ret
5:	cmp	$64, %rcx
	ja	6f
	movups	(%rbx), %xmm0
	movups	16(%rbx), %xmm1
	movups	-32(%rbx,%rcx), %xmm2
	movups	-16(%rbx,%rcx), %xmm3
	movups	%xmm0, (%rax)
	movups	%xmm1, 16(%rax)
	movups	%xmm2, -32(%rax,%rcx)
	movups	%xmm3, -16(%rax,%rcx)
	ret
6:	mov	%rax, %rdx
	sub	%rbx, %rdx
	je	9b
	cmp	%rcx, %rdx
	jb	8f
	/* forward; the tail is loaded first, the source may be overwritten */
	cmp	$2048, %rcx
	jae	10f
11:	movups	-64(%rbx,%rcx), %xmm4
	movups	-48(%rbx,%rcx), %xmm5
	movups	-32(%rbx,%rcx), %xmm6
	movups	-16(%rbx,%rcx), %xmm7
	lea	-64(%rax,%rcx), %rsi
7:	movups	(%rbx), %xmm0
	movups	16(%rbx), %xmm1
	movups	32(%rbx), %xmm2
	movups	48(%rbx), %xmm3
	movups	%xmm0, (%rax)
	movups	%xmm1, 16(%rax)
	movups	%xmm2, 32(%rax)
	movups	%xmm3, 48(%rax)
	add	$64, %rbx
	add	$64, %rax
	cmp	%rsi, %rax
	jb	7b
	movups	%xmm4, (%rsi)
	movups	%xmm5, 16(%rsi)
	movups	%xmm6, 32(%rsi)
	movups	%xmm7, 48(%rsi)
	ret
10:	mov	%eax, %edx
	or	%ebx, %edx
	or	%ecx, %edx
	test	$7, %dl
	jne	11b
	mov	%rax, %rdi
	mov	%rbx, %rsi
	shr	$3, %rcx
	rep movsq
	ret
	/* backward; the head is loaded first */
8:	movups	(%rbx), %xmm4
	movups	16(%rbx), %xmm5
	movups	32(%rbx), %xmm6
	movups	48(%rbx), %xmm7
	mov	%rax, %rdi
12:	movups	-16(%rbx,%rcx), %xmm0
	movups	-32(%rbx,%rcx), %xmm1
	movups	-48(%rbx,%rcx), %xmm2
	movups	-64(%rbx,%rcx), %xmm3
	movups	%xmm0, -16(%rax,%rcx)
	movups	%xmm1, -32(%rax,%rcx)
	movups	%xmm2, -48(%rax,%rcx)
	movups	%xmm3, -64(%rax,%rcx)
	sub	$64, %rcx
	cmp	$64, %rcx
	ja	12b
	movups	%xmm4, (%rdi)
	movups	%xmm5, 16(%rdi)
	movups	%xmm6, 32(%rdi)
	movups	%xmm7, 48(%rdi)
	ret

/* func memclrNoHeapPointers(p unsafe.Pointer, n uintptr) */
GOFN("runtime.memclrNoHeapPointers", memclr)
	xorps	%xmm0, %xmm0
	xor	%edx, %edx
	cmp	$16, %rbx
	jae	1f
	cmp	$8, %rbx
	jae	2f
	cmp	$4, %rbx
	jae	3f
	test	%rbx, %rbx
	je	9f
	mov	%dl, (%rax)
	mov	%dl, -1(%rax,%rbx)
	cmp	$3, %rbx
	jb	9f
	mov	%dl, 1(%rax)
9:	ret
3:	mov	%edx, (%rax)
	mov	%edx, -4(%rax,%rbx)
	ret
2:	mov	%rdx, (%rax)
	mov	%rdx, -8(%rax,%rbx)
	ret
1:	lea	-16(%rax,%rbx), %rcx
	cmp	$2048, %rbx
	jae	5f
4:	cmp	%rcx, %rax
	jae	6f
	movups	%xmm0, (%rax)
	add	$16, %rax
	jmp	4b
6:	movups	%xmm0, (%rcx)
	ret
5:	mov	%rbx, %rcx
	mov	%rax, %rdi
	xor	%eax, %eax
	test	$7, %dil
	jne	7f
	test	$7, %cl
	jne	7f
	shr	$3, %rcx
	rep stosq
	ret
7:	rep stosb
	ret

/* ---- hashes: two rounds of multiply and fold per 16 bytes ---- */
.macro FOLD a, b
	mov	\a, %rax
	mul	\b
	xor	%rdx, %rax
.endm
/* func memhash(p unsafe.Pointer, h, s uintptr) uintptr */
GOFN("hash/maphash.runtime_memhash", maphashmemhash)
	jmp	"runtime.memhash"
GOFN("runtime.strhash", strhash)
	mov	8(%rax), %rcx
	mov	(%rax), %rax
	jmp	"runtime.memhash"
GOFN("runtime.memhash", memhash)
	mov	%rax, %rsi
	movabs	$0xa0761d6478bd642f, %r8
	movabs	$0xe7037ed1a0b428db, %r9
	xor	%r8, %rbx
	xor	rt_hashseed(%rip), %rbx
	mov	%rcx, %rdi
1:	cmp	$16, %rcx
	jbe	2f
	mov	(%rsi), %r10
	mov	8(%rsi), %r11
	xor	%r9, %r10
	xor	%rbx, %r11
	FOLD	%r10, %r11
	mov	%rax, %rbx
	add	$16, %rsi
	sub	$16, %rcx
	jmp	1b
2:	xor	%r10d, %r10d
	xor	%r11d, %r11d
	cmp	$8, %rcx
	jb	3f
	mov	(%rsi), %r10
	mov	-8(%rsi,%rcx), %r11
	jmp	5f
3:	cmp	$4, %rcx
	jb	4f
	mov	(%rsi), %r10d
	mov	-4(%rsi,%rcx), %r11d
	jmp	5f
4:	test	%rcx, %rcx
	je	5f
	movzbl	(%rsi), %r10d
	shl	$16, %r10d
	mov	%rcx, %rdx
	shr	$1, %rdx
	movzbl	(%rsi,%rdx), %eax
	shl	$8, %eax
	or	%eax, %r10d
	movzbl	-1(%rsi,%rcx), %eax
	or	%eax, %r10d
5:	xor	%r9, %r10
	xor	%rbx, %r11
	FOLD	%r10, %r11
	xor	%r9, %rdi
	FOLD	%rax, %rdi
	ret
/* func memhash32(p unsafe.Pointer, h uintptr) uintptr */
GOFN("runtime.memhash32", memhash32)
	mov	(%rax), %ecx
	mov	%rcx, %rdx
	shl	$32, %rdx
	or	%rdx, %rcx
	jmp	rt_hash64
GOFN("runtime.memhash64", memhash64)
	mov	(%rax), %rcx
	jmp	rt_hash64
.section .text.go.hash64, "ax", @progbits
rt_hash64:
	movabs	$0xa0761d6478bd642f, %r8
	movabs	$0xe7037ed1a0b428d3, %r9	/* not as of no bytes at all */
	xor	rt_hashseed(%rip), %rbx
	xor	%r8, %rbx
	xor	%r9, %rcx
	FOLD	%rcx, %rbx
	FOLD	%rax, %r9
	ret

/* ---- odds and ends of package runtime ---- */
GOFN("runtime.breakpoint", breakpoint)
	int3
	ret
GOFN("runtime.abort", abort)
	int3
	jmp	"runtime.abort"
GOFN("runtime.publicationBarrier", publicationbarrier)
	ret
GOFN("runtime.procyieldAsm", procyieldasm)
1:	pause
	dec	%eax
	jne	1b
	ret
GOFN("runtime.stackArgs", stackargs)
	lea	8(%rsp), %rax
	ret
GOFN("runtime.getfp", getfp)
	mov	%rbp, %rax
	ret
GOFN("runtime.systemstack_switch", systemstack_switch)
	ud2
GOFN("runtime.setg", setg)
	mov	%rax, %r14
	mov	%rax, %fs:M_g
	ret
GOFN("runtime.checkASM", checkasm)
	mov	$1, %eax
	ret
GOFN("runtime.asminit", asminit)
	ret
GOFN("runtime.stackcheck", stackcheck)
	ret

/* abi.RegArgs at R12 <-> argument registers; nothing else changes */
GOFN("runtime.spillArgs", spillargs)
	mov	%rax, 0(%r12)
	mov	%rbx, 8(%r12)
	mov	%rcx, 16(%r12)
	mov	%rdi, 24(%r12)
	mov	%rsi, 32(%r12)
	mov	%r8, 40(%r12)
	mov	%r9, 48(%r12)
	mov	%r10, 56(%r12)
	mov	%r11, 64(%r12)
	movsd	%xmm0, 72(%r12)
	movsd	%xmm1, 80(%r12)
	movsd	%xmm2, 88(%r12)
	movsd	%xmm3, 96(%r12)
	movsd	%xmm4, 104(%r12)
	movsd	%xmm5, 112(%r12)
	movsd	%xmm6, 120(%r12)
	movsd	%xmm7, 128(%r12)
	movsd	%xmm8, 136(%r12)
	movsd	%xmm9, 144(%r12)
	movsd	%xmm10, 152(%r12)
	movsd	%xmm11, 160(%r12)
	movsd	%xmm12, 168(%r12)
	movsd	%xmm13, 176(%r12)
	movsd	%xmm14, 184(%r12)
	ret
GOFN("runtime.unspillArgs", unspillargs)
	mov	0(%r12), %rax
	mov	8(%r12), %rbx
	mov	16(%r12), %rcx
	mov	24(%r12), %rdi
	mov	32(%r12), %rsi
	mov	40(%r12), %r8
	mov	48(%r12), %r9
	mov	56(%r12), %r10
	mov	64(%r12), %r11
	movsd	72(%r12), %xmm0
	movsd	80(%r12), %xmm1
	movsd	88(%r12), %xmm2
	movsd	96(%r12), %xmm3
	movsd	104(%r12), %xmm4
	movsd	112(%r12), %xmm5
	movsd	120(%r12), %xmm6
	movsd	128(%r12), %xmm7
	movsd	136(%r12), %xmm8
	movsd	144(%r12), %xmm9
	movsd	152(%r12), %xmm10
	movsd	160(%r12), %xmm11
	movsd	168(%r12), %xmm12
	movsd	176(%r12), %xmm13
	movsd	184(%r12), %xmm14
	ret

/* runtime.reflectcall is Go (overlay/runtime/reflectcall.go): a saved pointer to the
 * caller's RegArgs would go stale when the callee grows the stack. */

/* reflect's stubs: DX is the *makeFuncImpl or *methodValue. The frame, from SP: spill space of the callee's four arguments, the
 * first of them DX; retValid at 32, where upstream's unwinder looks for it; RegArgs at 40; DX again where nobody writes. Before
 * that the stub grows the stack with the registers in a smaller frame, DX behind them. runtime/unwind.c knows both. */
.macro REFLECTSTUB name, sec, target
.section .text.go.\sec, "ax", @progbits
.globl "\name"
.type "\name", @function
.balign 32
"\name":
9:	lea	128-640(%rsp), %r13
	cmp	G_stackguard0(%r14), %r13
	ja	8f
	push	%rbp                    /* grow with the registers in a frame of ours */
	mov	%rsp, %rbp
	sub	$REFLECTSTUB_GROW, %rsp
7:	mov	%rsp, %r12
	call	"runtime.spillArgs"
	mov	%rdx, REFLECTSTUB_GROWCTXT(%rsp)
	call	"runtime.morestack_noctxt"
	mov	%rsp, %r12
	call	"runtime.unspillArgs"
	mov	REFLECTSTUB_GROWCTXT(%rsp), %rdx
	mov	%rbp, %rsp
	pop	%rbp
	jmp	9b
8:	push	%rbp
	mov	%rsp, %rbp
	sub	$REFLECTSTUB_FRAME, %rsp
6:	lea	40(%rsp), %r12
	call	"runtime.spillArgs"
	mov	%rdx, (%rsp)
	mov	%rdx, REFLECTSTUB_CTXT(%rsp)
	movb	$0, REFLECTSTUB_RETVALID(%rsp)
	mov	%rdx, %rax
	mov	%r12, %rbx
	call	"reflect.moveMakeFuncArgPtrs"
	mov	REFLECTSTUB_CTXT(%rsp), %rax
	lea	16(%rbp), %rbx
	movb	$0, REFLECTSTUB_RETVALID(%rsp)
	lea	REFLECTSTUB_RETVALID(%rsp), %rcx
	lea	40(%rsp), %rdi
	call	"\target"
	lea	40(%rsp), %r12
	call	"runtime.unspillArgs"
	mov	%rbp, %rsp
	pop	%rbp
5:	ret
.globl "\name\().pcsp0", "\name\().pcsp1", "\name\().pcsp2", "\name\().pcsp3"
.set	"\name\().pcsp0", (7b - 9b) << 16 | (REFLECTSTUB_GROW + 8)
.set	"\name\().pcsp1", (8b - 9b) << 16
.set	"\name\().pcsp2", (6b - 9b) << 16 | (REFLECTSTUB_FRAME + 8)
.set	"\name\().pcsp3", (5b - 9b) << 16
.endm
/* the slow path; what it leaves for the frame and for reflect.moveMakeFuncArgPtrs */
.globl	"reflect.makeFuncStub.stack", "reflect.methodValueCall.stack", "reflect.moveMakeFuncArgPtrs.stack"
.set	"reflect.makeFuncStub.stack", 8 + REFLECTSTUB_GROW + 8
.set	"reflect.methodValueCall.stack", 8 + REFLECTSTUB_GROW + 8
.set	"reflect.moveMakeFuncArgPtrs.stack", 640 - 8 - REFLECTSTUB_FRAME - 8
REFLECTSTUB reflect.makeFuncStub, makefuncstub, reflect.callReflect
REFLECTSTUB reflect.methodValueCall, methodvaluecall, reflect.callMethod

/* ---- system calls ---- */
/* func Syscall6(num, a1..a6 uintptr) (r1, r2, errno uintptr) */
GOFN("internal/runtime/syscall/linux.Syscall6", syscall6)
	mov	%rdi, %rdx
	mov	%rbx, %rdi
	mov	%r8, %r12
	mov	%r9, %r13
	mov	%rsi, %r10
	mov	%rcx, %rsi
	mov	%r12, %r8
	mov	%r13, %r9
	syscall
	cmp	$-4095, %rax
	jae	1f
	mov	%rdx, %rbx
	xor	%ecx, %ecx
	ret
1:	neg	%rax
	mov	%rax, %rcx
	mov	$-1, %rax
	xor	%ebx, %ebx
	ret
/* func rawSyscallNoError(trap, a1, a2, a3 uintptr) (r1, r2 uintptr) */
GOFN("syscall.rawSyscallNoError", rawsyscallnoerror)
	mov	%rdi, %rdx
	mov	%rbx, %rdi
	mov	%rcx, %rsi
	syscall
	mov	%rdx, %rbx
	ret
/* func rawVforkSyscall(trap, a1, a2, a3 uintptr) (r1 uintptr, err Errno): the child runs
 * on this stack first, so the return address waits in a register */
GOFN("syscall.rawVforkSyscall", rawvforksyscall)
	mov	%rdi, %rdx
	mov	%rbx, %rdi
	mov	%rcx, %rsi
	xor	%r10d, %r10d
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	pop	%r12
	syscall
	push	%r12
	cmp	$-4095, %rax
	jae	1f
	xor	%ebx, %ebx
	ret
1:	neg	%rax
	mov	%rax, %rbx
	mov	$-1, %rax
	ret
/* func gettimeofday(tv *Timeval) Errno */
GOFN("syscall.gettimeofday", gettimeofday)
	mov	%rax, %rdi
	xor	%esi, %esi
	mov	$96, %eax
	syscall
	cmp	$-4095, %rax
	jae	1f
	xor	%eax, %eax
	ret
1:	neg	%rax
	ret

/* ---- math ---- */
GOFN("math.archSqrt", archsqrt)
	sqrtsd	%xmm0, %xmm0
	ret
/* ---- atomics: one body, all the names Go knows it by ---- */
.macro ATOMIC sec, names:vararg
.section .text.go.a_\sec, "ax", @progbits
.balign 16
.irp name, \names
.globl "\name"
.type "\name", @function
"\name":
.endr
.endm
ATOMIC cas32, internal/runtime/atomic.Cas, internal/runtime/atomic.CasRel, internal/runtime/atomic.Casint32, \
	sync/atomic.CompareAndSwapInt32, sync/atomic.CompareAndSwapUint32
	mov	%rax, %rdx
	mov	%ebx, %eax
	lock cmpxchg	%ecx, (%rdx)
	sete	%al
	movzbl	%al, %eax
	ret
ATOMIC cas64, internal/runtime/atomic.Cas64, internal/runtime/atomic.Casp1, internal/runtime/atomic.Casuintptr, \
	internal/runtime/atomic.Casint64, sync/atomic.CompareAndSwapInt64, sync/atomic.CompareAndSwapUint64, \
	sync/atomic.CompareAndSwapUintptr
	mov	%rax, %rdx
	mov	%rbx, %rax
	lock cmpxchg	%rcx, (%rdx)
	sete	%al
	movzbl	%al, %eax
	ret
ATOMIC load32, internal/runtime/atomic.Loadint32, sync/atomic.LoadInt32, sync/atomic.LoadUint32
	mov	(%rax), %eax
	ret
ATOMIC load64, internal/runtime/atomic.Loaduintptr, internal/runtime/atomic.Loaduint, internal/runtime/atomic.Loadint64, \
	sync/atomic.LoadInt64, sync/atomic.LoadUint64, sync/atomic.LoadUintptr, sync/atomic.LoadPointer
	mov	(%rax), %rax
	ret
ATOMIC store8, internal/runtime/atomic.Store8
	xchg	%bl, (%rax)
	ret
ATOMIC store32, internal/runtime/atomic.Store, internal/runtime/atomic.StoreRel, internal/runtime/atomic.Storeint32, \
	sync/atomic.StoreInt32, sync/atomic.StoreUint32
	xchg	%ebx, (%rax)
	ret
ATOMIC store64, internal/runtime/atomic.Store64, internal/runtime/atomic.StoreRel64, \
	internal/runtime/atomic.StoreReluintptr, internal/runtime/atomic.Storeuintptr, internal/runtime/atomic.Storeint64, \
	internal/runtime/atomic.StorepNoWB, sync/atomic.StoreInt64, sync/atomic.StoreUint64, sync/atomic.StoreUintptr
	xchg	%rbx, (%rax)
	ret
ATOMIC add32, internal/runtime/atomic.Xadd, internal/runtime/atomic.Xaddint32, sync/atomic.AddInt32, \
	sync/atomic.AddUint32
	mov	%ebx, %ecx
	lock xadd	%ecx, (%rax)
	lea	(%rcx,%rbx), %eax
	ret
ATOMIC add64, internal/runtime/atomic.Xadd64, internal/runtime/atomic.Xadduintptr, internal/runtime/atomic.Xaddint64, \
	sync/atomic.AddInt64, sync/atomic.AddUint64, sync/atomic.AddUintptr
	mov	%rbx, %rcx
	lock xadd	%rcx, (%rax)
	lea	(%rcx,%rbx), %rax
	ret
ATOMIC swap8, internal/runtime/atomic.Xchg8
	xchg	%bl, (%rax)
	movzbl	%bl, %eax
	ret
ATOMIC swap32, internal/runtime/atomic.Xchg, internal/runtime/atomic.Xchgint32, sync/atomic.SwapInt32, \
	sync/atomic.SwapUint32
	xchg	%ebx, (%rax)
	mov	%ebx, %eax
	ret
ATOMIC swap64, internal/runtime/atomic.Xchg64, internal/runtime/atomic.Xchguintptr, internal/runtime/atomic.Xchgint64, \
	sync/atomic.SwapInt64, sync/atomic.SwapUint64, sync/atomic.SwapUintptr
	xchg	%rbx, (%rax)
	mov	%rbx, %rax
	ret
ATOMIC and8, internal/runtime/atomic.And8
	lock and	%bl, (%rax)
	ret
ATOMIC or8, internal/runtime/atomic.Or8
	lock or	%bl, (%rax)
	ret
ATOMIC and, internal/runtime/atomic.And
	lock and	%ebx, (%rax)
	ret
ATOMIC or, internal/runtime/atomic.Or
	lock or	%ebx, (%rax)
	ret
ATOMIC and32, internal/runtime/atomic.And32, sync/atomic.AndInt32, sync/atomic.AndUint32
	mov	%rax, %rdx
	mov	(%rdx), %eax
1:	mov	%eax, %ecx
	and	%ebx, %ecx
	lock cmpxchg	%ecx, (%rdx)
	jne	1b
	ret
ATOMIC or32, internal/runtime/atomic.Or32, sync/atomic.OrInt32, sync/atomic.OrUint32
	mov	%rax, %rdx
	mov	(%rdx), %eax
1:	mov	%eax, %ecx
	or	%ebx, %ecx
	lock cmpxchg	%ecx, (%rdx)
	jne	1b
	ret
ATOMIC and64, internal/runtime/atomic.And64, internal/runtime/atomic.Anduintptr, sync/atomic.AndInt64, \
	sync/atomic.AndUint64, sync/atomic.AndUintptr
	mov	%rax, %rdx
	mov	(%rdx), %rax
1:	mov	%rax, %rcx
	and	%rbx, %rcx
	lock cmpxchg	%rcx, (%rdx)
	jne	1b
	ret
ATOMIC or64, internal/runtime/atomic.Or64, internal/runtime/atomic.Oruintptr, sync/atomic.OrInt64, sync/atomic.OrUint64, \
	sync/atomic.OrUintptr
	mov	%rax, %rdx
	mov	(%rdx), %rax
1:	mov	%rax, %rcx
	or	%rbx, %rcx
	lock cmpxchg	%rcx, (%rdx)
	jne	1b
	ret
.section .note.GNU-stack,"",@progbits
