// SPDX-License-Identifier: GPL-2.0
/*
 * home.c - whose slab it is.
 *
 * A slab is at home with the CPU that refills from it: Hoard's heaps, but visited
 * once for a magazine and not once for an object. A home keeps its slabs in four
 * lists by fullness and refills from the fullest, so that emptier ones drain. It
 * keeps few: a slab that gets nearly empty goes to the commons of its node, where
 * any CPU may adopt it, and beyond a few kept for the next refill an empty one
 * goes back to the buddy.
 *
 * Invariant (blowup): a new slab is made only when the home, the commons and the
 * other homes had nothing to give, but for what lies in magazines, and lines that are
 * partly another CPU's.
 *
 * Of a cache that is isolated no slab goes to the buddy before home_end(): an empty one
 * stays at home, or in the commons, until the cache itself needs it. Nobody counts on it.
 *
 * A slab changes its home only under its old home's lock. Who wants to give an
 * object back reads the home, locks it, and looks again. While a slab is moved it
 * is on no list, and both homes' locks are free: see the invariant of struct
 * slab_home, and home_list(), which keeps it.
 *
 * Contexts: any. In NMI no lock is waited for. Locks: home->lock, raw, interrupts
 * off; held for a magazine's worth of objects at the most.
 */
#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/topology.h>

#include "buddy.h"
#include "home.h"
#include "report.h"
#include "slab.h"

/* Partly used slabs that a home keeps before it gives nearly empty ones away. */
#define KEEP_PARTIAL	8
/* Bytes of empty slabs that a home keeps; one slab at least. */
#define KEEP_EMPTY_BYTES (64u << 10)
/* Of the many that an isolated cache may have, sent at a time with the home locked. */
#define SEND_AT_ONCE	64
/* Bytes of memory that a byte of frames is for. */
#define FRAME_RATIO	(PAGE_SIZE / sizeof(struct frame))

/* ---- which home ---- */

struct slab_home *home_of(struct slabmod_cache *cache, const struct frame *first, u16 id)
{
	if (HOME_ID(id) == HOME_COMMONS)
		return &cache->commons[frame_chunk(first)->buddy->nid];
	return per_cpu_ptr(cache->homes, HOME_ID(id));
}

/* Sparse counts locks by function: it is told that these leave none behind. */
void home_lock(struct slab_home *home, unsigned long *flags)
{
	raw_spin_lock_irqsave(&home->lock, *flags);
	__release(&home->lock);
}

bool home_trylock(struct slab_home *home, unsigned long *flags)
{
	local_irq_save(*flags);
	if (raw_spin_trylock(&home->lock)) {
		__release(&home->lock);
		return true;
	}
	local_irq_restore(*flags);
	return false;
}

bool home_lock_nmi(struct slab_home *home, unsigned long *flags)
{
	if (in_nmi())
		return home_trylock(home, flags);
	home_lock(home, flags);
	return true;
}

void home_unlock(struct slab_home *home, unsigned long flags)
{
	__acquire(&home->lock);
	raw_spin_unlock_irqrestore(&home->lock, flags);
}

/* Whoever sees a new home sees all that was done to the slab in the old one. */
static struct slab_home *home_now(struct slabmod_cache *cache, struct frame *first)
{
	/* Pairs with the release in home_set(). */
	return home_of(cache, first, smp_load_acquire(&first->home));
}

/* Changes a slab's home or whether it is mixed; under the lock of the home it has. */
void home_set(struct slabmod_cache *cache, struct frame *first, u16 id)
{
	unsigned int page;

	if (first->home == id)
		return;
	for (page = slab_geometry(cache, first)->pages - 1; page; page--)
		WRITE_ONCE(first[page].home, id);
	/* Pairs with home_now(): from here on others may have the slab. */
	smp_store_release(&first->home, id);
}

