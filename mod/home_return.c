// SPDX-License-Identifier: GPL-2.0
/*
 * home_return.c - objects go back to their slabs, and slabs that got emptier leave.
 *
 * All objects return through give_locked(): it takes the lock of one home and returns
 * every object of a batch whose slab is in that home. The lookup is done without a lock, so
 * the slab may have moved or gone when the lock is held. is_at_home() is the one check that
 * decides, under the lock; see there for objects that were freed twice.
 *
 * Contexts: any, in an RCU read-side section or with preemption off, because frames are
 * freed by RCU. An NMI returns one object at a time and does not wait for a lock.
 * Locks: one home's at a time, for at most a magazine's worth of objects.
 */
#include <linux/list.h>
#include <linux/preempt.h>

#include "home.h"
#include "report.h"
#include "slab.h"

/* Partly used slabs that a home keeps before it gives nearly empty ones away. */
#define KEEP_PARTIAL	8
/* Bytes of empty slabs that a home keeps; one slab at least. */
#define KEEP_EMPTY_BYTES (64u << 10)
/* Bytes of memory that a byte of frames is for. */
#define FRAME_RATIO	(PAGE_SIZE / sizeof(struct frame))

/* ---- slabs that got emptier ---- */

static bool may_keep_empty(const struct slabmod_cache *cache, const struct slab_home *home)
{
	unsigned int bytes = cache->usual.pages << PAGE_SHIFT;

	if (is_isolated(cache))
		return true;
	/* An NMI cannot call the buddy; the next free to this home does it. */
	return in_nmi() || home->nr_empty <= max(KEEP_EMPTY_BYTES / bytes, 1u);
}

/* Slabs that leave a home, gathered under its lock and seen off after it. */
struct leavers {
	struct list_head dead;		/* to the buddy; no lookup finds them */
	struct frame *retired[HOME_MAX_RETIRED];	/* to the commons; on no list meanwhile */
	unsigned int nr_retired;
};

/*
 * Decide whether a slab that got emptier stays in its home. Called when a free drops the slab
 * into a lower fullness quarter. A slab not retired here is reconsidered only when it is empty.
 */
static void consider(struct slabmod_cache *cache, struct slab_home *home, struct frame *first,
		     struct leavers *leavers)
{
	if (list_empty(&first->node))
		return;
	if (!first->inuse) {
		if (!may_keep_empty(cache, home))
			home_remove_slab(cache, home, first, &leavers->dead);
		return;
	}
	if (home->nr_partial <= KEEP_PARTIAL || HOME_ID(first->home) == HOME_COMMONS ||
	    leavers->nr_retired == HOME_MAX_RETIRED || in_nmi())
		return;
	if (slab_quarter(cache, first))
		return;
	home_retire(cache, home, first);
	leavers->retired[leavers->nr_retired++] = first;
}

static void see_off(struct slabmod_cache *cache, struct leavers *leavers)
{
	unsigned int i;

	if (!list_empty(&leavers->dead))
		home_delete_slabs(cache, &leavers->dead);
	for (i = 0; i < leavers->nr_retired; i++)
		home_settle_in_commons(cache, leavers->retired[i]);
}

/* ---- returning objects ---- */

/* The first frame of the slab of @cache that @object is in, or NULL. */
static struct frame *slab_of(struct slabmod_cache *cache, void *object)
{
	struct frame *frame = chunk_frame_in_map(chunk_offset(object));

	if (unlikely(frame->cache != cache)) {
		frame = chunk_frame(object);
		if (!frame || slab_cache(frame) != cache)
			return NULL;
	}
	return slab_first(frame);
}

/* A home that is locked in order to return objects to its slabs. */
struct visit {
	struct slab_home *home;
	unsigned long flags;
	int departed;		/* cache->departed, read since the lock was taken */
	u16 id;			/* of slabs here; HOME_NOWHERE where the id alone does not tell */
	struct leavers leavers;
};

enum visit_result { VISIT_BEGUN, VISIT_NO_HOME, VISIT_WOULD_WAIT };

/* Lock the home of the slab that @object is in. In an NMI, do not wait for it. */
static enum visit_result begin_visit(struct slabmod_cache *cache, void *object,
				     struct visit *visit)
{
	for (;;) {
		struct frame *first = slab_of(cache, object);
		struct slab_home *home;
		u16 id;

		if (!first)
			return VISIT_NO_HOME;
		id = READ_ONCE(first->home);
		home = home_of(cache, first, id);
		if (!home)
			return VISIT_NO_HOME;
		if (!home_lock_nmi(home, &visit->flags))
			return VISIT_WOULD_WAIT;
		visit->home = home;
		visit->departed = atomic_read(&cache->departed);
		/* The home is read after the count. Pairs with home_remove_slab(). */
		smp_rmb();
		if (is_at_home(cache, first, id, true, visit->departed)) {
			/* Node homes share an id. */
			if (HOME_ID(id) == HOME_COMMONS && nr_online_nodes > 1)
				id = HOME_NOWHERE;
			visit->id = id;
			INIT_LIST_HEAD(&visit->leavers.dead);
			visit->leavers.nr_retired = 0;
			return VISIT_BEGUN;
		}
		home_unlock(home, visit->flags);
	}
}

static void end_visit(struct slabmod_cache *cache, struct visit *visit)
{
	home_unlock(visit->home, visit->flags);
	see_off(cache, &visit->leavers);
}

