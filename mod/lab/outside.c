// SPDX-License-Identifier: GPL-2.0
/*
 * outside.c - slabmod and the kernel's own allocator, as strategies beside those of the lab.
 *
 * Only slabmod_lab.ko has them. Their memory is not in the arena, of which only the size counts:
 * they have no more than that. So there is no map of them, and they are not among the strategies
 * that conform.c checks: it fills and empties arenas, and slabmod's own suites check slabmod.
 *
 * Pages (A), as scripts/bench counts them:
 *
 *	slabmod	What its pool holds, with its metadata: exact. Its smallest unit is a chunk
 *		(parameter chunk_order), and the part of chunks that is free counts.
 *	slub	Pages of slabs of the whole kernel, each with its struct page, more than there
 *		were at first. Others may take and return some meanwhile, so it is exact only
 *		if nothing else runs.
 *
 * Contexts: alloc, free and size: any but NMI; the others: process, may sleep.
 */
#include <linux/gfp.h>
#include <linux/slab.h>

#include <slabmod/slabmod.h>

#include "../bench/memory.h"
#include "outside.h"

#define GFP_LAB	(GFP_ATOMIC | __GFP_NOWARN)

/* Sizes above this are so rare that a check does not change what an operation takes. */
#define LARGE	(2 * PAGE_SIZE)

/* Whether kmalloc() serves a large request, and that does not use up the machine's memory. */
static bool fits(const struct lab *lab, size_t size)
{
	return size <= SLABMOD_KMALLOC_MAX &&
	       lab->arena.taken + DIV_ROUND_UP(size, PAGE_SIZE) <= lab->arena.nr_pages;
}

/* ---- slabmod ---- */

struct our_state {
	struct slabmod_pool *pool;
};

static int our_init(struct lab *lab)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct our_state *state = lab->state;

	params.limit_bytes = lab->arena.nr_pages << PAGE_SHIFT;
	state->pool = slabmod_pool_create("slabmod_lab", &params);
	return state->pool ? 0 : -ENOMEM;
}

static void our_exit(struct lab *lab)
{
	struct our_state *state = lab->state;

	slabmod_pool_destroy(state->pool);
}

static void *our_alloc(struct lab *lab, size_t size)
{
	struct our_state *state = lab->state;

	if (unlikely(size > LARGE) && !fits(lab, size))
		return NULL;
	return slabmod_pool_kmalloc(state->pool, size, GFP_LAB);
}

static void our_free(struct lab *lab, void *p)
{
	slabmod_kfree(p);
}

static size_t our_size(struct lab *lab, void *p)
{
	return slabmod_ksize(p);
}

static struct slabmod_usage our_usage(struct lab *lab)
{
	struct our_state *state = lab->state;
	struct slabmod_usage usage;

	slabmod_pool_usage(state->pool, &usage);
	return usage;
}

static size_t our_pages(struct lab *lab)
{
	return DIV_ROUND_UP(our_usage(lab).held, PAGE_SIZE);
}

static void our_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	visit(arg, LAB_META, NULL, our_usage(lab).metadata);
}

static const struct lab_strategy our_strategy = {
	.name = "slabmod",
	.text = "slabmod_kmalloc(), in a pool of its own",
	.lacks = LAB_OUTSIDE,
	.state_size = sizeof(struct our_state),
	.init = our_init,
	.exit = our_exit,
	.alloc = our_alloc,
	.free = our_free,
	.size = our_size,
	.pages = our_pages,
	.walk = our_walk,
};

/* ---- SLUB ---- */

struct slub_state {
	s64 base;		/* bytes of the pages of others */
	void *holes;		/* objects, each with the address of the next */
};

static void *slub_alloc(struct lab *lab, size_t size)
{
	if (unlikely(size > LARGE) && !fits(lab, size))
		return NULL;
	return kmalloc(size, GFP_LAB);
}

static void slub_free(struct lab *lab, void *p)
{
	kfree(p);
}

static size_t slub_size(struct lab *lab, void *p)
{
	return ksize(p);
}

/* Far more objects of a size than the slabs of a kernel have free */
#define HOLES_MAX	100000

/*
 * The kernel's slabs have free objects, and requests that these serve need no pages. Allocate
 * those of @size until a slab is added.
 */
static void fill_holes(struct lab *lab, size_t size)
{
	struct slub_state *state = lab->state;
	s64 held = held_by_slub.held();
	unsigned int i;
	void **hole;

	for (i = 0; i < HOLES_MAX; i++) {
		hole = slub_alloc(lab, size);
		if (!hole)
			return;
		if (held_by_slub.held() > held) {
			kfree(hole);
			return;
		}
		*hole = state->holes;
		state->holes = hole;
	}
}

static int slub_init(struct lab *lab)
{
	struct slub_state *state = lab->state;
	size_t size;
	int err = held_countable();

	if (err)
		return err;
	held_by_slub.shrink();
	for (size = sizeof(void *); size <= KMALLOC_MAX_CACHE_SIZE; size *= 2) {
		fill_holes(lab, size);
		if (size == 64 || size == 128)
			fill_holes(lab, size + size / 2);
	}
	held_by_slub.shrink();
	state->base = held_by_slub.held();
	return 0;
}

static void slub_exit(struct lab *lab)
{
	struct slub_state *state = lab->state;

	while (state->holes) {
		void **hole = state->holes;

		state->holes = *hole;
		kfree(hole);
	}
}

static size_t slub_pages(struct lab *lab)
{
	struct slub_state *state = lab->state;
	s64 held = held_by_slub.held() - state->base;

	return held > 0 ? DIV_ROUND_UP((size_t)held, PAGE_SIZE) : 0;
}

/* Its metadata are the struct pages, beside free objects themselves. */
static void slub_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	size_t bytes = slub_pages(lab) << PAGE_SHIFT, page = sizeof(struct page);

	visit(arg, LAB_META, NULL, bytes / (PAGE_SIZE + page) * page);
}

static const struct lab_strategy slub_strategy = {
	.name = "slub",
	.text = "kmalloc() of this kernel",
	.lacks = LAB_OUTSIDE,
	.state_size = sizeof(struct slub_state),
	.init = slub_init,
	.exit = slub_exit,
	.alloc = slub_alloc,
	.free = slub_free,
	.size = slub_size,
	.pages = slub_pages,
	.walk = slub_walk,
};

const struct lab_strategy *const lab_outside[] = { &our_strategy, &slub_strategy };
const unsigned int lab_nr_outside = ARRAY_SIZE(lab_outside);
