// SPDX-License-Identifier: GPL-2.0
/*
 * test_home_random.c - homes against a model that is in the objects themselves.
 *
 * Each allocation writes the tag of its CPU into every word of the object. The free
 * checks the tag and clears it. So an object that is allocated twice, overlaps another
 * or shares a line with an object of another CPU is found at once.
 */
#include <linux/cache.h>
#include <linux/slab.h>

#include "buddy_walk.h"
#include "test_home.h"

#define CPUS		4
#define MAX_LIVE	1024
#define BATCH		32
#define LIMIT		640		/* pages */

/* ---- tags ---- */

#define TAG_MARK	0x51ab7a65ca11ull

static u64 tag_of(unsigned int cpu)
{
	return TAG_MARK << 16 | cpu;
}

static bool is_tag(u64 word)
{
	return word >> 16 == TAG_MARK;
}

enum fault {
	ALLOCATED_TWICE,
	LINE_SHARED,	/* with an object of another CPU */
	OVERWRITTEN,
	NR_FAULTS
};

static const char *const fault_names[] = {
	"objects allocated twice",
	"objects that share a line with another CPU",
	"objects overwritten",
};

struct tagger {
	unsigned int size;
	atomic_t faults[NR_FAULTS];
};

/* Whether any word of [@p, @end) is a tag other than @mine. */
static bool tagged(const u64 *p, const u64 *end, u64 mine)
{
	for (; p < end; p++) {
		u64 word = READ_ONCE(*p);

		if (is_tag(word) && word != mine)
			return true;
	}
	return false;
}

static void tag(struct tagger *tagger, void *object, unsigned int cpu, bool may_share)
{
	unsigned long line = cache_line_size();
	u64 *begin = object, *end = object + tagger->size, *p;
	u64 *line_begin = (u64 *)ALIGN_DOWN((unsigned long)begin, line);
	u64 *line_end = (u64 *)ALIGN((unsigned long)end, line);

	if (tagged(begin, end, 0))
		atomic_inc(&tagger->faults[ALLOCATED_TWICE]);
	if (!may_share && (tagged(line_begin, begin, tag_of(cpu)) ||
			   tagged(end, line_end, tag_of(cpu))))
		atomic_inc(&tagger->faults[LINE_SHARED]);
	for (p = begin; p < end; p++)
		WRITE_ONCE(*p, tag_of(cpu));
}

static void untag(struct tagger *tagger, void *object)
{
	u64 *begin = object, *end = object + tagger->size, *p;
	u64 word = *begin;

	if (!is_tag(word) || memcmp(begin, begin + 1, tagger->size - sizeof(word)))
		atomic_inc(&tagger->faults[OVERWRITTEN]);
	for (p = begin; p < end; p++)
		WRITE_ONCE(*p, 0);
}

/* Constructor: new memory may hold stale tags, in the rest of the line too. */
static unsigned int clear_size;

static void clear(void *object)
{
	memset(object, 0, ALIGN((unsigned long)object + clear_size, cache_line_size()) -
			  (unsigned long)object);
}

static void expect_no_faults(struct kunit *test, struct tagger *tagger)
{
	int i;

	for (i = 0; i < NR_FAULTS; i++)
		KUNIT_ASSERT_EQ_MSG(test, atomic_read(&tagger->faults[i]), 0, "%s", fault_names[i]);
}

/* ---- one thread, on one CPU after another ---- */

struct run {
	struct kunit *test;
	struct slabmod_cache *cache;
	struct tagger tagger;
	struct rnd_state rnd;
	unsigned int cpu;		/* where it is */
	unsigned int nr_live, max_live;
	unsigned long grown, nothing;	/* slabs that had to be made, or could not be */
	void *live[MAX_LIVE];
};

struct survey {
	struct run *run;
	unsigned long slabs, small_slabs, inuse;
	bool missed;			/* an object this CPU could have allocated */
};

/* Whether this CPU should have found an object in this slab. */
static bool overlooked(struct run *run, const struct slab *slab)
{
	unsigned int id = HOME_ID(slab->home);
	bool full = slab->inuse == slab_geometry(run->cache, slab)->objects;
	int nid = cpu_to_mem(run->cpu);

	if (full)
		return false;
	/* Of slabs of other homes only whole lines are used, and not all are searched. */
	if (run->cache->flags & CACHE_SHARES_LINES)
		return id == run->cpu && !(slab->home & HOME_SHARED);
	if (id == HOME_NODE)
		return slab_chunk(slab)->buddy->nid == nid;
	return cpu_to_mem(id) == nid;
}

static void survey_frame(void *block, struct frame *frame, void *arg)
{
	struct slab *slab = frame_slab(frame);
	struct survey *survey = arg;

	if (!slab || slab_cache(slab) != survey->run->cache)
		return;
	survey->slabs++;
	survey->small_slabs += slab_is_small(slab);
	survey->inuse += slab->inuse;
	survey->missed |= overlooked(survey->run, slab);
}

/* Find every slab by its pages, not by the homes. */
static struct survey survey_all(struct run *run)
{
	struct survey survey = { .run = run };
	int nid;

	for_each_online_node(nid)
		buddy_walk(&run->cache->buddies[nid], survey_frame, &survey);
	return survey;
}

