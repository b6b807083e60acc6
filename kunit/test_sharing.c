// SPDX-License-Identifier: GPL-2.0
/*
 * test_sharing.c - false sharing, nr_counted: no line has objects in use by two CPUs, unless
 * memory was low.
 *
 * Each allocation writes its CPU into the object, where it stays wherever the object is
 * passed. While nothing runs, all objects in use are visited, and the lines nr_counted that
 * have parts of objects of two CPUs.
 */
#include <linux/cache.h>
#include <linux/hash.h>
#include <linux/nodemask.h>
#include <linux/sched.h>

#include "context.h"
#include "pool_check.h"
#include "root.h"
#include "suites.h"
#include "verbs.h"

#define CPUS	4
#define HELD	800	/* objects that a CPU may have */
#define TABLE	1024	/* objects passed between CPUs */

/* ---- caches under test ---- */

struct kind {
	unsigned int size;	/* 0: the end */
	unsigned int capacity;	/* of magazines; 0: as the cache has it */
	bool kmalloc;		/* a size class of the root pool */
};

/* With small magazines slabs pass from CPU to CPU half used. */
static const struct kind kinds[] = {
	{ 16, 4 }, { 48, 4 }, { 80, 4 }, { 24 }, { 32 }, { 96 }, { 1440 },
	{ 16, 0, true }, { 32, 0, true }, { 48, 0, true }, { 80, 0, true }, { 96, 0, true }, {}
};

static const struct kind *next_kind(const struct kind *kind, char *desc)
{
	if (!kind->size)
		return NULL;
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s-%u%s", kind->kmalloc ? "kmalloc" : "cache",
		 kind->size, kind->capacity ? ", small magazines" : "");
	return kind;
}

static KUNIT_GENERATOR(any_kind)
{
	return next_kind(prev ? (const struct kind *)prev + 1 : kinds, desc);
}

/* Without size classes: their pool cannot be made low on memory. */
static KUNIT_GENERATOR(own_kind)
{
	const struct kind *kind = prev ? (const struct kind *)prev + 1 : kinds;

	return kind->kmalloc ? NULL : next_kind(kind, desc);
}

/* ---- the census ---- */

/* Twice the number of lines that the objects may share. */
#define CLAIM_BITS	14

/* A line, and the CPU that has a part of it. */
struct claim {
	unsigned long line;	/* 0: none */
	unsigned int owner;
	bool shared;
};

struct census {
	struct claim claims[1 << CLAIM_BITS];	/* by hash of the line; linear probing */
	unsigned int size;			/* of an object */
	unsigned long shared;
};

static void claim_line(struct census *census, unsigned long line, unsigned int owner)
{
	struct claim *claim = &census->claims[hash_long(line, CLAIM_BITS)];

	while (claim->line && claim->line != line)
		if (++claim == census->claims + ARRAY_SIZE(census->claims))
			claim = census->claims;
	if (!claim->line)
		*claim = (struct claim) { .line = line, .owner = owner };
	if (claim->owner == owner || claim->shared)
		return;
	claim->shared = true;
	census->shared++;
}

/* Only the first and the last line of an object can be shared. */
static void census_add(struct census *census, const void *object, unsigned int owner)
{
	unsigned long first = (unsigned long)object / cache_line_size();
	unsigned long last = ((unsigned long)object + census->size - 1) / cache_line_size();

	claim_line(census, first, owner);
	if (last != first)
		claim_line(census, last, owner);
}

/* ---- CPUs and their objects ---- */

struct hand {
	void *objects[HELD];
	unsigned int nr;
	struct rnd_state rnd;
};

struct scene {
	struct kunit *test;
	struct slabmod_cache *cache;
	struct census *census;
	bool kmalloc;
	unsigned int cpus;
	unsigned long counted_before;
	unsigned int dealer;	/* the owner of the objects dealt out */
	unsigned int steps;	/* random ones, of each CPU */
	unsigned int allocs;	/* of eight steps; sometimes two more */
	struct hand hands[CPUS];
	void *table[TABLE];
};

/* @lean: when the source refuses, only slabs have free pages. */
static struct scene *scene_create(struct kunit *test, bool lean)
{
	const struct kind *kind = test->param_value;
	struct scene *scene = kit_zalloc(test, sizeof(*scene));
	struct rnd_state rnd;
	unsigned int n;

