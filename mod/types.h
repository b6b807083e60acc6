/* SPDX-License-Identifier: GPL-2.0 */
/*
 * types.h - the data structures of slabmod, bottom up.
 *
 *   chunk_source	where pages come from: the kernel, below a pool's limit
 *   chunk, frame	a run of pages from the source, and what each page is used for
 *   buddy		the free blocks of a node
 *   slab		describes a block that is divided into equal objects
 *   slab_home		the slabs that a CPU, or a node, refills its magazines from
 *   slabmod_magazine	a stack of free objects of one CPU (include/slabmod/fast.h)
 *   slabmod_cache	objects of one size: homes and magazines
 *   slabmod_pool	a source, a buddy for each node, and caches
 *
 * Lock order, outermost first; Documentation/design.rst has a table of all locks:
 *
 *   1. pools_mutex	list and names of the pools, their destruction	(pool_list.c)
 *   2. resize_mutex	replacing magazines				(cache_list.c)
 *   3. cache_mutex	list and names of the caches, their destruction	(cache_list.c)
 *   4. pending_mutex	freeing of chunks that had to wait		(chunk.c)
 *   5. one spinlock of any layer, such as home->lock or buddy->lock: no other lock of slabmod
 *      is taken while it is held. They are raw and taken with interrupts off, except two.
 *
 * An NMI takes only home->lock, with a trylock. A CPU that marked its magazine as busy may take
 * the locks of the fifth level. The shrinker takes pending_mutex, but neither pools_mutex nor
 * cache_mutex: memory may be allocated under those two, but not under pending_mutex.
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

/* ---- frames and slabs (frame.c, slab.c) ---- */

/* What fits in a page, if its objects are of the smallest size. */
#define SLAB_MAX_OBJECTS	(PAGE_SIZE / SLAB_MIN_SIZE)
#define SLAB_MIN_SIZE		16
#define SLAB_WORDS		(SLAB_MAX_OBJECTS / BITS_PER_LONG)

/* Use of a page: the low bits of the first word that its frame points to. */
enum frame_state {
	FRAME_SLAB,		/* any page of a slab with the cache's usual layout */
	FRAME_SLAB_SMALL,	/* any page of a slab with the layout for low memory */
	FRAME_PAGES,		/* first page of a block in use by a caller */
	FRAME_CLAIMED,		/* of a block being allocated or freed, or in a magazine */
	FRAME_RUN,		/* in a block without owner, but not its first page */
	FRAME_TAIL,		/* free, or in another block but not its first page */
};

#define FRAME_STATES	7ul	/* the bits of a state; caches are aligned to more */

/*
 * The use of a page that is in no slab. Blocks share these: those of an owner have one for blocks
 * in use and one for claimed blocks, and so have, by order, all blocks without owner.
 */
struct page_use {
	unsigned long word;		/* enum frame_state */
	struct slabmod_cache *owner;	/* CACHE_BLOCKS, or NULL */
	u16 order;
	u16 nr_pages;			/* 0 for blocks without owner: see frame_nr_pages() */
	/* What is at the place of slab->home: is_at_home() may read it. */
	u32 unused[2];
	u16 home;			/* HOME_NONE */
};

enum { USE_PAGES, USE_CLAIMED, NR_BLOCK_USES };

/* A claimed block, and the frame of its first page. */
struct claimed_block {
	void *block;
	struct frame *frame;
};

/*
 * What a page of a chunk is used for. Frames are in an array outside of the chunk: 8 bytes a page.
 * The first word of what @slab points to has the state, and the cache if the page is in a slab.
 *
 * Invariant: that word is the address of a cache only if the page is in a slab of the usual layout,
 * so that one comparison on the fast path identifies a slab of a cache.
 */
struct frame {
	union {
		struct slab *slab;	/* FRAME_SLAB and FRAME_SLAB_SMALL */
		struct page_use *use;	/* else; never NULL */
	};
};

/*
 * A block that is divided into objects. It is described outside of its pages, in memory of
 * descriptor.c that is not reused before a grace period. All fields that are not constant are
 * protected by home->lock unless noted.
 */
