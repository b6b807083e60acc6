/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stress.h - slabmod_stress.ko: random calls of everything that slabmod exports, from every
 * CPU and context at once.
 *
 *   stress.c           parameters, start, end, results
 *   stress_context.c   where calls come from: threads, and what interrupts them
 *   stress_actor.c     what an actor does next, and whether the memory it finds is right
 *   stress_alloc.c     every way to allocate memory
 *   stress_free.c      every way to free memory, and to change its size
 *   stress_owner.c     permanent caches and pools, and short-lived ones
 *   stress_bad.c       with bad=1: calls that must be refused, and have no effect
 *   stress_twice.c     with bad=1: second frees
 *
 * Memory changes hands through slots that all actors share: an actor exchanges a piece it
 * holds for the one in a slot. So another actor than its allocator frees most memory, and
 * no actor ever waits.
 */
#ifndef SLABMOD_STRESS_H
#define SLABMOD_STRESS_H

#include <linux/build_bug.h>
#include <linux/gfp.h>
#include <linux/types.h>

#include <slabmod/slabmod.h>

#include "cache_list.h"
#include "pattern.h"

/*
 * Only stress_twice.c allocates runs of this many pages. A free of another length cannot free
 * one, so a second free of one frees no other memory.
 */
#define STRESS_TAINTED_PAGES	23

/* Pieces that an actor holds, and the maximum for a bulk call. */
#define STRESS_HANDS	32

/* ---- counters ---- */

#define STRESS_ID(id, ...) STRESS_##id,

/* The context of a call. */
#define STRESS_CONTEXTS(X) \
	X(TASK, task) X(PREEMPT_OFF, preempt_off) X(IRQS_OFF, irqs_off) X(SOFTIRQ, softirq) \
	X(HARDIRQ, hardirq) X(IRQ_WORK, irq_work) X(NMI, nmi) X(RCU, rcu) X(WORK, work)

enum stress_context { STRESS_CONTEXTS(STRESS_ID) NR_STRESS_CONTEXTS };

/* Ways to allocate memory, with their frequency per thousand. */
#define STRESS_ALLOCS(X) \
	X(KMALLOC, kmalloc, 160) X(KMALLOC_CONST, kmalloc_const, 100) X(KZALLOC, kzalloc, 60) \
	X(KMALLOC_NODE, kmalloc_node, 20) X(KZALLOC_NODE, kzalloc_node, 20) \
	X(KMALLOC_ARRAY, kmalloc_array, 30) X(KCALLOC, kcalloc, 30) \
	X(KREALLOC_NULL, krealloc_null, 10) X(KMEMDUP, kmemdup, 15) X(KSTRDUP, kstrdup, 15) \
	X(KSTRNDUP, kstrndup, 10) X(KASPRINTF, kasprintf, 5) X(KMALLOC_LARGE, kmalloc_large, 1) \
	X(KMALLOC_NOFAIL, kmalloc_nofail, 4) X(CACHE_ALLOC, cache_alloc, 160) \
	X(CACHE_ALLOC_CONST, cache_alloc_const, 100) X(CACHE_ZALLOC, cache_zalloc, 40) \
	X(CACHE_ALLOC_NODE, cache_alloc_node, 40) X(GET_FREE_PAGES, get_free_pages, 15) \
	X(GET_ZEROED_PAGE, get_zeroed_page, 8) X(ALLOC_PAGES, alloc_pages, 8) \
	X(ALLOC_PAGES_NODE, alloc_pages_node, 8) X(ALLOC_PAGES_EXACT, alloc_pages_exact, 8) \
	X(ALLOC_PAGES_LARGE, alloc_pages_large, 1) X(POOL_KMALLOC, pool_kmalloc, 80) \
	X(POOL_KZALLOC, pool_kzalloc, 40) X(POOL_PAGES, pool_get_free_pages, 12)