	kit_need_cpus(test, 2);
	scene->test = test;
	scene->cpus = min_t(unsigned int, CPUS, num_online_cpus());
	scene->kmalloc = kind->kmalloc;
	if (kind->kmalloc)
		scene->cache = slabmod_kmalloc_caches[slabmod_kmalloc_class(kind->size)];
	else
		scene->cache = cache_create(lean ? kit_pool_create_orders(test, KIT_LIMIT, 0, 0) :
						   kit_pool_create(test, KIT_LIMIT),
					    "kit-sharing", kind->size, 0, 0, NULL, THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, scene->cache);
	if (kind->capacity)
		scene->cache->capacity = kind->capacity;
	scene->census = kit_zalloc(test, sizeof(*scene->census));
	scene->counted_before = kit_stat(scene->cache, EVENT_SHARED_LINE);
	kit_seed(test, &rnd);
	for (n = 0; n < CPUS; n++)
		prandom_seed_state(&scene->hands[n].rnd, prandom_u32_state(&rnd));
	return scene;
}

static unsigned long nr_counted(const struct scene *scene)
{
	return kit_stat(scene->cache, EVENT_SHARED_LINE) - scene->counted_before;
}

/* Lines shared now. Nothing runs meanwhile. */
static unsigned long count_shared(struct scene *scene)
{
	unsigned int n, i;

	memset(scene->census, 0, sizeof(*scene->census));
	scene->census->size = slabmod_cache_size(scene->cache);
	for (n = 0; n < scene->cpus; n++)
		for (i = 0; i < scene->hands[n].nr; i++)
			census_add(scene->census, scene->hands[n].objects[i],
				   *(u64 *)scene->hands[n].objects[i]);
	for (i = 0; i < TABLE; i++)
		if (scene->table[i])
			census_add(scene->census, scene->table[i], *(u64 *)scene->table[i]);
	return scene->census->shared;
}

static void expect_no_line_shared(struct scene *scene)
{
	KUNIT_EXPECT_EQ(scene->test, count_shared(scene), 0);
	KUNIT_EXPECT_EQ(scene->test, nr_counted(scene), 0);
}

/* ---- what a CPU does ---- */

static void *alloc_object(struct scene *scene)
{
	if (scene->kmalloc)
		return slabmod_kmalloc(slabmod_cache_size(scene->cache), GFP_KERNEL);
	return slabmod_cache_alloc(scene->cache, GFP_KERNEL);
}

static void free_object(struct scene *scene, void *object)
{
	if (scene->kmalloc)
		slabmod_kfree(object);
	else
		slabmod_cache_free(scene->cache, object);
}

/* Mark a new object of CPU @n and keep it; false for NULL. */
static bool keep(struct hand *hand, unsigned int n, void *object)
{
	if (!object)
		return false;
	*(u64 *)object = n;
	hand->objects[hand->nr++] = object;
	return true;
}

static void alloc(struct scene *scene, unsigned int n, unsigned int nr)
{
	struct hand *hand = &scene->hands[n];

	while (nr-- && hand->nr < HELD && keep(hand, n, alloc_object(scene)))
		;
}

/* Remove a random object from a hand that has some. */
static void *pick(struct hand *hand)
{
	void **object = &hand->objects[kit_random(&hand->rnd, hand->nr)];

	swap(*object, hand->objects[hand->nr - 1]);
	return hand->objects[--hand->nr];
}

static void free_random(struct scene *scene, unsigned int n, unsigned int nr)
{
	struct hand *hand = &scene->hands[n];

	while (nr-- && hand->nr)
		free_object(scene, pick(hand));
}

static void alloc_of_node(struct scene *scene, unsigned int n)
{
	struct hand *hand = &scene->hands[n];
	gfp_t gfp = GFP_KERNEL;
	int nid = first_online_node;

	if (hand->nr == HELD)
		return;
	if (kit_random(&hand->rnd, 2) && num_online_nodes() > 1)
		nid = next_online_node(nid);
	if (kit_random(&hand->rnd, 2))
		gfp |= __GFP_THISNODE;
	keep(hand, n, slabmod_cache_alloc_node(scene->cache, gfp, nid));
}

/* Exchange an object for one that any CPU may have allocated. */
static void pass(struct scene *scene, unsigned int n)
{
	struct hand *hand = &scene->hands[n];
	void **place = &scene->table[kit_random(&hand->rnd, TABLE)];
	void *object = xchg(place, hand->nr ? pick(hand) : NULL);

	if (object)
		hand->objects[hand->nr++] = object;
}

