# SPDX-License-Identifier: GPL-2.0
# Run a module on slabmod without a change to its source: include this file in its Kbuild, which
# may be in any place. When slabmod is installed:
#
#	include /lib/modules/$(KERNELRELEASE)/slabmod/slabmod.mk
#
# Otherwise /path/to/slabmod/slabmod.mk, where slabmod was built.
#
# It applies to all modules of that Kbuild and of its subdirectories. Optional, before or after:
#
#	slabmod-build := DIR			where the Module.symvers of slabmod.ko is, by default
#						beside this file, or as installed for this kernel
#	slabmod-keep-FILE.o := kmalloc ...	functions that stay the kernel's in that file
#	slabmod-keep-y := ...			the same in all files
#
# A file keeps all of the kernel's caches with the name kmem_cache. See Documentation/dropin.rst.

slabmod-dir := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
slabmod-build ?= $(if $(wildcard $(slabmod-dir)/Module.symvers),$(slabmod-dir),$\
	/lib/modules/$(KERNELRELEASE)/slabmod)

KBUILD_EXTRA_SYMBOLS += $(slabmod-build)/Module.symvers

# The following is evaluated for each object. A Kbuild may assign to ccflags-y, so its flags go
# elsewhere. slabmod-own: macros that a file defines before its first #include, as words.
slabmod-empty :=
slabmod-space := $(slabmod-empty) $(slabmod-empty)
slabmod-hash := \#
slabmod-source = $(wildcard $(src)/$(target-stem).c)
slabmod-text = $(if $(slabmod-source),$(strip $(file <$(slabmod-source))))
slabmod-head = $(firstword $(subst $(slabmod-hash)include, ,begin$(subst $(slabmod-space),~,$(slabmod-text))))
slabmod-own = $(foreach macro,pr_fmt dev_fmt DEFAULT_SYMBOL_NAMESPACE,$\
	$(if $(findstring define~$(macro),$(slabmod-head)),-DSLABMOD_OWN_$(macro)))
slabmod-keep = $(addprefix -DSLABMOD_KEEP_,$(slabmod-keep-y) $(slabmod-keep-$(target-stem).o))

KBUILD_CFLAGS_MODULE += -I$(slabmod-dir)/include $(slabmod-keep) $(slabmod-own)
KBUILD_CFLAGS_MODULE += -include $(slabmod-dir)/include/slabmod/dropin.h