/* Other operations. */
#define STRESS_OTHERS(X) \
	X(CACHE_ALLOC_BULK, cache_alloc_bulk) X(KREALLOC, krealloc) \
	X(KREALLOC_ARRAY, krealloc_array) X(KSIZE, ksize) X(KFREE, kfree) \
	X(KFREE_SENSITIVE, kfree_sensitive) X(KREALLOC_ZERO, krealloc_zero) \
	X(KFREE_BULK, kfree_bulk) X(CACHE_FREE, cache_free) X(CACHE_FREE_BULK, cache_free_bulk) \
	X(KFREE_RCU, kfree_rcu) X(KFREE_RCU_MIGHTSLEEP, kfree_rcu_mightsleep) \
	X(RCU_BARRIER, rcu_barrier) X(SHEAF, sheaf) \
	X(FREE_PAGES, free_pages) X(FREE_PAGES_PAGE, free_pages_by_page) \
	X(FREE_PAGES_EXACT, free_pages_exact) X(POOL_KFREE, pool_kfree) \
	X(POOL_FREE_PAGES, pool_free_pages) X(SHRINK, shrink) X(POOL_SHRINK, pool_shrink) \
	X(CACHE_SHRINK, cache_shrink) X(POOL_USAGE, pool_usage) \
	X(CACHE_LIFE, cache_create_destroy) X(POOL_LIFE, pool_create_destroy)

/* Bad calls, with bad=1. */
#define STRESS_BADS(X) \
	X(DOUBLE_HERE, double_here) X(DOUBLE_APART, double_apart) X(DOUBLE_LATER, double_later) \
	X(DOUBLE_BULK, double_bulk) X(DOUBLE_RACE, double_race) X(DOUBLE_PAGES, double_pages) \
	X(DOUBLE_BLOCK, double_block) X(FREED_KSIZE, freed_ksize) \
	X(FREED_KREALLOC, freed_krealloc) X(FREED_SENSITIVE, freed_sensitive) \
	X(INNER_FREE, inner_free) X(INNER_BULK, inner_bulk) X(INNER_LOOK, inner_look) \
	X(WRONG_CACHE, wrong_cache) X(WRONG_POOL, wrong_pool) X(WRONG_ORDER, wrong_order) \
	X(FOREIGN_FREE, foreign_free) X(FOREIGN_PAGES, foreign_pages) \
	X(FOREIGN_LOOK, foreign_look) X(BUSY_CACHE, busy_cache) X(BUSY_POOL, busy_pool)

#define STRESS_BAD_ID(id, ...) STRESS_BAD_##id,
enum stress_bad { STRESS_BADS(STRESS_BAD_ID) NR_STRESS_BADS };

enum stress_kind {
	STRESS_ALLOCS(STRESS_ID)
	NR_STRESS_ALLOCS, STRESS_LAST_ALLOC = NR_STRESS_ALLOCS - 1,
	STRESS_OTHERS(STRESS_ID)
	NR_STRESS_KINDS
};

struct stress_counts {
	unsigned long ops[NR_STRESS_CONTEXTS];
	unsigned long done[NR_STRESS_KINDS];
	unsigned long refused[NR_STRESS_KINDS];
	unsigned long bad_ops[NR_STRESS_CONTEXTS];
	unsigned long bad[NR_STRESS_BADS];
	unsigned long certain;		/* reports that these must cause */
};

/* ---- pieces and actors ---- */

/* How a piece has to be freed. */
enum stress_family { STRESS_MEMORY, STRESS_OBJECT, STRESS_PAGES, STRESS_EXACT };

/* A permanent cache. */
struct stress_cache {
	const char *name;
	unsigned int size;
	unsigned int align;
	unsigned int flags;
	void (*ctor)(void *object);
	int pool;			/* index of a pool, or -1 for the root pool */
	struct slabmod_cache *cache;
};

struct stress_taint;

/* Owned by the actor that took its address out of a slot or holds it. */
struct stress_piece {
	struct piece piece;		/* piece.memory NULL: empty */
	enum stress_family family;
	enum stress_kind kind;		/* how it was allocated */
	unsigned int order;		/* of STRESS_PAGES */
	int pool;			/* index of its pool, or -1 for the root pool */
	const struct stress_cache *cache;	/* of STRESS_OBJECT */
	/* Promises of the allocation; checked by stress_begin_piece(). */
	unsigned int align;
	int nid;			/* or NUMA_NO_NODE */
	bool zeroed;
	/* For memory that may be freed twice: its taint, and whether it was; stress_twice.c. */
	bool freed;
	struct stress_taint *taint;
	/* The allocation, for reports. */
	unsigned int actor;
	u64 step;
};