/* Shared slabs without a whole line are on a list of their own. Nothing runs meanwhile. */
static void expect_lists(struct run *run, struct slab_home *home)
{
	struct slab *slab;
	int quarter;

	list_for_each_entry(slab, &home->no_whole_line, node)
		KUNIT_ASSERT_TRUE(run->test, slab->home & HOME_SHARED &&
				  !slab_has_whole_line(run->cache, slab));
	for (quarter = 0; quarter < SLAB_QUARTERS; quarter++)
		list_for_each_entry(slab, &home->partial[quarter], node)
			KUNIT_ASSERT_TRUE(run->test, slab_has_whole_line(run->cache, slab));
}

static void expect_all_lists(struct run *run)
{
	unsigned int cpu;
	int nid;

	for_each_online_node(nid)
		expect_lists(run, &run->cache->node_homes[nid]);
	for_each_possible_cpu(cpu)
		expect_lists(run, kit_home(run->cache, cpu));
}

static void compare(struct run *run)
{
	struct home_totals totals = home_totals(run->cache);
	struct survey survey = survey_all(run);

	KUNIT_ASSERT_EQ(run->test, totals.inuse, run->nr_live);
	KUNIT_ASSERT_EQ(run->test, survey.inuse, run->nr_live);
	KUNIT_ASSERT_EQ(run->test, totals.slabs, survey.slabs);
	KUNIT_ASSERT_EQ(run->test, totals.small_slabs, survey.small_slabs);
	expect_all_lists(run);
	expect_no_faults(run->test, &run->tagger);
}

static void keep(struct run *run, unsigned int got, bool may_share)
{
	while (got--)
		tag(&run->tagger, run->live[run->nr_live++], run->cpu, may_share);
}

/* What an allocation does after it found no free object. */
static void new_slab_step(struct run *run)
{
	void **to = &run->live[run->nr_live];
	unsigned int got = 1;
	bool may_share = false;

	/* The bound on memory: no new slab while an existing one has a free object. */
	KUNIT_ASSERT_FALSE(run->test, survey_all(run).missed);
	*to = home_alloc_from_new_slab(run->cache, cpu_to_mem(run->cpu), GFP_KERNEL,
				       !kit_random(&run->rnd, 8));
	if (*to) {
		run->grown++;
	} else {
		run->nothing++;
		got = alloc_anything(run->cache, to, 1);
		may_share = true;
	}
	keep(run, got, may_share);
}

static void alloc_step(struct run *run)
{
	unsigned int want = 1 + kit_random(&run->rnd, BATCH), got;

	if (run->nr_live + want > run->max_live)
		return;
	got = alloc(run->cache, &run->live[run->nr_live], want);
	KUNIT_ASSERT_LE(run->test, got, want);
	if (got)
		keep(run, got, false);
	else
		new_slab_step(run);
}

static void free_step(struct run *run, unsigned int most)
{
	unsigned int nr = min(1 + kit_random(&run->rnd, most), run->nr_live), i;

	for (i = 0; i < nr; i++) {
		unsigned int k = kit_random(&run->rnd, run->nr_live - i);

		swap(run->live[k], run->live[run->nr_live - 1 - i]);
		untag(&run->tagger, run->live[run->nr_live - 1 - i]);
	}
	run->nr_live -= nr;
	KUNIT_ASSERT_TRUE(run->test, home_free(run->cache, &run->live[run->nr_live], nr));
}

static void rare_step(struct run *run)
{
	unsigned int other = cpumask_any_but(cpu_online_mask, run->cpu);

	switch (kit_random(&run->rnd, 4)) {
	case 0:
		home_shrink(run->cache);
		break;
	case 1:
		if (other < nr_cpu_ids)
			home_drain_cpu(run->cache, other);
		break;
	case 2:
		run->live[run->nr_live] = home_alloc_on_node(run->cache, first_online_node);
		if (run->live[run->nr_live])
			keep(run, 1, false);
		break;
	case 3:
		kit_source.max_order = kit_random(&run->rnd, 2) ? 0 : UINT_MAX;
		kit_source.fail_all = !kit_random(&run->rnd, 4);
		break;
	}
}

static void step(struct run *run, int i)
{
	unsigned int ebb = i / 1024 % 2;	/* use grows and shrinks in turn */

	if (i % 64 == 0) {
		run->cpu = context_pin(kit_random(&run->rnd, min(num_online_cpus(), CPUS + 0u)));
		KUNIT_ASSERT_TRUE(run->test, home_check(run->cache));
		compare(run);
	}
	if (i % 32 == 0 && run->nr_live < run->max_live)
		rare_step(run);
	else if (kit_random(&run->rnd, 8) < 5 - 2 * ebb)
		alloc_step(run);
	else
		free_step(run, BATCH);
}

static struct slabmod_cache *small_cache(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, LIMIT, 0, 5);

	clear_size = kit_size(test);
	return kit_cache_create(test, pool, clear_size, 0, clear);
}

void test_random_run_matches_the_tags_in_objects(struct kunit *test)
{
	struct run *run = kit_zalloc(test, sizeof(*run));
	int i;

	run->test = test;
	run->cache = small_cache(test);
	run->tagger.size = run->cache->size;
	run->max_live = min_t(unsigned int, MAX_LIVE, LIMIT / 2 * PAGE_SIZE / run->cache->size);
	kit_seed(test, &run->rnd);
	for (i = 0; i < KIT_STEPS / 4; i++)
		step(run, i);
	while (run->nr_live)
		free_step(run, BATCH);
	compare(run);
	KUNIT_EXPECT_GT(test, run->grown, 20);
	kunit_info(test, "%lu slabs made, %lu refused\n", run->grown, run->nothing);
}
