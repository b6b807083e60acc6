// SPDX-License-Identifier: GPL-2.0
/*
 * stress_take.c - each way to take memory.
 *
 * NULL is no error: it is counted. There is one exception, __GFP_NOFAIL. Nobody may be
 * killed for a test's memory, nor the log be filled with what the kernel says when it
 * has none: hence __GFP_NOWARN, and __GFP_NORETRY for long runs.
 *
 * Contexts: any. Locks: none.
 */
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "stress.h"

/* ---- what to ask for ---- */

#define TASK_GFP	(GFP_KERNEL | __GFP_NOWARN)
#define ATOMIC_GFP	(GFP_ATOMIC | __GFP_NOWARN)

gfp_t stress_gfp(struct stress_actor *actor, size_t size)
{
	gfp_t gfp = __GFP_NOWARN | (size > 2 * PAGE_SIZE ? __GFP_NORETRY : 0);

	if (!actor->may_sleep)
		return gfp | (stress_one_in(actor, 2) ? GFP_ATOMIC : GFP_NOWAIT);
	switch (stress_below(actor, 16)) {
	case 0:
		return gfp | GFP_ATOMIC;
	case 1:
		return gfp | GFP_NOWAIT;
	case 2:
		return gfp | GFP_NOIO;
	case 3:
		return gfp | GFP_NOFS;
	default:
		return gfp | GFP_KERNEL;
	}
}

int stress_random_node(struct stress_actor *actor)
{
	unsigned int n = stress_below(actor, num_online_nodes() + 1);
	int nid;

	for_each_online_node(nid)
		if (n-- == 0)
			return nid;
	return NUMA_NO_NODE;
}

/* Mostly small: a doubling more, half as often. */
size_t stress_random_size(struct stress_actor *actor)
{
	unsigned int doublings = __ffs(stress_random(actor) | BIT(9));

	return 1 + stress_below(actor, 64u << doublings);
}

/* A doubling more, a quarter as often. */
static unsigned int random_order(struct stress_actor *actor)
{
	return __ffs(stress_random(actor) | BIT(20)) / 2;
}

/*
 * The least of three, since to write and look at 4 MiB takes as long as a thousand other
 * steps; in an interrupt, no more than others can wait for.
 */
static unsigned int random_large_order(struct stress_actor *actor)
{
	unsigned int orders = (actor->may_sleep ? SLABMOD_MAX_ORDER : 4) + 1;

	return min3(stress_below(actor, orders), stress_below(actor, orders),
		    stress_below(actor, orders));
}

/* ---- by size ---- */

static void *memory(struct stress_piece *piece, size_t size, void *p)
{
	piece->family = STRESS_MEMORY;
	piece->piece.size = size;
	piece->align = is_power_of_2(size) ? min(size, PAGE_SIZE) : 16;
	return p;
}

static void *take_kmalloc(struct stress_actor *actor, struct stress_piece *piece)
{
	size_t size = stress_random_size(actor);

	return memory(piece, size, slabmod_kmalloc(size, stress_gfp(actor, size)));
}

/* What is compiled into a caller depends on the size and the flags being constants. */
#define TAKE_CONST(size)								\
	memory(piece, size, actor->may_sleep ? slabmod_kmalloc(size, TASK_GFP) :	\
					       slabmod_kmalloc(size, ATOMIC_GFP))

static void *take_kmalloc_const(struct stress_actor *actor, struct stress_piece *piece)
{
	switch (stress_below(actor, 16)) {
	case 0 ... 4:
		return TAKE_CONST(24);
	case 5 ... 8:
		return TAKE_CONST(64);
	case 9 ... 11:
		return TAKE_CONST(100);
	case 12 ... 13:
		return TAKE_CONST(192);
	case 14:
		return TAKE_CONST(520);
	default:
		return TAKE_CONST(1024);
	}
}

static void *take_kzalloc(struct stress_actor *actor, struct stress_piece *piece)
{
	size_t size = stress_random_size(actor);

	piece->zeroed = true;
	return memory(piece, size, slabmod_kzalloc(size, stress_gfp(actor, size)));
}

/* Of any node, or only of that one. */
static gfp_t node_gfp(struct stress_actor *actor, struct stress_piece *piece, size_t size, int nid)
{
	gfp_t gfp = stress_gfp(actor, size);

	if (nid == NUMA_NO_NODE || stress_one_in(actor, 2))
		return gfp;
	piece->nid = nid;
	return gfp | __GFP_THISNODE;
}