/*
 * A thread, or a context that interrupts one. Others only read its counters. Each step's
 * decisions depend on the seed, on @id and on @step alone.
 */
struct stress_actor {
	unsigned int id;
	enum stress_context context;
	bool may_sleep;
	u64 key;			/* of the seed and @id */
	u64 step;
	u64 random;
	struct stress_piece *hands[STRESS_HANDS];
	void *objects[STRESS_HANDS];	/* of a bulk call */
	struct stress_piece *tainted;	/* another piece it holds; see stress_twice.c */
	struct stress_counts counts;
};

/* Counters are read while they grow. */
#define stress_count(counter, n) WRITE_ONCE(counter, (counter) + (n))

/* Count @n checked operations of @kind. */
static inline void stress_did(struct stress_actor *actor, enum stress_kind kind, unsigned long n)
{
	stress_count(actor->counts.done[kind], n);
	stress_count(actor->counts.ops[actor->context], n);
}

static inline void stress_was_refused(struct stress_actor *actor, enum stress_kind kind)
{
	stress_count(actor->counts.refused[kind], 1);
}

/* Count a bad call that must cause @certain reports. */
static inline void stress_did_bad(struct stress_actor *actor, enum stress_bad bad, ulong certain)
{
	stress_count(actor->counts.bad[bad], 1);
	stress_count(actor->counts.certain, certain);
	stress_count(actor->counts.bad_ops[actor->context], 1);
	stress_count(actor->counts.ops[actor->context], 1);
}

/* ---- random numbers ---- */

