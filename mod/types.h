/* SPDX-License-Identifier: GPL-2.0 */
/*
 * types.h - the structures of slabmod, from the page frame up. Read this file
 * and you know the allocator; the .c files only keep its promises.
 *
 *   page source ── chunk ── frame      runs of pages, and 64 bytes on each page
 *   buddy                              free blocks of a node, split and merged
 *   slab (a frame's second face)       a block carved into equal objects
 *   home                               the slabs that a CPU, or a node, refills from
 *   magazine                           the free objects a CPU has at hand
 *   cache                              all of that for one type
 *   pool                               the root: caches and buddies of one reserve
 *
 * Locks: home->lock and buddy->lock are raw and taken with interrupts off. None
 * is ever taken while another is held, except by trylock. Outermost are pools_mutex
 * (pool_list.c), for the list of pools, and within it cache_mutex (cache_list.c), for the
 * list of caches.
 */
#ifndef SLABMOD_TYPES_H
#define SLABMOD_TYPES_H

#include <linux/cache.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/numa.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <slabmod/cache.h>
#include <slabmod/fast.h>
#include <slabmod/kmalloc.h>
#include <slabmod/pages.h>
#include <slabmod/pool.h>

#include "compat.h"
#include "stats.h"

struct buddy;
struct chunk_source;
struct debug_block;
struct debug_cache;
struct debug_tracks;
struct dentry;

/* ---- frames and chunks (chunk.c) ---- */

#define SLAB_MAX_OBJECTS	256
#define SLAB_MIN_SIZE		16
#define SLAB_WORDS		(SLAB_MAX_OBJECTS / BITS_PER_LONG)

/* Use of a page. A page inside a block that is not the first page is FRAME_TAIL. */
enum frame_state {
	FRAME_TAIL,
	FRAME_FREE,		/* first page of a free block; buddy->lock */
	FRAME_PAGES,		/* first page of a block in use by a caller */
	FRAME_CLAIMED,		/* first page of a block being freed, or of buddy->last_freed */
	FRAME_SLAB,		/* any page of a slab with the cache's usual layout */
	FRAME_SLAB_SMALL,	/* any page of a slab with the layout for low memory */
};

/*
 * Metadata of one page of a chunk, in an array outside of the chunk. 64 bytes: one cache
 * line on most machines. The first frame of a slab is a struct slab.
 *
 * Invariant: @cache is NULL unless @state is FRAME_SLAB, so that one comparison on the
 * fast path tells a slab of a cache from everything else.
 */
struct frame {
	union {
		struct list_head node;	/* FRAME_FREE: chunk->free_list; buddy->lock */
		struct rcu_head rcu;	/* FRAME_CLAIMED by buddy_free_rcu() */
	};
	struct slabmod_cache *cache;	/* every page of a FRAME_SLAB; constant */
	u16 index;			/* page number in the chunk; constant */
	u8 order;			/* of the block; set on every page of a slab */
	u8 state;			/* enum frame_state */
	/*
	 * enum slab_home_id, a copy of slab->home on every page of a slab, for lockless
	 * readers that tolerate a stale value.
	 */
	u16 home;
	u16 __slab_inuse;
	union {
		/* FRAME_SLAB_SMALL */
		struct {
			unsigned long __slab_small_free;
			struct slabmod_cache *small_cache;
		};
		/* FRAME_PAGES and FRAME_CLAIMED; cached for the block's next owner. */
		struct {
			unsigned int nr_pages;
			void *block;		/* its address */
			struct buddy *buddy;
			struct debug_block *debug;	/* NULL unless it is debugged */
		};
		/* First page of a chunk that waits to be freed to the kernel. */
		struct llist_node pending_free;
		unsigned long __slab_free[SLAB_WORDS];
	};
};

static_assert(sizeof(struct frame) == 64);

/*
 * The first frame of a slab. Convert with frame_slab() and slab_frame(). All fields that are
 * not constant are protected by home->lock unless noted.
 */
