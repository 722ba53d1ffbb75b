/* The C runtime, prelinked, as data of the toolchain. */
	.section .rodata
	.globl robj_start, robj_end
	.balign 16
robj_start:
	.incbin "runtime.robj"
robj_end:
	.section .note.GNU-stack,"",@progbits