static inline u64 stress_mix(u64 z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static inline u64 stress_random(struct stress_actor *actor)
{
	actor->random += 0x9e3779b97f4a7c15ull;
	return stress_mix(actor->random);
}

static inline unsigned int stress_below(struct stress_actor *actor, unsigned int below)
{
	return ((stress_random(actor) >> 32) * below) >> 32;
}

static inline bool stress_one_in(struct stress_actor *actor, unsigned int n)
{
	return !stress_below(actor, n);
}

/* ---- stress.c ---- */

extern unsigned long stress_seed;
extern bool stress_all_debugged, stress_strict, stress_bad;

/* Count an error, end the run, and print the first few errors. Any context. */
__printf(3, 4) void stress_wrong(const struct stress_actor *actor, const struct stress_piece *piece,
				 const char *fmt, ...);
bool stress_stopped(void);

/* ---- stress_actor.c ---- */

/* Slots, with a piece in each. */
struct stress_slots {
	struct stress_piece **slots;
	struct stress_piece *pieces;	/* @nr for the slots, then others */
	unsigned int nr;
};

int stress_slots_alloc(struct stress_slots *slots, unsigned int nr, unsigned int others);
void stress_slots_free(struct stress_slots *slots);
/* Call @fn for each full slot. May sleep. */
void stress_slots_empty(struct stress_slots *slots, struct stress_actor *actor,
			void (*fn)(struct stress_actor *actor, struct stress_piece *piece));

int stress_actors_init(unsigned int slots, unsigned int actors);
void stress_actors_exit(struct stress_actor *actor);
void stress_actor_init(struct stress_actor *actor, unsigned int id, enum stress_context context,
		       bool may_sleep);
/* Free the pieces that @actor holds. */
void stress_actor_exit(struct stress_actor *actor);
void stress_step(struct stress_actor *actor);

/* Check a new allocation and fill it with its pattern. */
void stress_begin_piece(struct stress_actor *actor, struct stress_piece *piece,
			enum stress_kind kind);
/* Check memory that is about to be freed; the piece is empty afterwards. */
void *stress_end_piece(struct stress_actor *actor, struct stress_piece *piece);
/* Return true if the pattern of its first @size bytes is intact. */
bool stress_check_piece(const struct stress_actor *actor, const struct stress_piece *piece,
			size_t size);

/* ---- stress_bad.c ---- */

int stress_bad_init(void);
void stress_bad_exit(struct stress_actor *actor);
/* Make a bad call, in any context. @piece: one that @actor holds, or an empty one. */
void stress_bad_step(struct stress_actor *actor, struct stress_piece *piece);
void stress_bad_rare_all(struct stress_actor *actor);

/* ---- stress_twice.c ---- */

int stress_taint_init(unsigned int slots, unsigned int actors);
void stress_taint_exit(void);
/* Create the caches and the pool; free the rest and destroy them. */
int stress_taint_open(void);
void stress_taint_close(struct stress_actor *actor);
void stress_taint_actor_init(struct stress_actor *actor);
void stress_taint_actor_exit(struct stress_actor *actor);
void stress_taint_step(struct stress_actor *actor);
/* Both may sleep. */
void stress_taint_race(struct stress_actor *actor);
void stress_taint_shrink(struct stress_actor *actor);

/* ---- stress_alloc.c, stress_free.c ---- */

gfp_t stress_gfp(struct stress_actor *actor, size_t size);
int stress_random_node(struct stress_actor *actor);
size_t stress_random_size(struct stress_actor *actor);
/* Reset what an allocation promises; describe an object of @cache. */
void stress_reset(struct stress_piece *piece);
void stress_set_object(struct stress_piece *piece, const struct stress_cache *cache);
void stress_alloc_init(void);
void stress_alloc(struct stress_actor *actor, struct stress_piece *piece);
void stress_alloc_bulk(struct stress_actor *actor, struct stress_piece **pieces, unsigned int nr);
void stress_free(struct stress_actor *actor, struct stress_piece *piece);
void stress_free_bulk(struct stress_actor *actor, struct stress_piece **pieces, unsigned int nr);
/* Free or refuse @p by krealloc() to size 0. */
void stress_krealloc_zero(struct stress_actor *actor, void *p);
void stress_resize(struct stress_actor *actor, struct stress_piece *piece);
void stress_ksize(struct stress_actor *actor, struct stress_piece *piece);

/* ---- stress_owner.c ---- */

#define STRESS_POOLS	4

extern struct slabmod_pool *stress_pools[STRESS_POOLS];

int stress_owners_init(void);
void stress_owners_exit(void);
/* Return a permanent cache, mostly a small one; @or_ctor: it may have a constructor. */
const struct stress_cache *stress_random_cache(struct stress_actor *actor, bool or_ctor);
int stress_pool_node(int pool);
struct slabmod_cache *stress_create(int pool, const char *name, size_t size, size_t align,
				    unsigned int flags, void (*ctor)(void *object));
/* Create the cache that @c describes; return false on failure. */
bool stress_cache_open(struct stress_cache *c);
void stress_cache_close(struct stress_cache *c);
void stress_pool_close(struct slabmod_pool *pool, const char *name);

/* Define ctor_@size(), a constructor of objects of @size bytes. */
#define DEFINE_STRESS_CTOR(size)			\
static void ctor_##size(void *object)			\
{							\
	stress_construct(object, size);			\
}

void stress_construct(void *object, size_t size);
/* Compare what each pool holds with its limit and its reserve. */
void stress_check_pools(struct stress_actor *actor);

/* Rare operations, which may sleep: @which below STRESS_RARE chooses one. */
#define STRESS_RARE	256

/* Create, fill, empty and destroy one; with bad=1, also try to destroy it in use. */
void stress_cache_life(struct stress_actor *actor);
void stress_pool_life(struct stress_actor *actor);
void stress_rare(struct stress_actor *actor, unsigned int which);
/* Do each of them once, so that a short run covers all. */
void stress_rare_all(struct stress_actor *actor);
/* Call @fn with each of @which. */
void stress_do_each(struct stress_actor *actor, const unsigned int *which, unsigned int nr,
		    void (*fn)(struct stress_actor *actor, unsigned int which));

/* ---- stress_context.c ---- */

int stress_crew_init(unsigned int workers);
/* Wait for all workers and their interrupts. */
void stress_crew_stop(void);
void stress_crew_exit(void);
/* Return the actors one after another; NULL after the last. */
struct stress_actor *stress_crew_actor(unsigned int n);
unsigned int stress_crew_actors(unsigned int workers);

#endif /* SLABMOD_STRESS_H */