struct slab {
	union {
		struct list_head node;	/* a list of the home, or empty */
		struct rcu_head rcu;
	};
	struct slabmod_cache *cache;	/* NULL for FRAME_SLAB_SMALL; see slab_cache() */
	u16 index;
	u8 order;
	u8 state;			/* FRAME_SLAB or FRAME_SLAB_SMALL */
	u16 home;			/* enum slab_home_id */
	u16 inuse;			/* objects allocated from the slab */
	union {
		unsigned long free[SLAB_WORDS];		/* one bit per free object */
		/* FRAME_SLAB_SMALL has one word of bits. */
		struct {
			unsigned long small_free;
			struct slabmod_cache *small_cache;
		};
		/* A debugged cache has at most two words of bits. */
		struct {
			unsigned long debug_free[3];
			struct debug_tracks *tracks;	/* set to NULL on every page first */
		};
		/*
		 * A strict cache has at most two words of bits, followed by one bit per
		 * object that a caller owns, changed atomically.
		 */
		struct {
			unsigned long strict_free[2];
			unsigned long out[2];
		};
	};
};

#define SLAB_MATCH(f, s) static_assert(offsetof(struct frame, f) == offsetof(struct slab, s))
SLAB_MATCH(node, node);
SLAB_MATCH(rcu, rcu);
SLAB_MATCH(cache, cache);
SLAB_MATCH(index, index);
SLAB_MATCH(order, order);
SLAB_MATCH(state, state);
SLAB_MATCH(home, home);
SLAB_MATCH(__slab_inuse, inuse);
SLAB_MATCH(__slab_free, free);
SLAB_MATCH(small_cache, small_cache);
#undef SLAB_MATCH
static_assert(sizeof(struct slab) == sizeof(struct frame));

/*
 * A naturally aligned run of pages from the kernel, with a frame for each, and the heads
 * of its free lists, one for each order up to its own: a chunk of a single page does not
 * pay for those of a large one. Frames that fill whole pages have those for themselves;
 * fewer than that follow this, in the same memory. See frame_chunk().
 */
struct chunk {
	struct list_head node;		/* in a bucket of its buddy; buddy->lock */
	struct list_head all;		/* buddy->chunks; changed under buddy->lock, read by RCU */
	struct buddy *buddy;		/* constant */
	void *base;			/* constant */
	u16 free_orders;		/* bit n: a free block of order n; buddy->lock */
	u16 free_pages;			/* buddy->lock */
	u8 order;			/* constant */
	s8 bucket;			/* where @node is; buddy->lock */
	u8 unmapped;			/* too small for the map; constant */
	u8 referenced;			/* free, and kept by references of others; its destroyer */
	u8 stray_put;			/* reported; buddy->lock, then its destroyer */
	atomic_t empty_pages;		/* of slabs that homes keep empty */
	struct frame *frames;		/* constant */
	struct list_head *free_list;	/* by order; constant */
	struct rcu_head rcu;
};

/* The largest chunk: what a caller may ask for, if the kernel has runs that long. */
#if SLABMOD_MAX_ORDER < KERNEL_MAX_ORDER
#define CHUNK_MAX_ORDER	SLABMOD_MAX_ORDER
#else
#define CHUNK_MAX_ORDER	KERNEL_MAX_ORDER
#endif

/*
 * Where pages come from and what may be had. The suites put a small arena, or
 * one that fails on demand, in place of the kernel.
 */
