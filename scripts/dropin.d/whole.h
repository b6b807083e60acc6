/* SPDX-License-Identifier: GPL-2.0 */
/*
 * whole.h - for tests of a library that are built with a copy of that library.
 *
 * The kernel exports the same functions: those of the copy stay inside the module. Its CPU
 * callbacks belong to the kernel's own instance.
 */
#ifndef _DROPIN_WHOLE_H
#define _DROPIN_WHOLE_H

#include <linux/cpuhotplug.h>
#include <linux/export.h>
#include <linux/module.h>

#undef EXPORT_SYMBOL
#undef EXPORT_SYMBOL_GPL
#undef EXPORT_PER_CPU_SYMBOL_GPL
#define EXPORT_SYMBOL(name)
#define EXPORT_SYMBOL_GPL(name)
#define EXPORT_PER_CPU_SYMBOL_GPL(name)

#define cpuhp_setup_state_nocalls(...) 0

#endif