static void *take_kmalloc_node(struct stress_actor *actor, struct stress_piece *piece)
{
	size_t size = stress_random_size(actor);
	int nid = stress_random_node(actor);
	gfp_t gfp = node_gfp(actor, piece, size, nid);

	return memory(piece, size, slabmod_kmalloc_node(size, gfp, nid));
}

static void *take_kzalloc_node(struct stress_actor *actor, struct stress_piece *piece)
{
	size_t size = stress_random_size(actor);
	int nid = stress_random_node(actor);
	gfp_t gfp = node_gfp(actor, piece, size, nid);

	piece->zeroed = true;
	return memory(piece, size, slabmod_kzalloc_node(size, gfp, nid));
}

static void *take_kmalloc_array(struct stress_actor *actor, struct stress_piece *piece)
{
	size_t n = 1 + stress_below(actor, 20), size = 1 + stress_below(actor, 40);

	return memory(piece, n * size, slabmod_kmalloc_array(n, size, stress_gfp(actor, n * size)));
}

static void *take_kcalloc(struct stress_actor *actor, struct stress_piece *piece)
{
	size_t n = 1 + stress_below(actor, 20), size = 1 + stress_below(actor, 40);

	piece->zeroed = true;
	return memory(piece, n * size, slabmod_kcalloc(n, size, stress_gfp(actor, n * size)));
}

static void *take_krealloc_null(struct stress_actor *actor, struct stress_piece *piece)
{
	size_t size = stress_random_size(actor);

	return memory(piece, size, slabmod_krealloc(NULL, size, stress_gfp(actor, size)));
}

/* In whole pages, beyond what has a class. */
static void *take_kmalloc_large(struct stress_actor *actor, struct stress_piece *piece)
{
	size_t size = (SZ_4K << random_large_order(actor)) - stress_below(actor, SZ_2K);

	return memory(piece, size, slabmod_kmalloc(size, stress_gfp(actor, size)));
}

static void *take_kmalloc_nofail(struct stress_actor *actor, struct stress_piece *piece)
{
	/* What fits into two pages; with its zones, that is the class below one page. */
	size_t most = stress_all_debugged ? 7 * SZ_512 : 2 * PAGE_SIZE;
	size_t size = 1 + stress_below(actor, most);
	void *p;

	if (!actor->may_sleep)
		return take_kmalloc(actor, piece);
	p = slabmod_kmalloc(size, GFP_KERNEL | __GFP_NOFAIL);
	if (!p)
		stress_wrong(actor, NULL, "__GFP_NOFAIL failed for %zu bytes", size);
	return memory(piece, size, p);
}

/* ---- copies ---- */

/* Something to copy: any part of it is a string of its own when it ends with the whole. */
static char text[1024];

static const char *random_text(struct stress_actor *actor, size_t *length)
{
	*length = stress_below(actor, 16u << stress_below(actor, 6));
	return text + sizeof(text) - 1 - *length;
}

static void *copy(struct stress_actor *actor, struct stress_piece *piece, const char *of,
		  size_t length, char *p)
{
	if (p && memcmp(p, of, length))
		stress_wrong(actor, NULL, "%zu bytes were not copied as they are", length);
	return memory(piece, length, p);
}

static void *take_kmemdup(struct stress_actor *actor, struct stress_piece *piece)
{
	size_t length;
	const char *from = random_text(actor, &length);

	return copy(actor, piece, from, length + 1,
		    slabmod_kmemdup(from, length + 1, stress_gfp(actor, length)));
}

static void *take_kstrdup(struct stress_actor *actor, struct stress_piece *piece)
{
	size_t length;
	const char *from = random_text(actor, &length);

	return copy(actor, piece, from, length + 1,
		    slabmod_kstrdup(from, stress_gfp(actor, length)));
}

static void *take_kstrndup(struct stress_actor *actor, struct stress_piece *piece)
{
	size_t length, max;
	const char *from = random_text(actor, &length);
	char *p;

	max = stress_below(actor, length + 10);
	p = slabmod_kstrndup(from, max, stress_gfp(actor, length));
	max = min(max, length);
	if (p && p[max])
		stress_wrong(actor, NULL, "a string cut at %zu characters does not end there", max);
	copy(actor, piece, from, max, p);
	return memory(piece, max + 1, p);
}