struct slab {
	union {
		struct slabmod_cache *cache;	/* plus 1 for FRAME_SLAB_SMALL; see slab_cache() */
		unsigned long word;
	};
	union {
		struct list_head node;	/* a list of the home, or empty */
		struct rcu_head rcu;
	};
	u32 page;			/* its first, of the direct map; constant */
	u16 home;			/* enum slab_home_id */
	u16 inuse;			/* objects allocated from the slab */
	union {
		unsigned long free[SLAB_WORDS];		/* one bit per free object */
		/* A debugged cache uses at most the first half of the bits. */
		struct {
			unsigned long debug_free[SLAB_WORDS - 1];
			struct debug_tracks *tracks;	/* NULL at first */
		};
		/*
		 * In a strict cache the second half has one bit per object that a caller
		 * owns, changed atomically.
		 */
		struct {
			unsigned long strict_free[SLAB_WORDS / 2];
			unsigned long out[SLAB_WORDS / 2];
		};
	};
};

static_assert(sizeof(struct slab) == 32 + SLAB_MAX_OBJECTS / 8);
static_assert(!offsetof(struct slab, word) && !offsetof(struct page_use, word));
static_assert(offsetof(struct slab, home) == offsetof(struct page_use, home));

/* ---- chunks (chunk.c) ---- */

/* The order of the pages that one entry of the map covers; smaller chunks are not in the map. */
#define UNIT_ORDER	6

/* Free pages, or free runs of pages, as bits. buddy->lock */
#define FREE_MAP_ORDERS	6	/* of 64 bits */

struct free_map {
	/* In a list of struct free_lists, if some bits are set but not all. */
	struct list_head node;
	u64 free;			/* bits of what is free */
	u64 all;			/* @free if all is free; constant */
	u8 order;			/* of @all; constant */
	/*
	 * No free block of the map is of a higher order. Raised by frees, and lowered when a
	 * search finds nothing.
	 */
	u8 bound;
	u8 drains;	/* which lists @node is in */
};

/*
 * Maps that are partly free, by their bound: those of chunks that fill up, and those of chunks that
 * drain, which are used if the others have nothing. buddy->lock
 */
struct free_lists {
	struct bound_lists {
		unsigned long mask;	/* bit n: @list[n] is not empty */
		struct list_head list[FREE_MAP_ORDERS];
	} of[2];			/* index: free_map.drains */
};

/* The pages of a part of a chunk: 1 << UNIT_ORDER, or all of a smaller chunk. */
struct unit {
	struct free_map map;		/* a bit for each page */
	struct chunk *chunk;		/* constant */
	struct frame *frames;		/* of its pages; constant */
};

static inline unsigned int chunk_nr_units(unsigned int order)
{
	return order > UNIT_ORDER ? 1u << (order - UNIT_ORDER) : 1;
}

/* A naturally aligned run of pages from the source. */
struct chunk {
	struct free_map map;		/* a bit for each unit that is wholly free */
	struct list_head empty;		/* buddy->empty, if wholly free; buddy->lock */
	struct list_head all;		/* buddy->chunks; buddy->lock, read under RCU */
	struct buddy *buddy;		/* constant */
	void *base;			/* constant */
	u8 order;			/* constant */
	u8 listed;			/* in @all; buddy->lock */
	u8 kind;			/* enum block_kind, unless wholly free; buddy->lock */
	u8 drains;			/* most units are free; buddy->lock */
	u8 unmapped;			/* not in the map; constant */
	u8 promised;			/* descriptors for its slabs; constant */
	/* Changed by the CPU that frees the chunk, under pending_mutex if it is pending. */
	u8 referenced;			/* free, but other references keep it */
	u8 stray_put;			/* reported; buddy->lock while in use */
	atomic_t empty_pages;		/* pages of empty slabs in homes */
	struct frame *frames;		/* constant */
	union {
		struct llist_node pending_free;
		struct rcu_head rcu;	/* free */
	};
	struct unit units[];		/* constant */
};

/* The order of the largest chunk, and so of the largest block. */
#if SLABMOD_MAX_ORDER < KERNEL_MAX_ORDER
#define CHUNK_MAX_ORDER	SLABMOD_MAX_ORDER
#else
#define CHUNK_MAX_ORDER	KERNEL_MAX_ORDER
#endif

/*
 * Where a pool's pages come from, and how many it may hold. The KUnit suites use a small
 * arena, or one that fails on demand, instead of the kernel. Members that are
 * neither atomic nor have a comment on locking are constant, or set while the pool is created.
 */
