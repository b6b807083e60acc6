// SPDX-License-Identifier: GPL-2.0
/*
 * home_return.c - free objects to their slabs, and remove slabs that got emptier.
 *
 * All objects are freed by free_locked(), with the lock of one home held: it frees every object of
 * a batch that is in a slab of that home. The lookup is lockless, so the slab may have moved or
 * been freed when the lock is held. is_at_home() decides under the lock, also for objects that
 * were freed twice.
 *
 * Contexts: any, in an RCU read-side section or with preemption off, because frames and slabs are
 * freed by RCU. An NMI frees one object at a time and does not wait for a lock. Locks: one home's
 * at a time, for HOME_HOLD_FREES objects or runs of objects.
 */
#include <linux/list.h>
#include <linux/nodemask.h>
#include <linux/preempt.h>
#include <linux/topology.h>

#include "gfp.h"
#include "home.h"
#include "home_return.h"
#include "report.h"
#include "slab.h"
#include "source.h"

/* ---- slabs that got emptier ---- */

/* Slabs that leave a home: collected under its lock, released after it. */
struct slab_batch {
	struct list_head dead;		/* for the buddy; no lookup finds them */
	struct slab *detached[HOME_MAX_DETACHED];	/* for the node home; on no list */
	unsigned int nr_detached;
};

/*
 * Return true if the slab is in the home of a CPU, but has memory of another node than that CPU
 * should use. Nearly empty ones go to their own node.
 */
static bool is_far(const struct slabmod_cache *cache, const struct slab *slab)
{
	u16 id = HOME_ID(slab->home);

	return nr_online_nodes > 1 && id != HOME_NODE && cache->source->nid == NUMA_NO_NODE &&
	       slab_chunk(slab)->buddy->nid != source_near_node(cpu_to_mem(id));
}

static bool may_keep_empty(const struct slabmod_cache *cache, const struct slab_home *home,
			   const struct slab *slab)
{
	if (is_isolated(cache))
		return true;
	/* An NMI cannot call the buddy, and an interrupt has no time; the ager does it. */
	if (must_not_lock() || in_hardirq())
		return true;
	/* The CPUs of their node find few of them here. */
	if (is_far(cache, slab) && home->nr_empty >= home_few(cache))
		return false;
	return home->nr_empty < READ_ONCE(cache->keep_empty);
}

/*
 * Move a slab, which had @was objects in use, to the list it now belongs to, or remove it from
 * its home. Called when a free drops the slab into a lower fullness quarter. A slab that is not
 * detached here is reconsidered only when it is empty.
 */
static noinline void update_slab(struct slabmod_cache *cache, struct slab_home *home,
				 struct slab *slab, unsigned int was, struct slab_batch *batch)
{
	/* A slab on no list is full, or is being moved. */
	if (!slab->inuse && !may_keep_empty(cache, home, slab)) {
		if (was != slab_objects(cache, slab)) {
			if (list_empty(&slab->node))
				return;
			home_list_del(home, slab, was);
		}
		home_remove_empty(cache, home, slab, &batch->dead);
		return;
	}
	home_list_update(cache, home, slab, was);
	if (list_empty(&slab->node) || !slab->inuse)
		return;
	if (slab_quarter(cache, slab) || !is_far(cache, slab) ||
	    batch->nr_detached == HOME_MAX_DETACHED || must_not_lock())
		return;
	home_detach(cache, home, slab);
	batch->detached[batch->nr_detached++] = slab;
}

static void release_slabs(struct slabmod_cache *cache, struct slab_batch *batch)
{
	unsigned int i;

	if (!list_empty(&batch->dead))
		home_free_slabs(cache, &batch->dead);
	for (i = 0; i < batch->nr_detached; i++)
		home_attach_to_node(cache, batch->detached[i]);
}

/* ---- returning objects ---- */

/* The slab of @cache that contains @object, or NULL. */
static struct slab *object_slab(struct slabmod_cache *cache, void *object)
{
	struct slab *slab = READ_ONCE(chunk_frame_in_map(chunk_offset(object))->slab);
	struct frame *frame;