static void *take_kasprintf(struct stress_actor *actor, struct stress_piece *piece)
{
	unsigned long number = stress_random(actor) >> stress_below(actor, 60);
	char expected[48];
	int length;

	/* Of all these calls the only one that is not for NMIs. */
	if (actor->context == STRESS_NMI)
		return take_kmalloc(actor, piece);
	length = scnprintf(expected, sizeof(expected), "%u: %#lx", actor->id, number);
	return copy(actor, piece, expected, length + 1,
		    slabmod_kasprintf(stress_gfp(actor, length), "%u: %#lx", actor->id, number));
}

/* ---- objects ---- */

void stress_is_object(struct stress_piece *piece, const struct stress_cache *cache)
{
	piece->family = STRESS_OBJECT;
	piece->cache = cache;
	piece->pool = cache->pool;
	piece->piece.size = cache->size;
	piece->align = cache->align ?: 8;
	piece->nid = stress_pool_node(cache->pool);
}

static void *take_cache_alloc(struct stress_actor *actor, struct stress_piece *piece)
{
	const struct stress_cache *cache = stress_random_cache(actor, true);

	stress_is_object(piece, cache);
	return slabmod_cache_alloc(cache->cache, stress_gfp(actor, cache->size));
}

static void *take_cache_alloc_const(struct stress_actor *actor, struct stress_piece *piece)
{
	const struct stress_cache *cache = stress_random_cache(actor, true);

	stress_is_object(piece, cache);
	if (actor->may_sleep)
		return slabmod_cache_alloc(cache->cache, TASK_GFP);
	return slabmod_cache_alloc(cache->cache, ATOMIC_GFP);
}

static void *take_cache_zalloc(struct stress_actor *actor, struct stress_piece *piece)
{
	const struct stress_cache *cache = stress_random_cache(actor, false);

	stress_is_object(piece, cache);
	piece->zeroed = true;
	return slabmod_cache_zalloc(cache->cache, stress_gfp(actor, cache->size));
}

static void *take_cache_alloc_node(struct stress_actor *actor, struct stress_piece *piece)
{
	const struct stress_cache *cache = stress_random_cache(actor, true);
	int nid = stress_random_node(actor);
	gfp_t gfp;

	stress_is_object(piece, cache);
	/* Who asks a pool of one node for another gets nothing, or that of the pool. */
	if (piece->nid != NUMA_NO_NODE)
		nid = piece->nid;
	gfp = node_gfp(actor, piece, cache->size, nid);
	return slabmod_cache_alloc_node(cache->cache, gfp, nid);
}

/* ---- pages ---- */

static void *pages(struct stress_piece *piece, unsigned int order, void *p)
{
	piece->family = STRESS_PAGES;
	piece->order = order;
	piece->piece.size = PAGE_SIZE << order;
	piece->align = PAGE_SIZE << order;
	return p;
}

static void *take_get_free_pages(struct stress_actor *actor, struct stress_piece *piece)
{
	unsigned int order = random_order(actor);
	gfp_t gfp = stress_gfp(actor, PAGE_SIZE << order);

	return pages(piece, order, (void *)slabmod_get_free_pages(gfp, order));
}

static void *take_get_zeroed_page(struct stress_actor *actor, struct stress_piece *piece)
{
	piece->zeroed = true;
	return pages(piece, 0, (void *)slabmod_get_zeroed_page(stress_gfp(actor, PAGE_SIZE)));
}

static void *address(struct page *page)
{
	return page ? page_address(page) : NULL;
}

static void *take_alloc_pages(struct stress_actor *actor, struct stress_piece *piece)
{
	unsigned int order = random_order(actor);
	gfp_t gfp = stress_gfp(actor, PAGE_SIZE << order);

	return pages(piece, order, address(slabmod_alloc_pages(gfp, order)));
}

static void *take_alloc_pages_node(struct stress_actor *actor, struct stress_piece *piece)
{
	unsigned int order = random_order(actor);
	int nid = stress_random_node(actor);
	gfp_t gfp = node_gfp(actor, piece, PAGE_SIZE << order, nid);

	return pages(piece, order, address(slabmod_alloc_pages_node(nid, gfp, order)));
}

static void *take_alloc_pages_large(struct stress_actor *actor, struct stress_piece *piece)
{
	unsigned int order = random_large_order(actor);
	gfp_t gfp = stress_gfp(actor, PAGE_SIZE << order);

	return pages(piece, order, address(slabmod_alloc_pages(gfp, order)));
}

