# SPDX-License-Identifier: GPL-2.0
# Run a module on slabmod without a change to its source: include this file in its Kbuild, which
# may be in any place.
#
#	include /path/to/slabmod/slabmod.mk
#
# It applies to all modules of that Kbuild and of its subdirectories. Optional, before or after:
#
#	slabmod-build := DIR			where slabmod.ko was built, with its Module.symvers
#	slabmod-keep-FILE.o := kmalloc ...	functions that stay the kernel's in that file
#	slabmod-keep-y := ...			the same in all files
#
# A file keeps all of the kernel's caches with the name kmem_cache. See Documentation/dropin.rst.

slabmod-dir := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
slabmod-build ?= $(slabmod-dir)

KBUILD_EXTRA_SYMBOLS += $(slabmod-build)/Module.symvers

# The following is evaluated for each object. A Kbuild may assign to ccflags-y, so its flags go
# elsewhere. Macros that a file defines before its first #include: see include/slabmod/dropin.h.
slabmod-source = $(strip $(file <$(if $(wildcard $(src)/$(target-stem).c),$(src)/$(target-stem).c,/dev/null)))
slabmod-own = $(foreach macro,pr_fmt dev_fmt DEFAULT_SYMBOL_NAMESPACE,$\
	$(if $(findstring define $(macro),$(slabmod-source)),-DSLABMOD_OWN_$(macro)))
slabmod-keep = $(addprefix -DSLABMOD_KEEP_,$(slabmod-keep-y) $(slabmod-keep-$(target-stem).o))

KBUILD_CFLAGS_MODULE += -I$(slabmod-dir)/include $(slabmod-keep) $(slabmod-own)
KBUILD_CFLAGS_MODULE += -include $(slabmod-dir)/include/slabmod/dropin.h
