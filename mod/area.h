/* SPDX-License-Identifier: GPL-2.0 */
/*
 * area.h - areas of vmalloc, by address.
 */
#ifndef SLABMOD_AREA_H
#define SLABMOD_AREA_H

#include <linux/build_bug.h>
#include <linux/rbtree_latch.h>

#include "types.h"

struct debug_area;

enum area_state { AREA_LIVE, AREA_FREEING };

struct vmalloc_area {
	struct latch_tree_node node;
	void *addr;			/* constant, as all that has no other comment */
	size_t size;			/* bytes, as requested; changed by the owner */
	unsigned long nr_pages;
	struct slabmod_pool *pool;
	struct debug_area *debug;	/* or NULL */
	union {
		struct llist_node deferred;
		struct rcu_head rcu;
	};
	unsigned int state;		/* enum area_state; cmpxchg */
	bool user;			/* may be mapped in user space */
	unsigned int nr_blocks;
	void *blocks[];
};

/* Documented: what SLUB allocates for it, with one block. */
static_assert(struct_bytes(struct vmalloc_area, blocks, 1) <= 128);

static inline size_t area_bytes(const struct vmalloc_area *area)
{
	return area->nr_pages << PAGE_SHIFT;
}

/*
 * Return the area that an address, any value at all, is in, or NULL. Any context. Needs RCU, unless
 * the caller owns the area.
 */
struct vmalloc_area *area_find(const void *addr);

/* Return any area, or NULL. */
struct vmalloc_area *area_first(void);

/* Make an area known, or unknown; lookups may find it for a grace period. Not in interrupts. */
void area_insert(struct vmalloc_area *area);
void area_remove(struct vmalloc_area *area);

/*
 * Return true if an area that began at @addr is one of the last that were removed, and nothing has
 * been mapped there since. Any context.
 */
bool area_was_freed(const void *addr);

#endif /* SLABMOD_AREA_H */