struct chunk_source {
	struct page *(*alloc)(struct chunk_source *source, gfp_t gfp, unsigned int order, int nid);
	void (*free)(struct chunk_source *source, struct page *page, unsigned int order);
	/*
	 * Make a worker look at the pools: there are new chunks, or pages or magazines run
	 * low. May be NULL. Any context, with any lock held; spurious calls are harmless.
	 */
	void (*kick_worker)(struct chunk_source *source);
	/*
	 * Free some empty slabs of caches to the buddies. Return false if there are none.
	 * Called before pages are allocated from the source. May be NULL. Any context but NMI,
	 * with no lock held.
	 */
	bool (*reclaim_empty)(struct chunk_source *source);
	unsigned int min_order;		/* of a chunk, unless only smaller ones are available */
	unsigned int max_order;		/* of a chunk, unless a request is larger */
	unsigned long limit;		/* pages */
	unsigned long reserve;		/* pages that are not freed to the kernel */
	unsigned long max_free;		/* pages of wholly free chunks that a node caches at most */
	int nid;			/* the only node, or NUMA_NO_NODE */
	gfp_t zone;			/* 0, or the zone that pages must be in */
	bool debug;			/* debug mode for all its caches and blocks */
	atomic_long_t held;		/* pages in chunks; never above @limit */
	/* See struct source_state. */
	atomic_long_t charges;		/* charges to the limit */
	atomic_long_t settled;		/* of these, charges with a visible outcome */
	atomic_long_t refused;		/* requests that the limit refused */
	atomic_long_t peak;		/* of @held */
	atomic_long_t staying;		/* of @held, without those being freed */
	atomic_long_t metadata;		/* bytes outside of the chunks */
	atomic_long_t metadata_peak;
	atomic_long_t bytes_peak;	/* of chunks and metadata */
	atomic_long_t empty_slabs;	/* in homes */
	atomic_long_t quarantined;	/* pages of blocks in the quarantine of debug mode */
	atomic_long_t rcu_pages;	/* pages that wait for a grace period of RCU */
	struct stats __percpu *stats;
};

/* ---- buddy (buddy.c) ---- */

/* Memory for struct slab (descriptor.c). */
struct descriptors {
	raw_spinlock_t lock;
	struct list_head usable;	/* pages with free descriptors */
	struct list_head full;
	unsigned long nr_free;		/* descriptors */
	unsigned long nr_leaving;	/* those that wait for a grace period */
	unsigned long nr;		/* of all pages */
	unsigned long promised;		/* never above @nr for long */
};

#define BUDDY_ORDERS	(SLABMOD_MAX_ORDER + 1)

/* Blocks of up to so many pages have a cache, also if their number is no power of two. */
#define SMALL_BLOCK	8u

/* What a block is used for. The two kinds share no chunk if that can be avoided. */
enum block_kind {
	BLOCK_PAGES,		/* of a caller */
	BLOCK_SLAB,
	BLOCK_KINDS,
};

/*
 * The chunks and free blocks of one node of a pool. Protected by @lock unless noted; counts
 * are also read without it, by readers that tolerate a stale value.
 */
struct buddy {
	raw_spinlock_t lock;
	int nid;				/* constant */
	struct chunk_source *source;		/* constant */
	struct free_lists units[BLOCK_KINDS];	/* partly free units */
	struct free_lists partial[BLOCK_KINDS];	/* partly free chunks that have free units */
	unsigned long empty_mask;		/* bit n: @empty[n] is not empty */
	struct list_head empty[BUDDY_ORDERS];	/* wholly free chunks, by order */
	struct list_head chunks;		/* all of them; also read under RCU */
	unsigned long nr_free_chunks;		/* chunks in @empty */
	unsigned long free_chunk_pages;		/* pages in these */
	unsigned long min_free_chunks;		/* minimum of @nr_free_chunks since buddy_age() */
	bool low;				/* an atomic request found few pages; no lock */
	unsigned long free_pages;
	unsigned long pages;			/* of all chunks */
	struct descriptors descriptors;		/* has its own lock */
};

/* ---- slabs and their homes (slab.c, home.c) ---- */

#define SLAB_QUARTERS	4

/* The home of a slab: a CPU number, or one of these. Changed under the lock of the home. */
enum slab_home_id {
	HOME_NONE = 0x7ffe,	/* no slab, or a slab that is new or being freed */
	HOME_NODE = 0x7fff,	/* the node home of the slab's node */
	/*
	 * Flag: the slab is shared, that is, other CPUs than its home have objects of it.
	 * Only whole free lines are allocated from it, so that CPUs share no lines.
	 */
	HOME_SHARED = 0x8000,
	HOME_NOWHERE = HOME_NONE | HOME_SHARED,	/* never the home of a slab */
};

#define HOME_ID(home)	((home) & ~HOME_SHARED)