/* Locks the home a slab has, which may change until it is locked. */
static struct slab_home *lock_home_of(struct slabmod_cache *cache, struct frame *first,
				      unsigned long *flags)
{
	for (;;) {
		struct slab_home *home = home_now(cache, first);

		if (!home_lock_nmi(home, flags))
			return NULL;
		if (home_now(cache, first) == home)
			return home;
		home_unlock(home, *flags);
	}
}

/* The home of this CPU; the commons of its node as long as the cache has no homes. */
struct slab_home *home_this(struct slabmod_cache *cache, u16 *id)
{
	struct slab_home __percpu *homes = home_percpu(cache);
	unsigned int cpu = raw_smp_processor_id();

	if (homes) {
		*id = cpu;
		return per_cpu_ptr(homes, cpu);
	}
	*id = HOME_COMMONS;
	return &cache->commons[source_nid(cache->source)];
}

void home_count_taken(struct slabmod_cache *cache, long objects)
{
	note_peak(&cache->taken_peak, atomic_long_add_return(objects, &cache->taken));
}

/* ---- lists of a home; all with its lock held ---- */

/* Whether what was an object stays the cache's: see SLABMOD_ISOLATED. */
static bool is_isolated(const struct slabmod_cache *cache)
{
	return cache->flags & SLABMOD_ISOLATED;
}

/* Who needs pages, or the kernel, may want to know what could be had. */
static void count_empty(struct frame *first, int more)
{
	struct chunk *chunk = frame_chunk(first);

	if (is_isolated(slab_cache(first)))
		return;
	atomic_long_add(more, &chunk->buddy->source->empty_slabs);
	atomic_add(more * slab_geometry(slab_cache(first), first)->pages, &chunk->empty_pages);
}

void home_unlist(struct slab_home *home, struct frame *first, unsigned int inuse)
{
	list_del_init(&first->node);
	if (inuse) {
		home->nr_partial--;
		return;
	}
	home->min_empty = min(home->min_empty, --home->nr_empty);
	count_empty(first, -1);
}

/* Puts a slab that is not full on the list it belongs to. */
void home_list(struct slabmod_cache *cache, struct slab_home *home, struct frame *first)
{
	if (!first->inuse) {
		home_set(cache, first, HOME_ID(first->home));
		list_add(&first->node, &home->empty);
		home->nr_empty++;
		count_empty(first, 1);
		return;
	}
	home->nr_partial++;
	if (first->home & HOME_MIXED && !slab_has_whole_line(cache, first))
		list_add(&first->node, &home->broken);
	else
		list_add(&first->node, &home->partial[slab_quarter(cache, first)]);
}

/* Lists a slab anew after its count went from @inuse to what it is now. */
void home_relist(struct slabmod_cache *cache, struct slab_home *home, struct frame *first,
		 unsigned int inuse)
{
	unsigned int objects = slab_objects(cache, first);

	if (inuse != objects) {
		/* Somebody moves it, and will list it. */
		if (list_empty(&first->node))
			return;
		/* From one quarter to another is the most frequent way. */
		if (inuse && first->inuse && first->inuse != objects &&
		    !(first->home & HOME_MIXED)) {
			list_move(&first->node, &home->partial[slab_quarter(cache, first)]);
			return;
		}
		home_unlist(home, first, inuse);
	}
	if (first->inuse != objects)
		home_list(cache, home, first);
}

/* Marks a slab that has objects with other CPUs than its home-to-be. */
void home_mix(struct slabmod_cache *cache, struct frame *first)
{
	if (cache->flags & CACHE_SHARES_LINES && first->inuse)
		home_set(cache, first, first->home | HOME_MIXED);
}

/* Lists a slab that was taken out of another home; see struct slab_home. */
void home_settle(struct slabmod_cache *cache, struct slab_home *home, struct frame *first)
{
	unsigned long flags;

	home_lock(home, &flags);
	home_list(cache, home, first);
	home_unlock(home, flags);
}

/* ---- giving ---- */

