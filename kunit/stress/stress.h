/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stress.h - slabmod_stress.ko: random calls of all that slabmod exports, from every
 * CPU and context at once.
 *
 *   stress.c           parameters, the beginning, the end, what is to be read
 *   stress_context.c   where calls come from: threads, and what interrupts them
 *   stress_nmi.c       NMIs, sent to other CPUs
 *   stress_actor.c     what one of them does next, and whether it is right
 *   stress_take.c      each way to take memory
 *   stress_give.c      each way to give it back, and to change it
 *   stress_owner.c     the caches and pools that stay, and those that come and go
 *   stress_bad.c       with bad=1: calls that must be refused, and have no effect
 *   stress_taint.c     with bad=1: caches and a pool for what is freed twice
 *   stress_twice.c     with bad=1: second frees
 *
 * Memory changes hands through slots that all have in common: who comes by puts the
 * piece it holds into one and goes on with the one that was there. So most is given back
 * by others than took it, and nobody ever waits.
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
 * Pages of a run that only stress_taint.c takes: no free of another length can free one,
 * so one that is freed twice takes no memory from anyone else.
 */
#define STRESS_TAINTED_PAGES	23

/* Pieces that an actor holds; no bulk call is for more. */
#define STRESS_HANDS	32

/* ---- what is counted ---- */

/* Where a call came from. */
#define STRESS_CONTEXTS(X) \
	X(TASK,		task) \
	X(PREEMPT_OFF,	preempt_off) \
	X(IRQS_OFF,	irqs_off) \
	X(SOFTIRQ,	softirq) \
	X(HARDIRQ,	hardirq) \
	X(IRQ_WORK,	irq_work) \
	X(NMI,		nmi) \
	X(RCU,		rcu) \
	X(WORK,		work)

enum stress_context {
#define X(id, name) STRESS_##id,
	STRESS_CONTEXTS(X)
#undef X
	NR_STRESS_CONTEXTS
};

/* Ways to take memory, each with how often of a thousand. */
#define STRESS_TAKES(X) \
	X(KMALLOC,		kmalloc,		160) \
	X(KMALLOC_CONST,	kmalloc_const,		100) \
	X(KZALLOC,		kzalloc,		60) \
	X(KMALLOC_NODE,		kmalloc_node,		20) \
	X(KZALLOC_NODE,		kzalloc_node,		20) \
	X(KMALLOC_ARRAY,	kmalloc_array,		30) \
	X(KCALLOC,		kcalloc,		30) \
	X(KREALLOC_NULL,	krealloc_null,		10) \
	X(KMEMDUP,		kmemdup,		15) \
	X(KSTRDUP,		kstrdup,		15) \
	X(KSTRNDUP,		kstrndup,		10) \
	X(KASPRINTF,		kasprintf,		5) \
	X(KMALLOC_LARGE,	kmalloc_large,		1) \
	X(KMALLOC_NOFAIL,	kmalloc_nofail,		4) \
	X(CACHE_ALLOC,		cache_alloc,		160) \
	X(CACHE_ALLOC_CONST,	cache_alloc_const,	100) \
	X(CACHE_ZALLOC,		cache_zalloc,		40) \
	X(CACHE_ALLOC_NODE,	cache_alloc_node,	40) \
	X(GET_FREE_PAGES,	get_free_pages,		15) \
	X(GET_ZEROED_PAGE,	get_zeroed_page,	8) \
	X(ALLOC_PAGES,		alloc_pages,		8) \
	X(ALLOC_PAGES_NODE,	alloc_pages_node,	8) \
	X(ALLOC_PAGES_EXACT,	alloc_pages_exact,	8) \
	X(ALLOC_PAGES_LARGE,	alloc_pages_large,	1) \
	X(POOL_KMALLOC,		pool_kmalloc,		80) \
	X(POOL_KZALLOC,		pool_kzalloc,		40) \
	X(POOL_PAGES,		pool_get_free_pages,	12)

/* Everything else, how often decided where it is done. */
#define STRESS_OTHERS(X) \
	X(CACHE_ALLOC_BULK,	cache_alloc_bulk) \
	X(KREALLOC,		krealloc) \
	X(KREALLOC_ARRAY,	krealloc_array) \
	X(KSIZE,		ksize) \
	X(KFREE,		kfree) \
	X(KFREE_SENSITIVE,	kfree_sensitive) \
	X(KREALLOC_ZERO,	krealloc_zero) \
	X(KFREE_BULK,		kfree_bulk) \
	X(CACHE_FREE,		cache_free) \
	X(CACHE_FREE_BULK,	cache_free_bulk) \
	X(FREE_PAGES,		free_pages) \
	X(FREE_PAGES_PAGE,	free_pages_by_page) \
	X(FREE_PAGES_EXACT,	free_pages_exact) \
	X(POOL_KFREE,		pool_kfree) \
	X(POOL_FREE_PAGES,	pool_free_pages) \
	X(SHRINK,		shrink) \
	X(POOL_SHRINK,		pool_shrink) \
	X(CACHE_SHRINK,		cache_shrink) \
	X(POOL_USAGE,		pool_usage) \
	X(CACHE_LIFE,		cache_create_destroy) \
	X(POOL_LIFE,		pool_create_destroy)