/*
 * The slabs of a cache that a CPU (cache->homes) or a node (cache->node_homes) allocates
 * from. Protected by @lock.
 *
 * Invariant: a slab that is on no list is full, or is being moved from one home to another
 * by a CPU that has not attached it yet. Only that CPU may list or free it.
 */
struct slab_home {
	raw_spinlock_t lock;
	unsigned int nr_partial;
	unsigned int nr_empty;
	unsigned int min_empty;		/* minimum of @nr_empty since home_age() */
	long slabs;			/* created minus freed; only the sum over homes matters */
	long small_slabs;		/* of @slabs, those of FRAME_SLAB_SMALL */
	struct list_head partial[SLAB_QUARTERS];	/* by fullness, emptiest first */
	struct list_head no_whole_line;	/* shared slabs without a whole free line */
	struct list_head empty;
} ____cacheline_aligned_in_smp;

/* How a slab of a cache is laid out. */
struct slab_geometry {
	u16 objects;			/* 1 to SLAB_MAX_OBJECTS */
	u16 pages;			/* of the block that are used; the others are freed */
	u8 order;			/* of the naturally aligned block */
	u8 quarter_shift;		/* objects in use >> this: the fullness, in quarters */
};

/* ---- caches (cache.c) ---- */

/* Flags of include/slabmod/cache.h, and internal ones. */
#define CACHE_NO_EFFECT	(SLABMOD_ACCOUNT | SLABMOD_RECLAIM_ACCOUNT | SLABMOD_MEM_SPREAD | \
				 SLABMOD_PANIC | SLABMOD_NO_MERGE)
#define CACHE_PUBLIC_FLAGS	(SLABMOD_HWCACHE_ALIGN | SLABMOD_ISOLATED | SLABMOD_DEBUG | \
				 SLABMOD_STRICT | SLABMOD_TYPESAFE_BY_RCU | CACHE_NO_EFFECT)
#define CACHE_SHARES_LINES	0x100u	/* several objects share a cache line */
#define CACHE_CHECK_HOME	0x200u	/* a free must check the home of the object */
#define CACHE_INTERNAL		0x400u	/* of kmalloc or pages: callers cannot destroy it */
#define CACHE_PAGES		0x800u	/* serves blocks of pages */
#define CACHE_CHECK_INDEX	0x1000u	/* a free must divide: the size is no power of two */
#define CACHE_ORPHAN		0x2000u	/* its module was unloaded with live objects */
#define CACHE_CLEAR		0x4000u	/* init_on_free: clear freed objects */
#define CACHE_KMALLOC		0x8000u	/* serves memory by size */
#define CACHE_STRICT_QUICK	0x10000u	/* strict, and a free needs no other check */
#define CACHE_LEAKS		0x100000u	/* kmemleak tracks each object */
#define CACHE_BLOCKS		0x200000u	/* its objects are blocks: there are no slabs */
#define CACHE_DEBUG		SLABMOD_DEBUG	/* also set by slabmod.debug=1 */
#define CACHE_STRICT		SLABMOD_STRICT	/* likewise; never with CACHE_DEBUG */
/* Each freed object needs processing: frees take the slow path. */
#define CACHE_SLOW_FREE		(CACHE_CLEAR | CACHE_DEBUG | CACHE_LEAKS)

/* A name, a hyphen and a number. */
#define CACHE_LABEL_MAX	(SLABMOD_CACHE_NAME_MAX + 11)

/*
 * Members that are neither atomic nor have a comment on locking are constant once the cache is
 * in the list.
 */