/* Lists a slab anew that had @was objects taken and has fewer, or sees it off. */
static noinline void move(struct slabmod_cache *cache, struct slab_home *home,
			  struct frame *first, unsigned int was, struct leavers *leavers)
{
	home_relist(cache, home, first, was);
	consider(cache, home, first, leavers);
}

/* The first frame of the slab of @object, if that is in the home that is locked, or NULL. */
static struct frame *find_at_home(struct slabmod_cache *cache, struct visit *visit, void *object)
{
	for (;;) {
		struct frame *first = slab_of(cache, object);
		u16 id;

		if (!first)
			return NULL;
		id = READ_ONCE(first->home);
		if (home_of(cache, first, id) == visit->home &&
		    is_at_home(cache, first, id, true, visit->departed))
			/* The lookup may have read the order of a block that was there before. */
			return slab_first(first) == first ? first : NULL;
		if (atomic_read(&cache->departed) == visit->departed)
			return NULL;
		/* A slab of another home departed meanwhile: that says nothing of this one. */
		visit->departed = atomic_read(&cache->departed);
		/* As in begin_visit(). */
		smp_rmb();
	}
}

/*
 * Return an object to whatever slab of the home that is locked it belongs to, and those
 * behind it as slab_give() does. Return how many, or 0 when it is in none, or free already.
 */
static noinline unsigned int give_any(struct slabmod_cache *cache, struct visit *visit,
				      void **object, void **end)
{
	struct frame *first = find_at_home(cache, visit, *object);
	unsigned int was, given;

	if (!first)
		return 0;
	was = first->inuse;
	given = slab_give(cache, slab_geometry(cache, first), first,
			  *object - frame_address(first), object, end);
	if (!given)
		return 0;
	first->inuse -= given;
	move(cache, visit->home, first, was, &visit->leavers);
	return given;
}

/*
 * Return those of @nr objects whose slabs are in the home that is locked. The others come
 * first in the array afterwards; return how many.
 *
 * Objects that are freed at random go through this loop one by one. So it looks up once
 * what a leaf of the map covers, keeps few values in registers, and leaves slabs that are
 * small, mixed, beyond the map or in need of a new list to others.
 */
static noinline unsigned int give_locked(struct slabmod_cache *cache, struct visit *visit,
					 void **objects, unsigned int nr)
{
	void **object = objects, **end = objects + nr, **other = objects;
	/* Of an offset among frames, the bits that find, in a step of the map, a slab's first. */
	const unsigned long firsts = ~(cache->slab_mask / FRAME_RATIO) & -sizeof(struct frame) &
				     ((BIT(UNIT_SHIFT) - 1) / FRAME_RATIO);
	/* Of a mixed slab any object may be the last of its line: it is always listed anew. */
	const unsigned int quarter = visit->id & HOME_MIXED ? -1u :
							      -1u << cache->usual.quarter_shift;
	struct map_leaf *leaf = chunk_leaf(*object);
	unsigned long base = chunk_leaf_base(*object);

	do {
		unsigned long offset = (unsigned long)*object - base;
		unsigned int was, now, given;
		struct frame *first;

		if (unlikely(offset >= BIT(ROOT_SHIFT))) {
			leaf = chunk_leaf(*object);
			base = chunk_leaf_base(*object);
			offset = (unsigned long)*object - base;
		}
		first = (void *)leaf->unit[offset >> UNIT_SHIFT] +
			(offset / FRAME_RATIO & firsts);
		if (unlikely(!is_at_home(cache, first, visit->id, false, visit->departed))) {
			given = give_any(cache, visit, object, end);
			if (given)
				object += given;
			else
				*other++ = *object++;
			continue;
		}
		was = first->inuse;
		given = slab_give(cache, &cache->usual, first, offset & cache->slab_mask,
				  object, end);
		if (unlikely(!given)) {
			*other++ = *object++;
			continue;
		}
		object += given;
		now = was - given;
		first->inuse = now;
		if (unlikely(!now || (was ^ now) & quarter || was == cache->objects))
			move(cache, visit->home, first, was, &visit->leavers);
	} while (object < end);
	return other - objects;
}

static void report_double(struct slabmod_cache *cache, void *object)
{
	report_misuse(MISUSE_DOUBLE_FREE, "%s: object %p came back to its slab twice",
		      cache->name, object);
}

/*
 * Return the first of @nr objects, and all others whose slabs have the same home. Return
 * how many are left, which come first then.
 */
static unsigned int give_home(struct slabmod_cache *cache, struct visit *visit, void **objects,
			      unsigned int nr)
{
	void *object = objects[0];
	unsigned int left = give_locked(cache, visit, objects, nr);

	end_visit(cache, visit);
	home_count_taken(cache, (long)left - nr);
	/* Its slab was here: what was not taken back is free already, or no object. */
	if (left && objects[0] == object) {
		report_double(cache, object);
		objects[0] = objects[--left];
	}
	return left;
}

bool home_give(struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	struct visit visit;

	while (nr) {
		switch (begin_visit(cache, objects[0], &visit)) {
		case VISIT_BEGUN:
			nr = give_home(cache, &visit, objects, nr);
			break;
		case VISIT_NO_HOME:
			report_double(cache, objects[0]);
			objects[0] = objects[--nr];
			break;
		case VISIT_WOULD_WAIT:
			return false;
		}
	}
	return true;
}
EXPORT_SYMBOL_FOR_TEST(home_give);

