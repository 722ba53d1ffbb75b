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

# allocator and collector hosted on threads, with their own small OS layer
MEMSRC := $(patsubst %,runtime/%.c,wbcheck sizeclass mheap mcentral sweep mcache mbitmap malloc mark gc gcstack gcwork gcpace gccheck gctrace mfinal mbarrier mstats) runtime/amd64/alloc.S
$(B)/test_malloc: test/unit/test_malloc.c $(MEMSRC) runtime/mem.h
	@mkdir -p $(@D)
	$(CC) -DMEM_HOSTED -std=gnu11 -O2 -g -Wall -Wextra -Wno-unused-parameter -static -no-pie -o $@ test/unit/test_malloc.c $(MEMSRC) -lpthread

$(B)/test_cgroup: test/unit/test_cgroup.c runtime/linux/cgroup.c runtime/runtime.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O1 -g -Wall -Wextra -Wno-unused-parameter -o $@ test/unit/test_cgroup.c

# prelinked into one relocatable file that the linker embeds
$(B)/runtime.robj: $(RT_OBJS)
	ld -r -o $@ $^

$(B)/link/embed.o: src/link/embed.S $(B)/runtime.robj
	@mkdir -p $(@D)
	$(CC) -Wa,-I$(B) -c -o $@ $<

objs-runtime: $(RT_OBJS)

# the same under the real scheduler, freestanding: C that plays Go code
$(B)/test_gcworld: test/unit/test_gcworld.c $(RT_OBJS)
	$(RT_CC) $(RT_CFLAGS) -O1 -fno-omit-frame-pointer -ffixed-r14 -c test/unit/test_gcworld.c -o $@.o
	$(RT_CC) -static -nostdlib -no-pie -Wl,-e,_rt0_amd64_linux -o $@ $@.o $(RT_OBJS)

# the scheduler alone: goroutines written in assembly
$(B)/test_rt: $(RT_OBJS) test/unit/rt/go.S test/unit/rt/test.c
	$(RT_CC) $(RT_CFLAGS) -nostdlib -static -no-pie -Wl,-e,_rt0_amd64_linux -o $@ $(RT_OBJS) test/unit/rt/go.S test/unit/rt/test.c