struct slabmod_cache {
	/* Read on every allocation and free; one cache line. */
	struct slabmod_cache_fastpath fastpath;
	/*
	 * Or magazine_none. Replaced together with fastpath.magazines under resize_lock; the
	 * old magazines are freed after a grace period.
	 */
	struct slabmod_magazine __percpu *magazines;
	/*
	 * Which checks a free needs. The masks have the bits that are clear in chunk_offset() of
	 * every object, or ~0 if these bits do not identify an object. Then an index below the
	 * number of objects does, or if that is 0, the slow path decides.
	 */
	unsigned long quick_mask;	/* if every CPU may push objects of any home */
	unsigned long home_mask;	/* if the home of the object must be this CPU's */
	unsigned long quick_objects;	/* as @quick_mask */
	unsigned long index_mask;	/* of an offset: within its slab, and beyond the map */
	u64 inverse;			/* of the odd part of @size, modulo 2^64 */
	unsigned int flags;
	u16 home_objects;		/* as @home_mask */
	u8 shift;			/* size == odd part << shift */
	u8 group;			/* number of objects that fill whole lines */
	/* Read by slow paths. */
	unsigned long nr_objects;	/* as @objects; 64 bits for a shorter comparison */
	u16 objects;			/* in a slab of the usual layout */
	unsigned int slab_mask;		/* bytes of a slab's block, less one */
	struct slab_geometry usual;
	struct slab_geometry small;	/* when memory is short */
	unsigned int size;		/* bytes from object to object, red zones included */
	unsigned int usable;		/* bytes of @size that a caller may write to */
	unsigned int lead;		/* bytes of the red zone before an object, or 0 */
	unsigned int tail;		/* unused bytes after the last object of a slab */
	unsigned int capacity;		/* room of a magazine, now; resize_lock */
	unsigned int capacity_max;	/* largest room of a magazine */
	unsigned int keep_empty;	/* empty slabs that a home keeps; no lock */

	void (*ctor)(void *object);
	struct debug_cache *debug;	/* or NULL */
	struct buddy *buddies;		/* of the pool, one for each node */
	struct slab_home __percpu *homes;	/* NULL until magazines are enabled */
	/* Replaced, still in use by RCU readers; and to be freed. cache_mutex */
	struct slabmod_magazine __percpu *old_magazines;
	struct slabmod_magazine __percpu *dead_magazines;
	atomic_long_t allocs;		/* objects allocated, without those that magazines count */
	struct stats __percpu *stats;
	struct chunk_source *source;
	unsigned int object_size;	/* bytes, as requested at creation */
	unsigned int align;
	unsigned int useroffset;	/* the part of an object for user space */
	unsigned int usersize;
	struct module *owner;		/* its creator; only compared, never dereferenced */
	struct list_head node;		/* in the list of caches; cache_mutex, read under RCU */
	struct page_use uses[NR_BLOCK_USES];	/* CACHE_BLOCKS: of its blocks */
	union {				/* when it is in the list no more */
		struct rcu_head rcu;
		struct llist_node gone;	/* to be freed */
	};
	struct slabmod_pool *pool;
	struct dentry *debugfs;		/* its directory; debugfs.c */
	char name[SLABMOD_CACHE_NAME_MAX + 1];	/* as passed by its creator */
	/* Unique in the pool: @name, followed by -@number if that is above 1. */
	char label[CACHE_LABEL_MAX + 1];
	unsigned int number;
	/* Objects outside of slabs: with callers, in magazines or in quarantine. */
	atomic_long_t inuse ____cacheline_aligned_in_smp;
	atomic_long_t inuse_peak;
	struct slab_home node_homes[];	/* one for each node; home_stocked() is behind them */
};

/* Inlined allocations find the magazines at the start. */
static_assert(!offsetof(struct slabmod_cache, fastpath));
static_assert(offsetof(struct slabmod_cache, group) < 64);

/* ---- pools (pool.c) ---- */

/* Bytes that a pool holds, by use. Exact while the pool is idle. */
struct pool_ledger {
	unsigned long held;		/* chunks and metadata */
	unsigned long used;		/* allocated objects and blocks */
	unsigned long slabs;		/* free in slabs, unused tails included */
	unsigned long magazines;	/* free in magazines */
	unsigned long buddy;		/* free in the buddies */
	unsigned long metadata;
};

struct slabmod_pool {
	char name[SLABMOD_POOL_NAME_MAX + 1];
	bool limited;			/* created with a limit */
	bool ends_with_module;		/* which need not destroy it */
	bool orphan;			/* its module was unloaded while in use; pools_mutex */
	struct chunk_source source;
	struct slabmod_cache *kmalloc[SLABMOD_KMALLOC_CLASSES];	/* by class; constant */
	struct slabmod_cache *pages[BUDDY_ORDERS];		/* by order; constant */
	/* By number of pages, or NULL; constant. */
	struct slabmod_cache *small_blocks[SMALL_BLOCK + 1];
	struct pool_ledger most;	/* the observed peak of each; ledger_lock */
	struct module *owner;		/* its creator; only compared, never dereferenced */
	struct list_head node;		/* in the list of pools; pools_mutex, read under RCU */
	struct dentry *debugfs;		/* its directory, and that of its caches */
	struct dentry *debugfs_caches;
	struct buddy buddies[];		/* one for each node */
};

#endif /* SLABMOD_TYPES_H */
