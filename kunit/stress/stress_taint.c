// SPDX-License-Identifier: GPL-2.0
/*
 * stress_taint.c - what is freed twice: caches, runs of pages and a pool apart from all others.
 *
 * The second free may find that the memory has been handed out again, and then takes it from
 * its new owner: no allocator can tell. Nor can slabmod without strict mode as long as an
 * object lies in a magazine: the object may be handed out twice, even when its slab has
 * gone. So what is freed twice is of taints of its own: some caches, runs of a length that
 * nothing else has, and a pool. All but the pool share CPUs, buddies and chunks with all
 * the other memory, in which any effect of a second free is found.
 *
 * A taint is loose or exact.
 *
 * - Of a loose one an object may have several owners, and its page may belong to others.
 *   Its owners neither write to it nor look at it, and free it only by calls that name its
 *   cache; slabmod does not clear it, because the cache has a constructor. An isolated cache
 *   and the pool, whose reserve is all it may have, keep their pages until the end, so of
 *   these any call may be made.
 * - An exact one is verified like all other memory: a block of pages, an object in debug mode
 *   or strict mode is never handed out twice. There, nothing is allocated from the first free
 *   of an object to its last one, so that just one of these frees is right, and each of the
 *   others must be reported.
 *
 * stress_twice.c frees twice.
 *
 * Contexts: any, but for open, close and shrink: process, may sleep. Locks: none.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "stress_taint.h"

#define POOL_BYTES	SZ_2M

#define DEFINE_CTOR(size)				\
static void ctor_##size(void *object)			\
{							\
	stress_construct(object, size);			\
}

DEFINE_CTOR(24)
DEFINE_CTOR(40)
DEFINE_CTOR(64)
DEFINE_CTOR(200)
DEFINE_CTOR(1000)
DEFINE_CTOR(2000)
DEFINE_CTOR(5000)

/* Every kind of home and magazine; with and without lines in common; of pools too. */
static struct stress_taint taints[] = {
	{ .type = { "bad-24",	24,	0,	0, ctor_24, -1 } },
	{ .type = { "bad-40",	40,	8,	0, ctor_40, 3 } },
	{ .type = { "bad-64",	64,	0,	0, ctor_64, -1 } },
	{ .type = { "bad-200",	200,	0,	SLABMOD_HWCACHE_ALIGN, ctor_200, -1 } },
	{ .type = { "bad-1000",	1000,	0,	0, ctor_1000, 0 } },
	{ .type = { "bad-2000",	2000,	0,	0, ctor_2000, -1 } },
	{ .type = { "bad-5000",	5000,	0,	0, ctor_5000, 1 } },
	{ .type = { "bad-isolated-48", 48, 0,	SLABMOD_ISOLATED, NULL, -1 } },
	{ .type = { "bad-isolated-512", 512, 0,	SLABMOD_ISOLATED, NULL, 3 } },
	{ .type = { "bad-debug-72", 72,	0,	SLABMOD_DEBUG, NULL, -1 } },
	{ .type = { "bad-strict-56", 56, 0,	SLABMOD_STRICT, NULL, -1 } },
	{ .type = { "bad-strict-96", 96, 0,	SLABMOD_STRICT, NULL, 2 } },
	{ .exact = true },		/* runs of STRESS_TAINTED_PAGES */
	{ },				/* the pool */
};

#define NR_TAINTS	ARRAY_SIZE(taints)
#define RUNS		(&taints[NR_TAINTS - 2])
#define POOL		(&taints[NR_TAINTS - 1])

static struct slabmod_pool *pool;

struct stress_taint *taint_nth(unsigned int n)
{
	return n < NR_TAINTS ? &taints[n] : NULL;
}

/* Runs are long, and looked at in full. */
struct stress_taint *taint_random(struct stress_actor *actor)
{
	struct stress_taint *taint = &taints[stress_below(actor, NR_TAINTS)];

