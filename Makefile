# make             builds $(B)/seago
# make run         set-up, build, then compiles and runs the main example
# make test        set-up, build, then every test of the fast selection
# make bench       measures seago beside go, where go is installed; the report is $(REPORT)
# make test-std    the tests of the standard library
# make test-upstream  all of GOROOT/test; counts per kind and per reason of exclusion
# make test-wild  well-known modules: their own tests here and with go; WILD="names" or flags of test/wild/run
# make test-bootstrap  cmd/go, cmd/compile, cmd/asm, cmd/link and gofmt compiled by seago at work
# make fuzz        libFuzzer on scanner, parser and checker, FUZZ_SECONDS each
# make differ      random programs through seago and go
# make std         fetches the standard library's source into goroot/ if none is installed
# make objs-syntax objects of one folder only
# make wc          lines of code a folder
B ?= build
CC ?= gcc
CFLAGS ?= -std=gnu11 -O2 -g -Wall -Wextra -Wno-unused-parameter
LDLIBS := -lmpfr -lgmp -lm -lpthread

FOLDERS := base syntax types load ssa whole gen gen/amd64 asm asm/amd64 link cmd

src_of = $(wildcard src/$(1)/*.c)
obj_of = $(patsubst src/%.c,$(B)/%.o,$(call src_of,$(1)))

OBJS := $(foreach f,$(FOLDERS),$(call obj_of,$(f)))

all: $(B)/seago

# ---- set-up: what a fresh Debian machine lacks ----
NEED := $(if $(wildcard /usr/include/mpfr.h),,libmpfr-dev) $(if $(wildcard /usr/include/gmp.h /usr/include/*/gmp.h),,libgmp-dev) \
	$(if $(shell command -v gcc),,gcc libc6-dev) $(if $(shell command -v ld),,binutils)
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
setup:
ifneq ($(strip $(NEED)),)
	@if [ -n "$(SUDO)" ] && ! command -v sudo >/dev/null; then echo "please install as root: $(NEED)"; exit 1; fi
	$(SUDO) apt-get update -qq
	$(SUDO) apt-get install -y -qq $(NEED)
endif

