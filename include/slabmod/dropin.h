/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod under a module's unmodified source. Not for #include: slabmod.mk, one line in the
 * module's Kbuild, makes the compiler read this header before each of the module's files.
 *
 * From here on, the kernel's functions for memory are slabmod's, with a pool of the module's own.
 * The order matters:
 *
 *   dropin/free.h	Functions that free or measure memory ask for its owner. They replace the
 *			kernel's before other headers are read, so inline functions of headers
 *			free what the module allocated.
 *   dropin/headers.h	The kernel's headers with inline functions that allocate, or that mention
 *			struct kmem_cache. They keep the kernel's allocator, because the kernel
 *			frees what they allocate, and the kernel's type.
 *   dropin/core.h	Functions of the core that free what the module passes to them.
 *   dropin/alloc.h	The functions that replace the kernel's.
 *   dropin/map.h	The names, each replaced wherever it stands, also as a function pointer.
 *   dropin/module.h	module_init(), with the pool and its parameters.
 *
 * Documentation/dropin.rst says what is mapped, and what to do if a file does not compile.
 */
#ifndef _SLABMOD_DROPIN_H
#define _SLABMOD_DROPIN_H

#ifndef MODULE
#error slabmod: dropin.h is for modules, not for code that is built in
#endif

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error slabmod: dropin.h knows Linux 6.1 and newer
#endif

/* A function that cannot be called, for a reason. */
#define SLABMOD_REFUSE(reason)	\
	__compiletime_error("slabmod: " reason ": see slabmod-keep in Documentation/dropin.rst")

#include <slabmod/dropin/free.h>
#include <slabmod/dropin/headers.h>
#include <slabmod/dropin/core.h>
#include <slabmod/dropin/alloc.h>
#include <slabmod/dropin/map.h>
#include <slabmod/dropin/module.h>

/*
 * A file that defines one of these before it includes anything would redefine it, which is a
 * warning, because the headers above have set the default. slabmod.mk finds such files.
 */
#ifdef SLABMOD_OWN_pr_fmt
#undef pr_fmt
#endif
#ifdef SLABMOD_OWN_dev_fmt
#undef dev_fmt
#endif
#ifdef SLABMOD_OWN_DEFAULT_SYMBOL_NAMESPACE
#undef DEFAULT_SYMBOL_NAMESPACE
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#error slabmod: this file sets DEFAULT_SYMBOL_NAMESPACE too late for export.h: set it in its Kbuild
#endif
#endif

#endif /* _SLABMOD_DROPIN_H */
