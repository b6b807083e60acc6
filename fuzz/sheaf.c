// SPDX-License-Identifier: GPL-2.0
/*
 * sheaf.c - a sheaf from its creation to its return, as one operation.
 *
 * It is filled up, also by larger ones, and used up, also on other CPUs. Its objects become pieces,
 * which other operations free. It is passed to another cache, and returned twice.
 */
#include <linux/gfp.h>

#include <slabmod/slabmod.h>

#include "interp.h"

#define OBJECTS	96u

struct use {
	struct fuzz_cache *c;
	struct slabmod_sheaf *sheaf;
	unsigned int nr;		/* objects in it */
	gfp_t gfp;
};

static void expect_refused(struct interp *in)
{
	interp_expect_report(in, BIT(MISUSE_BAD_SHEAF));
}

static void alloc(struct interp *in, struct use *use)
{
	struct piece *piece = interp_place(in);
	gfp_t gfp = use->c->ctor || next_u8(in) & 1 ? 0 : __GFP_ZERO;
	void *object;

	if (!use->nr)
		expect_refused(in);
	object = slabmod_cache_alloc_from_sheaf(use->c->cache, gfp, use->sheaf);
	if (!object != !use->nr)
		interp_broken(in, "%p of a sheaf with %u objects", object, use->nr);
	if (!object)
		return;
	use->nr--;
	interp_own_object(in, piece, use->c, object, use->gfp | gfp);
}

static void refill(struct interp *in, struct use *use)
{
	unsigned int nr = next_u8(in) % OBJECTS;
	int err = slabmod_cache_refill_sheaf(use->c->cache, use->gfp, &use->sheaf, nr);

	if (err == -ENOMEM)
		interp_null(in, use->gfp);
	else if (err)
		interp_broken(in, "filling it up ends with %d", err);
	else
		use->nr = max(use->nr, nr);
}

static void pass_to_another(struct interp *in, struct use *use)
{
	struct fuzz_cache *other = interp_cache(in);
	struct slabmod_sheaf *sheaf = use->sheaf;

	if (other == use->c)
		return;
	expect_refused(in);
	if (slabmod_cache_alloc_from_sheaf(other->cache, 0, sheaf))
		interp_broken(in, "an object of the sheaf of another cache");
	expect_refused(in);
	if (slabmod_cache_refill_sheaf(other->cache, use->gfp, &sheaf, OBJECTS) != -EINVAL)
		interp_broken(in, "the sheaf of another cache was refilled");
	expect_refused(in);
	slabmod_cache_return_sheaf(other->cache, 0, sheaf);
}

static void step(struct interp *in, struct use *use)
{
	switch (next_u8(in) % 8) {
	case 0 ... 3:
		alloc(in, use);
		break;
	case 4 ... 5:
		refill(in, use);
		break;
	case 6:
		env_cpu(next_u8(in));
		break;
	default:
		pass_to_another(in, use);
	}
	if (slabmod_cache_sheaf_size(use->sheaf) != use->nr)
		interp_broken(in, "a sheaf has %u objects in place of %u",
			      slabmod_cache_sheaf_size(use->sheaf), use->nr);
}

void op_sheaf(struct interp *in)
{
	struct use use = { .c = interp_cache(in), .nr = next_u8(in) % OBJECTS };
	unsigned int steps = next_u8(in) % 64;

	use.gfp = interp_gfp(in);
	if (!use.c)
		return;
	if (use.c->ctor)
		use.gfp &= ~__GFP_ZERO;
	use.sheaf = slabmod_cache_prefill_sheaf(use.c->cache, use.gfp, use.nr);
	if (!use.sheaf) {
		if (use.nr)
			interp_null(in, use.gfp);
		return;
	}
	for (; steps && !in->broken; steps--)
		step(in, &use);
	if (in->broken)
		return;
	slabmod_cache_return_sheaf(use.c->cache, 0, use.sheaf);
	/* The memory may be in a magazine, in quarantine or free. */
	interp_expect_report(in, BIT(MISUSE_BAD_SHEAF) | BIT(MISUSE_DOUBLE_FREE) |
				 BIT(MISUSE_BAD_FREE) | BIT(MISUSE_INNER_FREE));
	slabmod_cache_return_sheaf(use.c->cache, 0, use.sheaf);
}