/* With bad=1, calls that break a rule. */
#define STRESS_BADS(X) \
	X(DOUBLE_HERE,		double_here) \
	X(DOUBLE_APART,		double_apart) \
	X(DOUBLE_LATER,		double_later) \
	X(DOUBLE_BULK,		double_bulk) \
	X(DOUBLE_RACE,		double_race) \
	X(DOUBLE_PAGES,		double_pages) \
	X(DOUBLE_BLOCK,		double_block) \
	X(FREED_KSIZE,		freed_ksize) \
	X(FREED_KREALLOC,	freed_krealloc) \
	X(FREED_SENSITIVE,	freed_sensitive) \
	X(INNER_FREE,		inner_free) \
	X(INNER_BULK,		inner_bulk) \
	X(INNER_LOOK,		inner_look) \
	X(WRONG_CACHE,		wrong_cache) \
	X(WRONG_POOL,		wrong_pool) \
	X(WRONG_ORDER,		wrong_order) \
	X(FOREIGN_FREE,		foreign_free) \
	X(FOREIGN_PAGES,	foreign_pages) \
	X(FOREIGN_LOOK,		foreign_look) \
	X(BUSY_CACHE,		busy_cache) \
	X(BUSY_POOL,		busy_pool)

enum stress_bad {
#define X(id, name) STRESS_BAD_##id,
	STRESS_BADS(X)
#undef X
	NR_STRESS_BADS
};

enum stress_kind {
#define X(id, name, ...) STRESS_##id,
	STRESS_TAKES(X)
	NR_STRESS_TAKES,
	STRESS_TAKE_LAST = NR_STRESS_TAKES - 1,
	STRESS_OTHERS(X)
#undef X
	NR_STRESS_KINDS
};

extern const char *const stress_context_names[NR_STRESS_CONTEXTS];
extern const char *const stress_kind_names[NR_STRESS_KINDS];
extern const char *const stress_bad_names[NR_STRESS_BADS];

/* ---- what is handed around ---- */

/* How a piece has to be given back. */
enum stress_family { STRESS_MEMORY, STRESS_OBJECT, STRESS_PAGES, STRESS_EXACT };

/* A cache that is there from the beginning to the end. */
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

/* Owned by whoever took its address out of a slot or has it in a hand. */
struct stress_piece {
	struct piece piece;		/* piece.memory NULL: empty */
	enum stress_family family;
	enum stress_kind kind;		/* how it was taken */
	unsigned int order;		/* of STRESS_PAGES */
	int pool;			/* index of its pool, or -1 for the root pool */
	const struct stress_cache *cache;	/* of STRESS_OBJECT */
	/* Of what was taken just now. */
	unsigned int align;		/* at least */
	int nid;			/* where it must be, or NUMA_NO_NODE */
	bool zeroed;
	/* What it was taken from if it may be freed twice, and whether it was: stress_taint.c. */
	struct stress_taint *taint;
	bool freed;
	/* Who took it, to be told when it is found wrong. */
	unsigned int actor;
	u64 step;
};

/*
 * Who calls: a thread, or what interrupts one. Nobody else touches it, but to read the
 * counts. Each step's decisions depend on the seed, on @id and on @step alone.
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
	unsigned long ops[NR_STRESS_CONTEXTS];
	unsigned long done[NR_STRESS_KINDS];
	unsigned long refused[NR_STRESS_KINDS];
	struct stress_piece *tainted;	/* another piece in its hands; see stress_twice.c */
	unsigned long bad_ops[NR_STRESS_CONTEXTS];
	unsigned long bad[NR_STRESS_BADS];
	unsigned long certain;		/* reports that must come of these */
};

/* The counts are read while they grow. */
#define stress_count(counter, n) WRITE_ONCE(counter, (counter) + (n))

/* One or more checked operations of @kind. */
static inline void stress_did(struct stress_actor *actor, enum stress_kind kind, unsigned long n)
{
	stress_count(actor->done[kind], n);
	stress_count(actor->ops[actor->context], n);
}

static inline void stress_was_refused(struct stress_actor *actor, enum stress_kind kind)
{
	stress_count(actor->refused[kind], 1);
}

