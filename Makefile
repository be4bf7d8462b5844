# SPDX-License-Identifier: BSD-2-Clause
#
#   make demo     install what is missing, build, record a bundled workload, print its report
#   make check    install what is missing, build, run all tests
#   make          build only            make deps    install only
#   make bench    measure beside perf   make help    all of it
#   make bench-scale   measure the report on simulated traces of up to 50 million events (15 minutes)
#   make predict  hold predictions against the same work with the change made (about 5 minutes)
#   make mutants  break the analyzer line by line: the tests must see it (15 to 20 minutes)
#   make fidelity hold the GIL model against every CPython here, side by side (12 to 18 minutes)
#   make check-vm boot other kernels in QEMU (VM_KERNELS="6.1 6.12"; files will do) and record there
#
# Variants build beside each other:  make check CC=clang    make check SAN=address,undefined

# ---- what is built with what -------------------------------------------------------------------

CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
CLANG   ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)
SAN     ?=

comma   := ,
variant := $(if $(filter gcc,$(CC)),,-$(notdir $(CC)))$(if $(SAN),-$(subst $(comma),-,$(SAN)))
B       := build$(variant)

CFLAGS  ?= -O2 -g
plx_cflags := -std=gnu11 -Wall -Wextra -Werror -I. -I$(B) -D_GNU_SOURCE -pthread -MMD -MP \
	$(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer)
plx_ldflags := -pthread $(if $(SAN),-fsanitize=$(SAN))

# Debian packages, each with a file that shows that it is there.
deps := clang:/usr/bin/clang llvm:/usr/bin/llvm-strip bpftool:/usr/sbin/bpftool \
	libbpf-dev:/usr/include/bpf/libbpf.h libelf-dev:/usr/include/libelf.h \
	libdw-dev:/usr/include/elfutils/libdwfl.h libzstd-dev:/usr/include/zstd.h \
	libxxhash-dev:/usr/include/xxhash.h libjansson-dev:/usr/include/jansson.h \
	libssl-dev:/usr/include/openssl/evp.h zlib1g-dev:/usr/include/zlib.h \
	libcmocka-dev:/usr/include/cmocka.h \
	python3-jsonschema:/usr/lib/python3/dist-packages/jsonschema/__init__.py
vm_deps := qemu-system-x86:/usr/bin/qemu-system-x86_64 cpio:/usr/bin/cpio \
	busybox-static:/usr/share/doc/busybox-static

# Kernels to test on: series that Debian packages, or vmlinuz files.
VM_KERNELS ?= 6.1

# Short lines unless V=1.
Q    := $(if $(V),,@)
tell  = $(if $(V),,@printf '  %-8s %s\n' '$(1)' '$(2)')

# ---- the pipeline, in reading order ------------------------------------------------------------

