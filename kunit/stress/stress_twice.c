// SPDX-License-Identifier: GPL-2.0
/*
 * stress_twice.c - second frees: at once, with another object's in between, in one array, by
 * another actor later, and of many objects on all CPUs at the same time.
 *
 * What lies in the slots has an owner, which may free it badly. Of a loose taint (see
 * stress_taint.c) a piece that was freed may go back to a slot as if it were live. Of an
 * exact one it goes into the taint's box: the actor that puts it there does one free, and
 * the one that finds it does the other, at the same time or much later.
 *
 * At the end every owner has freed what it had: no taint has an object in use then, since
 * what comes back to its slab twice is counted once. So all caches and the pool can be
 * destroyed.
 *
 * Contexts: any, but for init, exit and the race: process, may sleep. Locks: none.
 */
#include <linux/kernel.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>

#include "stress_taint.h"

static struct stress_piece **slots;
static struct stress_piece *pieces;
static unsigned int nr_slots;

static unsigned int nr_taints(void)
{
	unsigned int n = 0;

	while (taint_nth(n))
		n++;
	return n;
}

/* ---- allocating ---- */

static void fill_slot(struct stress_actor *actor, struct stress_piece *piece,
		      struct stress_taint *taint)
{
	if (!taint_take(actor, piece, taint)) {
		stress_was_refused(actor, taint_kind(piece));
		return;
	}
	if (taint->exact)
		stress_begin_piece(actor, piece, taint_kind(piece));
	else if (!IS_ALIGNED((unsigned long)piece->piece.memory, piece->align))
		stress_wrong(actor, NULL, "an object of %s is not aligned to %u bytes",
			     taint->type.name, piece->align);
	stress_did(actor, taint_kind(piece), 1);
}

/* ---- freeing twice ---- */

/* How it was done is told apart for objects; of pages, only which they are. */
static void count_second(struct stress_actor *actor, const struct stress_piece *piece,
			 enum stress_bad bad, unsigned int seconds)
{
	if (piece->piece.size > SLABMOD_KMALLOC_MAX_CLASS)
		bad = STRESS_BAD_DOUBLE_BLOCK;
	else if (piece->family == STRESS_PAGES)
		bad = STRESS_BAD_DOUBLE_PAGES;
	stress_did_bad(actor, bad, piece->taint->exact ? seconds : 0);
}

/* Twice or three times, with another object in between or not. */
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

/* No actor owns the result: what krealloc() returns is new memory. */
static void enlarge_freed(struct stress_actor *actor, const struct stress_piece *piece)
{
	size_t size = 2 * piece->piece.size + 64;
	void *p = piece->piece.memory, *new;

	new = slabmod_krealloc(p, size, stress_gfp(actor, size));
	if (new != p)
		slabmod_kfree(new);
	stress_did_bad(actor, STRESS_BAD_FREED_KREALLOC, 0);
}

/* The calls that look at an object, after it was freed. */
static void look_at_freed(struct stress_actor *actor, const struct stress_piece *piece)
{
	const struct stress_taint *taint = piece->taint;
	void *p = piece->piece.memory;
	size_t size;

	if (!taint_stays(taint) || taint->exact)
		return;
	switch (stress_below(actor, 3)) {
	case 0:
		size = slabmod_ksize(p);
		if (size && taint->type.size && size != slabmod_cache_size(taint->type.cache))
			stress_wrong(actor, NULL, "an object of %s has %zu bytes", taint->type.name,
				     size);
		stress_did_bad(actor, STRESS_BAD_FREED_KSIZE, 0);
		break;
	case 1:
		if (taint_may_write(taint))
			enlarge_freed(actor, piece);
		break;
	default:
		if (!taint_may_write(taint))
			break;
		slabmod_kfree_sensitive(p);
		stress_did_bad(actor, STRESS_BAD_FREED_SENSITIVE, 0);
	}
}

/* From here to the end nothing is allocated of an exact taint. */
static bool double_begin(struct stress_taint *taint)
{
	return !taint->exact || !atomic_cmpxchg(&taint->takers, 0, -1);
}

static void double_end(struct stress_taint *taint)
{
	if (taint->exact)
		atomic_set_release(&taint->takers, 0);
}