/* A call that breaks a rule, and how many reports must come of it. */
static inline void stress_did_bad(struct stress_actor *actor, enum stress_bad bad,
				  unsigned long certain)
{
	stress_count(actor->bad[bad], 1);
	stress_count(actor->certain, certain);
	stress_count(actor->bad_ops[actor->context], 1);
	stress_count(actor->ops[actor->context], 1);
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

/* From 0 to @below - 1. */
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
extern bool stress_all_debugged;
extern bool stress_strict;
extern bool stress_bad;

/* Counts what should not be, and prints it, the first few times. Any context. */
__printf(3, 4) void stress_wrong(const struct stress_actor *actor, const struct stress_piece *piece,
				 const char *fmt, ...);
bool stress_stopped(void);

/* ---- stress_actor.c ---- */

int stress_slots_init(unsigned int slots, unsigned int actors);
void stress_slots_exit(struct stress_actor *actor);
void stress_actor_init(struct stress_actor *actor, unsigned int id, enum stress_context context,
		       bool may_sleep);
/* Gives back what it has in its hands. */
void stress_actor_exit(struct stress_actor *actor);
void stress_step(struct stress_actor *actor);

/* Looks at what was taken, and writes it full. */
void stress_begin_piece(struct stress_actor *actor, struct stress_piece *piece,
			enum stress_kind kind);
/* Looks at what is to be given back; afterwards the piece is empty. */
void *stress_end_piece(struct stress_actor *actor, struct stress_piece *piece);
/* Whether its first @size bytes are as they were written. */
bool stress_check_piece(const struct stress_actor *actor, const struct stress_piece *piece,
			size_t size);

/* ---- stress_bad.c ---- */

int stress_bad_init(void);
void stress_bad_exit(struct stress_actor *actor);
/* A call that breaks a rule, in any context. @piece: one in a hand, or an empty one. */
void stress_bad_step(struct stress_actor *actor, struct stress_piece *piece);
/* Each of what is seldom done once. */
void stress_bad_rare_all(struct stress_actor *actor);

/* ---- stress_twice.c; see stress_taint.h ---- */

int stress_taint_init(unsigned int slots, unsigned int actors);
void stress_taint_exit(void);
/* Frees what is left, and ends what taint_open() made. */
void stress_taint_close(struct stress_actor *actor);
void stress_taint_actor_init(struct stress_actor *actor);
void stress_taint_actor_exit(struct stress_actor *actor);
void stress_taint_step(struct stress_actor *actor);
/* Both may sleep. */
void stress_taint_race(struct stress_actor *actor);
void stress_taint_shrink(struct stress_actor *actor);

/* ---- stress_nmi.c ---- */

/* From here to the exit @fn is called in NMIs. Both may sleep. */
int stress_nmi_init(void (*fn)(void *arg));
void stress_nmi_exit(void);
/* An NMI for a CPU, with what @fn is to get; false where that cannot be, or not now. */
bool stress_nmi_send(unsigned int cpu, void *arg);

/* ---- stress_take.c, stress_give.c ---- */

gfp_t stress_gfp(struct stress_actor *actor, size_t size);
int stress_random_node(struct stress_actor *actor);
/* Describes a piece that is nothing special yet, and one that is an object of @cache. */
void stress_is_nothing(struct stress_piece *piece);
void stress_is_object(struct stress_piece *piece, const struct stress_cache *cache);
size_t stress_random_size(struct stress_actor *actor);
void stress_take_init(void);
void stress_take(struct stress_actor *actor, struct stress_piece *piece);
void stress_take_bulk(struct stress_actor *actor, struct stress_piece **pieces, unsigned int nr);
void stress_give(struct stress_actor *actor, struct stress_piece *piece);
void stress_give_bulk(struct stress_actor *actor, struct stress_piece **pieces, unsigned int nr);
void stress_resize(struct stress_actor *actor, struct stress_piece *piece);
void stress_look(struct stress_actor *actor, struct stress_piece *piece);

/* ---- stress_owner.c ---- */

#define STRESS_POOLS	4

extern struct slabmod_pool *stress_pools[STRESS_POOLS];

int stress_owners_init(void);
void stress_owners_exit(void);
/* One of those that stay, mostly a small one; with a constructor or not. */
const struct stress_cache *stress_random_cache(struct stress_actor *actor, bool or_ctor);
int stress_pool_node(int pool);
/* Makes what is described; @pool as in struct stress_cache. */
struct slabmod_cache *stress_create(int pool, const char *name, size_t size, size_t align,
				    unsigned int flags, void (*ctor)(void *object));
/* What a constructor of objects of @size does. */
void stress_construct(void *object, size_t size);
/* Compares what each pool holds with its limit and its reserve. */
void stress_check_pools(struct stress_actor *actor);
/* What is seldom done, and only where one may sleep: @which of STRESS_RARE. */
#define STRESS_RARE	256

void stress_rare(struct stress_actor *actor, unsigned int which);
/* Each of these once, so that a short run has it all. */
void stress_rare_all(struct stress_actor *actor);

/* ---- stress_context.c ---- */

int stress_crew_init(unsigned int workers);
/* Waits for all of them. */
void stress_crew_stop(void);
void stress_crew_exit(void);
/* One actor after another; NULL after the last. */
struct stress_actor *stress_crew_actor(unsigned int n);
unsigned int stress_crew_actors(unsigned int workers);

#endif /* SLABMOD_STRESS_H */
