// SPDX-License-Identifier: GPL-2.0
/*
 * test_sharing.c - false sharing, counted: no line has parts in use by two CPUs, unless
 * there was no memory for anything else.
 *
 * Whoever takes an object writes into it who he is, and that stays in it wherever it is
 * handed to. When nothing moves, all objects in use are looked at, and lines are counted
 * that have parts of objects of two takers.
 */
#include <linux/cache.h>
#include <linux/hash.h>
#include <linux/nodemask.h>
#include <linux/sched.h>

#include <slabmod/kmalloc.h>

#include "cache.h"
#include "cache_list.h"
#include "context.h"
#include "kit.h"
#include "magazine_set.h"
#include "pool_check.h"
#include "root.h"
#include "suites.h"

#define CPUS	4
#define LIMIT	8192	/* pages */
#define HELD	800	/* objects that a CPU may have */
#define TABLE	1024	/* objects that nobody has at hand */

/* ---- caches to be looked at ---- */

struct kind {
	unsigned int size;	/* 0: the end */
	unsigned int capacity;	/* of magazines; 0: as the cache has it */
	bool kmalloc;		/* a class of the root pool's, and not a cache of the test's */
};

/* From small magazines less than a slab is taken at a time, so slabs change hands half used. */
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

/* The root pool's memory cannot be made short for one class alone. */
static KUNIT_GENERATOR(own_kind)
{
	const struct kind *kind = prev ? (const struct kind *)prev + 1 : kinds;

	return kind->kmalloc ? NULL : next_kind(kind, desc);
}

/* ---- the count ---- */

/* Twice as many as lines that all objects may share. */
#define CLAIM_BITS	14

/* A line, and who has a part of it. */
struct claim {
	unsigned long line;	/* 0: none */
	unsigned int taker;
	bool shared;
};

struct census {
	struct claim claims[1 << CLAIM_BITS];	/* by a hash of the line, or behind it */
	unsigned int size;			/* of an object */
	unsigned long shared;
};

static struct census *census_create(struct kunit *test, unsigned int size)
{
	struct census *census = kunit_kzalloc(test, sizeof(*census), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, census);
	census->size = size;
	return census;
}

static void census_restart(struct census *census)
{
	memset(census->claims, 0, sizeof(census->claims));
	census->shared = 0;
}

static void claim_line(struct census *census, unsigned long line, unsigned int taker)
{
	struct claim *claim = &census->claims[hash_long(line, CLAIM_BITS)];

	while (claim->line && claim->line != line)
		if (++claim == census->claims + ARRAY_SIZE(census->claims))
			claim = census->claims;
	if (!claim->line)
		*claim = (struct claim) { .line = line, .taker = taker };
	if (claim->taker == taker || claim->shared)
		return;
	claim->shared = true;
	census->shared++;
}

/* Of the lines of an object others may have a part of the first and of the last. */
static void census_add(struct census *census, const void *object, unsigned int taker)
{
	unsigned long first = (unsigned long)object / cache_line_size();
	unsigned long last = ((unsigned long)object + census->size - 1) / cache_line_size();

	claim_line(census, first, taker);
	if (last != first)
		claim_line(census, last, taker);
}

/* ---- CPUs and what they have ---- */

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
	unsigned int giver;	/* whose objects were dealt out */
	unsigned int steps;	/* at random, of each CPU */
	unsigned int takes;	/* of eight of them; sometimes two more */
	struct hand hands[CPUS];
	void *table[TABLE];
};

