/* SPDX-License-Identifier: GPL-2.0 */
/*
 * theory.h - how much memory the strategies may take in the worst case, for grow.c.
 *
 * Objects have 1 to n units, and M bytes are in use at most. A / U is bounded by:
 *
 *   Any strategy that moves nothing needs M (1 + log2(n) / 2) - n + 1: Robson, JACM 18 (1971) and
 *     21 (1974). That is for A as a range of addresses. Pages that go back are a way around it, so
 *     that it holds for A in pages only up to objects of a page.
 *   First fit: M H(n) / ln 2, with H(n) = 1 + 1/2 + ... + 1/n, about M (log2(n) + 0.83): Robson,
 *     Computer Journal 20 (1977); Knuth, The Art of Computer Programming 1, exercise 2.5-43.
 *   Best fit: between M n - O(M + n^2) and M n: Robson 1977, Knuth 2.5-42. M n holds for any fit
 *     that merges, since a gap that is too small for a request has less than n units, and there
 *     are not more gaps than objects.
 *   Buddies, with sizes of powers of two: M (1 + log2 n). By induction over i: when a request of
 *     less than 2^i units breaks a free block of 2^i, no other of these has a free block of the
 *     size that is asked for. So they have as much memory as all blocks of that size in use, and
 *     objects of 2^i units and more have M at most. (Robson 1974 has a choice of the block for
 *     which the least above is enough.)
 *   Lists of fixed sizes: the sum over the sizes of what M bytes need. A lecture has O(log U). For
 *     powers of two it is M (1 + log2 n), and more by what does not fit at the end of a run.
 *   Lists that split and do not merge, and no free(): none.
 *   Heaps of threads: Berger, McKinley, Blumofe, Wilson, ASPLOS 2000 (Hoard). One heap: 1. Objects
 *     that stay with the heap that frees: none. That return to their owner: P. Hoard, for one
 *     size: 2 + 2 S P / U, because its invariant is a <= max(2 u, u + 2 S) for each heap, and the
 *     global heap has no room left when A grows. A lecture has 1 + O(S P / U), which is too little
 *     (see attack_half()): all superblocks may be half full, however large U is.
 *
 * Caches of threads are in use, to what is behind them, so they count as a part of M. Blocks count
 * with their headers. What is left out: pages of which a part is used.
 */
#ifndef SLABMOD_LAB_THEORY_H
#define SLABMOD_LAB_THEORY_H

#include <math.h>

#include "../mod/lab/classes.h"
#include "adversary.h"

enum family { UNKNOWN, BUMP, POOL, NO_MERGE, FIRST, FITS, BUDDY, CLASSES, MOVES };
enum heaps { NONE, GLOBAL, LOCAL, OWNER, HOARD };

/* What the bounds depend on. */
struct theory {
	const char *name;
	enum family family;
	enum heaps heaps;
	u32 unit, header;	/* the smallest block, and what of a block is not the caller's */
	u32 least;		/* bytes for a request of one */
	u32 grain;		/* pages are taken in runs of so many bytes */
	u32 record;		/* FIRST: bytes for the record of a gap, elsewhere */
	u32 live;		/* M for an attack: less where calls take linear time */
	u32 cache, cache_bytes;	/* of a thread, for each size up to 1 KiB: blocks, or bytes */
	/* CLASSES: runs of objects of one size behind @head bytes, each with @per bytes */
	u32 run, head, per;
	u32 max;		/* larger requests have pages of their own */
	u32 pin;		/* an object keeps so many from going back; 0: none go back */
	u32 arenas;		/* OWNER: as many heaps at most */
	bool keeps;		/* a run never has another size */
};