	if (likely(READ_ONCE(slab->cache) == cache))
		return slab;
	frame = chunk_frame(object);
	slab = frame ? frame_slab(frame) : NULL;
	return slab && slab_cache(slab) == cache ? slab : NULL;
}

bool home_is_elsewhere(struct slabmod_cache *cache, void *object)
{
	const struct slab *slab = object_slab(cache, object);

	return slab && HOME_ID(READ_ONCE(slab->home)) != raw_smp_processor_id();
}

/* A home that is locked to free objects to its slabs. */
struct visit {
	struct slab_home *home;
	unsigned long flags;
	u16 id;			/* of its slabs; HOME_NOWHERE if node homes share it */
	struct slab_batch batch;
};

enum visit_result { VISIT_BEGUN, VISIT_NO_HOME, VISIT_WOULD_WAIT };

/* Lock the home of the slab that contains @object. In an NMI, do not wait for it. */
static enum visit_result lock_home_of(struct slabmod_cache *cache, void *object,
				      struct visit *visit)
{
	for (;;) {
		struct slab *slab = object_slab(cache, object);
		struct slab_home *home;
		u16 id;

		if (!slab)
			return VISIT_NO_HOME;
		id = READ_ONCE(slab->home);
		home = home_of(cache, slab, id);
		if (!home)
			return VISIT_NO_HOME;
		if (!home_lock_nmi(home, &visit->flags))
			return VISIT_WOULD_WAIT;
		visit->home = home;
		if (is_at_home(cache, slab, id, true)) {
			/* Node homes share an id. */
			if (HOME_ID(id) == HOME_NODE && nr_online_nodes > 1)
				id = HOME_NOWHERE;
			visit->id = id;
			INIT_LIST_HEAD(&visit->batch.dead);
			visit->batch.nr_detached = 0;
			return VISIT_BEGUN;
		}
		home_unlock(home, visit->flags);
	}
}

/* The slab that contains @object if the locked home owns it, or NULL. */
static struct slab *find_at_home(struct slabmod_cache *cache, struct visit *visit, void *object)
{
	struct slab *slab = object_slab(cache, object);
	u16 id;

	if (!slab)
		return NULL;
	id = READ_ONCE(slab->home);
	if (home_of(cache, slab, id) == visit->home && is_at_home(cache, slab, id, true))
		return slab;
	return NULL;
}

/*
 * Free *@object, and the objects that follow it in the same slab (see slab_free()), to a slab of
 * the locked home. Return the number freed; 0 if no such slab owns it, or it is free already.
 */
static noinline unsigned int free_any(struct slabmod_cache *cache, struct visit *visit,
				      void **object, void **end)
{
	struct slab *slab = find_at_home(cache, visit, *object);
	unsigned int was, freed;

	if (!slab)
		return 0;
	was = slab->inuse;
	freed = slab_free(cache, slab_geometry(cache, slab), slab,
			  *object - slab_address(slab), object, end);
	if (!freed)
		return 0;
	slab->inuse -= freed;
	update_slab(cache, visit->home, slab, was, &visit->batch);
	return freed;
}

/* Whether the next object of an array is beside the first one. */
static bool starts_run(const struct slabmod_cache *cache, void **object, void **end)
{
	return object + 1 < end && (object[1] == object[0] + cache->size ||
				    object[0] == object[1] + cache->size);
}

/* Free runs of objects from the start of an array, and return the number of objects. */
static unsigned int free_runs(struct slabmod_cache *cache, struct visit *visit, void **objects,
			      unsigned int nr)
{
	void **object = objects, **end = objects + nr;
	unsigned int runs, freed = 1;

	for (runs = 0; freed && runs < HOME_HOLD_RUNS && starts_run(cache, object, end); runs++) {
		freed = free_any(cache, visit, object, end);
		object += freed;
	}
	return object - objects;
}

