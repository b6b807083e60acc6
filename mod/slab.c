// SPDX-License-Identifier: GPL-2.0
/*
 * slab.c - a block divided into equal objects, with a bit for each free one.
 *
 * All metadata is in struct slab, and nothing but objects (with their red zones, in debug mode) in
 * the block. So objects of a power of two in size are naturally aligned, and free objects keep
 * their contents.
 *
 * Contexts: slab_create() and slab_destroy() as the buddy, the rest any.
 * Locks: none; the caller holds the lock of the slab's home.
 */
#include <linux/cache.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "buddy.h"
#include "debug/debug.h"
#include "debug/leak.h"
#include "descriptor.h"
#include "gfp.h"
#include "report.h"
#include "slab.h"
#include "strict.h"

/* The desired number of objects in a slab, unless that needs a block above the order. */
#define SLAB_GOOD_OBJECTS	8
#define SLAB_GOOD_ORDER		2
/* The accepted waste of a slab, in thousandths. To reach it, larger blocks are tried. */
#define SLAB_GOOD_WASTE(pages)	(15 + 3 * (pages) / 2)
#define SLAB_GOOD_WASTE_LARGE	75	/* of objects above a page */
#define SLAB_MAX_ORDER		4

/* ---- layout ---- */

/* Return the geometry of a slab of @objects. */
static struct slab_geometry geometry(const struct slabmod_cache *cache, unsigned int objects)
{
	unsigned int pages = DIV_ROUND_UP(cache->size * objects + cache->tail, PAGE_SIZE);

	return (struct slab_geometry) {
		.objects = objects,
		.pages = pages,
		.order = order_base_2(pages),
		.quarter_shift = max(order_base_2(objects), 2) - 2,
	};
}

static unsigned int max_objects(const struct slabmod_cache *cache)
{
	/* Otherwise, the last words have another use. */
	return cache->flags & (CACHE_DEBUG | CACHE_STRICT) ? SLAB_MAX_OBJECTS / 2 :
							      SLAB_MAX_OBJECTS;
}

static unsigned int max_fit(const struct slabmod_cache *cache, unsigned int order)
{
	return min_t(unsigned int, ((PAGE_SIZE << order) - cache->tail) / cache->size,
		     max_objects(cache));
}

/* Return the order of the smallest block that holds an object. */
static unsigned int least_order(const struct slabmod_cache *cache)
{
	return get_order(cache->size + cache->tail);
}

/*
 * Return the waste of a slab, in thousandths: its end, and a part of the pages of its block that
 * it does not use. These are freed, but are of use to small requests only.
 */
static unsigned int geometry_waste(const struct slab_geometry *g, unsigned int size)
{
	unsigned int bytes = g->pages << PAGE_SHIFT, block = PAGE_SIZE << g->order;

	return (bytes - g->objects * size) * 1000 / bytes + (block - bytes) * 300 / block;
}

/* Return the geometry in a block of @order that wastes least. */
static struct slab_geometry best_geometry(const struct slabmod_cache *cache, unsigned int order)
{
	struct slab_geometry best = geometry(cache, max_fit(cache, order));
	unsigned int objects, size = cache->size;

	for (objects = best.objects - 1; objects * size > (PAGE_SIZE << order) / 2; objects--) {
		struct slab_geometry g = geometry(cache, objects);

		if (geometry_waste(&g, size) < geometry_waste(&best, size))
			best = g;
	}
	return best;
}

static bool geometry_is_good(const struct slab_geometry *g, unsigned int size)
{
	unsigned int waste = size > PAGE_SIZE ? SLAB_GOOD_WASTE_LARGE : SLAB_GOOD_WASTE(g->pages);

	return geometry_waste(g, size) <= waste &&
	       (g->objects >= SLAB_GOOD_OBJECTS || g->order >= SLAB_GOOD_ORDER);
}