static bool may_keep_empty(const struct slabmod_cache *cache, const struct slab_home *home)
{
	unsigned int bytes = cache->usual.pages << PAGE_SHIFT;

	if (is_isolated(cache))
		return true;
	/* In an NMI the buddy cannot be called; the next who comes by does it. */
	return in_nmi() || home->nr_empty <= max(KEEP_EMPTY_BYTES / bytes, 1u);
}

/* Slabs that leave a home, gathered under its lock and seen off after it. */
struct leavers {
	struct list_head dead;		/* to the buddy; nobody knows them any more */
	struct frame *retired[HOME_MAX_RETIRED];	/* to the commons; on no list meanwhile */
	unsigned int nr_retired;
};

static void send_to_buddy(struct slab_home *home, struct frame *first, struct list_head *dead)
{
	home_unlist(home, first, 0);
	home->slabs--;
	home->small_slabs -= first->state == FRAME_SLAB_SMALL;
	list_add(&first->node, dead);
}

/* Takes a slab that is listed out of its home. The caller settles it in the commons. */
static void retire(struct slabmod_cache *cache, struct slab_home *home, struct frame *first)
{
	home_unlist(home, first, first->inuse);
	home_mix(cache, first);
	home_set(cache, first, HOME_COMMONS | (first->home & HOME_MIXED));
}

static void settle_in_commons(struct slabmod_cache *cache, struct frame *first)
{
	home_settle(cache, home_of(cache, first, HOME_COMMONS), first);
	stat_inc(cache->stats, STAT_RETIRE);
}

/*
 * Decides about a slab that got emptier: whether it stays in its home. Asked when it
 * gets from one quarter to the next; who is passed over then stays till it is empty.
 */
static void consider(struct slabmod_cache *cache, struct slab_home *home, struct frame *first,
		     struct leavers *leavers)
{
	if (list_empty(&first->node))
		return;
	if (!first->inuse) {
		if (!may_keep_empty(cache, home))
			send_to_buddy(home, first, &leavers->dead);
		return;
	}
	if (home->nr_partial <= KEEP_PARTIAL || HOME_ID(first->home) == HOME_COMMONS ||
	    leavers->nr_retired == HOME_MAX_RETIRED || in_nmi())
		return;
	if (slab_quarter(cache, first))
		return;
	retire(cache, home, first);
	leavers->retired[leavers->nr_retired++] = first;
}

static void delete_slabs(struct slabmod_cache *cache, struct list_head *dead)
{
	struct frame *first, *next;

	list_for_each_entry_safe(first, next, dead, node) {
		list_del_init(&first->node);
		slab_delete(cache, first);
	}
}

static void see_off(struct slabmod_cache *cache, struct leavers *leavers)
{
	unsigned int i;

	if (!list_empty(&leavers->dead))
		delete_slabs(cache, &leavers->dead);
	for (i = 0; i < leavers->nr_retired; i++)
		settle_in_commons(cache, leavers->retired[i]);
}

/* The first frame of the slab that @object is in, or NULL when it is none of @cache. */
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

static void report_double(struct slabmod_cache *cache, void *object)
{
	report_misuse(MISUSE_DOUBLE_FREE, "%s: object %p came back to its slab twice",
		      cache->name, object);
}

/* Lists a slab anew that had @was objects taken and has fewer, or sees it off. */
static noinline void move(struct slabmod_cache *cache, struct slab_home *home,
			  struct frame *first, unsigned int was, struct leavers *leavers)
{
	home_relist(cache, home, first, was);
	consider(cache, home, first, leavers);
}

/*
 * Gives back those of @nr objects that are of slabs of the usual kind whose home is
 * just @id, and locked. The others are the first ones afterwards; returns how many.
 * What is freed at random goes through this loop one by one: it looks up once what a
 * leaf of the map covers, keeps few values in hand, and leaves all that is unusual to
 * others.
 */
