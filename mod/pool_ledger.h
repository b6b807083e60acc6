/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool_ledger.h - accounting of each byte of a pool by use.
 */
#ifndef SLABMOD_POOL_LEDGER_H
#define SLABMOD_POOL_LEDGER_H

#include "types.h"

struct pool_ledger pool_ledger(struct slabmod_pool *pool);

/* Return the peaks: exact for @held and @metadata, sampled by pool_ledger() for the others. */
struct pool_ledger pool_ledger_peak(struct slabmod_pool *pool);

/* Return the peak of pages held, in bytes. */
static inline unsigned long pool_pages_peak(struct slabmod_pool *pool)
{
	return (unsigned long)atomic_long_read(&pool->source.peak) << PAGE_SHIFT;
}

#endif /* SLABMOD_POOL_LEDGER_H */
