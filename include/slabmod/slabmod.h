/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod: everything a caller needs. Say MODULE_IMPORT_NS(SLABMOD) in one file
 * of the module that uses it (MODULE_IMPORT_NS("SLABMOD") from Linux 6.13 on).
 */
#ifndef _SLABMOD_SLABMOD_H
#define _SLABMOD_SLABMOD_H

#include <slabmod/cache.h>
#include <slabmod/kmalloc.h>
#include <slabmod/pages.h>

#endif /* _SLABMOD_SLABMOD_H */
