// SPDX-License-Identifier: GPL-2.0
/*
 * region.c - a region from its creation to its destruction: one operation of interp.c.
 *
 * Nothing of it is left at the end, so the other operations need not know of it.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/string.h>

#include <slabmod/slabmod.h>

#include "interp.h"

#define PIECES	64u
#define MARKS	8u
#define BUDGET	(8u << 20)

static struct {
	struct slabmod_region *region;
	struct piece piece[PIECES];	/* in the order of their allocation */
	unsigned int nr;
	struct slabmod_mark mark[MARKS];
	unsigned int at[MARKS];		/* @nr at the mark */
	unsigned int nr_marks;
	size_t bytes;
} of;

/* The pieces from number @nr on are about to be freed. */
static void forget_from(struct interp *in, unsigned int nr)
{
	unsigned int i;

	for (i = nr; i < of.nr; i++) {
		interp_check_piece(in, &of.piece[i]);
		of.bytes -= of.piece[i].size;
	}
	of.nr = nr;
	while (of.nr_marks && of.at[of.nr_marks - 1] > nr)
		of.nr_marks--;
}

static void alloc(struct interp *in)
{
	size_t size = interp_size(in) + 1, align = 1u << next_u8(in) % 13;
	struct piece *piece = &of.piece[of.nr];
	gfp_t gfp = interp_gfp(in);
	void *p;

	if (of.nr == PIECES)
		return;
	if (of.bytes + size > BUDGET)
		size = size % 1024 + 1;
	if (size & 1)
		p = slabmod_region_alloc_aligned(of.region, size, align, gfp);
	else
		p = slabmod_region_alloc(of.region, size, gfp);
	if (!p) {
		interp_null(in, gfp);
		return;
	}
	if ((unsigned long)p % (size & 1 ? max_t(size_t, align, 8) : 8))
		interp_broken(in, "%p is not aligned", p);
	if ((gfp & __GFP_ZERO || env_clears()) && !bytes_clear(p, size))
		interp_broken(in, "%p of %zu bytes is not clear", p, size);
	*piece = (struct piece) { .memory = p, .size = size, .mark = ++in->mark << 32 };
	piece_fill(piece);
	of.bytes += size;
	of.nr++;
}

static void reset_to(struct interp *in)
{
	u8 n = next_u8(in);

	if (!of.nr_marks)
		return;
	n %= of.nr_marks;
	forget_from(in, of.at[n]);
	slabmod_region_reset_to(of.region, of.mark[n]);
}

/* A reset to a mark from before a reset to an earlier position, with other memory there. */
static void reset_to_stale(struct interp *in)
{
	struct slabmod_mark mark = slabmod_region_mark(of.region), stale;

	if (!slabmod_region_alloc(of.region, 64, GFP_NOWAIT | __GFP_NOWARN))
		return;
	stale = slabmod_region_mark(of.region);
	slabmod_region_reset_to(of.region, mark);
	if (slabmod_region_alloc(of.region, 64, GFP_NOWAIT | __GFP_NOWARN) && next_u8(in) & 1)
		slabmod_region_alloc(of.region, 100, GFP_NOWAIT | __GFP_NOWARN);
	interp_expect_report(in, BIT(MISUSE_BAD_MARK));
	slabmod_region_reset_to(of.region, stale);
	slabmod_region_reset_to(of.region, mark);
}

static void step(struct interp *in)
{
	switch (next_u8(in) % 16) {
	case 0 ... 8:
		alloc(in);
		break;
	case 9 ... 10:
		if (of.nr_marks == MARKS)
			break;
		of.at[of.nr_marks] = of.nr;
		of.mark[of.nr_marks++] = slabmod_region_mark(of.region);
		break;
	case 11 ... 12:
		reset_to(in);
		break;
	case 13:
		reset_to_stale(in);
		break;
	case 14:
		forget_from(in, 0);
		of.nr_marks = 0;
		slabmod_region_reset(of.region);
		break;
	default:
		slabmod_region_trim(of.region);
	}
	if (slabmod_region_used(of.region) < of.bytes ||
	    slabmod_region_size(of.region) < slabmod_region_used(of.region))
		interp_broken(in, "a region uses %zu of %zu bytes for %zu",
			      slabmod_region_used(of.region), slabmod_region_size(of.region),
			      of.bytes);
}

void op_region(struct interp *in)
{
	struct slabmod_pool *pool = interp_pool(in) ?: root_pool;
	u8 how = next_u8(in), steps = next_u8(in) % 128;
	gfp_t gfp = interp_gfp(in);

	memset(&of, 0, sizeof(of));
	of.region = slabmod_pool_region_create(pool, how % 32 * 1500, how & 32 ? SLABMOD_DEBUG : 0,
					       gfp);
	if (!of.region) {
		interp_null(in, gfp);
		return;
	}
	for (; steps && !in->broken; steps--)
		step(in);
	if (in->broken)
		return;
	forget_from(in, 0);
	slabmod_region_destroy(of.region);
	interp_expect_report(in, BIT(MISUSE_BAD_REGION));
	slabmod_region_destroy(of.region);
}