/* Return the smallest good geometry or, if none is good, the one that wastes least. */
static struct slab_geometry usual_geometry(const struct slabmod_cache *cache)
{
	struct slab_geometry best = best_geometry(cache, least_order(cache));
	unsigned int order, size = cache->size;

	for (order = least_order(cache); order <= SLAB_MAX_ORDER; order++) {
		struct slab_geometry g = best_geometry(cache, order);

		if (geometry_is_good(&g, size))
			return g;
		if (geometry_waste(&g, size) < geometry_waste(&best, size))
			best = g;
		if (g.objects == max_objects(cache))
			break;
	}
	return best;
}

/* Return the geometry for low memory: the smallest block, and at most one word of bits. */
static struct slab_geometry small_geometry(const struct slabmod_cache *cache)
{
	unsigned int objects = max_fit(cache, least_order(cache));

	return geometry(cache, min_t(unsigned int, objects, BITS_PER_LONG));
}

/* Return the inverse of an odd number modulo 2^64; each round doubles the correct bits. */
static u64 inverse_of(u64 odd)
{
	u64 inverse = odd;
	int i;

	for (i = 0; i < 5; i++)
		inverse *= 2 - odd * inverse;
	return inverse;
}

bool slab_layout(struct slabmod_cache *cache, unsigned int size, unsigned int align)
{
	unsigned int line = cache_line_size();

	size = max_t(unsigned int, size, strict_is_on(cache) ? STRICT_MIN_SIZE : SLAB_MIN_SIZE);
	size = ALIGN(size, max_t(unsigned int, align, 8));
	if (size > SLABMOD_CACHE_MAX_SIZE)
		return false;
	cache->size = size;
	cache->usable = size;
	cache->align = align;
	if (cache->flags & CACHE_DEBUG)
		debug_layout(cache);
	size = cache->size;
	cache->shift = __ffs(size);
	cache->inverse = inverse_of(size >> cache->shift);
	cache->usual = usual_geometry(cache);
	cache->small = small_geometry(cache);
	cache->objects = cache->usual.objects;
	cache->slab_mask = (PAGE_SIZE << cache->usual.order) - 1;
	cache->index_mask = cache->slab_mask | chunk_map.beyond;
	cache->nr_objects = cache->objects;
	if (!is_power_of_2(size) || cache->objects * size != cache->usual.pages << PAGE_SHIFT)
		cache->flags |= CACHE_CHECK_INDEX;
	/* As many objects, from a multiple of that index on, fill whole lines. */
	cache->group = max(line >> min_t(unsigned int, __ffs(line), cache->shift), 1u);
	/* All slabs are shared if there is only the node home: do not hold back whole lines. */
	if (cache->flags & CACHE_DEBUG)
		cache->group = 1;
	if (cache->group > 1)
		cache->flags |= CACHE_SHARES_LINES;
	return true;
}
EXPORT_SYMBOL_FOR_TEST(slab_layout);

/* ---- life of a slab ---- */

static unsigned int slab_words(unsigned int objects)
{
	return DIV_ROUND_UP(objects, BITS_PER_LONG);
}

struct new_slab {
	struct slabmod_cache *cache;
	const struct slab_geometry *geometry;
	struct slab *slab;
	bool small;
};

/* Describe the block that begins at @frames, before another CPU can see it. */
static void mark_slab(struct frame *frames, void *block, void *arg)
{
	const struct new_slab *new = arg;
	struct slab *slab = new->slab;
	unsigned int i;

	INIT_LIST_HEAD(&slab->node);
	slab->page = chunk_offset(block) >> PAGE_SHIFT;
	slab->home = HOME_NONE;
	slab->inuse = 0;
	memset(slab->free, 0, sizeof(slab->free));
	bitmap_set(slab->free, 0, new->geometry->objects);
	/* A reader that sees the cache also sees that the slab has no home yet, and no tracks. */
	smp_store_release(&slab->word, (unsigned long)new->cache |
				       (new->small ? FRAME_SLAB_SMALL : FRAME_SLAB));
	for (i = 0; i < new->geometry->pages; i++)
		/* After the slab. Pairs with the address dependency in frame_slab(). */
		smp_store_release(&frames[i].slab, slab);
}