/* @lean: when the source refuses, there is nothing but what is free in slabs. */
static struct scene *scene_create(struct kunit *test, bool lean)
{
	const struct kind *kind = test->param_value;
	struct scene *scene = kunit_kzalloc(test, sizeof(*scene), GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int n;

	KUNIT_ASSERT_NOT_NULL(test, scene);
	if (num_online_cpus() < 2)
		kunit_skip(test, "there is only one CPU");
	scene->test = test;
	scene->cpus = min_t(unsigned int, CPUS, num_online_cpus());
	scene->kmalloc = kind->kmalloc;
	if (kind->kmalloc)
		scene->cache = slabmod_kmalloc_caches[slabmod_kmalloc_class(kind->size)];
	else
		scene->cache = cache_create(lean ? kit_pool_create_orders(test, LIMIT, 0, 0) :
						   kit_pool_create(test, LIMIT),
					    "kit-sharing", kind->size, 0, 0, NULL, THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, scene->cache);
	if (kind->capacity)
		scene->cache->capacity = kind->capacity;
	scene->census = census_create(test, slabmod_cache_size(scene->cache));
	scene->counted_before = stat_sum(scene->cache->stats, STAT_SHARED_LINE);
	kit_seed(test, &rnd);
	for (n = 0; n < CPUS; n++)
		prandom_seed_state(&scene->hands[n].rnd, prandom_u32_state(&rnd));
	return scene;
}

static unsigned long counted(const struct scene *scene)
{
	return stat_sum(scene->cache->stats, STAT_SHARED_LINE) - scene->counted_before;
}

/* Lines shared just now. Nothing moves. */
static unsigned long count_shared(struct scene *scene)
{
	unsigned int n, i;

	census_restart(scene->census);
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
	KUNIT_EXPECT_EQ(scene->test, counted(scene), 0);
}

/* ---- what a CPU does, running there ---- */

static void *take_object(struct scene *scene)
{
	if (scene->kmalloc)
		return slabmod_kmalloc(slabmod_cache_size(scene->cache), GFP_KERNEL);
	return slabmod_cache_alloc(scene->cache, GFP_KERNEL);
}

static void give_object(struct scene *scene, void *object)
{
	if (scene->kmalloc)
		slabmod_kfree(object);
	else
		slabmod_cache_free(scene->cache, object);
}

/* Puts what this CPU has just taken into its hand, signed; false for nothing. */
static bool keep(struct hand *hand, unsigned int n, void *object)
{
	if (!object)
		return false;
	*(u64 *)object = n;
	hand->objects[hand->nr++] = object;
	return true;
}

static void take(struct scene *scene, unsigned int n, unsigned int nr)
{
	struct hand *hand = &scene->hands[n];

	while (nr-- && hand->nr < HELD && keep(hand, n, take_object(scene)))
		;
}

/* Takes any object out of a hand that has some. */
static void *pick(struct hand *hand)
{
	void **object = &hand->objects[kit_random(&hand->rnd, hand->nr)];

	swap(*object, hand->objects[hand->nr - 1]);
	return hand->objects[--hand->nr];
}

static void give_random(struct scene *scene, unsigned int n, unsigned int nr)
{
	struct hand *hand = &scene->hands[n];

	while (nr-- && hand->nr)
		give_object(scene, pick(hand));
}

static void take_of_node(struct scene *scene, unsigned int n)
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

/* Something for something else, which somebody else may have taken. */
static void pass(struct scene *scene, unsigned int n)
{
	struct hand *hand = &scene->hands[n];
	void **place = &scene->table[kit_random(&hand->rnd, TABLE)];
	void *object = xchg(place, hand->nr ? pick(hand) : NULL);

	if (object)
		hand->objects[hand->nr++] = object;
}

static void random_step(struct scene *scene, unsigned int n, unsigned int takes)
{
	struct rnd_state *rnd = &scene->hands[n].rnd;

	if (kit_random(rnd, 4) == 0)
		pass(scene, n);
	else if (kit_random(rnd, 8) >= takes)
		give_random(scene, n, 1);
	else if (kit_random(rnd, 16) == 0)
		take_of_node(scene, n);
	else
		take(scene, n, 1);
}

struct turn {
	struct scene *scene;
	unsigned int n, take, give;
};

static void take_turn(void *arg)
{
	struct turn *turn = arg;

	give_random(turn->scene, turn->n, turn->give);
	take(turn->scene, turn->n, turn->take);
}

/* Has a CPU give some objects and then take some. */
static void run_turn(struct scene *scene, unsigned int n, unsigned int give, unsigned int take)
{
	struct turn turn = { scene, n, take, give };

	kit_run_on(n, take_turn, &turn);
}

static void end(struct scene *scene)
{
	unsigned int n, i;

	for (n = 0; n < scene->cpus; n++)
		give_random(scene, n, HELD);
	for (i = 0; i < TABLE; i++)
		give_object(scene, scene->table[i]);
	KUNIT_EXPECT_TRUE(scene->test, pool_check(scene->cache->pool));
}

/* ---- the count itself ---- */

static void test_the_count_finds_lines_that_are_shared(struct kunit *test)
{
	unsigned int line = cache_line_size();
	void *base = (void *)round_up(PAGE_OFFSET, line);
	struct census *census;

	/* Four a line. */
	census = census_create(test, line / 4);
	census_add(census, base, 1);
	census_add(census, base + line / 4, 1);
	census_add(census, base + line, 2);
	KUNIT_EXPECT_EQ(test, census->shared, 0);
	census_add(census, base + line / 2, 2);
	KUNIT_EXPECT_EQ(test, census->shared, 1);
	/* A line is counted once, however many share it. */
	census_add(census, base + line * 3 / 4, 3);
	KUNIT_EXPECT_EQ(test, census->shared, 1);
	census_add(census, base + line * 5 / 4, 0);
	KUNIT_EXPECT_EQ(test, census->shared, 2);

	/* Across two lines, and whole ones in the middle. */
	census = census_create(test, line * 5 / 2);
	census_add(census, base, 1);
	census_add(census, base + line * 5, 2);
	KUNIT_EXPECT_EQ(test, census->shared, 0);
	census_add(census, base + line * 5 / 2, 2);
	KUNIT_EXPECT_EQ(test, census->shared, 1);
	census_add(census, base + line * 15 / 2, 0);
	KUNIT_EXPECT_EQ(test, census->shared, 2);
}

static void test_the_count_sees_whose_neighbours_are(struct kunit *test)
{
	struct scene *scene = scene_create(test, false);
	struct hand *hand = &scene->hands[0];
	unsigned int i;

	run_turn(scene, 0, 0, 64);
	KUNIT_ASSERT_EQ(test, hand->nr, 64);
	expect_no_line_shared(scene);
	/* As if another CPU had taken every other one. */
	for (i = 0; i < 32; i++) {
		scene->table[i] = hand->objects[2 * i];
		hand->objects[i] = hand->objects[2 * i + 1];
		*(u64 *)scene->table[i] = 1;
	}
	hand->nr = 32;
	KUNIT_EXPECT_GE(test, count_shared(scene), 16);
	end(scene);
}

/* ---- who takes ---- */

static void test_cpus_that_take_by_turns_share_no_line(struct kunit *test)
{
	struct scene *scene = scene_create(test, false);
	unsigned int round, n;

	for (round = 0; round < 6; round++) {
		for (n = 0; n < scene->cpus; n++)
			run_turn(scene, n, round * 2, 5 + 3 * round);
		expect_no_line_shared(scene);
		/* What lay in magazines comes back to slabs, and one takes more than his own. */
		magazine_drain_all(scene->cache);
		run_turn(scene, round % scene->cpus, 0, HELD / 2);
		expect_no_line_shared(scene);
		run_turn(scene, round % scene->cpus, HELD / 2, 0);
	}
	end(scene);
}

static void fill_hand(unsigned int n, void *arg)
{
	take(arg, n, HELD);
}

static void halve_hand(unsigned int n, void *arg)
{
	struct scene *scene = arg;

	give_random(scene, n, scene->hands[n].nr / 2);
}

static void test_cpus_that_take_at_once_share_no_line(struct kunit *test)
{
	struct scene *scene = scene_create(test, false);
	unsigned int round, n;

	for (round = 0; round < 3; round++) {
		kit_run_on_cpus(test, scene->cpus, fill_hand, scene);
		for (n = 0; n < scene->cpus; n++)
			KUNIT_EXPECT_EQ(test, scene->hands[n].nr, HELD);
		expect_no_line_shared(scene);
		kit_run_on_cpus(test, scene->cpus, halve_hand, scene);
		if (round == 1)
			magazine_drain_all(scene->cache);
	}
	end(scene);
}

static void take_everywhere(unsigned int n, void *arg)
{
	take_of_node(arg, n);
	take_of_node(arg, n);
}

static void test_cpus_that_take_of_all_nodes_share_no_line(struct kunit *test)
{
	struct scene *scene = scene_create(test, false);
	unsigned int round, n;

	for (round = 0; round < 4; round++) {
		/* First of each other's slabs, that are wholly free since the last time. */
		kit_run_on_cpus(test, scene->cpus, take_everywhere, scene);
		expect_no_line_shared(scene);
		kit_run_on_cpus(test, scene->cpus, fill_hand, scene);
		expect_no_line_shared(scene);
		for (n = 0; n < scene->cpus; n++)
			give_random(scene, n, HELD);
		magazine_drain_all(scene->cache);
	}
	end(scene);
}

/* ---- who is given ---- */

/* Deals what the giver has out to all CPUs, neighbours to different ones. */
static void deal(struct scene *scene)
{
	struct hand *from = &scene->hands[scene->giver];
	unsigned int nr = from->nr, i;

	from->nr = 0;
	for (i = 0; i < nr; i++) {
		struct hand *to = &scene->hands[i % scene->cpus];

		to->objects[to->nr++] = from->objects[i];
	}
}

/* Frees all it was dealt, and takes as many, unless it is the giver. */
static void renew(unsigned int n, void *arg)
{
	struct scene *scene = arg;
	unsigned int nr = scene->hands[n].nr;

	if (n == scene->giver)
		return;
	give_random(scene, n, nr);
	take(scene, n, nr);
}

static void test_what_replaces_an_object_handed_over_shares_no_line(struct kunit *test)
{
	struct scene *scene = scene_create(test, false);
	unsigned int round, n;

	for (round = 0; round < 4; round++) {
		scene->giver = round % scene->cpus;
		run_turn(scene, scene->giver, 0, HELD - 200 * (round % 3));
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

/* ---- all at random ---- */

static void random_steps(unsigned int n, void *arg)
{
	struct scene *scene = arg;
	unsigned int step;

	for (step = 0; step < scene->steps; step++) {
		/* Some have much while others have little, and so slabs change hands. */
		random_step(scene, n, scene->takes + 2 * ((step / 256 + n) % 2));
		cond_resched();
	}
}

static void test_random_calls_share_no_line(struct kunit *test)
{
	struct scene *scene = scene_create(test, false);
	unsigned int round;

	scene->steps = 1000;
	for (round = 0; round < 10; round++) {
		scene->takes = 2 + round % 3;
		kit_run_on_cpus(test, scene->cpus, random_steps, scene);
		expect_no_line_shared(scene);
		if (round % 4 == 3)
			magazine_drain_all(scene->cache);
	}
	end(scene);
}

/* ---- when memory is short ---- */

/* Each object beside another CPU's was counted; it has a line in common on either side. */
static void expect_all_counted(struct scene *scene)
{
	unsigned int sides = cache_line_size() % slabmod_cache_size(scene->cache) ? 2 : 1;

	KUNIT_EXPECT_LE(scene->test, count_shared(scene), sides * counted(scene));
}

static void test_lines_shared_for_lack_of_memory_are_counted(struct kunit *test)
{
	struct scene *scene = scene_create(test, true);
	unsigned int had;

	run_turn(scene, 0, 0, HELD);
	had = scene->hands[0].nr;
	run_turn(scene, 0, HELD / 2, 0);
	magazine_drain_all(scene->cache);
	KUNIT_EXPECT_EQ(test, counted(scene), 0);
	kit_source.fail_all = true;
	/* All that was given back can be had again. */
	run_turn(scene, 1, 0, HELD);
	KUNIT_EXPECT_GE(test, scene->hands[0].nr + scene->hands[1].nr, had);
	KUNIT_EXPECT_GT(test, count_shared(scene), 0);
	expect_all_counted(scene);
	kit_source_reset();
	/* With memory there are no more. */
	scene->counted_before += counted(scene);
	run_turn(scene, 1, HELD, HELD);
	expect_no_line_shared(scene);
	end(scene);
}

static void test_random_calls_count_all_lines_they_share(struct kunit *test)
{
	struct scene *scene = scene_create(test, true);
	unsigned int round;

	scene->steps = 300;
	for (round = 0; round < 6; round++) {
		scene->takes = 2 + round % 3;
		kit_source.fail_all = round % 3;
		kit_run_on_cpus(test, scene->cpus, random_steps, scene);
		expect_all_counted(scene);
	}
	KUNIT_EXPECT_GT(test, counted(scene), 0);
	end(scene);
}

static struct kunit_case sharing_cases[] = {
	KUNIT_CASE(test_the_count_finds_lines_that_are_shared),
	KUNIT_CASE_PARAM(test_the_count_sees_whose_neighbours_are, own_kind),
	KUNIT_CASE_PARAM(test_cpus_that_take_by_turns_share_no_line, any_kind),
	KUNIT_CASE_PARAM(test_cpus_that_take_at_once_share_no_line, any_kind),
	KUNIT_CASE_PARAM(test_cpus_that_take_of_all_nodes_share_no_line, any_kind),
	KUNIT_CASE_PARAM(test_what_replaces_an_object_handed_over_shares_no_line, any_kind),
	KUNIT_CASE_PARAM(test_random_calls_share_no_line, any_kind),
	KUNIT_CASE_PARAM(test_lines_shared_for_lack_of_memory_are_counted, own_kind),
	KUNIT_CASE_PARAM(test_random_calls_count_all_lines_they_share, own_kind),
	{}
};

struct kunit_suite sharing_suite = {
	.name = "sharing",
	ROOT_SUITE_HOOKS,
	.test_cases = sharing_cases,
};