/* A later initializer of a field replaces the one of the macro. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"

#define LIST(n, f)	.name = n, .family = f, .unit = 16, .header = 8, .least = 16, \
			.grain = 2 * PAGE_SIZE, .max = PAGE_SIZE, .live = 256 << 10
#define TREE(n, f)	LIST(n, f), .unit = 32, .least = 32
#define SPANS(n)	.name = n, .family = CLASSES, .unit = 16, .least = 16, .grain = 65536, \
			.run = 65536, .head = 64, .max = CLASS_MAX, .pin = 65536, \
			.live = 8 << 20

static const struct theory theories[] = {
	{ .name = "bump", .family = BUMP, .unit = 16, .least = 16, .grain = 65536,
	  .live = 8 << 20 },
	{ .name = "pool", .family = POOL, .unit = LAB_POOL_SIZE / 16, .least = LAB_POOL_SIZE,
	  .grain = PAGE_SIZE, .live = 8 << 20 },
	{ LIST("list_lifo", NO_MERGE) },
	{ LIST("list_address", FIRST) },
	{ LIST("list_size", NO_MERGE) },
	{ LIST("list_next_fit", FITS) },
	{ LIST("list_best_fit", FITS) },
	{ LIST("list_worst_fit", FITS) },
	{ LIST("external_array", FIRST), .unit = 64, .record = 48 },
	{ LIST("external_unrolled", FIRST), .unit = 64, .record = 53 },
	{ LIST("external_tree", FIRST), .unit = 64, .record = 48 },
	{ .name = "handles", .family = MOVES, .unit = 64, .header = 16, .least = 60,
	  .grain = 65536, .live = 8 << 20 },
	{ TREE("tree_address", FIRST) },
	{ TREE("tree_size", FITS) },
	{ TREE("tree_double", FITS), .unit = 64, .least = 48, .live = 8 << 20 },
	{ .name = "buddy", .family = BUDDY, .unit = 32, .header = 16, .least = 32,
	  .grain = 65536, .max = 65536, .live = 8 << 20 },
	{ SPANS("segregated"), .unit = 64, .least = 32, .run = 0, .head = 0, .per = 16,
	  .keeps = true },
	{ SPANS("buckets"), .least = 5, .grain = PAGE_SIZE, .run = PAGE_SIZE, .head = 32,
	  .max = 3072, .pin = PAGE_SIZE },
	{ SPANS("kmalloc_like"), .least = 18, .per = 2, .max = 8192 },
	{ SPANS("slab"), .run = 16384, .max = 2048, .pin = 16384 },
	{ LIST("global_mutex", NO_MERGE), .heaps = GLOBAL },
	{ SPANS("global_lockfree"), .heaps = GLOBAL, .least = 20, .per = 4, .max = 8192,
	  .keeps = true },
	{ SPANS("local"), .heaps = LOCAL, .keeps = true },
	{ SPANS("owner"), .heaps = OWNER, .arenas = LAB_HEAPS },
	{ SPANS("hoard"), .heaps = HOARD, .pin = 0 },
	{ LIST("thread_cache", FIRST), .heaps = GLOBAL, .cache = 64 },
	{ SPANS("arenas"), .heaps = OWNER, .arenas = 8 },
	{ TREE("ptmalloc", FITS), .heaps = OWNER, .arenas = 8, .cache = 7, .grain = 262144,
	  .max = 131072, .live = 8 << 20 },
	{ SPANS("tcmalloc"), .heaps = GLOBAL, .cache = 80 },
	{ SPANS("jemalloc"), .heaps = OWNER, .arenas = 8, .unit = 64, .grain = 2 << 20,
	  .run = 16384, .head = 0, .max = 1 << 20, .pin = 2 << 20, .live = 32 << 20 },
	{ SPANS("supermalloc"), .heaps = GLOBAL, .cache_bytes = 8192, .grain = 262144,
	  .run = 262144, .head = 16384, .max = 8192, .pin = 262144 },
};

#pragma GCC diagnostic pop

/* Nothing is known of others but what they lack. */
static const struct theory *theory_of(const struct lab_strategy *strategy)
{
	static struct theory other;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(theories); i++)
		if (!strcmp(theories[i].name, strategy->name))
			return &theories[i];
	other = (struct theory){
		.unit = LAB_ALIGN, .header = 8, .grain = 65536, .live = 256 << 10,
	};
	if (strategy->lacks & LAB_ONE_SIZE) {
		other.family = POOL;
		other.unit = LAB_POOL_SIZE / 16;
		other.header = 0;
	} else if (strategy->lacks & LAB_NO_FREE) {
		other.family = BUMP;
	}
	return &other;
}

/* ---- bounds of one heap ---- */

/* The bytes of pages for an object of a size, in strategies with runs of one size. */
static double pages_for(const struct theory *theory, size_t size)
{
	size_t whole = size + theory->per;
	size_t run = theory->run ? theory->run : ALIGN(8 * whole, PAGE_SIZE);

	return (double)run / ((run - theory->head) / whole);
}

/* The most units of a block that is not left to pages of its own, as a power of two. */
static unsigned long most_units(const struct theory *theory)
{
	return theory->max ? BIT(ilog2(theory->max / theory->unit)) : ULONG_MAX;
}

/*
 * What the cache of a thread may hold of the sizes from @first to @end bytes, in steps of a unit or
 * as powers of two. To the strategy behind it, it is in use.
 */