static void random_step(struct scene *scene, unsigned int n, unsigned int allocs)
{
	struct rnd_state *rnd = &scene->hands[n].rnd;

	if (kit_random(rnd, 4) == 0)
		pass(scene, n);
	else if (kit_random(rnd, 8) >= allocs)
		free_random(scene, n, 1);
	else if (kit_random(rnd, 16) == 0)
		alloc_of_node(scene, n);
	else
		alloc(scene, n, 1);
}

struct turn {
	struct scene *scene;
	unsigned int n, alloc, free;
};

static void turn_on_cpu(void *arg)
{
	struct turn *turn = arg;

	free_random(turn->scene, turn->n, turn->free);
	alloc(turn->scene, turn->n, turn->alloc);
}

/* Let a CPU free some objects and then allocate some. */
static void run_turn(struct scene *scene, unsigned int n, unsigned int free, unsigned int alloc)
{
	struct turn turn = { scene, n, alloc, free };

	kit_run_on(n, turn_on_cpu, &turn);
}

static void end(struct scene *scene)
{
	unsigned int n, i;

	for (n = 0; n < scene->cpus; n++)
		free_random(scene, n, HELD);
	for (i = 0; i < TABLE; i++)
		free_object(scene, scene->table[i]);
	KUNIT_EXPECT_TRUE(scene->test, pool_check(scene->cache->pool));
}

/* ---- the census itself ---- */

static void test_census_finds_the_owners_of_neighbours(struct kunit *test)
{
	struct scene *scene = scene_create(test, false);
	struct hand *hand = &scene->hands[0];
	unsigned int i;

	run_turn(scene, 0, 0, 64);
	KUNIT_ASSERT_EQ(test, hand->nr, 64);
	expect_no_line_shared(scene);
	/* As if another CPU had allocated every other one. */
	for (i = 0; i < 32; i++) {
		scene->table[i] = hand->objects[2 * i];
		hand->objects[i] = hand->objects[2 * i + 1];
		*(u64 *)scene->table[i] = 1;
	}
	hand->nr = 32;
	KUNIT_EXPECT_GE(test, count_shared(scene), 16);
	end(scene);
}

/* ---- allocations ---- */

static void fill_hand(unsigned int n, void *arg)
{
	alloc(arg, n, HELD);
}

static void alloc_of_all_nodes(unsigned int n, void *arg)
{
	alloc_of_node(arg, n);
	alloc_of_node(arg, n);
}

static void test_cpus_that_allocate_on_all_nodes_share_no_line(struct kunit *test)
{
	struct scene *scene = scene_create(test, false);
	unsigned int round, n;

	for (round = 0; round < 4; round++) {
		/* First from slabs of other CPUs, wholly free since the last round. */
		kit_run_on_cpus(test, scene->cpus, alloc_of_all_nodes, scene);
		expect_no_line_shared(scene);
		kit_run_on_cpus(test, scene->cpus, fill_hand, scene);
		expect_no_line_shared(scene);
		for (n = 0; n < scene->cpus; n++)
			free_random(scene, n, HELD);
		magazine_drain_all(scene->cache);
	}
	end(scene);
}

/* ---- remote frees ---- */

/* Deal the objects of one CPU out to all, neighbours to different CPUs. */
static void deal(struct scene *scene)
{
	struct hand *from = &scene->hands[scene->dealer];
	unsigned int nr = from->nr, i;

	from->nr = 0;
	for (i = 0; i < nr; i++) {
		struct hand *to = &scene->hands[i % scene->cpus];

		to->objects[to->nr++] = from->objects[i];
	}
}

/* Free all that was dealt to this CPU, and allocate as many. */
static void renew(unsigned int n, void *arg)
{
	struct scene *scene = arg;
	unsigned int nr = scene->hands[n].nr;

	if (n == scene->dealer)
		return;
	free_random(scene, n, nr);
	alloc(scene, n, nr);
}