struct chunk_source {
	struct page *(*alloc)(struct chunk_source *source, gfp_t gfp, unsigned int order, int nid);
	void (*free)(struct chunk_source *source, struct page *page, unsigned int order);
	/*
	 * NULL, or called when there is work that may sleep: chunks have come, pages or
	 * magazines are few. Any context and under any lock; may be called in vain.
	 */
	void (*kick_worker)(struct chunk_source *source);
	/*
	 * NULL, or asked before pages are taken from here: has what is kept empty given
	 * back to the buddies; false when there was none. Any context but NMI, no lock held.
	 */
	bool (*reclaim_empty)(struct chunk_source *source);
	unsigned int min_order;		/* of a chunk that is not forced to be smaller */
	unsigned int max_order;		/* of a chunk that nobody needs larger */
	unsigned long limit;		/* pages */
	unsigned long reserve;		/* pages that stay, once they were had */
	unsigned long max_free;	/* pages in wholly free chunks that a node may keep */
	int nid;			/* the only node, or NUMA_NO_NODE */
	gfp_t zone;			/* 0, or where pages must be */
	atomic_long_t held;		/* pages in chunks; never above @limit */
	/* Charges that were ever made for a chunk, and those whose outcome is known. */
	atomic_long_t charges;
	atomic_long_t settled;
	atomic_long_t refused;		/* requests that the limit was in the way of */
	atomic_long_t peak;		/* the highest @held ever was */
	atomic_long_t staying;		/* of @held, those not on their way back to the kernel */
	atomic_long_t metadata;		/* bytes beside the chunks */
	atomic_long_t metadata_peak;
	atomic_long_t bytes_peak;	/* of both together */
	atomic_long_t empty_slabs;	/* that homes keep */
	atomic_long_t quarantined;	/* pages of blocks that debug mode keeps from use */
	atomic_long_t rcu_pages;		/* pages that wait for a grace period of RCU */
	struct stats __percpu *stats;
};

/* ---- buddy (buddy.c) ---- */

#define BUDDY_ORDERS	(SLABMOD_MAX_ORDER + 1)

/* The bucket of a chunk: the order of its largest free block, or one of these. */
enum {
	BUCKET_FULL = BUDDY_ORDERS,	/* nothing free */
	BUCKET_EMPTY,			/* nothing used: this and the order of the chunk */
	NR_BUCKETS = BUCKET_EMPTY + BUDDY_ORDERS,
};

/* The free blocks of one node of a pool. All but constants and @last_freed under @lock. */
struct buddy {
	raw_spinlock_t lock;
	int nid;				/* constant */
	struct chunk_source *source;		/* constant */
	unsigned long bucket_mask;		/* bit n: bucket n is not empty */
	struct list_head bucket[NR_BUCKETS];
	struct list_head chunks;		/* all of them, for walks; RCU */
	unsigned long nr_chunks;
	unsigned long nr_empty;			/* chunks in BUCKET_EMPTY and above */
	unsigned long empty_pages;		/* in them */
	unsigned long min_empty;		/* the least that was since buddy_age() */
	bool low;				/* who may not sleep found few pages */
	unsigned long nr_free[BUDDY_ORDERS];	/* free blocks */
	unsigned long free_pages;
	unsigned long pages;			/* of all chunks */
	/*
	 * The block that was freed last, whole, for who wants just such a one next; NULL
	 * or FRAME_CLAIMED. Owned by who takes it out. Not in @nr_free and @free_pages.
	 */
	struct frame *last_freed;
	struct frame *last_freed_before;	/* what it was when buddy_age() last looked */
};

/* ---- slabs and their homes (slab.c, home.c) ---- */

#define SLAB_QUARTERS	4

/* What frame->home says: a CPU, the commons of the slab's node, or no home at all. */
enum slab_home_id {
	/* The page is in no slab, or its slab is new, or has left for the buddy. */
	HOME_NONE = 0x7ffe,
	HOME_NODE = 0x7fff,
	/*
	 * Objects of the slab are with other CPUs than its home, and share lines
	 * with free ones: only lines that are wholly free are handed out.
	 */
	HOME_SHARED = 0x8000,
	HOME_NOWHERE = HOME_NONE | HOME_SHARED,	/* not the home of any slab */
};

#define HOME_ID(home)	((home) & ~HOME_SHARED)

/*
 * The slabs of a cache that belong to a CPU (cache->homes), or to a node and
 * nobody (cache->node_homes). All under @lock.
 *
 * Invariant: a slab that is on no list is full, or in the hands of whoever moves
 * it from one home to another, who alone may list it or give it back.
 */
