/* SPDX-License-Identifier: GPL-2.0 */
/*
 * magazine.h - per-CPU stacks of free objects: what the fast paths in
 * include/slabmod/fast.h, where the rules are, do not do.
 */
#ifndef SLABMOD_MAGAZINE_H
#define SLABMOD_MAGAZINE_H

#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/smp.h>

#include "slab.h"

/* Bounds of a stack: bytes of objects (a module parameter), and objects. */
#define MAGAZINE_BYTES_DEFAULT	32768u
#define MAGAZINE_BYTES_MIN	1024u
#define MAGAZINE_BYTES_MAX	65536u
#define MAGAZINE_MIN		4u
#define MAGAZINE_MAX		512u

/* Pages are taken and given in such numbers that a magazine of them may have more bytes. */
#define MAGAZINE_PAGES_FACTOR	2u

extern unsigned int magazine_bytes;

/* Whether the kernel was told to clear every object that is handed out. */
static inline bool magazine_clears(const struct slabmod_cache *cache)
{
	return static_branch_maybe(CONFIG_INIT_ON_ALLOC_DEFAULT_ON, &init_on_alloc) && !cache->ctor;
}

/* Objects in the stack that a CPU takes from, whether it is at it or not. */
static inline unsigned int magazine_here(const struct slabmod_magazine *magazine)
{
	return READ_ONCE(magazine->top) & (-SLABMOD_MAGAZINE_BUSY - 1);
}

/*
 * What the fast path could not do, in full. magazine_alloc() and magazine_free()
 * are for any context; an object has been found to start in the slab of @first.
 */
void *magazine_alloc(struct slabmod_cache *cache, gfp_t gfp);
void *magazine_alloc_node(struct slabmod_cache *cache, gfp_t gfp, int nid);
void magazine_free(struct slabmod_cache *cache, struct frame *first, void *object);

/* Takes up to @nr objects from here and from slabs there are; returns how many. */
size_t magazine_take(struct slabmod_cache *cache, size_t nr, void **objects);

/* Gives a cache that has none its magazines; false when memory is short. */
bool magazine_enable(struct slabmod_cache *cache, gfp_t gfp);
void magazine_disable(struct slabmod_cache *cache);

/* Gives a cache that is being made its capacity, and no magazines yet. */
void magazine_setup(struct slabmod_cache *cache);

/* Empties the magazines of all CPUs that are online and not in the middle of one. */
void magazine_drain_all(struct slabmod_cache *cache);
/* Empties those of a CPU that is dead, or of one where nobody uses the cache. */
void magazine_drain_cpu(struct slabmod_cache *cache, unsigned int cpu);

/* Objects in all magazines, and objects ever handed out by them. */
unsigned long magazine_count(struct slabmod_cache *cache);
unsigned long magazine_allocs(struct slabmod_cache *cache);
size_t magazine_metadata(const struct slabmod_cache *cache);

/* True when the magazines keep their invariants; for a cache that is not in use. */
bool magazine_check(struct slabmod_cache *cache);

int magazine_init(void);
void magazine_exit(void);

#endif /* SLABMOD_MAGAZINE_H */