static void construct_objects(struct slabmod_cache *cache, struct slab *slab)
{
	unsigned int objects = slab_geometry(cache, slab)->objects;
	void *object = slab_address(slab) + cache->lead;

	while (objects--) {
		cache->ctor(object);
		object += cache->size;
	}
}

/* Return memory for a slab: of node @nid, or of another. */
static struct slab *alloc_descriptor(struct slabmod_cache *cache, int nid, gfp_t gfp)
{
	struct slab *slab = descriptor_alloc(&cache->buddies[nid].descriptors, cache->source, gfp);
	int other;

	if (likely(slab))
		return slab;
	for_each_online_node(other) {
		if (other == nid)
			continue;
		slab = descriptor_alloc(&cache->buddies[other].descriptors, cache->source, gfp);
		if (slab)
			return slab;
	}
	stat_inc(cache->stats, EVENT_CHUNK_FAIL);
	return NULL;
}

static struct slab *alloc_slab(struct slabmod_cache *cache, int nid, gfp_t gfp, bool small)
{
	struct new_slab new = {
		.cache = cache,
		.geometry = small ? &cache->small : &cache->usual,
		.small = small,
	};

	if (must_not_lock())
		return NULL;
	new.slab = alloc_descriptor(cache, nid, gfp);
	if (!new.slab)
		return NULL;
	if (buddy_alloc_slab(cache->buddies, nid, new.geometry->pages, gfp, mark_slab, &new))
		return new.slab;
	descriptor_free_now(new.slab);
	return NULL;
}

static void free_slab(struct slabmod_cache *cache, struct slab *slab)
{
	buddy_free_slab(slab_address(slab), slab_geometry(cache, slab)->pages);
	descriptor_free(slab);
}

static void free_slab_rcu(struct rcu_head *rcu)
{
	struct slab *slab = container_of(rcu, struct slab, rcu);
	void *block = slab_address(slab);
	unsigned int pages = slab->inuse;

	/* First: pool_destroy() waits for the pages. */
	descriptor_free_now(slab);
	buddy_free_withdrawn(block, pages);
}

/* Clear isolated memory before another type can reuse it. */
static void clear_slab_rcu(struct rcu_head *rcu)
{
	struct slab *slab = container_of(rcu, struct slab, rcu);

	memset(slab_address(slab), 0, (size_t)slab->inuse << PAGE_SHIFT);
	free_slab_rcu(rcu);
}

/* Free a slab after a grace period. Its cache may be gone by then: remember the pages. */
static void free_slab_later(struct slabmod_cache *cache, struct slab *slab)
{
	unsigned int pages = slab_geometry(cache, slab)->pages;
	bool clear = cache->flags & SLABMOD_ISOLATED;

	buddy_withdraw_slab(slab_address(slab), pages);
	slab->inuse = pages;
	call_rcu(&slab->rcu, clear ? clear_slab_rcu : free_slab_rcu);
}

struct slab *slab_create(struct slabmod_cache *cache, int nid, gfp_t gfp)
{
	bool has_small = cache->usual.pages != cache->small.pages;
	struct slab *slab = alloc_slab(cache, nid, has_small ? gfp_easy(gfp) : gfp, false);

	if (!slab && has_small) {
		slab = alloc_slab(cache, nid, gfp, true);
		if (slab)
			stat_inc(cache->stats, EVENT_SLAB_SMALL);
	}
	if (!slab)
		return NULL;
	if (unlikely(cache->flags & CACHE_DEBUG) && !debug_slab_create(cache, slab, gfp)) {
		free_slab(cache, slab);
		return NULL;
	}
	if (cache->ctor)
		construct_objects(cache, slab);
	stat_inc(cache->stats, EVENT_SLAB_NEW);
	return slab;
}
EXPORT_SYMBOL_FOR_TEST(slab_create);

