/* SPDX-License-Identifier: GPL-2.0 */
/*
 * magazine_drain.h - return what magazines hold.
 */
#ifndef SLABMOD_MAGAZINE_DRAIN_H
#define SLABMOD_MAGAZINE_DRAIN_H

#include "magazine.h"

/* Return true if a magazine should be drained, because it was not used for @idle scans. */
bool magazine_is_stale(const struct slabmod_cache *cache, const struct slabmod_magazine *magazine,
		       unsigned int idle);

/* Empty the magazines of online CPUs that are not busy and were idle for @idle scans. */
void magazine_drain_idle(struct slabmod_cache *cache, unsigned int idle);
/* Empty the magazines of online CPUs that are not busy. */
void magazine_drain_all(struct slabmod_cache *cache);

/* Empty the magazine of this CPU. Return true if it had objects. Any context; false in an NMI. */
bool magazine_drain_local(struct slabmod_cache *cache);
/* Empty the magazine of a CPU that is offline or does not use the cache. */
void magazine_drain_cpu(struct slabmod_cache *cache, unsigned int cpu);

/*
 * Empty a magazine that no CPU uses. Objects are returned by an RCU reader: the slab of one that
 * was freed twice may be freed meanwhile.
 */
void magazine_empty_unused(struct slabmod_cache *cache, struct slabmod_magazine *magazine);

#endif /* SLABMOD_MAGAZINE_DRAIN_H */
