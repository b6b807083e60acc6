// SPDX-License-Identifier: GPL-2.0
/*
 * stress_twice.c - second frees: at once, after another object's free, in one array, by another
 * actor later, and of many objects on all CPUs at the same time.
 *
 * The second free may find that the memory has been allocated again, and takes it from its new
 * owner: no allocator can tell. Without strict mode, an object in a magazine may even be
 * allocated twice after its slab was freed. So such memory comes from taints of its own: some
 * caches, runs of a length that nothing else has, and a pool. All but the pool share CPUs,
 * buddies and chunks with all other memory, where any effect of a second free is found.
 *
 * - An object of a loose taint may have several owners, and its page may belong to others. Its
 *   owners do not access it, and free it only by calls that name its cache; slabmod does not
 *   clear it, because the cache has a constructor. An isolated cache, and the pool with a limit
 *   equal to its reserve, keep their pages until the end, so any call may be made. A freed
 *   piece may return to a slot as if it were live.
 * - An exact taint is checked like all other memory: a block of pages, an object in debug mode
 *   or strict mode is never allocated twice. Nothing is allocated from it between the first and
 *   the last free of an object, so exactly one of these frees is valid, and each of the others
 *   must be reported. For a later second free, the piece is put into the taint's box: the actor
 *   that puts it there does one free, the one that finds it the other.
 *
 * At the end every owner has freed what it had. No taint has an object in use then, because an
 * object that returns to its slab twice is counted once: all caches and the pool can be destroyed.
 *
 * Contexts: any; init, exit, shrink and the race: process, may sleep. Locks: none.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/smp.h>

#include "stress.h"

struct stress_taint {
	struct stress_cache type;	/* of objects; size 0: of other memory */
	bool exact;
	atomic_t allocators;		/* -1: none may allocate until the last free */
	atomic_t frees;			/* still due, while @allocators is -1 */
	unsigned int boxed;		/* @box has a piece; taken out by xchg() */
	struct stress_piece *box;
};

#define POOL_BYTES	SZ_2M

DEFINE_STRESS_CTOR(24)
DEFINE_STRESS_CTOR(40)
DEFINE_STRESS_CTOR(64)
DEFINE_STRESS_CTOR(200)
DEFINE_STRESS_CTOR(1000)
DEFINE_STRESS_CTOR(2000)
DEFINE_STRESS_CTOR(5000)

/* Every kind of home and magazine, with and without shared lines, in pools too. */
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
static struct stress_slots all;

/* Rarely a run: those are long, and checked in full. */
static struct stress_taint *random_taint(struct stress_actor *actor)
{
	struct stress_taint *taint = &taints[stress_below(actor, NR_TAINTS)];

	return taint == RUNS && !stress_one_in(actor, 4) ? POOL : taint;
}

static bool is_debugged(const struct stress_taint *taint)
{
	return stress_all_debugged || taint->type.flags & SLABMOD_DEBUG;
}

/* Return true if it keeps its memory until the end. */
static bool keeps_memory(const struct stress_taint *taint)
{
	return taint == POOL || taint->type.flags & SLABMOD_ISOLATED;
}

/*
 * Return true if memory that may be free may be written to. KCSAN reports two owners that
 * write to an object, and debug mode a write after the other owner's free.
 */
static bool may_write(const struct stress_taint *taint)
{
	if (!keeps_memory(taint) || is_debugged(taint))
		return false;
	return taint->exact || !IS_ENABLED(CONFIG_KCSAN);
}

/* ---- allocating ---- */

static void *alloc_of_pool(struct stress_actor *actor, struct stress_piece *piece)
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

static void *alloc_tainted(struct stress_actor *actor, struct stress_piece *piece,
			   struct stress_taint *taint)
{
	size_t size = STRESS_TAINTED_PAGES * PAGE_SIZE;

	stress_reset(piece);
	piece->taint = taint;
	piece->freed = false;
	if (taint->type.size) {
		stress_set_object(piece, &taint->type);
		return slabmod_cache_alloc(taint->type.cache, stress_gfp(actor, piece->piece.size));
	}
	if (taint == POOL)
		return alloc_of_pool(actor, piece);
	piece->family = STRESS_EXACT;
	piece->piece.size = size;
	piece->align = PAGE_SIZE;
	return slabmod_alloc_pages_exact(size, stress_gfp(actor, size));
}

/* Fails without memory, or while an object of an exact taint is being freed twice. */
static bool taint_alloc(struct stress_actor *actor, struct stress_piece *piece,
			struct stress_taint *taint)
{
	if (taint->exact && !atomic_inc_unless_negative(&taint->allocators))
		return false;
	piece->piece.memory = alloc_tainted(actor, piece, taint);
	if (taint->exact)
		atomic_dec(&taint->allocators);
	return piece->piece.memory;
}