static void *take_alloc_pages_exact(struct stress_actor *actor, struct stress_piece *piece)
{
	size_t size = 1 + stress_below(actor, SZ_4K << random_order(actor));

	if (DIV_ROUND_UP(size, PAGE_SIZE) == STRESS_TAINTED_PAGES)
		size -= PAGE_SIZE;
	piece->family = STRESS_EXACT;
	piece->piece.size = size;
	piece->align = PAGE_SIZE;
	return slabmod_alloc_pages_exact(size, stress_gfp(actor, size));
}

/* ---- pools ---- */

static struct slabmod_pool *random_pool(struct stress_actor *actor, struct stress_piece *piece)
{
	piece->pool = stress_below(actor, STRESS_POOLS);
	piece->nid = stress_pool_node(piece->pool);
	return stress_pools[piece->pool];
}

static void *take_pool_kmalloc(struct stress_actor *actor, struct stress_piece *piece)
{
	size_t size = stress_random_size(actor);
	struct slabmod_pool *pool = random_pool(actor, piece);

	return memory(piece, size, slabmod_pool_kmalloc(pool, size, stress_gfp(actor, size)));
}

static void *take_pool_kzalloc(struct stress_actor *actor, struct stress_piece *piece)
{
	size_t size = stress_random_size(actor);
	struct slabmod_pool *pool = random_pool(actor, piece);

	piece->zeroed = true;
	return memory(piece, size, slabmod_pool_kzalloc(pool, size, stress_gfp(actor, size)));
}

static void *take_pool_get_free_pages(struct stress_actor *actor, struct stress_piece *piece)
{
	unsigned int order = random_order(actor);
	struct slabmod_pool *pool = random_pool(actor, piece);
	gfp_t gfp = stress_gfp(actor, PAGE_SIZE << order);

	return pages(piece, order, (void *)slabmod_pool_get_free_pages(pool, gfp, order));
}

/* ---- one of these ---- */

static const struct way {
	void *(*take)(struct stress_actor *actor, struct stress_piece *piece);
	unsigned int weight;
} ways[] = {
#define X(id, name, weight) { take_##name, weight },
	STRESS_TAKES(X)
#undef X
};

#define WEIGHTS		1000

static_assert(ARRAY_SIZE(ways) == NR_STRESS_TAKES);
static u8 kinds[WEIGHTS];

void stress_take_init(void)
{
	unsigned int kind, n = 0, i;

	for (kind = 0; kind < NR_STRESS_TAKES; kind++)
		for (i = 0; i < ways[kind].weight && n < WEIGHTS; i++)
			kinds[n++] = kind;
	for (i = 0; i < sizeof(text) - 1; i++)
		text[i] = 'a' + i * 7 % 26;
}

void stress_is_nothing(struct stress_piece *piece)
{
	piece->pool = -1;
	piece->nid = NUMA_NO_NODE;
	piece->zeroed = false;
}

void stress_take(struct stress_actor *actor, struct stress_piece *piece)
{
	enum stress_kind kind = kinds[stress_below(actor, WEIGHTS)];

	stress_is_nothing(piece);
	piece->piece.memory = ways[kind].take(actor, piece);
	if (!piece->piece.memory) {
		stress_was_refused(actor, kind);
		return;
	}
	stress_begin_piece(actor, piece, kind);
	stress_did(actor, kind, 1);
}

/* All of them, or none. */
void stress_take_bulk(struct stress_actor *actor, struct stress_piece **pieces, unsigned int nr)
{
	const struct stress_cache *cache = stress_random_cache(actor, true);
	size_t got = slabmod_cache_alloc_bulk(cache->cache, stress_gfp(actor, cache->size), nr,
					      actor->objects);
	unsigned int i;

	if (!got) {
		stress_was_refused(actor, STRESS_CACHE_ALLOC_BULK);
		return;
	}
	if (got != nr)
		stress_wrong(actor, NULL, "alloc_bulk took %zu of %u objects", got, nr);
	for (i = 0; i < got; i++) {
		stress_is_nothing(pieces[i]);
		stress_is_object(pieces[i], cache);
		pieces[i]->piece.memory = actor->objects[i];
		stress_begin_piece(actor, pieces[i], STRESS_CACHE_ALLOC_BULK);
	}
	stress_did(actor, STRESS_CACHE_ALLOC_BULK, got);
}