# what some tests drive the service of the examples with; they are skipped where it is missing. Only root gets it without asking.
TEST_NEED := $(if $(shell command -v curl),,curl) $(if $(shell command -v wrk),,wrk) $(if $(wildcard /usr/lib/postgresql/*/bin/initdb),,postgresql)
setup-test: setup
ifneq ($(strip $(TEST_NEED)),)
	@if [ -n "$(SUDO)" ]; then echo "not installed, tests are skipped: $(TEST_NEED)"; \
	else apt-get update -qq; apt-get install -y -qq --no-install-recommends $(TEST_NEED) || echo "could not be installed, tests are skipped: $(TEST_NEED)"; fi
endif

GOROOT_FOUND := $(firstword $(foreach d,$(SEAGO_GOROOT) $(GOROOT) goroot /usr/local/go /usr/lib/go-1.26 /usr/share/go-1.26,$(if $(wildcard $(d)/src/runtime/runtime.go),$(d))))
std: setup
ifeq ($(GOROOT_FOUND),)
	tools/fetch-std goroot
endif

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

$(B)/runner: $(wildcard test/runner/*.c) test/runner/runner.h $(call obj_of,base)
	$(CC) $(CFLAGS) -o $@ $(filter-out %.h,$^) -lpthread

$(B)/limits: test/limits/limits.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $<

# random programs, compared with go's where it is installed: make differ DIFFER="1 500"
$(B)/gogen: test/fuzz/gen.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $<

DIFFER ?= 1 200
differ: std
	$(MAKE) $(B)/seago $(B)/gogen
	test/fuzz/differ $(B)/seago $(B)/gogen $(DIFFER) $(B)/differ

# fuzz_scan, fuzz_parse, fuzz_check: run themselves; libfuzz_...: driven by libFuzzer, for which clang is needed.
# make fuzz runs these for FUZZ_SECONDS each; what they find stays in $(B)/corpus
FUZZ_SRC := test/fuzz/fuzz.c $(wildcard src/base/*.c src/syntax/*.c src/types/*.c)
FUZZ_FLAGS = $(SANITIZE) -D_Exit=fuzz_exit -DTARGET=Target_$*
FUZZ_SECONDS ?= 300
$(B)/fuzz_%: $(FUZZ_SRC)
	@mkdir -p $(@D)
	$(CC) $(FUZZ_FLAGS) -DSTANDALONE -o $@ $^ $(LDLIBS)

$(B)/libfuzz_%: $(FUZZ_SRC)
	@mkdir -p $(@D)
	clang $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

fuzz: std
	$(MAKE) $(B)/libfuzz_scan $(B)/libfuzz_parse $(B)/libfuzz_check
	mkdir -p $(B)/corpus/seeds $(B)/corpus/scan $(B)/corpus/parse $(B)/corpus/check
	find $(GOROOT_USED)/test $(GOROOT_USED)/src/internal/types/testdata -name '*.go' -size -12k | while read f; do cp $$f $(B)/corpus/seeds/$$(echo $$f | tr / _); done
	for t in scan parse check; do $(B)/libfuzz_$$t -max_total_time=$(FUZZ_SECONDS) -max_len=12000 -timeout=20 -rss_limit_mb=8000 -detect_leaks=0 \
		-artifact_prefix=$(B)/corpus/ $(B)/corpus/$$t $(B)/corpus/seeds || exit 1; done

UNIT := test_base test_syntax test_types test_const test_malloc test_cgroup test_gcworld test_rt test_ssa test_gen test_asm
GOROOT_USED = $(abspath $(or $(GOROOT_FOUND),goroot))
ASMDATA = $(GOROOT_USED)/src/cmd/asm/internal/asm/testdata
SANITIZE := -std=gnu11 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -Wall -Wextra -Wno-unused-parameter
TSAN := -std=gnu11 -O1 -g -fsanitize=thread -Wall -Wextra -Wno-unused-parameter

# what make test runs, in the runner's terms
SUITES = unit:$(B)/test_base unit:$(B)/test_malloc unit:$(B)/test_cgroup unit:$(B)/test_gcworld unit:$(B)/test_rt unit:$(B)/test_gen
SUITES += "unit:$(B)/test_ssa $(wildcard test/ssa/*.ssa)"
SUITES += "unit:$(B)/test_syntax errors $(GOROOT_USED)/src/cmd/compile/internal/syntax/testdata"
SUITES += "unit:$(B)/test_asm listing $(ASMDATA)/amd64enc.s $(ASMDATA)/amd64enc_extra.s $(wildcard $(ASMDATA)/avx512enc/*.s)"
SUITES += "unit:$(B)/test_asm errors $(ASMDATA)/amd64error.s"
SUITES += "unit:$(B)/test_types std"
SUITES += "unit:$(B)/test_types facts"
SUITES += "unit:$(B)/test_types data"
SUITES += "unit:$(B)/limits $(B)/seago"
SUITES += "unit:test/fuzz/differ $(B)/seago $(B)/gogen 1 20"
SUITES += "unit:$(B)/fuzz_check -runs 20000 -keep $(B)/crash.go"
SUITES += "unit:test/constants $(B)/seago $(B)/test_const"
SUITES += "unit:test/determinism $(B)/seago"
SUITES += "unit:test/debuginfo $(B)/seago"
SUITES += "unit:test/binary $(B)/seago"
SUITES += "unit:test/hostile $(B)/seago"
SUITES += "unit:test/examples $(B)/seago $(GOROOT_USED)"
SUITES += "unit:test/service/run $(B)/seago files"
SUITES += "unit:test/service/run $(B)/seago postgres"
SUITES += "unit:test/sanitize $(B)/asan $(GOROOT_USED)"
SUITES += "unit:test/race $(B)/tsan/seago $(B)/seago"
SUITES += "unit:test/cmd/run $(B)/seago $(GOROOT_USED)"
SUITES += "unit:test/cache $(B)/seago $(GOROOT_USED)"
SUITES += "unit:test/testcmd $(B)/seago"
SUITES += "unit:test/std -seago $(B)/seago -goroot $(GOROOT_USED) -out $(B)/std-fast $(shell cat test/std-fast.txt)"
SUITES += "unit:test/trace $(B)/seago $(GOROOT_USED)"
SUITES += "unit:test/badinput $(B)/seago $(GOROOT_USED)"
SUITES += "unit:test/badinput $(B)/asan/seago $(GOROOT_USED)"
SUITES += err:test/err run:test/run run:test/fix run:test/http run:bench/run goroot:test/goroot.list
test: std setup-test
	$(MAKE) $(B)/seago $(B)/runner $(B)/limits $(B)/gogen $(B)/fuzz_check $(addprefix $(B)/,$(UNIT))
	$(MAKE) B=$(B)/asan CFLAGS="$(SANITIZE)" $(B)/asan/seago $(B)/asan/test_types
	@if echo 'int main(void) { return 0; }' | $(CC) -fsanitize=thread -x c -o $(B)/tsan-probe - 2>/dev/null; then \
		$(MAKE) B=$(B)/tsan CFLAGS="$(TSAN)" $(B)/tsan/seago; fi
	tools/layers
	$(B)/runner -seago $(B)/seago -goroot $(GOROOT_USED) -known test/known.txt -exclude test/goroot-excluded.txt $(SUITES)

test-upstream: std
	$(MAKE) $(B)/seago $(B)/runner $(B)/test_types
	$(B)/runner -seago $(B)/seago -goroot $(GOROOT_USED) -known test/known.txt -exclude test/goroot-excluded.txt "unit:$(B)/test_types cmd" goroot:all

# the tests of every package of the standard library outside the runtime: a table in $(B)/std/table.md
test-std: std
	$(MAKE) $(B)/seago
	test/std -seago $(B)/seago -goroot $(GOROOT_USED) -out $(B)/std

# fetched into the module cache by go; the table is docs/wild.md
$(B)/measure: test/wild/measure.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $<

test-wild: std
	$(MAKE) $(B)/seago $(B)/measure
	test/wild/run -seago $(B)/seago -measure $(B)/measure -out $(B)/wild -md docs/wild.md $(WILD)

# cmd/go, cmd/compile, cmd/asm and cmd/link compiled by seago build a program; byte for byte go's where go is installed
test-bootstrap: std
	$(MAKE) $(B)/seago
	test/bootstrap $(B)/seago $(GOROOT_USED)

# ROUNDS=n, REPORT=file.md (only what is between its bench marks is replaced), BENCH="names or sections"
ROUNDS ?= 5
REPORT ?= $(B)/bench.md
$(B)/bench: bench/bench.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $< -lm

bench: std
	$(MAKE) $(B)/seago $(B)/bench
	$(B)/bench -n $(ROUNDS) -seago $(B)/seago -o $(REPORT) $(BENCH)

run: std
	$(MAKE) $(B)/seago
	cd examples && $(abspath $(B))/seago run ./index $(abspath $(GOROOT_USED))/src

wc:
	@for f in abi $(addprefix src/,$(FOLDERS)) runtime overlay test; do printf '%-14s %6d\n' $$f $$(find $$f -maxdepth 1 -name '*.[chS]' -o -maxdepth 1 -name '*.def' -o -maxdepth 2 -name '*.go' | xargs cat | wc -l); done

$(B)/test_base: $(B)/test/test_base.o $(call obj_of,base)
$(B)/test_syntax: $(B)/test/test_syntax.o $(call obj_of,base) $(call obj_of,syntax)
$(B)/test_types: $(B)/test/test_types.o $(foreach f,base syntax types,$(call obj_of,$(f)))
$(B)/test_const: $(B)/test/test_const.o $(foreach f,base syntax types,$(call obj_of,$(f)))
$(B)/test_gen: $(B)/test/test_gen.o $(filter-out $(B)/ssa/build% $(B)/types/layout.o,$(foreach f,base syntax types ssa gen gen/amd64,$(call obj_of,$(f))))
$(B)/test_ssa: $(B)/test/test_ssa.o $(filter-out $(B)/ssa/build%,$(foreach f,base syntax types ssa,$(call obj_of,$(f)))) $(addprefix $(B)/whole/,callgraph.o escape.o inline.o)
$(B)/test_asm: $(B)/test/test_asm.o $(filter-out $(B)/asm/install.o,$(foreach f,base syntax types ssa gen gen/amd64 asm asm/amd64,$(call obj_of,$(f)))) $(addprefix $(B)/whole/,callgraph.o escape.o inline.o)
$(B)/test_base $(B)/test_syntax $(B)/test_types $(B)/test_const $(B)/test_ssa $(B)/test_gen $(B)/test_asm:
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

clean:
	rm -rf $(B)

.PHONY: all clean setup setup-test std run bench test test-std test-upstream test-wild fuzz wc $(foreach f,$(FOLDERS),objs-$(subst /,-,$(f)))
.SECONDARY:

-include $(OBJS:.o=.d) $(wildcard $(B)/test/*.d)