static enum stress_kind kind_of(const struct stress_piece *piece)
{
	switch (piece->family) {
	case STRESS_OBJECT: return STRESS_CACHE_ALLOC;
	case STRESS_PAGES: return STRESS_POOL_PAGES;
	case STRESS_EXACT: return STRESS_ALLOC_PAGES_EXACT;
	default: return STRESS_POOL_KMALLOC;
	}
}

/* ---- freeing ---- */

/* Free by a call that needs only the address. */
static void free_by_address(struct stress_actor *actor, const struct stress_taint *taint, void *p)
{
	unsigned int how = stress_below(actor, 16);

	if (how == 0 && may_write(taint))
		slabmod_kfree_sensitive(p);
	else if (how == 1)
		stress_krealloc_zero(actor, p);
	else if (how == 2)
		slabmod_kfree_bulk(1, &p);
	else
		slabmod_kfree(p);
}

static void free_object(struct stress_actor *actor, const struct stress_taint *taint, void *p)
{
	if (keeps_memory(taint) && stress_one_in(actor, 2))
		free_by_address(actor, taint, p);
	else if (stress_one_in(actor, 8))
		slabmod_cache_free_bulk(taint->type.cache, 1, &p);
	else
		slabmod_cache_free(taint->type.cache, p);
}

static void free_pages_of_pool(struct stress_actor *actor, void *p, unsigned int order)
{
	unsigned int how = stress_below(actor, 4);

	if (how == 0)
		slabmod_free_pages((unsigned long)p, order);
	else if (how == 1)
		__slabmod_free_pages(virt_to_page(p), order);
	else
		slabmod_pool_free_pages(pool, (unsigned long)p, order);
}

/* Free by a call that fits the allocation, whether it is free already or not. */
static void taint_free(struct stress_actor *actor, const struct stress_piece *piece)
{
	void *p = piece->piece.memory;

	if (piece->family == STRESS_OBJECT)
		free_object(actor, piece->taint, p);
	else if (piece->family == STRESS_EXACT)
		slabmod_free_pages_exact(p, piece->piece.size);
	else if (piece->family == STRESS_PAGES)
		free_pages_of_pool(actor, p, piece->order);
	else if (stress_one_in(actor, 2))
		slabmod_pool_kfree(pool, p);
	else
		free_by_address(actor, piece->taint, p);
}

static void fill_slot(struct stress_actor *actor, struct stress_piece *piece,
		      struct stress_taint *taint)
{
	if (!taint_alloc(actor, piece, taint)) {
		stress_was_refused(actor, kind_of(piece));
		return;
	}
	if (taint->exact)
		stress_begin_piece(actor, piece, kind_of(piece));
	else if (!IS_ALIGNED((unsigned long)piece->piece.memory, piece->align))
		stress_wrong(actor, NULL, "an object of %s is not aligned to %u bytes",
			     taint->type.name, piece->align);
	stress_did(actor, kind_of(piece), 1);
}

/* ---- second frees ---- */

/* Count second frees by @bad for objects, and by their kind for pages. */
static void count_second(struct stress_actor *actor, const struct stress_piece *piece,
			 enum stress_bad bad, unsigned int seconds)
{
	if (piece->piece.size > SLABMOD_KMALLOC_MAX_CLASS)
		bad = STRESS_BAD_DOUBLE_BLOCK;
	else if (piece->family == STRESS_PAGES)
		bad = STRESS_BAD_DOUBLE_PAGES;
	stress_did_bad(actor, bad, piece->taint->exact ? seconds : 0);
}

static void free_twice(struct stress_actor *actor, const struct stress_piece *piece,
		       const struct stress_piece *other)
{
	unsigned int seconds = 1 + stress_below(actor, 2), i;

	taint_free(actor, piece);
	if (other->piece.memory)
		taint_free(actor, other);
	for (i = 0; i < seconds; i++)
		taint_free(actor, piece);
	count_second(actor, piece, other->piece.memory ? STRESS_BAD_DOUBLE_APART :
							 STRESS_BAD_DOUBLE_HERE, seconds);
}

static void free_bulk(struct stress_actor *actor, const struct stress_piece *piece,
		      const struct stress_piece *other)
{
	void *objects[] = { piece->piece.memory, other->piece.memory, piece->piece.memory };

	if (piece->family == STRESS_OBJECT) {
		slabmod_cache_free_bulk(piece->cache->cache, ARRAY_SIZE(objects), objects);
	} else if (piece->family == STRESS_MEMORY && (!other->piece.memory ||
						      other->family == STRESS_MEMORY)) {
		slabmod_kfree_bulk(ARRAY_SIZE(objects), objects);
	} else {
		free_twice(actor, piece, other);
		return;
	}
	count_second(actor, piece, STRESS_BAD_DOUBLE_BULK, 1);
}