	return taint == RUNS && !stress_one_in(actor, 4) ? POOL : taint;
}

struct stress_taint *taint_random_cache(struct stress_actor *actor)
{
	return &taints[stress_below(actor, NR_TAINTS - 2)];
}

static bool is_debugged(const struct stress_taint *taint)
{
	return stress_all_debugged || taint->type.flags & SLABMOD_DEBUG;
}

/* Whether its memory is nothing else's before the end. */
bool taint_stays(const struct stress_taint *taint)
{
	return taint == POOL || taint->type.flags & SLABMOD_ISOLATED;
}

/*
 * Whether what may be free may be written to. KCSAN reports two owners of an object that
 * both write to it, and debug mode a write of one after the other's free.
 */
bool taint_may_write(const struct stress_taint *taint)
{
	if (!taint_stays(taint) || is_debugged(taint))
		return false;
	return taint->exact || !IS_ENABLED(CONFIG_KCSAN);
}

/* ---- allocating ---- */

static void *take_of_pool(struct stress_actor *actor, struct stress_piece *piece)
{
	unsigned int how = stress_below(actor, 8);
	size_t size = stress_random_size(actor);

	if (how < 3) {
		piece->order = stress_below(actor, 6);
		size = PAGE_SIZE << piece->order;
		piece->family = STRESS_PAGES;
		piece->align = size;
		piece->piece.size = size;
		return (void *)slabmod_pool_get_free_pages(pool, stress_gfp(actor, size),
							   piece->order);
	}
	if (how == 3)
		size += SLABMOD_KMALLOC_MAX_CLASS;
	piece->family = STRESS_MEMORY;
	piece->align = 16;
	piece->piece.size = size;
	return slabmod_pool_kmalloc(pool, size, stress_gfp(actor, size));
}

static void *take(struct stress_actor *actor, struct stress_piece *piece,
		  struct stress_taint *taint)
{
	size_t size = STRESS_TAINTED_PAGES * PAGE_SIZE;

	stress_is_nothing(piece);
	piece->taint = taint;
	piece->freed = false;
	if (taint->type.size) {
		stress_is_object(piece, &taint->type);
		return slabmod_cache_alloc(taint->type.cache, stress_gfp(actor, piece->piece.size));
	}
	if (taint == POOL)
		return take_of_pool(actor, piece);
	piece->family = STRESS_EXACT;
	piece->piece.size = size;
	piece->align = PAGE_SIZE;
	return slabmod_alloc_pages_exact(size, stress_gfp(actor, size));
}

/* False where there is no memory, or an object of an exact taint is being freed twice. */
bool taint_take(struct stress_actor *actor, struct stress_piece *piece,
		struct stress_taint *taint)
{
	if (taint->exact && !atomic_inc_unless_negative(&taint->takers))
		return false;
	piece->piece.memory = take(actor, piece, taint);
	if (taint->exact)
		atomic_dec(&taint->takers);
	return piece->piece.memory;
}

enum stress_kind taint_kind(const struct stress_piece *piece)
{
	switch (piece->family) {
	case STRESS_OBJECT:
		return STRESS_CACHE_ALLOC;
	case STRESS_PAGES:
		return STRESS_POOL_PAGES;
	case STRESS_EXACT:
		return STRESS_ALLOC_PAGES_EXACT;
	default:
		return STRESS_POOL_KMALLOC;
	}
}

/* ---- freeing ---- */

static void resize_to_nothing(struct stress_actor *actor, void *p)
{
	if (slabmod_krealloc(p, 0, GFP_ATOMIC) != ZERO_SIZE_PTR)
		stress_wrong(actor, NULL, "krealloc of %p to nothing", p);
}

