# The C runtime: freestanding objects, prelinked into one relocatable file that the linker embeds.
RTCFLAGS := -std=gnu11 -O2 -g0 -ffreestanding -fno-builtin -fno-stack-protector -fcf-protection=none -mno-red-zone \
	-fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -fno-common -fvisibility=hidden -mcmodel=small \
	-fno-pic -fno-pie -mgeneral-regs-only -Wall -Wextra -Wno-unused-parameter
RTSRC := $(wildcard runtime/*.c) $(wildcard runtime/linux/*.c)
RTASM := $(wildcard runtime/amd64/*.S)
RTOBJS := $(patsubst runtime/%,$(B)/runtime/%.o,$(RTSRC) $(RTASM))

$(B)/runtime/%.c.o: runtime/%.c
	@mkdir -p $(@D)
	$(CC) $(RTCFLAGS) -MMD -MP -c -o $@ $<

$(B)/runtime/%.S.o: runtime/%.S
	@mkdir -p $(@D)
	$(CC) -g0 -Iruntime -Iabi -MMD -MP -c -o $@ $<

$(B)/runtime.robj: $(RTOBJS)
	ld -r -o $@ $^

$(B)/link/embed.o: src/link/embed.S $(B)/runtime.robj
	@mkdir -p $(@D)
	$(CC) -Wa,-I$(B) -c -o $@ $<

objs-runtime: $(RTOBJS)
-include $(RTOBJS:.o=.d)
