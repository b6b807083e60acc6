# SPDX-License-Identifier: GPL-2.0
# Targets for users. Kbuild lists the objects of the modules; scripts/ does the work, and
# each script has --help.

# The build directory of the running kernel, if its headers are installed
release := $(shell uname -r)
KDIR ?= $(patsubst %/Makefile,%,$(wildcard /lib/modules/$(release)/build/Makefile))

kernel = --kdir $(or $(KDIR),$(error there are no headers of the running kernel, $(release). \
	Install them (linux-headers-$(release) on Debian), or name the build directory of another \
	kernel with KDIR=DIR, or run "make modules-debian" for Debian's kernel))
strict := $(if $(filter-out 0,$(W)),--w1) $(if $(filter-out 0,$(C)),--sparse)

.DEFAULT_GOAL := modules

modules:
	@scripts/build --here $(strict) $(kernel)

# For a kernel of scripts/kernel: modules-debian, modules-kunit, ...
modules-%:
	@scripts/build $(strict) $*

# These honour PREFIX, DESTDIR and INSTALL_MOD_PATH: see scripts/install.
install: modules_install headers_install
modules_install:
	@scripts/build --install $(kernel)

headers_install:
	@scripts/install headers

uninstall:
	@scripts/install remove $(if $(KDIR),$(KDIR))

demo:
	@scripts/demo

latency:
	@scripts/latency $(if $(KERNELS),KERNELS=$(KERNELS)) $(if $(MODES),MODES=$(MODES)) $(if $(SECONDS),SECONDS=$(SECONDS)) $(if $(ROUNDS),ROUNDS=$(ROUNDS))

bench:
	@scripts/bench $(if $(RUNNERS),RUNNERS=$(RUNNERS)) $(if $(CASES),CASES=$(CASES))

# Only user-mode Linux, which runs natively
bench-native:
	@scripts/bench RUNNERS=uml-6.1,uml-7.2 $(if $(CASES),CASES=$(CASES))

check:
	@scripts/check $(if $(STEPS),STEPS=$(STEPS)) $(if $(SUITES),SUITES=$(SUITES))

try:
	@scripts/check STEPS=try $(if $(SUITES),SUITES=$(SUITES)) $(if $(SEED),SEED=$(SEED))

check-all:
	@scripts/check STEPS=all

stress:
	@scripts/stress $(if $(PARAMS),PARAMS="$(PARAMS)") $(if $(KERNELS),KERNELS=$(KERNELS)) $(if $(OPS),OPS=$(OPS)) $(if $(FOR),FOR=$(FOR)) $(if $(SEED),SEED=$(SEED)) $(if $(BAD),BAD=$(BAD))

style:
	@scripts/check STEPS=style

htmldocs:
	@scripts/htmldocs

man:
	@scripts/man

install_man: man
	@scripts/install man

deb:
	@scripts/deb

lab:
	@scripts/lab $(if $(STRATEGY),STRATEGY=$(STRATEGY)) $(if $(SHORT),SHORT=$(SHORT))

coverage:
	@scripts/coverage $(if $(GUESTS),GUESTS=$(GUESTS)) $(if $(SUITES),SUITES=$(SUITES))

fuzz:
	@scripts/fuzz $(if $(FOR),FOR=$(FOR))

races:
	@scripts/races $(if $(BOUND),BOUND=$(BOUND)) $(if $(MOST),MOST=$(MOST)) $(if $(ALL),ALL=$(ALL)) $(if $(LARGE),LARGE=$(LARGE)) $(if $(STRICT),STRICT=$(STRICT)) $(if $(SEED),SEED=$(SEED))

dropin:
	@scripts/dropin $(if $(MODULES),MODULES=$(MODULES)) $(if $(VARIANTS),VARIANTS=$(VARIANTS)) $(if $(MODES),MODES=$(MODES)) $(if $(BUGS),BUGS=$(BUGS))

clean:
	$(RM) -r build slabmod.ko slabmod_words.ko Module.symvers

help:
	@echo 'make                  build slabmod.ko and its sample client slabmod_words.ko here'
	@echo '                        KDIR=DIR  the build directory of a kernel; now: $(or $(KDIR),none)'
	@echo '                        W=1, C=2  with more warnings, with sparse; then warnings are errors'
	@echo 'make modules-NAME     all modules for a kernel of scripts/kernel, in build/NAME ($(shell scripts/kernel --list | xargs))'
	@echo 'make modules_install  install both in /lib/modules, and what builds modules that call slabmod'
	@echo 'make headers_install  install the headers and slabmod.mk in PREFIX (/usr/local)'
	@echo 'make install          both; under DESTDIR, the modules under INSTALL_MOD_PATH'
	@echo 'make uninstall        remove what make install has installed'
	@echo 'make demo             a demonstration in a guest'
	@echo 'make check            all tests but long ones, in guests; needs neither root nor a reboot'
	@echo '                        STEPS=style,kunit,stock  only these steps'
	@echo '                        SUITES=buddy,slab        only these KUnit suites'
	@echo '                        SEED=N                   repeat a run with the same random seed'
	@echo 'make try SUITES=slab  a suite on user-mode Linux, in seconds, for a first answer'
	@echo 'make check-all        every test, including long ones'
	@echo 'make stress           every call from all contexts at once, with CPU hotplug, on five kernels'
	@echo '                        KERNELS=kunit,debian  only on these (kunit,kasan,kcsan,rt,debian)'
	@echo '                        OPS=1000000           checked operations, or FOR=30 minutes, on each'
	@echo '                        SEED=1                repeat the decisions of a run'
	@echo '                        BAD=1                 with callers that break the rules'
	@echo 'make style            only the checkers of the source'
	@echo 'make htmldocs         the documents as web pages, in build/htmldocs'
	@echo 'make man              the manual pages, in build/man; make install_man installs them'
	@echo 'make deb              packages of Debian, checked with lintian, in build/deb'
	@echo 'make coverage         which lines of slabmod the tests reach, in build/coverage/html'
	@echo 'make fuzz             random calls of slabmod in user space, under libFuzzer and ASan'
	@echo '                        FOR=60  minutes (5)'
	@echo 'make races            every interleaving of short programs on two and three CPUs, in user space'
	@echo '                        BOUND=2    maximum of preemptions'
	@echo '                        ALL=1      one preemption more, and large random programs'
	@echo '                        LARGE=100  only that many large programs, from SEED=1 on'
	@echo '                        STRICT=1   with slabmod in strict mode'
	@echo 'make lab              strategies for allocation, checked, measured, and drawn: a page in build/lab'
	@echo '                        STRATEGY=buddy,hoard  only these; SHORT=1 only the checks'
	@echo "make bench            slabmod beside the kernel's own allocators, in build/bench"
	@echo '                        CASES=pair,remote-64  only these cases, by name or beginning of a name'
	@echo '                        CASES=mem             memory held for memory requested'
	@echo '                        RUNNERS=icount-6.1    only these machines ($(shell scripts/bench --list | xargs))'
	@echo 'make bench-native     the same in cycles of this machine, in user-mode Linux'
	@echo 'make latency          how late a real-time task is woken beside a load of slabmod and of SLUB'
	@echo '                        KERNELS=debian-rt     only there (debian-rt,debian-6.12-rt,debian-7.2-rt)'
	@echo '                        MODES=count,time      in instructions, in time of the emulator'
	@echo '                        SECONDS=5 ROUNDS=2    of each load'
	@echo "make dropin           modules of the kernel's own source, unmodified, on slabmod and on SLUB, in guests"
	@echo '                        MODULES=minix,zram  only these ($(shell scripts/dropin --list | grep -v '^bug ' | xargs))'
	@echo '                        VARIANTS=slabmod    only on slabmod'
	@echo '                        MODES=count,debug   instructions (count), memory, slabmod_debug=1 (debug)'
	@echo '                        BUGS=all            and planted bugs, which slabmod must report (none)'
	@echo 'make clean            remove build output (kernels: scripts/kernel --prune)'

.PHONY: modules install modules_install headers_install uninstall demo check try check-all stress style htmldocs man install_man deb lab coverage fuzz races bench bench-native latency dropin clean help