struct slab_home {
	raw_spinlock_t lock;
	unsigned int nr_partial;
	unsigned int nr_empty;
	unsigned int min_empty;		/* the least that was since home_age() */
	long slabs;			/* made less given back here; the sum over homes counts */
	long small_slabs;		/* of @slabs, those of FRAME_SLAB_SMALL */
	struct list_head partial[SLAB_QUARTERS];	/* by fullness, emptiest first */
	struct list_head no_whole_line;	/* mixed slabs without a wholly free line */
	struct list_head empty;
} ____cacheline_aligned_in_smp;

/* How a slab of a cache is laid out. */
struct slab_geometry {
	u16 objects;			/* 1 to SLAB_MAX_OBJECTS */
	u8 order;			/* of the naturally aligned block */
	u8 pages;			/* of it that are kept; the tail goes back */
	u8 quarter_shift;		/* objects in use to its fullness, in quarters or so */
};

/* ---- magazines (magazine.c): include/slabmod/fast.h ---- */

/* ---- caches (cache.c) ---- */

/* Those of include/slabmod/cache.h, and above them internal ones. */
#define CACHE_PUBLIC_FLAGS	(SLABMOD_HWCACHE_ALIGN | SLABMOD_ISOLATED | SLABMOD_DEBUG | \
				 SLABMOD_STRICT | SLABMOD_TYPESAFE_BY_RCU)
#define CACHE_SHARES_LINES	0x100u	/* objects share lines with their neighbours */
#define CACHE_CHECK_HOME	0x200u	/* a free has to look where the object belongs */
#define CACHE_INTERNAL		0x400u	/* of kmalloc or pages: callers cannot destroy it */
#define CACHE_PAGES		0x800u	/* serves runs of pages */
#define CACHE_CHECK_INDEX	0x1000u	/* a free has to divide: the size is no power of two */
#define CACHE_ORPHAN		0x2000u	/* its module went with objects live */
#define CACHE_CLEAR		0x4000u	/* the kernel was told to clear what is freed */
#define CACHE_STRICT_QUICK	0x10000u	/* strict, and a free has no other check to make */
#define CACHE_KMALLOC		0x8000u	/* serves memory by size */
#define CACHE_DEBUG		SLABMOD_DEBUG	/* or all were asked for it */
#define CACHE_STRICT		SLABMOD_STRICT	/* likewise; never with CACHE_DEBUG */
#define CACHE_LEAKS		0x100000u /* kmemleak is told of each object */
/* Something is done with each object that is freed: frees take the slow path. */
#define CACHE_SLOW_FREE		(CACHE_CLEAR | CACHE_DEBUG | CACHE_LEAKS)
#define CACHE_CHECKS		(CACHE_CHECK_HOME | CACHE_CHECK_INDEX)

/* A name, a hyphen and a number. */
#define CACHE_LABEL_MAX	(SLABMOD_CACHE_NAME_MAX + 11)

struct slabmod_cache {
	/* Read on every allocation and free; one line. */
	struct slabmod_cache_fastpath fastpath;
	/* Or the common empty one. Both exchanged under a lock in magazine_set.c, freed by RCU. */
	struct slabmod_magazine __percpu *magazines;
	/*
	 * Bits that are clear in every object's chunk_offset(), or ~0 when that does not
	 * say enough; then an index below @quick_objects does, or else nothing short.
	 */
	unsigned long quick_mask;
	unsigned long index_mask;	/* of an offset: into its slab, and beyond the map */
	unsigned long quick_objects;
	u64 inverse;			/* of the odd part of @size, modulo 2^64 */
	unsigned long first_mask;	/* of the address of a frame: of its slab's first */
	unsigned int flags;
	u16 objects;			/* a slab has */
	u8 shift;			/* size == odd part << shift */
	u8 group;			/* objects that fill whole lines together */
	/* Read by slow paths. */
	unsigned long strict_objects;	/* as @objects; 64 bits for a shorter comparison */
	unsigned int slab_mask;		/* bytes of a slab's block, less one */
	struct slab_geometry usual;
	struct slab_geometry small;	/* when memory is short */
	unsigned int size;		/* bytes from object to object, red zones included */
	unsigned int usable;		/* of them, those that a caller may write to */
	unsigned int lead;		/* of them, those before what a caller has: red zone or 0 */
	unsigned int tail;		/* bytes behind a slab's last object that stay free */
	unsigned int capacity;		/* of a magazine's stacks, as they are; magazine_set.c */
	unsigned int capacity_max;	/* and as they may become */

