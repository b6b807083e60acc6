# SPDX-License-Identifier: GPL-2.0
# The commands for people. Kbuild lists the sources of the modules; the work is done by
# scripts/, each of which has --help.

# The running kernel if its build directory is installed, otherwise Debian's.
KDIR ?= $(patsubst %/Makefile,%,$(wildcard /lib/modules/$(shell uname -r)/build/Makefile))

target := $(if $(KDIR),--kdir $(KDIR),debian)
strict := $(if $(filter-out 0,$(W)),--w1) $(if $(filter-out 0,$(C)),--sparse)

.DEFAULT_GOAL := modules

modules:
	@scripts/build --here $(strict) $(target)

# For a kernel of scripts/kernel: modules-debian, modules-kunit, ...
modules-%:
	@scripts/build $(strict) $*

install: modules_install
modules_install:
	@scripts/build --install $(target)

demo:
	@scripts/demo

bench:
	@scripts/bench $(if $(RUNNERS),RUNNERS=$(RUNNERS)) $(if $(CASES),CASES=$(CASES))

# Only runners that execute natively on this machine
bench-native:
	@scripts/bench RUNNERS=uml-6.1,uml-7.2 $(if $(CASES),CASES=$(CASES))

check:
	@scripts/check $(if $(STEPS),STEPS=$(STEPS)) $(if $(SUITES),SUITES=$(SUITES))

check-all:
	@scripts/check STEPS=all

stress:
	@scripts/stress $(if $(PARAMS),PARAMS="$(PARAMS)") $(if $(KERNELS),KERNELS=$(KERNELS)) $(if $(OPS),OPS=$(OPS)) $(if $(FOR),FOR=$(FOR)) $(if $(SEED),SEED=$(SEED)) $(if $(BAD),BAD=$(BAD))

style:
	@scripts/check STEPS=style

htmldocs:
	@scripts/htmldocs

coverage:
	@scripts/coverage $(if $(GUESTS),GUESTS=$(GUESTS)) $(if $(SUITES),SUITES=$(SUITES))

fuzz:
	@scripts/fuzz $(if $(FOR),FOR=$(FOR))

races:
	@scripts/races $(if $(BOUND),BOUND=$(BOUND)) $(if $(MOST),MOST=$(MOST)) $(if $(ALL),ALL=$(ALL)) $(if $(LARGE),LARGE=$(LARGE)) $(if $(STRICT),STRICT=$(STRICT)) $(if $(SEED),SEED=$(SEED))

clean:
	$(RM) -r build slabmod.ko slabmod_words.ko

help:
	@echo 'make                  build slabmod.ko and its sample client slabmod_words.ko for KDIR, in this directory'
	@echo '                        KDIR=DIR  build directory of a kernel; now: $(or $(KDIR),that of the Debian kernel)'
	@echo '                        W=1, C=2  more warnings, sparse; warnings are errors then'
	@echo 'make modules-NAME     build all modules for a kernel of scripts/kernel, in build/NAME ($(shell scripts/kernel --list | xargs))'
	@echo 'make modules_install  install what make built in /lib/modules (or under INSTALL_MOD_PATH)'
	@echo 'make demo             show slabmod at work in a guest'
	@echo 'make check            run all tests, in guests; needs neither root nor a reboot'
	@echo '                        STEPS=style,kunit,stock  only these steps'
	@echo '                        SUITES=buddy,slab        only these KUnit suites'
	@echo '                        SEED=N                   repeat a run with the same random seed'
	@echo 'make check-all        also run the long tests'
	@echo 'make stress           call everything at once from every context, with CPU hotplug, on five kernels'
	@echo '                        KERNELS=kunit,debian  only on these (kunit,kasan,kcsan,rt,debian)'
	@echo '                        OPS=1000000           so many checked operations, or FOR=30 minutes, on each'
	@echo '                        SEED=1                the decisions of another run'
	@echo '                        BAD=1                 and callers that break the rules'
	@echo 'make style            only the checkers of the source'
	@echo 'make htmldocs         the documents as web pages, in build/htmldocs'
	@echo 'make coverage         which lines of slabmod the tests reach, in build/coverage/html'
	@echo 'make fuzz             random calls of slabmod in user space, under libFuzzer and ASan'
	@echo '                        FOR=60  minutes (5)'
	@echo 'make races            run short programs on two and three CPUs in every interleaving, in user space'
	@echo '                        BOUND=2    maximum number of preemptions'
	@echo '                        ALL=1      one preemption more, and large programs in random schedules'
	@echo '                        LARGE=100  only this many large programs, from SEED=1 on'
	@echo '                        STRICT=1   with slabmod in strict mode'
	@echo "make bench            compare slabmod with the kernel's own allocators, in build/bench"
	@echo '                        CASES=pair,remote-64  only these cases, by name or beginning of a name'
	@echo '                        CASES=mem             memory held for the same requests'
	@echo '                        RUNNERS=icount-6.1    only there ($(shell scripts/bench --list | xargs))'
	@echo 'make bench-native     the same in cycles of this machine, in user-mode Linux'
	@echo 'make clean            remove build output (kernels: scripts/kernel --prune)'

.PHONY: modules install modules_install demo check check-all stress style htmldocs coverage fuzz races bench bench-native clean help
