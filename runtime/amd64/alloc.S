/* alloc.S: runtime.newobject without leaving the goroutine's stack.
 *
 * AX holds the type. The P's run of the size class gives a zeroed slot by moving its pointer;
 * the type's mask goes into the bitmap at the end of the slot's page, whose bits for free slots of
 * a run are zero. Whatever does not fit this (large types, empty run, long masks at the end of
 * a page) jumps to the C function with AX untouched. Not preemptible, like all assembly: the
 * P stays ours from the first load to the last store. */
#include "offsets.h"
#define P_mcache 56
#define Type_size 0
#define Type_ptrbytes 8
#define Type_gcdata 32
#define Run_bump 0
#define Run_limit 8
#define Run_elemsize 24
#define MCache_tiny 4352
#define MCache_tinyoffset 4360
#define MCache_tinyallocs 4368

.section .text.go.newobject, "ax", @progbits
.globl "runtime.newobject"
.type "runtime.newobject", @function
.balign 32
"runtime.newobject":
	mov	Type_size(%rax), %rcx
	mov	%fs:M_p, %rdx
	mov	P_mcache(%rdx), %rdx
	cmp	$512, %rcx
	ja	.Lslow
	mov	Type_ptrbytes(%rax), %r8
	lea	7(%rcx), %esi
	shr	$3, %esi
	test	%r8, %r8
	jz	.Lnoscan
	movzbl	rt_size_class8(%rsi), %edi
	shl	$6, %edi
	add	%rdx, %rdi
	mov	Run_bump(%rdi), %rbx
	cmp	Run_limit(%rdi), %rbx
	je	.Lslow
	mov	Type_gcdata(%rax), %rsi
	cmp	$64, %r8
	ja	.Llongmask
	movzbl	(%rsi), %r9d
.Lbits:	/* r9 = mask, rbx = slot, rdi = run */
	mov	Run_elemsize(%rdi), %rsi
	add	%rbx, %rsi
	mov	%rsi, Run_bump(%rdi)
	mov	%rbx, %r10
	mov	%ebx, %ecx
	and	$-8192, %r10
	and	$8191, %ecx
	shr	$3, %ecx
	mov	%ecx, %r11d
	shr	$6, %r11d
	lea	8064(%r10,%r11,8), %r10
	mov	%r9, %r11
	shl	%cl, %r11
	or	%r11, (%r10)
	mov	%rbx, %rax
	neg	%ecx
	and	$63, %ecx
	jz	1f
	shr	%cl, %r9
	jz	1f
	or	%r9, 8(%r10)
1:	ret
.Llongmask:
	mov	%esi, %ecx
	and	$4095, %ecx
	cmp	$4088, %ecx
	ja	.Lslow
	mov	(%rsi), %r9
	shr	$3, %r8d
	mov	$64, %ecx
	sub	%r8d, %ecx
	shl	%cl, %r9
	shr	%cl, %r9
	jmp	.Lbits
.Lnoscan:
	cmp	$16, %rcx
	jb	.Ltiny
	movzbl	rt_size_class8(%rsi), %edi
	shl	$6, %edi
	lea	32(%rdx,%rdi), %rdi
	mov	Run_bump(%rdi), %rbx
	cmp	Run_limit(%rdi), %rbx
	je	.Lslow
	mov	Run_elemsize(%rdi), %rsi
	add	%rbx, %rsi
	mov	%rsi, Run_bump(%rdi)
	mov	%rbx, %rax
	ret
.Ltiny:
	test	%ecx, %ecx
	jz	.Lzero
	mov	MCache_tiny(%rdx), %rdi
	mov	MCache_tinyoffset(%rdx), %rsi
	test	%rdi, %rdi
	jz	.Lblock
	mov	%ecx, %r8d	/* lowest bit of the size, at most 8: the alignment */
	or	$8, %r8d
	mov	%r8d, %r9d
	neg	%r9d
	and	%r9d, %r8d
	lea	-1(%rsi,%r8), %rsi
	neg	%r8
	and	%r8, %rsi
	lea	(%rsi,%rcx), %r9
	cmp	$16, %r9
	ja	.Lblock
	mov	%r9, MCache_tinyoffset(%rdx)
	incq	MCache_tinyallocs(%rdx)
	lea	(%rdi,%rsi), %rax
	ret
.Lblock:
	mov	160+Run_bump(%rdx), %rbx
	cmp	160+Run_limit(%rdx), %rbx
	je	.Lslow
	lea	16(%rbx), %rsi
	mov	%rsi, 160+Run_bump(%rdx)
	mov	%rbx, MCache_tiny(%rdx)
	mov	%rcx, MCache_tinyoffset(%rdx)
	mov	%rbx, %rax
	ret
.Lzero:
	mov	$"runtime.zerobase", %eax
	ret
.Lslow:
	jmp	"runtime.cnewobject"
.size "runtime.newobject", . - "runtime.newobject"

/* mallocgc(size, typ, needzero): one value of a type is newobject; pointer-free memory of 16 to
 * 1,024 bytes comes from the run, whose slots are zeroed in any case. */
.section .text.go.mallocgc, "ax", @progbits
.globl "runtime.mallocgc"
.type "runtime.mallocgc", @function
.balign 32
"runtime.mallocgc":
	test	%rbx, %rbx
	jz	1f
	cmpq	$0, Type_ptrbytes(%rbx)
	jne	2f
1:	lea	-16(%rax), %rsi
	cmp	$1024-16, %rsi
	ja	3f
	mov	%fs:M_p, %rdx
	mov	P_mcache(%rdx), %rdx
	lea	7(%rax), %rsi
	shr	$3, %rsi
	movzbl	rt_size_class8(%rsi), %edi
	shl	$6, %edi
	lea	32(%rdx,%rdi), %rdi
	mov	Run_bump(%rdi), %rdx
	cmp	Run_limit(%rdi), %rdx
	je	3f
	mov	Run_elemsize(%rdi), %rsi
	add	%rdx, %rsi
	mov	%rsi, Run_bump(%rdi)
	mov	%rdx, %rax
	ret
2:	cmp	Type_size(%rbx), %rax
	jne	3f
	mov	%rbx, %rax
	jmp	"runtime.newobject"
3:	jmp	"runtime.cmallocgc"
.size "runtime.mallocgc", . - "runtime.mallocgc"
.section .note.GNU-stack,"",@progbits