	void (*ctor)(void *object);
	struct debug_cache *debug;	/* or NULL */
	struct buddy *buddies;		/* of the pool, one a node */
	struct slab_home __percpu *homes;	/* NULL until there are magazines */
	/* On their way out, and to be freed; cache_mutex, the former read by RCU. */
	struct slabmod_magazine __percpu *old_magazines;
	struct slabmod_magazine __percpu *dead_magazines;
	atomic_long_t allocs;		/* objects handed out, but for those that magazines count */
	atomic_long_t requested;		/* bytes that kmalloc() was asked for, likewise */
	atomic_t departed;		/* slabs that left a home for the buddy; see is_at_home() */
	struct stats __percpu *stats;
	struct chunk_source *source;
	unsigned int object_size;	/* bytes asked for at creation */
	unsigned int align;
	struct module *owner;		/* who made it; compared, never followed */
	struct list_head node;		/* in the list of all caches; cache_mutex, read by RCU */
	struct slabmod_cache *next_gone;	/* of those that go with their pool */
	struct slabmod_pool *pool;
	struct dentry *debugfs;		/* its folder; debugfs.c */
	char name[SLABMOD_CACHE_NAME_MAX + 1];	/* as its maker gave it; constant */
	/* What no other cache of the pool is called: the name, and -@number from 2 on. */
	char label[CACHE_LABEL_MAX + 1];	/* constant once it is in the list */
	unsigned int number;
	/* Objects that are not in slabs, but with callers or in magazines, and their peak. */
	atomic_long_t inuse ____cacheline_aligned_in_smp;
	atomic_long_t inuse_peak;
	struct slab_home node_homes[];	/* one a node */
};

/* Callers find the magazines by this. */
static_assert(!offsetof(struct slabmod_cache, fastpath));
static_assert(offsetof(struct slabmod_cache, group) == 63);

/* ---- pools (pool.c) ---- */

/* Orders below this one have a cache in each pool. */
#define POOL_PAGE_ORDERS	4

/* Every byte a pool holds, by what it is for. Exact when nothing moves. */
struct pool_ledger {
	unsigned long held;		/* chunks and metadata */
	unsigned long used;		/* objects and blocks that callers have */
	unsigned long slabs;		/* free in slabs, tails of slabs included */
	unsigned long magazines;	/* free in magazines */
	unsigned long buddy;		/* free in the buddies */
	unsigned long metadata;
};

struct slabmod_pool {
	char name[SLABMOD_POOL_NAME_MAX + 1];
	bool limited;			/* source.limit was asked for */
	bool orphan;			/* its module went while it was in use; pools_mutex */
	struct chunk_source source;
	struct slabmod_cache *kmalloc[SLABMOD_KMALLOC_CLASSES];	/* by class; constant */
	struct slabmod_cache *pages[POOL_PAGE_ORDERS];		/* by order; constant */
	struct pool_ledger most;	/* of each, the most that was seen; ledger_lock */
	struct module *owner;		/* who made it; compared, never followed */
	struct list_head node;		/* in the list of all pools; pools_mutex */
	struct dentry *debugfs;		/* its folder, and that of its caches; debugfs.c */
	struct dentry *debugfs_caches;
	struct buddy buddies[];		/* one a node */
};

#endif /* SLABMOD_TYPES_H */