collector_src := $(wildcard collector/*.c)
trace_src     := $(wildcard trace/*.c)
analyzer_src  := $(wildcard analyzer/*.c analyzer/analyses/*.c analyzer/findings/*.c \
		   analyzer/sections/*.c)
gilrt_src     := $(wildcard workloads/gilrt/*.c)
workload_src  := $(wildcard workloads/*.c)
unit_src      := $(sort $(wildcard tests/unit/test_*.c))
e2e_src       := $(sort $(wildcard tests/e2e/test_*.c))
test_prog_src := $(wildcard tests/programs/*.c)
fidelity_src  := $(wildcard tests/fidelity/*.c)
support_src   := $(wildcard tests/support/*.c tests/fuzz/*.c)
sim_src       := $(filter-out tests/sim/simulate.c,$(wildcard tests/sim/*.c))

obj = $(patsubst %.c,$(B)/%.o,$(1))

programs  := $(B)/trace-run $(B)/trace-report
workloads := $(patsubst workloads/%.c,$(B)/workloads/%,$(workload_src))
fidelity  := $(patsubst tests/fidelity/%.c,$(B)/tests/fidelity/%,$(fidelity_src))
unit      := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(unit_src))
test_prog := $(patsubst tests/programs/%.c,$(B)/tests/programs/%,$(test_prog_src))
e2e       := $(patsubst tests/e2e/%.c,$(B)/tests/e2e/%,$(e2e_src))

.PHONY: all demo check check-vm bench bench-scale predict mutants fidelity deps vm-deps build tests clean help
.DEFAULT_GOAL := all
.SECONDARY:

all: build
build: $(programs) $(workloads)
tests: $(unit) $(e2e) $(test_prog) $(fidelity) $(B)/tests/sim/simulate $(B)/tests/bench/scale

# ---- probes: BPF C to a skeleton header --------------------------------------------------------

$(B)/probes/%.bpf.o: probes/%.bpf.c $(wildcard probes/*.h)
	@mkdir -p $(@D)
	$(call tell,BPF,$@)
	$(Q)$(CLANG) -g -O2 -Wall -Werror -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -I. \
		-I/usr/include/$(shell $(CC) -print-multiarch) -c $< -o $@
	$(Q)llvm-strip -g $@

$(B)/probes/%.skel.h: $(B)/probes/%.bpf.o
	$(call tell,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $* > $@.tmp && mv $@.tmp $@

$(B)/collector/session.o: $(B)/probes/probes.skel.h

# ---- C ------------------------------------------------------------------------------------------

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call tell,CC,$@)
	$(Q)$(CC) $(CFLAGS) $(plx_cflags) -c $< -o $@

$(B)/libtrace.a: $(call obj,$(trace_src))
$(B)/libanalyzer.a: $(filter-out $(B)/analyzer/main.o $(B)/analyzer/options.o,$(call obj,$(analyzer_src)))
$(B)/libcollector.a: $(filter-out $(B)/collector/main.o $(B)/collector/options.o,$(call obj,$(collector_src)))
$(B)/libgilrt.a: $(call obj,$(gilrt_src))
$(B)/libsupport.a: $(call obj,$(support_src))
$(B)/libsim.a: $(call obj,$(sim_src))
$(B)/lib%.a:
	$(call tell,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

trace_libs := -lzstd -lxxhash

$(B)/trace-run: $(B)/collector/main.o $(B)/collector/options.o $(B)/libcollector.a $(B)/libtrace.a
	$(call tell,LINK,$@)
	$(Q)$(CC) $(plx_ldflags) $^ -lbpf -lelf $(trace_libs) -o $@

$(B)/trace-report: $(B)/analyzer/main.o $(B)/analyzer/options.o $(B)/libanalyzer.a $(B)/libtrace.a
	$(call tell,LINK,$@)
	$(Q)$(CC) $(plx_ldflags) $^ -ljansson -lm $(trace_libs) -o $@

# What native sections compute with. A workload that has none does not load it.
gilrt_libs := -Wl,--as-needed -lcrypto -lz -lm

# The dynamic symbol table must name the GIL object, so that a stripped workload is traced as well.
$(workloads) $(test_prog) $(fidelity): $(B)/%: $(B)/%.o $(B)/libgilrt.a
	$(call tell,LINK,$@)
	$(Q)$(CC) $(plx_ldflags) -Wl,--export-dynamic-symbol=gilrt_gil $^ $(gilrt_libs) -o $@

test_libs := -lcmocka -ljansson -lbpf -lelf -lm $(trace_libs)

# The runtime stands alone, and so do its tests.
$(B)/tests/unit/test_gilrt_%: $(B)/tests/unit/test_gilrt_%.o $(B)/libgilrt.a $(B)/libsupport.a
	$(call tell,LINK,$@)
	$(Q)$(CC) $(plx_ldflags) $^ $(test_libs) $(gilrt_libs) -o $@

$(B)/tests/%: $(B)/tests/%.o $(B)/libsim.a $(B)/libsupport.a $(B)/libcollector.a $(B)/libanalyzer.a \
		$(B)/libtrace.a
	$(call tell,LINK,$@)
	$(Q)$(CC) $(plx_ldflags) $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(test_libs) -o $@

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---- what people type ---------------------------------------------------------------------------

missing = $(strip $(foreach d,$(deps),$(if $(wildcard $(lastword $(subst :, ,$(d)))),,$(firstword $(subst :, ,$(d))))))

vm-deps: deps := $(vm_deps)
deps vm-deps:
	@[ -z "$(missing)" ] || if [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(missing); \
	else \
		echo "make $@: not root, and these packages are missing: $(missing)" >&2; exit 1; \
	fi

# Installs first: the lists above are computed before, the build in a fresh make after it.
demo: deps
	@$(MAKE) --no-print-directory build
	$(if $(filter 0,$(shell id -u)),,sudo )$(B)/trace-run $(B)/workloads/cpu_bound --threads 4 --seconds 2

check: deps
	@$(MAKE) --no-print-directory build tests
	@tests/run $(B) $(patsubst $(B)/%,%,$(unit) $(e2e))

check-vm: deps vm-deps
	@$(MAKE) --no-print-directory build
	@set -e; for kernel in $(VM_KERNELS); do tests/vm/run $(B) $$kernel; done

bench: deps
	@$(MAKE) --no-print-directory build tests
	@tests/bench/run $(B)

bench-scale: deps
	@$(MAKE) --no-print-directory $(B)/trace-report $(B)/tests/bench/scale
	@$(B)/tests/bench/scale $(B)/trace-report $(MILLIONS)

predict: deps
	@$(MAKE) --no-print-directory build
	@python3 -B tests/predict/predict.py --build $(B)

mutants: deps
	@tests/mutants/run

fidelity: $(workloads) $(fidelity)
	@tests/fidelity/run $(B)

clean:
	rm -rf build build-*

help:
	@sed -n '3,/^$$/s/^# \{0,3\}//p' Makefile