static void one_free_done(struct stress_taint *taint)
{
	if (atomic_dec_and_test(&taint->frees))
		double_end(taint);
}

/* The other free of what is in the box, if there is something. */
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

/* Leaves the piece to be freed once more: in the box, or where it would lie if it were live. */
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

/* An object of an exact taint must be as its owner wrote it. */
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

enum way { TWICE, TWICE_APART, BULK, LEAVE, LEAVE_TOO, LOOK, NR_BAD_WAYS, NR_WAYS = 10 };

static void free_badly(struct stress_actor *actor, struct stress_piece *piece, enum way way,
		       const struct stress_piece *other)
{
	struct stress_taint *taint = piece->taint;

	switch (way) {
	case LEAVE ... LEAVE_TOO:
		free_and_leave(actor, piece);
		return;
	case BULK:
		free_bulk(actor, piece, other);
		break;
	case LOOK:
		taint_free(actor, piece);
		look_at_freed(actor, piece);
		break;
	default:
		free_twice(actor, piece, other);
	}
	piece->piece.memory = NULL;
	double_end(taint);
}

static void empty_slot(struct stress_actor *actor, struct stress_piece *piece)
{
	enum way way = stress_below(actor, NR_WAYS);
	struct stress_piece other = { };

	/* Of the same taint, and never written to. */
	if (way == TWICE_APART || way == BULK)
		taint_take(actor, &other, piece->taint);
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
	struct stress_taint *taint = taint_random(actor);
	struct stress_piece *piece;

	free_boxed(actor, taint);
	piece = xchg(&slots[stress_below(actor, nr_slots)], actor->tainted);
	actor->tainted = piece;
	if (piece->piece.memory)
		empty_slot(actor, piece);
	else
		fill_slot(actor, piece, taint);
}

/* ---- many objects, on all CPUs at once ---- */

/* Enough for more empty slabs than a home keeps, so that some leave it meanwhile. */
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

static void race_take(struct stress_actor *actor, struct race *race, struct stress_taint *taint)
{
	unsigned int most = 1 + stress_below(actor, RACE_OBJECTS);
	struct stress_piece piece = { };

	while (race->nr < most && taint_take(actor, &piece, taint))
		race->objects[race->nr++] = piece.piece.memory;
}

void stress_taint_race(struct stress_actor *actor)
{
	struct stress_taint *taint = taint_random_cache(actor);
	struct race *race = slabmod_kzalloc(sizeof(*race), GFP_KERNEL | __GFP_NOWARN);
	unsigned int seconds;

	if (!race)
		return;
	race->cache = taint->type.cache;
	race->bulk = stress_one_in(actor, 2);
	race_take(actor, race, taint);
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

/* ---- beginning and end ---- */

void stress_taint_actor_init(struct stress_actor *actor)
{
	actor->tainted = &pieces[nr_slots + nr_taints() + actor->id];
}

void stress_taint_actor_exit(struct stress_actor *actor)
{
	if (actor->tainted->piece.memory)
		free_last(actor, actor->tainted);
}

/* Pieces for slots, boxes and actors. */
int stress_taint_init(unsigned int nr, unsigned int actors)
{
	struct stress_taint *taint;
	unsigned int i;

	slots = vzalloc(array_size(nr, sizeof(*slots)));
	pieces = vzalloc(array_size(nr + nr_taints() + actors, sizeof(*pieces)));
	if (!slots || !pieces) {
		stress_taint_exit();
		return -ENOMEM;
	}
	nr_slots = nr;
	for (i = 0; i < nr; i++)
		slots[i] = &pieces[i];
	for (i = 0; (taint = taint_nth(i)); i++)
		taint->box = &pieces[nr + i];
	return 0;
}

void stress_taint_exit(void)
{
	vfree(slots);
	vfree(pieces);
}

static void free_everything(struct stress_actor *actor)
{
	struct stress_taint *taint;
	unsigned int i;

	for (i = 0; (taint = taint_nth(i)); i++)
		free_boxed(actor, taint);
	for (i = 0; i < nr_slots; i++) {
		if (slots[i]->piece.memory)
			free_last(actor, slots[i]);
		cond_resched();
	}
}

void stress_taint_close(struct stress_actor *actor)
{
	free_everything(actor);
	taint_close();
}
