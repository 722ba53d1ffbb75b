# runtime.mk: the objects every Go program is linked with. Included by the top Makefile,
# which sets B; RT_OBJS is what the linker embeds.
RT_C := $(wildcard runtime/*.c) $(wildcard runtime/linux/*.c)
RT_S := $(wildcard runtime/amd64/*.S)
RT_OBJS := $(RT_C:%.c=$(B)/%.o) $(RT_S:%.S=$(B)/%.S.o)
RT_CC ?= gcc
RT_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-builtin -fno-stack-protector -fcf-protection=none \
	-mno-red-zone -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -fno-common \
	-fvisibility=hidden -mcmodel=small -fno-pic -fno-pie -mgeneral-regs-only -Wall -Wextra
RT_HDRS := $(wildcard runtime/*.h) $(wildcard runtime/amd64/*.h) $(wildcard runtime/*.def) \
	abi/gotypes.h abi/layout.def abi/entries.def abi/entries-mem.def

$(B)/runtime/%.o: runtime/%.c $(RT_HDRS)
	@mkdir -p $(@D)
	$(RT_CC) $(RT_CFLAGS) -c $< -o $@

$(B)/runtime/%.S.o: runtime/%.S $(RT_HDRS)
	@mkdir -p $(@D)
	$(RT_CC) -Wa,--noexecstack -c $< -o $@

.PHONY: runtime
runtime: $(RT_OBJS)
