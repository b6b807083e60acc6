/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod: the whole public API. A module that uses it needs SLABMOD_IMPORT(); in one of its
 * files.
 */
#ifndef _SLABMOD_SLABMOD_H
#define _SLABMOD_SLABMOD_H

#include <linux/module.h>

#include <slabmod/buckets.h>
#include <slabmod/cache.h>
#include <slabmod/kmalloc.h>
#include <slabmod/kvmalloc.h>
#include <slabmod/pages.h>
#include <slabmod/pool.h>
#include <slabmod/rcu.h>
#include <slabmod/region.h>
#include <slabmod/sheaf.h>
#include <slabmod/string.h>
#include <slabmod/vmalloc.h>

/* MODULE_IMPORT_NS() for all kernels: its argument became a string in 6.13. */
#define SLABMOD_IMPORT() MODULE_INFO(import_ns, "SLABMOD")

#endif /* _SLABMOD_SLABMOD_H */