static size_t cached(const struct theory *theory, size_t first, size_t end, bool powers)
{
	size_t sum = 0, size;

	for (size = first; size <= end; size += powers ? size : theory->unit)
		sum += theory->cache * (size <= 1024 ? size : 0) + theory->cache_bytes;
	return sum;
}

/* Sizes of 1, 2, 4 ... n units, M bytes of each. */
static double bound_sizes(const struct theory *theory, unsigned long n)
{
	double sum = 0;
	size_t size;

	for (size = theory->unit; size <= n * theory->unit; size *= 2)
		sum += pages_for(theory, size) / size;
	return sum;
}

static double bound_first_fit(unsigned long n)
{
	double harmonic = 0;

	for (; n; n--)
		harmonic += 1.0 / n;
	return harmonic / M_LN2;
}

/* For objects of 1 to @n units. Those with pages of their own take what is in use of them. */
static double bound_fit(const struct theory *theory, unsigned long n)
{
	unsigned long most = min(n, most_units(theory));

	switch (theory->family) {
	case BUMP:
	case NO_MERGE:
		return INFINITY;
	case FIRST:
		return bound_first_fit(most) * (1 + (double)theory->record / theory->unit) +
		       (n > most);
	case FITS:
		return most + (n > most);
	case BUDDY:
		return 1 + log2(most);
	case CLASSES:
		return bound_sizes(theory, most) + (n > most);
	case MOVES:
		/* It grows if less than a fifth is gaps; and a handle may be one of two. */
		return 1.25 + 16.0 / theory->unit;
	default:
		return NAN;
	}
}

/* For M bytes of objects of one size, and nothing else. */
static double bound_one_size(const struct theory *theory, size_t size)
{
	if (theory->family == CLASSES)
		return pages_for(theory, size) / size;
	if (theory->family == MOVES)
		return bound_fit(theory, 1);
	return theory->family == UNKNOWN ? NAN : 1;
}

/* Rounds of blocks of 16 units, or of 64, which are all freed before there are others. */
static double bound_turns(const struct theory *theory, const struct attack *attack, unsigned long n)
{
	return theory->family == BUMP ? INFINITY : bound_one_size(theory, 16 * theory->unit);
}

static double bound_crumble(const struct theory *theory, const struct attack *attack,
			    unsigned long n)
{
	if (theory->family == BUMP || theory->family == NO_MERGE)
		return INFINITY;
	return most_units(theory) < 64 ? 1 : bound_one_size(theory, 64 * theory->unit);
}

static double bound_rising(const struct theory *theory, const struct attack *attack,
			   unsigned long n)
{
	double most = 0;
	unsigned long i;

	if (theory->family == BUMP)
		return INFINITY;
	if (theory->family == NO_MERGE)
		return n;
	if (theory->family == UNKNOWN)
		return NAN;
	if (theory->keeps)
		return bound_sizes(theory, BIT(n - 1));
	for (i = 0; i < n; i++)
		most = fmax(most, bound_one_size(theory, theory->unit << i));
	return most;
}

static double bound_robson(const struct theory *theory, const struct attack *attack,
			   unsigned long n)
{
	return bound_fit(theory, n);
}

static double bound_pinned(const struct theory *theory, const struct attack *attack,
			   unsigned long n)
{
	return bound_sizes(theory, BIT(n - 1));
}

static double bound_tiny(const struct theory *theory, const struct attack *attack, unsigned long n)
{
	return theory->least ? theory->least : NAN;
}

static double bound_rounding(const struct theory *theory, const struct attack *attack,
			     unsigned long n)
{
	size_t size = class_size(class_of(n / 2 + 1));

	return (theory->family == CLASSES ? pages_for(theory, size) : n) / (n / 2);
}

/* One object is left of n. */
static double bound_sparse(const struct theory *theory, const struct attack *attack,
			   unsigned long n)
{
	return n;
}

/* ---- bounds of heaps ---- */

static double bound_half(const struct theory *theory, const struct attack *attack, unsigned long n)
{
	return 2 + 2.0 * theory->run / attack->asked;
}

static double bound_handover(const struct theory *theory, const struct attack *attack,
			     unsigned long n)
{
	double one = bound_one_size(theory, 256);

	switch (theory->heaps) {
	case LOCAL:
		return INFINITY;
	case OWNER:
		return min(n, theory->arenas) * one;
	case HOARD:
		return 2 + 2.0 * theory->run * (n + 1) / attack->most;
	default:
		return one;
	}
}

/* Only one thread allocates. */
static double bound_drift(const struct theory *theory, const struct attack *attack, unsigned long n)
{
	return bound_handover(theory, attack, 1);
}

#endif /* SLABMOD_LAB_THEORY_H */