/* What krealloc() returns is new memory, which no actor owns. */
static void enlarge_freed(struct stress_actor *actor, const struct stress_piece *piece)
{
	size_t size = 2 * piece->piece.size + 64;
	void *p = piece->piece.memory, *new;

	new = slabmod_krealloc(p, size, stress_gfp(actor, size));
	if (new != p)
		slabmod_kfree(new);
	stress_did_bad(actor, STRESS_BAD_FREED_KREALLOC, 0);
}

/* Calls that read an object after it was freed. */
static void use_freed(struct stress_actor *actor, const struct stress_piece *piece)
{
	const struct stress_taint *taint = piece->taint;
	unsigned int how = stress_below(actor, 3);
	void *p = piece->piece.memory;
	size_t size;

	if (!keeps_memory(taint) || taint->exact)
		return;
	if (how == 0) {
		size = slabmod_ksize(p);
		if (size && taint->type.size && size != slabmod_cache_size(taint->type.cache))
			stress_wrong(actor, NULL, "an object of %s has %zu bytes", taint->type.name,
				     size);
		stress_did_bad(actor, STRESS_BAD_FREED_KSIZE, 0);
	} else if (how == 1 && may_write(taint)) {
		enlarge_freed(actor, piece);
	} else if (may_write(taint)) {
		slabmod_kfree_sensitive(p);
		stress_did_bad(actor, STRESS_BAD_FREED_SENSITIVE, 0);
	}
}

/* Nothing is allocated from an exact taint until double_end(). */
static bool double_begin(struct stress_taint *taint)
{
	return !taint->exact || !atomic_cmpxchg(&taint->allocators, 0, -1);
}

static void double_end(struct stress_taint *taint)
{
	if (taint->exact)
		atomic_set_release(&taint->allocators, 0);
}

static void one_free_done(struct stress_taint *taint)
{
	if (atomic_dec_and_test(&taint->frees))
		double_end(taint);
}

/* Do the second free of the piece in the box, if any. */
static void free_boxed(struct stress_actor *actor, struct stress_taint *taint)
{
	struct stress_piece *piece;

	if (!READ_ONCE(taint->boxed) || !xchg(&taint->boxed, 0))
		return;
	piece = taint->box;
	taint_free(actor, piece);
	count_second(actor, piece, STRESS_BAD_DOUBLE_LATER, 1);
	piece->piece.memory = NULL;
	one_free_done(taint);
}

/* Free the piece, and leave it in the box or in its slot to be freed again. */
static void free_and_leave(struct stress_actor *actor, struct stress_piece *piece)
{
	struct stress_taint *taint = piece->taint;
	const struct stress_piece copy = *piece;

	if (!taint->exact) {
		taint_free(actor, piece);
		piece->freed = true;
		return;
	}
	actor->tainted = taint->box;
	taint->box = piece;
	atomic_set(&taint->frees, 2);
	/* Pairs with the xchg() in free_boxed(). */
	smp_store_release(&taint->boxed, 1);
	taint_free(actor, &copy);
	one_free_done(taint);
}

static void end_ownership(struct stress_actor *actor, struct stress_piece *piece)
{
	if (piece->freed)
		count_second(actor, piece, STRESS_BAD_DOUBLE_LATER, 1);
	if (!piece->taint->exact)
		return;
	stress_check_piece(actor, piece, piece->piece.size);
	if (piece->taint->type.ctor)
		piece->taint->type.ctor(piece->piece.memory);
}

static void free_last(struct stress_actor *actor, struct stress_piece *piece)
{
	end_ownership(actor, piece);
	taint_free(actor, piece);
	piece->piece.memory = NULL;
}

enum way { TWICE, TWICE_APART, BULK, LEAVE, LEAVE_TOO, USE, NR_BAD_WAYS, NR_WAYS = 10 };

static void free_badly(struct stress_actor *actor, struct stress_piece *piece, enum way way,
		       const struct stress_piece *other)
{
	struct stress_taint *taint = piece->taint;

	if (way == LEAVE || way == LEAVE_TOO) {
		free_and_leave(actor, piece);
		return;
	}
	if (way == BULK) {
		free_bulk(actor, piece, other);
	} else if (way == USE) {
		taint_free(actor, piece);
		use_freed(actor, piece);
	} else {
		free_twice(actor, piece, other);
	}
	piece->piece.memory = NULL;
	double_end(taint);
}

