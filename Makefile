# make                 builds $(B)/seago
# make B=dir           with another build directory
# make objs-syntax     objects of one folder only
# make $(B)/test_syntax  the unit test of one folder
B ?= build
CC ?= gcc
CFLAGS ?= -std=gnu11 -O2 -g -Wall -Wextra -Wno-unused-parameter
LDLIBS := -lmpfr -lgmp -lm -lpthread

FOLDERS := base syntax types load ssa whole gen gen/amd64 asm link cmd

src_of = $(wildcard src/$(1)/*.c)
obj_of = $(patsubst src/%.c,$(B)/%.o,$(call src_of,$(1)))

OBJS := $(foreach f,$(FOLDERS),$(call obj_of,$(f)))

all: $(B)/seago

include runtime/runtime.mk

$(B)/seago: $(OBJS) $(B)/link/embed.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

# objs-<folder>; the folder gen/amd64 is objs-gen-amd64
define folder_rule
objs-$(subst /,-,$(1)): $(call obj_of,$(1))
endef
$(foreach f,$(FOLDERS),$(eval $(call folder_rule,$(f))))

# unit tests: test/unit/test_x.c, with the folders each one stands on
$(B)/test/%.o: test/unit/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/test_base: $(B)/test/test_base.o $(call obj_of,base)
$(B)/test_syntax: $(B)/test/test_syntax.o $(call obj_of,base) $(call obj_of,syntax)
$(B)/test_base $(B)/test_syntax:
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

clean:
	rm -rf $(B)

.PHONY: all clean $(foreach f,$(FOLDERS),objs-$(subst /,-,$(f)))
.SECONDARY:

-include $(OBJS:.o=.d) $(wildcard $(B)/test/*.d)