/* By a call that needs no more than the address. */
static void free_by_address(struct stress_actor *actor, const struct stress_taint *taint, void *p)
{
	switch (stress_below(actor, 16)) {
	case 0:
		if (!taint_may_write(taint))
			slabmod_kfree(p);
		else
			slabmod_kfree_sensitive(p);
		break;
	case 1:
		resize_to_nothing(actor, p);
		break;
	case 2:
		slabmod_kfree_bulk(1, &p);
		break;
	default:
		slabmod_kfree(p);
	}
}

static void free_object(struct stress_actor *actor, const struct stress_taint *taint, void *p)
{
	if (taint_stays(taint) && stress_one_in(actor, 2))
		free_by_address(actor, taint, p);
	else if (stress_one_in(actor, 8))
		slabmod_cache_free_bulk(taint->type.cache, 1, &p);
	else
		slabmod_cache_free(taint->type.cache, p);
}

static void free_pages_of_pool(struct stress_actor *actor, void *p, unsigned int order)
{
	switch (stress_below(actor, 4)) {
	case 0:
		slabmod_free_pages((unsigned long)p, order);
		break;
	case 1:
		__slabmod_free_pages(virt_to_page(p), order);
		break;
	default:
		slabmod_pool_free_pages(pool, (unsigned long)p, order);
	}
}

/* One call that is right for what was allocated, whether it is free by now or not. */
void taint_free(struct stress_actor *actor, const struct stress_piece *piece)
{
	void *p = piece->piece.memory;

	switch (piece->family) {
	case STRESS_OBJECT:
		free_object(actor, piece->taint, p);
		break;
	case STRESS_EXACT:
		slabmod_free_pages_exact(p, piece->piece.size);
		break;
	case STRESS_PAGES:
		free_pages_of_pool(actor, p, piece->order);
		break;
	default:
		if (stress_one_in(actor, 2))
			slabmod_pool_kfree(pool, p);
		else
			free_by_address(actor, piece->taint, p);
	}
}

/* ---- shrinking, beginning and end ---- */

void stress_taint_shrink(struct stress_actor *actor)
{
	struct stress_taint *taint = taint_random(actor);
	struct slabmod_usage usage;

	if (taint->type.size) {
		slabmod_cache_shrink(taint->type.cache);
		stress_did(actor, STRESS_CACHE_SHRINK, 1);
		return;
	}
	slabmod_pool_shrink(taint == POOL ? pool : NULL);
	stress_did(actor, STRESS_POOL_SHRINK, 1);
	slabmod_pool_usage(pool, &usage);
	if (usage.held - usage.metadata != POOL_BYTES)
		stress_wrong(actor, NULL, "pool bad holds %zu bytes of pages, and not %d",
			     usage.held - usage.metadata, POOL_BYTES);
	stress_did(actor, STRESS_POOL_USAGE, 1);
}

int taint_open(void)
{
	struct slabmod_pool_params params = {
		.limit_bytes = POOL_BYTES, .reserve_bytes = POOL_BYTES, .node = NUMA_NO_NODE,
	};
	unsigned int i;

	pool = slabmod_pool_create("bad", &params);
	if (!pool)
		return -ENOMEM;
	for (i = 0; i < NR_TAINTS; i++) {
		struct stress_taint *taint = &taints[i];
		struct stress_cache *c = &taint->type;

		taint->exact |= stress_strict || is_debugged(taint);
		taint->exact |= c->flags & SLABMOD_STRICT;
		if (!c->size)
			continue;
		c->cache = stress_create(c->pool, c->name, c->size, c->align, c->flags, c->ctor);
		if (!c->cache)
			return -ENOMEM;
	}
	return 0;
}

void taint_close(void)
{
	unsigned int i;

	for (i = 0; i < NR_TAINTS; i++) {
		struct stress_cache *c = &taints[i].type;

		if (c->cache && slabmod_cache_destroy(c->cache))
			stress_wrong(NULL, NULL, "cache %s has live objects, all were freed",
				     c->name);
	}
	if (slabmod_pool_destroy(pool))
		stress_wrong(NULL, NULL, "pool bad has something left, all was freed");
}
