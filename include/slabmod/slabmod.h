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
#include <slabmod/version.h>
#include <slabmod/vmalloc.h>

/*
 * MODULE_IMPORT_NS() for all kernels, because its argument became a string in 6.13. The module can
 * be loaded only with the version of slabmod that it was built for.
 */
#define SLABMOD_IMPORT()									\
	static const char *const __UNIQUE_ID(slabmod_version) __used = SLABMOD_VERSION_NAME;	\
	MODULE_INFO(import_ns, "SLABMOD")

#endif /* _SLABMOD_SLABMOD_H */
