// SPDX-License-Identifier: GPL-2.0
/*
 * test_slab_random.c - slabs against a model that has a flag for each object.
 *
 * The model knows lines, not groups of objects: a line of an object allocated from a
 * shared slab must not have a byte of an object in use.
 */
#include <linux/cache.h>
#include <linux/gcd.h>

#include "test_slab.h"

#define SLABS	4
#define STEPS	(KIT_STEPS / 4)		/* for each of a dozen sizes */

struct twin {
	struct slab *slab;
	unsigned int inuse;
	bool used[SLAB_MAX_OBJECTS];
};

struct run {
	struct kunit *test;
	struct slabmod_cache *cache;
	struct rnd_state rnd;
	struct twin twins[SLABS];
	void *objects[SLAB_MAX_OBJECTS];
};

static unsigned int index_of(struct run *run, struct twin *twin, void *object)
{
	unsigned long offset = object - slab_address(twin->slab);

	KUNIT_ASSERT_EQ(run->test, offset % run->cache->size, 0);
	KUNIT_ASSERT_LT(run->test, offset / run->cache->size,
			slab_geometry(run->cache, twin->slab)->objects);
	return offset / run->cache->size;
}

/* Whether an object shares a line with one in use. */
static bool shares_line(struct run *run, struct twin *twin, unsigned int index)
{
	unsigned int size = run->cache->size, line = cache_line_size();
	unsigned int begin = ALIGN_DOWN(index * size, line);
	unsigned int end = ALIGN((index + 1) * size, line);
	unsigned int i;

	for (i = begin / size; i < SLAB_MAX_OBJECTS && i * size < end; i++)
		if (twin->used[i])
			return true;
	return false;
}

/* Whether a group of objects that fills whole lines is free. */
static bool has_free_group(struct run *run, struct twin *twin, unsigned int objects)
{
	unsigned int group = 1, i, k;

	while (group * run->cache->size % cache_line_size())
		group++;
	for (i = 0; i + group <= objects; i += group) {
		for (k = 0; k < group; k++)
			if (twin->used[i + k])
				break;
		if (k == group)
			return true;
	}
	return false;
}

static void alloc_step(struct run *run, struct twin *twin)
{
	unsigned int objects = slab_geometry(run->cache, twin->slab)->objects;
	unsigned int want = 1 + kit_random(&run->rnd, min(objects, 40u));
	bool shared = twin->slab->home & HOME_SHARED;
	bool some = shared ? has_free_group(run, twin, objects) : twin->inuse < objects;
	unsigned int got, i;

	if (twin->inuse < objects)
		KUNIT_ASSERT_EQ(run->test, slab_has_whole_line(run->cache, twin->slab), some);
	got = slab_alloc(run->cache, twin->slab, run->objects, want);
	KUNIT_ASSERT_LE(run->test, got, want);
	KUNIT_ASSERT_EQ(run->test, got > 0, some);
	if (!shared)
		KUNIT_ASSERT_EQ(run->test, got, min(want, objects - twin->inuse));
	/* Check all before marking any: they may share lines with each other. */
	for (i = 0; i < got && shared; i++)
		KUNIT_ASSERT_FALSE(run->test, shares_line(run, twin, index_of(run, twin,
									      run->objects[i])));
	for (i = 0; i < got; i++) {
		bool *used = &twin->used[index_of(run, twin, run->objects[i])];

		KUNIT_ASSERT_FALSE(run->test, *used);
		*used = true;
	}
	twin->inuse += got;
}

