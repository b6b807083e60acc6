// SPDX-License-Identifier: GPL-2.0
/*
 * stress_alloc.c - every way to allocate memory.
 *
 * A failed allocation is counted and is no error, except with __GFP_NOFAIL. __GFP_NOWARN
 * keeps the log short, and __GFP_NORETRY keeps long runs from invoking the OOM killer.
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

/* ---- random requests ---- */

#define TASK_GFP	(GFP_KERNEL | __GFP_NOWARN)
#define ATOMIC_GFP	(GFP_ATOMIC | __GFP_NOWARN)

gfp_t stress_gfp(struct stress_actor *actor, size_t size)
{
	static const gfp_t seldom[] = { GFP_ATOMIC, GFP_NOWAIT, GFP_NOIO, GFP_NOFS };
	gfp_t gfp = __GFP_NOWARN | (size > 2 * PAGE_SIZE ? __GFP_NORETRY : 0);
	unsigned int i = stress_below(actor, actor->may_sleep ? 16 : 2);

	return gfp | (i < ARRAY_SIZE(seldom) ? seldom[i] : GFP_KERNEL);
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

/* Twice the size, half as often. */
size_t stress_random_size(struct stress_actor *actor)
{
	unsigned int doublings = __ffs(stress_random(actor) | BIT(9));

	return 1 + stress_below(actor, 64u << doublings);
}

/* One order more, a quarter as often. */
static unsigned int random_order(struct stress_actor *actor)
{
	return __ffs(stress_random(actor) | BIT(20)) / 2;
}

/*
 * The minimum of three, because writing and checking 4 MiB takes as long as a thousand other
 * steps; smaller in an interrupt, which delays others.
 */
static unsigned int random_large_order(struct stress_actor *actor)
{
	unsigned int orders = (actor->may_sleep ? SLABMOD_MAX_ORDER : 4) + 1;

	return min3(stress_below(actor, orders), stress_below(actor, orders),
		    stress_below(actor, orders));
}

/* Request a random node, or that of the pool: it is preferred, or required. */
static int random_node(struct stress_actor *actor, struct stress_piece *piece, gfp_t *gfp)
{
	/* A pool of one node does not serve another. */
	int nid = piece->nid != NUMA_NO_NODE ? piece->nid : stress_random_node(actor);

	if (nid != NUMA_NO_NODE && stress_one_in(actor, 2)) {
		piece->nid = nid;
		*gfp |= __GFP_THISNODE;
	}
	return nid;
}

/* Evaluate @call with @nid, and @gfp for that node. */
#define ON_NODE(call) ({ int nid = random_node(actor, piece, &gfp); call; })

static struct slabmod_pool *random_pool(struct stress_actor *actor, struct stress_piece *piece)
{
	piece->pool = stress_below(actor, STRESS_POOLS);
	piece->nid = stress_pool_node(piece->pool);
	return stress_pools[piece->pool];
}

/* ---- by size ---- */

static void *memory(struct stress_piece *piece, size_t size, void *p)
{
	piece->family = STRESS_MEMORY;
	piece->piece.size = size;
	piece->align = is_power_of_2(size) ? min(size, PAGE_SIZE) : 16;
	return p;
}

/* Define alloc_@name(), which allocates a @random size by @call from @size and @gfp. */
#define DEFINE_ALLOC(name, is_zeroed, random, call)					\
static void *alloc_##name(struct stress_actor *actor, struct stress_piece *piece)	\
{											\
	size_t size = random;								\
	gfp_t gfp = stress_gfp(actor, size);						\
											\
	piece->zeroed = is_zeroed;							\
	return memory(piece, size, call);						\
}

#define ANY_SIZE	stress_random_size(actor)
/* Elements of an array. */
#define ANY_N		(1 + actor->step % 20)

DEFINE_ALLOC(kmalloc, false, ANY_SIZE, slabmod_kmalloc(size, gfp))
DEFINE_ALLOC(kzalloc, true, ANY_SIZE, slabmod_kzalloc(size, gfp))
DEFINE_ALLOC(krealloc_null, false, ANY_SIZE, slabmod_krealloc(NULL, size, gfp))
/* In whole pages, larger than every class. */
DEFINE_ALLOC(kmalloc_large, false,
	     (SZ_4K << random_large_order(actor)) - stress_below(actor, SZ_2K),
	     slabmod_kmalloc(size, gfp))
DEFINE_ALLOC(pool_kmalloc, false, ANY_SIZE,
	     slabmod_pool_kmalloc(random_pool(actor, piece), size, gfp))
DEFINE_ALLOC(pool_kzalloc, true, ANY_SIZE,
	     slabmod_pool_kzalloc(random_pool(actor, piece), size, gfp))

DEFINE_ALLOC(kmalloc_node, false, ANY_SIZE, ON_NODE(slabmod_kmalloc_node(size, gfp, nid)))
DEFINE_ALLOC(kzalloc_node, true, ANY_SIZE, ON_NODE(slabmod_kzalloc_node(size, gfp, nid)))
DEFINE_ALLOC(kmalloc_array, false, ANY_N * (1 + stress_below(actor, 40)),
	     slabmod_kmalloc_array(ANY_N, size / ANY_N, gfp))
DEFINE_ALLOC(kcalloc, true, ANY_N * (1 + stress_below(actor, 40)),
	     slabmod_kcalloc(ANY_N, size / ANY_N, gfp))

/* The inlined part of kmalloc() depends on constant sizes and flags. */
#define ALLOC_CONST(size)								\
	memory(piece, size, actor->may_sleep ? slabmod_kmalloc(size, TASK_GFP) :	\
					       slabmod_kmalloc(size, ATOMIC_GFP))

static void *alloc_kmalloc_const(struct stress_actor *actor, struct stress_piece *piece)
{
	switch (stress_below(actor, 16)) {
	case 0 ... 4: return ALLOC_CONST(24);
	case 5 ... 8: return ALLOC_CONST(64);
	case 9 ... 11: return ALLOC_CONST(100);
	case 12 ... 13: return ALLOC_CONST(192);
	case 14: return ALLOC_CONST(520);
	default: return ALLOC_CONST(1024);
	}
}

static void *alloc_kmalloc_nofail(struct stress_actor *actor, struct stress_piece *piece)
{
	/* At most two pages; with red zones, that is the class below one page. */
	size_t most = stress_all_debugged ? 7 * SZ_512 : 2 * PAGE_SIZE;
	size_t size = 1 + stress_below(actor, most);
	void *p;

	if (!actor->may_sleep)
		return alloc_kmalloc(actor, piece);
	p = slabmod_kmalloc(size, GFP_KERNEL | __GFP_NOFAIL);
	if (!p)
		stress_wrong(actor, NULL, "__GFP_NOFAIL failed for %zu bytes", size);
	return memory(piece, size, p);
}

/* ---- copies ---- */

/* Text to copy; each of its ends is a string. */
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

#define DEFINE_ALLOC_COPY(name, call)							\
static void *alloc_##name(struct stress_actor *actor, struct stress_piece *piece)	\
{											\
	size_t length;									\
	const char *from = random_text(actor, &length);					\
	gfp_t gfp = stress_gfp(actor, length);						\
											\
	return copy(actor, piece, from, length + 1, call);				\
}

DEFINE_ALLOC_COPY(kmemdup, slabmod_kmemdup(from, length + 1, gfp))
DEFINE_ALLOC_COPY(kstrdup, slabmod_kstrdup(from, gfp))

static void *alloc_kstrndup(struct stress_actor *actor, struct stress_piece *piece)
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

static void *alloc_kasprintf(struct stress_actor *actor, struct stress_piece *piece)
{
	unsigned long number = stress_random(actor) >> stress_below(actor, 60);
	char expected[48];
	int length;

	/* The only call here that an NMI must not make. */
	if (actor->context == STRESS_NMI)
		return alloc_kmalloc(actor, piece);
	length = scnprintf(expected, sizeof(expected), "%u: %#lx", actor->id, number);
	return copy(actor, piece, expected, length + 1,
		    slabmod_kasprintf(stress_gfp(actor, length), "%u: %#lx", actor->id, number));
}

/* ---- objects ---- */

void stress_set_object(struct stress_piece *piece, const struct stress_cache *cache)
{
	piece->family = STRESS_OBJECT;
	piece->cache = cache;
	piece->pool = cache->pool;
	piece->piece.size = cache->size;
	piece->align = cache->align ?: 8;
	piece->nid = stress_pool_node(cache->pool);
}

/* As DEFINE_ALLOC(), for an object; a cleared one has no constructor. */
#define DEFINE_ALLOC_OBJECT(name, is_zeroed, call)					\
static void *alloc_##name(struct stress_actor *actor, struct stress_piece *piece)	\
{											\
	bool zeroed = is_zeroed;							\
	const struct stress_cache *c = stress_random_cache(actor, !zeroed);		\
	gfp_t gfp = stress_gfp(actor, c->size);						\
											\
	stress_set_object(piece, c);							\
	piece->zeroed = zeroed;								\
	return call;									\
}

DEFINE_ALLOC_OBJECT(cache_alloc, false, slabmod_cache_alloc(c->cache, gfp))
DEFINE_ALLOC_OBJECT(cache_zalloc, true, slabmod_cache_zalloc(c->cache, gfp))
DEFINE_ALLOC_OBJECT(cache_alloc_node, false, ON_NODE(slabmod_cache_alloc_node(c->cache, gfp, nid)))

static void *alloc_cache_alloc_const(struct stress_actor *actor, struct stress_piece *piece)
{
	const struct stress_cache *cache = stress_random_cache(actor, true);

	stress_set_object(piece, cache);
	if (actor->may_sleep)
		return slabmod_cache_alloc(cache->cache, TASK_GFP);
	return slabmod_cache_alloc(cache->cache, ATOMIC_GFP);
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

static void *address(struct page *page)
{
	return page ? page_address(page) : NULL;
}

/* As DEFINE_ALLOC(), for pages. */
#define DEFINE_ALLOC_PAGES(name, random, call)						\
static void *alloc_##name(struct stress_actor *actor, struct stress_piece *piece)	\
{											\
	unsigned int order = random;							\
	gfp_t gfp = stress_gfp(actor, PAGE_SIZE << order);				\
											\
	return pages(piece, order, call);						\
}

DEFINE_ALLOC_PAGES(get_zeroed_page, (piece->zeroed = true, 0),
		   (void *)slabmod_get_zeroed_page(gfp))
DEFINE_ALLOC_PAGES(get_free_pages, random_order(actor),
		   (void *)slabmod_get_free_pages(gfp, order))
DEFINE_ALLOC_PAGES(alloc_pages, random_order(actor), address(slabmod_alloc_pages(gfp, order)))
DEFINE_ALLOC_PAGES(alloc_pages_large, random_large_order(actor),
		   address(slabmod_alloc_pages(gfp, order)))
DEFINE_ALLOC_PAGES(pool_get_free_pages, random_order(actor),
		   (void *)slabmod_pool_get_free_pages(random_pool(actor, piece), gfp, order))
DEFINE_ALLOC_PAGES(alloc_pages_node, random_order(actor),
		   ON_NODE(address(slabmod_alloc_pages_node(nid, gfp, order))))

static void *alloc_alloc_pages_exact(struct stress_actor *actor, struct stress_piece *piece)
{
	size_t size = 1 + stress_below(actor, SZ_4K << random_order(actor));

	if (DIV_ROUND_UP(size, PAGE_SIZE) == STRESS_TAINTED_PAGES)
		size -= PAGE_SIZE;
	piece->family = STRESS_EXACT;
	piece->piece.size = size;
	piece->align = PAGE_SIZE;
	return slabmod_alloc_pages_exact(size, stress_gfp(actor, size));
}

/* ---- a random one ---- */

static const struct way {
	void *(*alloc)(struct stress_actor *actor, struct stress_piece *piece);
	unsigned int weight;
} ways[] = {
#define WAY(id, name, weight) { alloc_##name, weight },
	STRESS_ALLOCS(WAY)
};

#define WEIGHTS		1000

static_assert(ARRAY_SIZE(ways) == NR_STRESS_ALLOCS);
static u8 kinds[WEIGHTS];

void stress_alloc_init(void)
{
	unsigned int kind, n = 0, i;

	for (kind = 0; kind < NR_STRESS_ALLOCS; kind++)
		for (i = 0; i < ways[kind].weight && n < WEIGHTS; i++)
			kinds[n++] = kind;
	for (i = 0; i < sizeof(text) - 1; i++)
		text[i] = 'a' + i * 7 % 26;
}

void stress_reset(struct stress_piece *piece)
{
	piece->pool = -1;
	piece->nid = NUMA_NO_NODE;
	piece->zeroed = false;
}

void stress_alloc(struct stress_actor *actor, struct stress_piece *piece)
{
	enum stress_kind kind = kinds[stress_below(actor, WEIGHTS)];

	stress_reset(piece);
	piece->piece.memory = ways[kind].alloc(actor, piece);
	if (!piece->piece.memory) {
		stress_was_refused(actor, kind);
		return;
	}
	stress_begin_piece(actor, piece, kind);
	stress_did(actor, kind, 1);
}

/* Allocate @nr objects from a sheaf that has one more. Return how many. */
static size_t alloc_sheaf(struct stress_actor *actor, const struct stress_cache *cache, gfp_t gfp,
			  unsigned int nr)
{
	struct slabmod_sheaf *sheaf = slabmod_cache_prefill_sheaf(cache->cache, gfp, nr + 1);
	unsigned int i;

	if (!sheaf)
		return 0;
	for (i = 0; i < nr; i++)
		actor->objects[i] = slabmod_cache_alloc_from_sheaf(cache->cache, gfp & ~__GFP_ZERO,
								   sheaf);
	if (slabmod_cache_sheaf_size(sheaf) != 1)
		stress_wrong(actor, NULL, "a sheaf has %u objects in place of 1",
			     slabmod_cache_sheaf_size(sheaf));
	slabmod_cache_return_sheaf(cache->cache, gfp, sheaf);
	return nr;
}

void stress_alloc_bulk(struct stress_actor *actor, struct stress_piece **pieces, unsigned int nr)
{
	const struct stress_cache *cache = stress_random_cache(actor, true);
	bool sheaf = stress_one_in(actor, 2);
	enum stress_kind kind = sheaf ? STRESS_SHEAF : STRESS_CACHE_ALLOC_BULK;
	gfp_t gfp = stress_gfp(actor, cache->size);
	unsigned int i;
	size_t got;

	if (sheaf)
		got = alloc_sheaf(actor, cache, gfp, nr);
	else
		got = slabmod_cache_alloc_bulk(cache->cache, gfp, nr, actor->objects);
	if (!got) {
		stress_was_refused(actor, kind);
		return;
	}
	if (got != nr)
		stress_wrong(actor, NULL, "alloc_bulk allocated %zu of %u objects", got, nr);
	for (i = 0; i < got; i++) {
		stress_reset(pieces[i]);
		stress_set_object(pieces[i], cache);
		pieces[i]->piece.memory = actor->objects[i];
		stress_begin_piece(actor, pieces[i], kind);
	}
	stress_did(actor, kind, got);
}