void slab_destroy(struct slabmod_cache *cache, struct slab *slab)
{
	if (unlikely(cache->flags & CACHE_DEBUG))
		debug_slab_destroy(cache, slab);
	if (leak_tracks(cache))
		leak_slab_destroy(cache, slab);
	/*
	 * Type-safe and isolated memory needs a grace period; so does the bit of a strict object,
	 * for a concurrent second free.
	 */
	if (cache->flags & (SLABMOD_TYPESAFE_BY_RCU | SLABMOD_ISOLATED | CACHE_STRICT))
		free_slab_later(cache, slab);
	else
		free_slab(cache, slab);
	stat_inc(cache->stats, EVENT_SLAB_FREE);
}
EXPORT_SYMBOL_FOR_TEST(slab_destroy);

/* ---- objects ---- */

/* Return those groups of @group bits, a power of two from 2 to 8, that are all set in @bits. */
static unsigned long whole_lines(unsigned long bits, unsigned int group)
{
	unsigned int step;

	/* Leave the lowest bit of a group set if all its bits are, ... */
	for (step = 1; step < group; step *= 2)
		bits &= bits >> step;
	bits &= ~0ul / (BIT(group) - 1);
	/* ... and spread it over the group. */
	return bits * (BIT(group) - 1);
}

static unsigned long allocatable(const struct slabmod_cache *cache, const struct slab *slab,
				 unsigned int word)
{
	unsigned long bits = slab->free[word];

	return slab->home & HOME_SHARED ? whole_lines(bits, cache->group) : bits;
}

bool slab_has_whole_line(const struct slabmod_cache *cache, const struct slab *slab)
{
	unsigned int words = slab_words(slab_geometry(cache, slab)->objects), word;

	for (word = 0; word < words; word++)
		if (allocatable(cache, slab, word))
			return true;
	return false;
}
EXPORT_SYMBOL_FOR_TEST(slab_has_whole_line);

/* Store the addresses of @nr objects from @p on. Unrolled: this is most of a refill's cost. */
static void **fill_run(void **objects, void *p, unsigned long size, unsigned int nr)
{
	for (; nr >= 4; nr -= 4, objects += 4) {
		objects[0] = p;
		p += size;
		objects[1] = p;
		p += size;
		objects[2] = p;
		p += size;
		objects[3] = p;
		p += size;
	}
	for (; nr; nr--, p += size)
		*objects++ = p;
	return objects;
}

/* Fewer adjacent bits are allocated one by one, as most are after frees in random order. */
#define RUN_BITS	4

/* Allocate up to @nr of the objects that @bits, a word of a slab, has bits of. */
static unsigned int alloc_from_word(const struct slabmod_cache *cache, unsigned long *free,
				    const unsigned long bits, void *object, void **objects,
				    unsigned int nr)
{
	void **start = objects, **end = objects + nr;
	unsigned long left = bits;

	while (left && objects < end) {
		unsigned int bit = __ffs(left), run;
		void *p = object + bit * cache->size;

		if (~(left >> bit) & GENMASK(RUN_BITS - 1, 0)) {
			*objects++ = p;
			left &= left - 1;
			continue;
		}
		run = ~(left >> bit) ? __ffs(~(left >> bit)) : BITS_PER_LONG;
		run = min_t(unsigned long, run, (end - objects));
		left &= ~GENMASK(bit + run - 1, bit);
		objects = fill_run(objects, p, cache->size, run);
	}
	*free &= ~(bits ^ left);
	return objects - start;
}

static __always_inline unsigned int alloc_objects(struct slabmod_cache *cache, struct slab *slab,
						  void **objects, unsigned int nr, bool any)
{
	unsigned int words = slab_words(slab_geometry(cache, slab)->objects);
	void *object = slab_address(slab);
	unsigned int word, got = 0;

	for (word = 0; word < words && got < nr; word++) {
		unsigned long bits = any ? slab->free[word] : allocatable(cache, slab, word);

		got += alloc_from_word(cache, &slab->free[word], bits, object, objects + got,
				       nr - got);
		object += BITS_PER_LONG * cache->size;
	}
	slab->inuse += got;
	return got;
}

