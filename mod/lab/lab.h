/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lab.h - what a strategy of the lab is, and what it may use.
 *
 * A strategy hands out parts of the pages of an arena. The same files are compiled into
 * slabmod_lab.ko and, for programs, into libraries with malloc(). strategies/template.c is one to
 * begin with.
 */
#ifndef SLABMOD_LAB_H
#define SLABMOD_LAB_H

#include "strategies.h"
#include "world.h"

/* The alignment of all memory that is allocated, unless the strategy lacks it. */
#define LAB_ALIGN	16
/* CPUs, or threads, that may have a heap of their own. */
#define LAB_HEAPS	64
#define LAB_LINE	64

/* What a strategy lacks by design. */
#define LAB_NO_FREE	BIT(0)	/* memory of single objects is not used again */
#define LAB_ONE_SIZE	BIT(1)	/* it has objects of LAB_POOL_SIZE at most */
#define LAB_NO_MERGE	BIT(2)	/* neighbours that are free do not become one */
#define LAB_NO_THREADS	BIT(3)	/* one caller at a time */
#define LAB_NO_RETURN	BIT(4)	/* pages do not go back to the arena */
#define LAB_MOVES	BIT(5)	/* what alloc() returns is a handle, see lab_at() */
#define LAB_UNALIGNED	BIT(6)	/* small objects have less than LAB_ALIGN */
#define LAB_NO_SIZE	BIT(7)	/* size() is what may be read, and not how much is the caller's */
#define LAB_UNBOUNDED	BIT(8)	/* CPUs that free what others allocated need ever more memory */
#define LAB_OUTSIDE	BIT(9)	/* its memory is not in the arena: outside.c */

#define LAB_POOL_SIZE	64

struct lab;

/* A part of the arena that is free, or that has the strategy's own data. */
enum lab_kind { LAB_FREE, LAB_META };

typedef void (*lab_visit_t)(void *arg, enum lab_kind kind, const void *start, size_t size);

struct lab_strategy {
	const char *name;
	const char *text;		/* a line about it */
	unsigned int lacks;
	size_t state_size;		/* of lab->state, zeroed, which is not in the arena */
	/* Optional. Return 0 or a negative error. */
	int (*init)(struct lab *lab);
	/* Return memory for @size bytes, which may be 0, or NULL. */
	void *(*alloc)(struct lab *lab, size_t size);
	/* @p is what alloc() returned, not NULL. */
	void (*free)(struct lab *lab, void *p);
	/* The bytes that the caller may use at @p, at least as many as it asked for. */
	size_t (*size)(struct lab *lab, void *p);
	/* Visit all that is free or metadata, in any order. Nothing else runs meanwhile. */
	void (*walk)(struct lab *lab, lab_visit_t visit, void *arg);
	/* Optional: free everything at once. */
	void (*reset)(struct lab *lab);
	/* Only with LAB_MOVES: the memory of a handle, until the next call. */
	void *(*at)(struct lab *lab, void *handle);
	/*
	 * Only with LAB_OUTSIDE: return how many pages it has, which may sleep and is called
	 * between operations; and undo init(), when all is free. There walk() visits no addresses.
	 */
	size_t (*pages)(struct lab *lab);
	void (*exit)(struct lab *lab);
};

/*
 * The pages of a lab: one range of addresses, of which a strategy takes and returns runs of
 * pages.
 */
struct lab_arena {
	char *base;
	size_t nr_pages;
	u8 *map;		/* for each page, enum lab_page */
	lab_lock_t lock;	/* protects all below, and @map */
	size_t lowest;		/* no page below is free */
	size_t top;		/* all pages from here on are free */
	size_t taken;		/* pages that the strategy has: A */
	size_t peak;		/* the most that it had */
	unsigned long nr_takes;	/* calls, as of mmap() */
	unsigned long nr_gives;	/* as of munmap() */
};

struct lab {
	const struct lab_strategy *strategy;
	void *state;		/* the strategy's */
	struct lab_arena arena;
	/*
	 * To reproduce the examples of a lecture: sizes are multiples of @unit (16), a block
	 * begins at the first byte of a page if it is 1, and an external record is on loan from
	 * elsewhere for the first @loan bytes (a page).
	 */
	size_t unit;
	size_t loan;
	unsigned long counts[4];	/* of the strategy's own events, see strategies/ */
};

/*
 * Take pages for @bytes, rounded up, at a multiple of @align, a power of two. Return NULL if the
 * arena is full. Any thread or CPU.
 */
void *lab_pages_take(struct lab *lab, size_t bytes, size_t align);
/* Give a run, or a part of one, back. */
void lab_pages_give(struct lab *lab, void *p, size_t bytes);

/* Requests that a strategy leaves to pages of their own: the bypass for large ones. */
void *lab_large_alloc(struct lab *lab, size_t size, size_t align);
void lab_large_free(struct lab *lab, void *p);
size_t lab_large_size(struct lab *lab, void *p);
bool lab_is_large(struct lab *lab, void *p);

/* ---- for the users of strategies ---- */

/* Make an arena of @size bytes and its strategy. Return 0 or a negative error. */
int lab_init(struct lab *lab, const struct lab_strategy *strategy, size_t size);
void lab_exit(struct lab *lab);

void *lab_alloc(struct lab *lab, size_t size);
void lab_free(struct lab *lab, void *p);
size_t lab_size(struct lab *lab, void *p);

/* The memory of what lab_alloc() returned. With LAB_MOVES only until the next call. */
static inline void *lab_at(struct lab *lab, void *p)
{
	return lab->strategy->at ? lab->strategy->at(lab, p) : p;
}

/* What the pages that a strategy has taken are used for, in bytes. */
struct lab_stats {
	size_t taken;		/* of the arena: A */
	size_t peak;
	size_t free;		/* free for any later request, as far as the strategy can use it */
	size_t meta;		/* data of the strategy, but for headers of objects */
	size_t largest;		/* the largest free range */
	unsigned long nr_free;	/* ranges that are free */
};

void lab_stats(struct lab *lab, struct lab_stats *stats);

/* ---- strategies ---- */

#define X(name)	extern const struct lab_strategy lab_##name;
LAB_STRATEGIES(X)
#undef X

/* All of them, in the order of the tables */
extern const struct lab_strategy *const lab_strategies[];
extern const unsigned int lab_nr_strategies;

/* Return that of a name, or NULL. */
const struct lab_strategy *lab_find(const char *name);

/* The world: zeroed memory from outside of the arena, and the arena's range. */
void *lab_world_alloc(size_t size);
void lab_world_free(void *p, size_t size);
void *lab_world_reserve(size_t size);
void lab_world_release(void *p, size_t size);
/* Now, in cycles of the processor; in a guest that counts them, in instructions. */
u64 lab_clock(void);
/* Called for pages that come back to the arena. */
void lab_world_unused(void *p, size_t size);

#endif /* SLABMOD_LAB_H */