static noinline unsigned int give_usual(struct slabmod_cache *cache, struct slab_home *home,
					u16 id, void **objects, unsigned int nr,
					struct leavers *leavers)
{
	void **object = objects, **end = objects + nr, **other = objects;
	/* Of an offset among frames, the bits that find, in a step of the map, a slab's first. */
	const unsigned long firsts = ~(cache->slab_mask / FRAME_RATIO) & -sizeof(struct frame) &
				     ((BIT(UNIT_SHIFT) - 1) / FRAME_RATIO);
	/* Of a mixed slab any object may be the last of its line: it is always listed anew. */
	const unsigned int quarter = id & HOME_MIXED ? -1u : -1u << cache->usual.quarter_shift;
	struct map_leaf *leaf = chunk_leaf(*object);
	unsigned long base = chunk_leaf_base(*object);

	do {
		unsigned long offset = (unsigned long)*object - base;
		unsigned int was = 0, now, given = 0;
		struct frame *first;

		if (unlikely(offset >= BIT(ROOT_SHIFT))) {
			leaf = chunk_leaf(*object);
			base = chunk_leaf_base(*object);
			offset = (unsigned long)*object - base;
		}
		first = (void *)leaf->unit[offset >> UNIT_SHIFT] +
			(offset / FRAME_RATIO & firsts);
		/* Another CPU may just have brought the slab here; its count is right only now. */
		if (likely(first->cache == cache && smp_load_acquire(&first->home) == id)) {
			was = first->inuse;
			given = slab_give(cache, &cache->usual, first, offset & cache->slab_mask,
					  object, end);
		}
		if (unlikely(!given)) {
			*other++ = *object++;
			continue;
		}
		object += given;
		now = was - given;
		first->inuse = now;
		if (unlikely(!now || (was ^ now) & quarter || was == cache->objects))
			move(cache, home, first, was, leavers);
	} while (object < end);
	return other - objects;
}

/* Gives back an object, whatever slab it is in; false when it is a bad one. */
static bool give_one(struct slabmod_cache *cache, struct slab_home *home, struct frame *first,
		     void *object, struct leavers *leavers)
{
	unsigned long offset = object - frame_address(first);
	unsigned int was = first->inuse;

	if (!slab_give(cache, slab_geometry(cache, first), first, offset, &object, &object + 1))
		return false;
	first->inuse--;
	move(cache, home, first, was, leavers);
	return true;
}

/*
 * Gives back, of @nr objects, the first and all others that are of slabs of the same
 * home. Says how many are left, which are the first ones then. False when the home
 * would have to be waited for, in an NMI.
 */
static bool give_home(struct slabmod_cache *cache, struct frame *first, void **objects,
		      unsigned int *nr)
{
	struct leavers leavers;
	void *object = objects[0];
	struct slab_home *home;
	unsigned int left = *nr;
	unsigned long flags;
	bool bad = false;

	INIT_LIST_HEAD(&leavers.dead);
	leavers.nr_retired = 0;
	home = lock_home_of(cache, first, &flags);
	if (!home)
		return false;
	/* The id of the commons does not tell nodes apart. */
	if (HOME_ID(first->home) != HOME_COMMONS || nr_online_nodes == 1)
		left = give_usual(cache, home, first->home, objects, left, &leavers);
	/* Unless it is there twice, and the slab has left meanwhile with the first. */
	if (left && objects[0] == object && home_now(cache, first) == home) {
		bad = !give_one(cache, home, first, object, &leavers);
		objects[0] = objects[--left];
	}
	home_unlock(home, flags);
	home_count_taken(cache, -(long)(*nr - left - bad));
	see_off(cache, &leavers);
	if (bad)
		report_double(cache, object);
	*nr = left;
	return true;
}

bool home_give(struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	while (nr) {
		struct frame *first = slab_of(cache, objects[0]);

		if (!first) {
			report_double(cache, objects[0]);
			objects[0] = objects[--nr];
			continue;
		}
		if (!give_home(cache, first, objects, &nr))
			return false;
	}
	return true;
}
EXPORT_SYMBOL_FOR_TEST(home_give);

/* ---- draining and shrinking ---- */