unsigned int slab_alloc(struct slabmod_cache *cache, struct slab *slab, void **objects,
			unsigned int nr)
{
	return alloc_objects(cache, slab, objects, nr, false);
}
EXPORT_SYMBOL_FOR_TEST(slab_alloc);

unsigned int slab_alloc_any(struct slabmod_cache *cache, struct slab *slab, void **objects,
			    unsigned int nr)
{
	return alloc_objects(cache, slab, objects, nr, true);
}

/* Return the number of objects up to @end that follow @p at distances of @step. Unrolled. */
static unsigned int run_length(void **objects, void **end, void *p, long step)
{
	void **object = objects;

	for (; end - object >= 4; object += 4, p += 4 * step) {
		if (object[0] != p + step)
			return object - objects;
		if (object[1] != p + 2 * step)
			return object + 1 - objects;
		if (object[2] != p + 3 * step)
			return object + 2 - objects;
		if (object[3] != p + 4 * step)
			return object + 3 - objects;
	}
	for (p += step; object < end && *object == p; object++)
		p += step;
	return object - objects;
}

unsigned int slab_free_run(const struct slab_geometry *g, struct slab *slab,
			   unsigned int index, void **objects, void **end, long size)
{
	unsigned long *word = &slab->free[BIT_WORD(index)], mask;
	long step = objects[0] - objects[-1];
	unsigned int room, freed, low;

	/* Up to the first or last object of the slab, and within one word of bits. */
	if (step == size)
		room = min_t(unsigned int, g->objects - 1 - index,
			     BITS_PER_LONG - 1 - index % BITS_PER_LONG);
	else if (step == -size)
		room = index % BITS_PER_LONG;
	else
		return 0;
	freed = run_length(objects, min(end, objects + room), objects[-1], step);
	if (!freed)
		return 0;
	low = (step > 0 ? index + 1 : index - freed) % BITS_PER_LONG;
	mask = GENMASK(low + freed - 1, low);
	if (*word & mask)
		return 0;
	*word |= mask;
	return freed;
}
EXPORT_SYMBOL_FOR_TEST(slab_free_run);

void slab_walk_used(struct slabmod_cache *cache, struct slab *slab,
		    void (*fn)(void *object, void *arg), void *arg)
{
	unsigned int objects = slab_geometry(cache, slab)->objects, i;

	for (i = 0; i < objects; i++)
		if (!test_bit(i, slab->free))
			fn(slab_address(slab) + i * cache->size, arg);
}
EXPORT_SYMBOL_FOR_TEST(slab_walk_used);

/* ---- checks ---- */

bool slab_check(struct slabmod_cache *cache, struct slab *slab)
{
	const struct slab_geometry *g = slab_geometry(cache, slab);
	unsigned int free = bitmap_weight(slab->free, g->objects), i;
	unsigned int words = slab_is_small(slab) ? 1 : SLAB_WORDS;
	const struct frame *frames = chunk_frame(slab_address(slab));

	words = min_t(unsigned int, words, max_objects(cache) / BITS_PER_LONG);
	if (free + slab->inuse != g->objects ||
	    bitmap_weight(slab->free, words * BITS_PER_LONG) != free) {
		report_broken("%s: a slab of %u objects has %u free and counts %u in use",
			      cache->name, g->objects, free, slab->inuse);
		return false;
	}
	if (strict_is_on(cache) && bitmap_intersects(slab->free, slab->out, g->objects)) {
		report_broken("%s: an object is free and in use", cache->name);
		return false;
	}
	for (i = 0; i < g->pages; i++)
		if (frame_slab(&frames[i]) != slab || slab_cache(slab) != cache) {
			report_broken("%s: page %u of a slab is not the slab's", cache->name, i);
			return false;
		}
	return true;
}
EXPORT_SYMBOL_FOR_TEST(slab_check);