static void test_object_after_a_remote_free_shares_no_line(struct kunit *test)
{
	struct scene *scene = scene_create(test, false);
	unsigned int round, n;

	for (round = 0; round < 4; round++) {
		scene->dealer = round % scene->cpus;
		run_turn(scene, scene->dealer, 0, HELD - 200 * (round % 3));
		deal(scene);
		kit_run_on_cpus(test, scene->cpus, renew, scene);
		expect_no_line_shared(scene);
		if (round % 2)
			magazine_drain_all(scene->cache);
		kit_run_on_cpus(test, scene->cpus, renew, scene);
		expect_no_line_shared(scene);
		for (n = 0; n < scene->cpus; n++)
			run_turn(scene, n, HELD, 0);
	}
	end(scene);
}

/* ---- at random ---- */

static void random_steps(unsigned int n, void *arg)
{
	struct scene *scene = arg;
	unsigned int step;

	for (step = 0; step < scene->steps; step++) {
		/* CPUs grow and shrink in turn, so that slabs pass between them. */
		random_step(scene, n, scene->allocs + 2 * ((step / 256 + n) % 2));
		cond_resched();
	}
}

static void test_random_calls_share_no_line(struct kunit *test)
{
	struct scene *scene = scene_create(test, false);
	unsigned int round;

	scene->steps = 1000;
	for (round = 0; round < 10; round++) {
		scene->allocs = 2 + round % 3;
		kit_run_on_cpus(test, scene->cpus, random_steps, scene);
		expect_no_line_shared(scene);
		if (round % 4 == 3)
			magazine_drain_all(scene->cache);
	}
	end(scene);
}

/* ---- when memory is low ---- */

/* Each such object is nr_counted once, but may share a line on either side. */
static void expect_all_counted(struct scene *scene)
{
	unsigned int sides = cache_line_size() % slabmod_cache_size(scene->cache) ? 2 : 1;

	KUNIT_EXPECT_LE(scene->test, count_shared(scene), sides * nr_counted(scene));
}

/* Of one slab that has all objects no CPU takes any from another. */
static struct scene *scene_of_slabs(struct kunit *test)
{
	struct scene *scene = scene_create(test, true);

	if (scene->cache->objects > HELD / 2)
		kunit_skip(test, "a slab has most objects of the test");
	return scene;
}

static void test_lines_shared_when_memory_is_low_are_counted(struct kunit *test)
{
	struct scene *scene = scene_of_slabs(test);
	unsigned int had;

	run_turn(scene, 0, 0, HELD);
	had = scene->hands[0].nr;
	run_turn(scene, 0, HELD / 2, 0);
	magazine_drain_all(scene->cache);
	KUNIT_EXPECT_EQ(test, nr_counted(scene), 0);
	kit_source.fail_all = true;
	/* All freed objects can be allocated again. */
	run_turn(scene, 1, 0, HELD);
	KUNIT_EXPECT_GE(test, scene->hands[0].nr + scene->hands[1].nr, had);
	KUNIT_EXPECT_GT(test, count_shared(scene), 0);
	expect_all_counted(scene);
	kit_source_reset();
	/* With memory no more lines are shared. */
	scene->counted_before += nr_counted(scene);
	run_turn(scene, 1, HELD, HELD);
	expect_no_line_shared(scene);
	end(scene);
}

static void test_random_calls_count_all_shared_lines(struct kunit *test)
{
	struct scene *scene = scene_of_slabs(test);
	unsigned int round;

	scene->steps = 300;
	for (round = 0; round < 6; round++) {
		scene->allocs = 2 + round % 3;
		kit_source.fail_all = round % 3;
		kit_run_on_cpus(test, scene->cpus, random_steps, scene);
		expect_all_counted(scene);
	}
	KUNIT_EXPECT_GT(test, nr_counted(scene), 0);
	end(scene);
}

static struct kunit_case sharing_cases[] = {
	KUNIT_CASE_PARAM(test_census_finds_the_owners_of_neighbours, own_kind),
	KUNIT_CASE_PARAM(test_cpus_that_allocate_on_all_nodes_share_no_line, any_kind),
	KUNIT_CASE_PARAM(test_object_after_a_remote_free_shares_no_line, any_kind),
	KUNIT_CASE_PARAM(test_random_calls_share_no_line, any_kind),
	KUNIT_CASE_PARAM(test_lines_shared_when_memory_is_low_are_counted, own_kind),
	KUNIT_CASE_PARAM(test_random_calls_count_all_shared_lines, own_kind),
	{}
};

struct kunit_suite sharing_suite = {
	.name = "sharing",
	ROOT_SUITE_HOOKS,
	.test_cases = sharing_cases,
};
