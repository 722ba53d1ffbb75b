# rt.mk: make -f test/unit/rt/rt.mk B=dir   builds and runs the runtime's own test
B ?= build
all: $(B)/test_rt
	timeout 60 $(B)/test_rt
include runtime/runtime.mk
$(B)/test_rt: $(RT_OBJS) test/unit/rt/go.S test/unit/rt/test.c
	$(RT_CC) $(RT_CFLAGS) -nostdlib -static -no-pie -Wl,-e,_rt0_amd64_linux -o $@ $(RT_OBJS) test/unit/rt/go.S test/unit/rt/test.c
.PHONY: all