/* Gives up to @nr empty slabs back to the buddy, those first that are empty longest. */
static unsigned long send_empty(struct slabmod_cache *cache, struct slab_home *home,
				unsigned int nr)
{
	struct frame *first, *next;
	unsigned long flags, pages = 0;
	LIST_HEAD(dead);

	if (!READ_ONCE(home->nr_empty))
		return 0;
	home_lock(home, &flags);
	list_for_each_entry_safe_reverse(first, next, &home->empty, node) {
		if (!nr--)
			break;
		pages += slab_geometry(cache, first)->pages;
		send_to_buddy(home, first, &dead);
	}
	home_unlock(home, flags);
	delete_slabs(cache, &dead);
	return pages;
}

static void send_all(struct slabmod_cache *cache, struct slab_home *home, void *arg)
{
	*(unsigned long *)arg += send_empty(cache, home, UINT_MAX);
}

/* Gives those empty slabs back that were not needed since this was done last. */
static void age_one(struct slabmod_cache *cache, struct slab_home *home, void *arg)
{
	unsigned long *pages = arg;
	unsigned int unwanted;
	unsigned long flags;

	home_lock(home, &flags);
	unwanted = home->min_empty;
	home->min_empty = home->nr_empty;
	home_unlock(home, flags);
	*pages += send_empty(cache, home, unwanted);
}

unsigned long home_age(struct slabmod_cache *cache)
{
	unsigned long pages = 0;

	if (!is_isolated(cache))
		home_for_each(cache, age_one, &pages);
	return pages;
}
EXPORT_SYMBOL_FOR_TEST(home_age);

static void send_some(struct slabmod_cache *cache, struct slab_home *home, void *arg)
{
	*(unsigned long *)arg += send_empty(cache, home, SEND_AT_ONCE);
}

unsigned long home_end(struct slabmod_cache *cache)
{
	unsigned long pages = 0, before;

	do {
		before = pages;
		home_for_each(cache, send_some, &pages);
		cond_resched();
	} while (pages != before);
	return pages;
}

/* A slab of a home that is not full. */
static struct frame *any_listed(struct slab_home *home)
{
	int quarter;

	for (quarter = 0; quarter < SLAB_QUARTERS; quarter++)
		if (!list_empty(&home->partial[quarter]))
			return list_first_entry(&home->partial[quarter], struct frame, node);
	if (!list_empty(&home->broken))
		return list_first_entry(&home->broken, struct frame, node);
	return list_first_entry_or_null(&home->empty, struct frame, node);
}

void home_drain(struct slabmod_cache *cache, unsigned int cpu)
{
	unsigned long flags, pages = 0;
	struct slab_home *home;
	struct frame *first;

	if (!home_percpu(cache))
		return;
	home = per_cpu_ptr(cache->homes, cpu);
	if (!is_isolated(cache))
		send_all(cache, home, &pages);
	do {
		home_lock(home, &flags);
		first = any_listed(home);
		if (first)
			retire(cache, home, first);
		home_unlock(home, flags);
		if (first)
			settle_in_commons(cache, first);
	} while (first);
}
EXPORT_SYMBOL_FOR_TEST(home_drain);

unsigned long home_shrink(struct slabmod_cache *cache)
{
	unsigned long pages = 0;

	if (!is_isolated(cache))
		home_for_each(cache, send_all, &pages);
	return pages;
}
EXPORT_SYMBOL_FOR_TEST(home_shrink);

/* ---- beginning ---- */

void home_init(struct slab_home *home)
{
	int quarter;

	memset(home, 0, sizeof(*home));
	raw_spin_lock_init(&home->lock);
	for (quarter = 0; quarter < SLAB_QUARTERS; quarter++)
		INIT_LIST_HEAD(&home->partial[quarter]);
	INIT_LIST_HEAD(&home->broken);
	INIT_LIST_HEAD(&home->empty);
}
EXPORT_SYMBOL_FOR_TEST(home_init);
