/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool_ledger.h - what each byte of a pool is used for.
 */
#ifndef SLABMOD_POOL_LEDGER_H
#define SLABMOD_POOL_LEDGER_H

#include "types.h"

struct pool_ledger pool_ledger(struct slabmod_pool *pool);

/*
 * Of each figure the most that there ever was, of held and metadata; of the others the
 * most that pool_ledger() saw.
 */
struct pool_ledger pool_ledger_peak(struct slabmod_pool *pool);

/* The most pages that were ever held, in bytes. */
static inline unsigned long pool_pages_peak(struct slabmod_pool *pool)
{
	return (unsigned long)atomic_long_read(&pool->source.peak) << PAGE_SHIFT;
}

#endif /* SLABMOD_POOL_LEDGER_H */