static void empty_slot(struct stress_actor *actor, struct stress_piece *piece)
{
	enum way way = stress_below(actor, NR_WAYS);
	struct stress_piece other = { };

	/* Another object of the same taint. */
	if (way == TWICE_APART || way == BULK)
		taint_alloc(actor, &other, piece->taint);
	if (way < NR_BAD_WAYS && double_begin(piece->taint)) {
		end_ownership(actor, piece);
		free_badly(actor, piece, way, &other);
		return;
	}
	free_last(actor, piece);
	if (other.piece.memory)
		taint_free(actor, &other);
}

void stress_taint_step(struct stress_actor *actor)
{
	struct stress_taint *taint = random_taint(actor);
	struct stress_piece *piece;

	free_boxed(actor, taint);
	piece = xchg(&all.slots[stress_below(actor, all.nr)], actor->tainted);
	actor->tainted = piece;
	if (piece->piece.memory)
		empty_slot(actor, piece);
	else
		fill_slot(actor, piece, taint);
}

/* ---- many objects, on all CPUs at once ---- */

/* Enough that more slabs become empty than a home keeps. */
#define RACE_OBJECTS	512

struct race {
	struct slabmod_cache *cache;
	bool bulk;
	atomic_t cpus;
	unsigned int nr;
	void *objects[RACE_OBJECTS];
};

static void race_on_cpu(void *arg)
{
	struct race *race = arg;
	unsigned int i;

	atomic_inc(&race->cpus);
	if (race->bulk) {
		slabmod_cache_free_bulk(race->cache, race->nr, race->objects);
		return;
	}
	for (i = 0; i < race->nr; i++)
		slabmod_cache_free(race->cache, race->objects[i]);
}

void stress_taint_race(struct stress_actor *actor)
{
	struct stress_taint *taint = &taints[stress_below(actor, NR_TAINTS - 2)];
	struct race *race = slabmod_kzalloc(sizeof(*race), GFP_KERNEL | __GFP_NOWARN);
	unsigned int seconds, max = 1 + stress_below(actor, RACE_OBJECTS);
	struct stress_piece piece = { };

	if (!race)
		return;
	race->cache = taint->type.cache;
	race->bulk = stress_one_in(actor, 2);
	while (race->nr < max && taint_alloc(actor, &piece, taint))
		race->objects[race->nr++] = piece.piece.memory;
	if (double_begin(taint)) {
		on_each_cpu(race_on_cpu, race, true);
		double_end(taint);
	} else {
		race_on_cpu(race);
	}
	seconds = race->nr * (atomic_read(&race->cpus) - 1);
	if (seconds)
		stress_did_bad(actor, STRESS_BAD_DOUBLE_RACE, taint->exact ? seconds : 0);
	slabmod_kfree(race);
	slabmod_cache_shrink(taint->type.cache);
	stress_did(actor, STRESS_CACHE_SHRINK, 1);
}

/* ---- shrink, init and exit ---- */

void stress_taint_shrink(struct stress_actor *actor)
{
	struct stress_taint *taint = random_taint(actor);
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
		stress_wrong(actor, NULL, "pool bad holds %zu bytes of pages, not %d",
			     usage.held - usage.metadata, POOL_BYTES);
	stress_did(actor, STRESS_POOL_USAGE, 1);
}

void stress_taint_actor_init(struct stress_actor *actor)
{
	actor->tainted = &all.pieces[all.nr + NR_TAINTS + actor->id];
}

void stress_taint_actor_exit(struct stress_actor *actor)
{
	if (actor->tainted->piece.memory)
		free_last(actor, actor->tainted);
}

/* Allocate pieces for slots, boxes and actors. */
int stress_taint_init(unsigned int nr, unsigned int actors)
{
	int err = stress_slots_alloc(&all, nr, NR_TAINTS + actors);
	unsigned int i;

	for (i = 0; i < NR_TAINTS && !err; i++)
		taints[i].box = &all.pieces[nr + i];
	return err;
}

void stress_taint_exit(void)
{
	stress_slots_free(&all);
}

int stress_taint_open(void)
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
		if (c->size && !stress_cache_open(c))
			return -ENOMEM;
	}
	return 0;
}

void stress_taint_close(struct stress_actor *actor)
{
	unsigned int i;

	for (i = 0; i < NR_TAINTS; i++)
		free_boxed(actor, &taints[i]);
	stress_slots_empty(&all, actor, free_last);
	for (i = 0; i < NR_TAINTS; i++)
		if (taints[i].type.cache)
			stress_cache_close(&taints[i].type);
	stress_pool_close(pool, "bad");
}