/* Pick up to @nr objects in use, in no order. */
static unsigned int pick(struct run *run, struct twin *twin, unsigned int nr)
{
	unsigned int objects = slab_geometry(run->cache, twin->slab)->objects;
	unsigned int start = kit_random(&run->rnd, objects), i, n = 0;
	unsigned int stride = kit_random(&run->rnd, 2) ? 1 : 2 + kit_random(&run->rnd, 6);

	while (gcd(stride, objects) > 1)
		stride++;
	for (i = 0; i < objects && n < nr; i++) {
		unsigned int index = (start + i * stride) % objects;

		if (!twin->used[index])
			continue;
		twin->used[index] = false;
		run->objects[n++] = slab_address(twin->slab) + index * run->cache->size;
	}
	twin->inuse -= n;
	/* With a stride of one these are rows; reverse some of them. */
	for (i = 0; start & 1 && i < n / 2; i++)
		swap(run->objects[i], run->objects[n - 1 - i]);
	return n;
}

static void free_step(struct run *run, struct twin *twin)
{
	struct twin *other = &run->twins[kit_random(&run->rnd, SLABS)];
	unsigned int n = pick(run, twin, 1 + kit_random(&run->rnd, 24)), more = 0;

	/* Append sometimes an object that must be refused. */
	switch (n ? kit_random(&run->rnd, 8) : 7) {
	case 0:
		run->objects[n] = run->objects[kit_random(&run->rnd, n)];
		more = 1;
		break;
	case 1:
		run->objects[n] = run->objects[n - 1] + 1 +
				  kit_random(&run->rnd, run->cache->size - 1);
		more = 1;
		break;
	case 2:
		if (other != twin) {
			run->objects[n] = slab_address(other->slab);
			more = 1;
		}
		break;
	}
	KUNIT_ASSERT_EQ(run->test, slab_free_all(run->cache, twin->slab, run->objects, n + more),
			n);
}

static void compare(struct run *run, struct twin *twin)
{
	unsigned int objects = slab_geometry(run->cache, twin->slab)->objects, i;

	KUNIT_ASSERT_EQ(run->test, twin->slab->inuse, twin->inuse);
	for (i = 0; i < objects; i++)
		KUNIT_ASSERT_EQ(run->test, test_bit(i, twin->slab->free), !twin->used[i]);
	KUNIT_ASSERT_TRUE(run->test, slab_check(run->cache, twin->slab));
}

static void step(struct run *run, int i)
{
	struct twin *twin = &run->twins[kit_random(&run->rnd, SLABS)];

	if (kit_random(&run->rnd, 64) == 0)
		twin->slab->home ^= HOME_SHARED;
	if (kit_random(&run->rnd, 2))
		alloc_step(run, twin);
	else
		free_step(run, twin);
	if (i % 4 == 0)
		compare(run, twin);
}

static void begin(struct run *run)
{
	int i;

	/* The first slab is a small one, if the size allows it. */
	if (run->cache->size <= PAGE_SIZE)
		kit_source.max_order = 0;
	for (i = 0; i < SLABS; i++) {
		run->twins[i].slab = slab_create(run->cache, first_online_node, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(run->test, run->twins[i].slab);
		kit_source_reset();
	}
}

static void end(struct run *run)
{
	int i;

	for (i = 0; i < SLABS; i++) {
		struct twin *twin = &run->twins[i];
		unsigned int n = pick(run, twin, SLAB_MAX_OBJECTS);

		KUNIT_ASSERT_EQ(run->test, slab_free_all(run->cache, twin->slab, run->objects, n),
				n);
		KUNIT_ASSERT_EQ(run->test, twin->slab->inuse, 0);
		KUNIT_ASSERT_TRUE(run->test, slab_check(run->cache, twin->slab));
		slab_destroy(run->cache, twin->slab);
	}
}

void test_random_run_matches_a_flag_per_object(struct kunit *test)
{
	struct run *run = kit_zalloc(test, sizeof(*run));
	int i;

	run->test = test;
	run->cache = kit_cache_create(test, kit_pool_create_orders(test, 1024, 0, 6),
				      kit_size(test), 0, NULL);
	kit_seed(test, &run->rnd);
	begin(run);
	for (i = 0; i < STEPS; i++)
		step(run, i);
	end(run);
}