/*
 * Free those of @nr objects that are in slabs of the locked home, up to HOME_HOLD_FREES. Move the
 * others to the end of the array, in their order, and return how many there are.
 *
 * Objects freed in random order pass this loop one by one. So it looks up each leaf of the map
 * once, keeps few values in registers, and leaves slabs that are small, shared or unmapped to
 * free_any(), and list changes to update_slab().
 */
static noinline unsigned int free_single(struct slabmod_cache *cache, struct visit *visit,
					 void **objects, unsigned int nr)
{
	void **object = objects, **other = objects;
	void **limit = objects + HOME_HOLD_FREES, **end = min(objects + nr, limit);
	/* Each free to a shared slab may complete a line, so it is always listed again. */
	const unsigned int quarter = visit->id & HOME_SHARED ? -1u :
							      -1u << cache->usual.quarter_shift;
	struct map_leaf *leaf = chunk_leaf(*object);
	unsigned long base = chunk_leaf_base(*object);
	const u16 id = visit->id;

	do {
		unsigned long offset = (unsigned long)*object - base;
		unsigned int was, now;
		struct slab *slab;

		if (unlikely(offset >= BIT(ROOT_SHIFT))) {
			leaf = chunk_leaf(*object);
			base = chunk_leaf_base(*object);
			offset = (unsigned long)*object - base;
		}
		slab = READ_ONCE(leaf->frames[offset >> UNIT_SHIFT]
					     [(offset >> PAGE_SHIFT) % UNIT_PAGES].slab);
		if (unlikely(!is_at_home(cache, slab, id, false) ||
			     !slab_free_one(cache, slab, offset & cache->slab_mask))) {
			if (!free_any(cache, visit, object, object + 1))
				*other++ = *object;
			limit -= HOME_UPDATE_FREES;
			end = min(end, max(limit, object + 1));
			continue;
		}
		now = --slab->inuse;
		was = now + 1;
		if (likely(now && !((was ^ now) & quarter) && was != cache->objects))
			continue;
		update_slab(cache, visit->home, slab, was, &visit->batch);
		limit -= HOME_UPDATE_FREES;
		end = min(end, max(limit, object + 1));
	} while (++object < end);
	/* Between those that were freed and those that were not looked at. */
	if (unlikely(other != objects))
		memmove(end - (other - objects), objects, (void *)other - (void *)objects);
	return nr - (end - objects) + (other - objects);
}

/* Free some objects to slabs of the locked home; see free_single(). A test probes it. */
static noinline unsigned int free_locked(struct slabmod_cache *cache, struct visit *visit,
					 void **objects, unsigned int nr)
{
	unsigned int freed = free_runs(cache, visit, objects, nr);

	return freed ? nr - freed : free_single(cache, visit, objects, nr);
}

static void report_double(struct slabmod_cache *cache, void *object)
{
	report_misuse(MISUSE_DOUBLE_FREE, "%s: object %p was freed to its slab twice",
		      cache->name, object);
}

unsigned int home_free_some(struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	struct visit visit;
	enum visit_result result = lock_home_of(cache, objects[0], &visit);
	void *object = objects[0];
	unsigned int left = nr;

	if (result == VISIT_WOULD_WAIT)
		return nr;
	if (result == VISIT_BEGUN) {
		left = free_locked(cache, &visit, objects, nr);
		home_unlock(visit.home, visit.flags);
		release_slabs(cache, &visit.batch);
		count_inuse(cache, (long)left - nr);
	}
	/* The home of its slab was locked: it is free already, or not an object. */
	if (left && objects[nr - left] == object) {
		report_double(cache, object);
		left--;
	}
	return left;
}

bool home_free(struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	unsigned int left;

	for (; nr; nr = left) {
		left = home_free_some(cache, objects, nr);
		if (left == nr)
			return false;
		objects += nr - left;
	}
	return true;
}
EXPORT_SYMBOL_FOR_TEST(home_free);

