// SPDX-License-Identifier: GPL-2.0
/*
 * test_bound.c - slabs never take more than a few times the most that was in use,
 * whichever CPU allocates and frees.
 *
 * The patterns are those known to make allocators grow: each CPU allocates what the next
 * one frees; all allocate at once, and one frees; objects in use are spread so that free
 * ones are hard to find. More CPUs test more: run this in a guest of 64 too.
 */
#include <linux/delay.h>
#include <linux/nodemask.h>
#include <linux/sched/clock.h>
#include <linux/topology.h>

#include "context.h"
#include "home.h"
#include "home_walk.h"
#include "pool_bound.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "suites.h"
#include "verbs.h"

#define LIMIT	65536	/* pages */

/* ---- CPUs that share a cache ---- */

struct relay {
	struct slabmod_cache *cache;
	unsigned int batch;		/* objects of each */
	unsigned int cpus;
	void **objects;			/* a batch for each CPU */
	atomic_t ready;
	atomic_long_t failed;
};

static void alloc_batch(struct relay *relay, unsigned int n)
{
	void **objects = relay->objects + n * relay->batch;
	unsigned int i;

	for (i = 0; i < relay->batch; i++) {
		objects[i] = slabmod_cache_alloc(relay->cache, GFP_KERNEL);
		if (!objects[i])
			atomic_long_inc(&relay->failed);
	}
}

static void free_batch(struct relay *relay, unsigned int n)
{
	void **objects = relay->objects + n * relay->batch;
	unsigned int i;

	for (i = 0; i < relay->batch; i++) {
		slabmod_cache_free(relay->cache, objects[i]);
		objects[i] = NULL;
	}
}

struct leg {
	struct relay *relay;
	unsigned int n;
	void (*fn)(struct relay *relay, unsigned int n);
};

static void run_leg(void *arg)
{
	struct leg *leg = arg;

	leg->fn(leg->relay, leg->n);
}

/* Run @fn on CPU @n for the batch number @of. */
static void on_cpu(struct relay *relay, unsigned int n, unsigned int of,
		   void (*fn)(struct relay *relay, unsigned int n))
{
	struct leg leg = { relay, of, fn };

	kit_run_on(n % relay->cpus, run_leg, &leg);
}

static struct relay relay_of(struct kunit *test, unsigned int size, unsigned int batch)
{
	struct relay relay = { .batch = batch, .cpus = num_online_cpus() };

	relay.cache = kit_cache(test, size);
	relay.cache->pool->source.limit = LIMIT;
	relay.objects = kit_array(test, relay.cpus * batch);
	return relay;
}

static void expect_bound(struct kunit *test, struct slabmod_pool *pool)
{
	struct pool_bound bound = pool_bound(pool);

	KUNIT_EXPECT_TRUE(test, pool_bound_holds(pool));
	KUNIT_EXPECT_LE(test, bound.slabs, bound.bound);
}

/* The bound computed anew from mod/pool_bound.c, for @live objects and all magazines. */
static unsigned long slabs_for(struct relay *relay, unsigned long live)
{
	struct slabmod_cache *cache = relay->cache;
	unsigned long most = live + relay->cpus * (cache->capacity +
						   magazine_remote_capacity(cache->capacity));

	if (cache->flags & CACHE_SHARES_LINES)
		most *= cache->group;
	return DIV_ROUND_UP(most, cache->objects) * num_online_nodes() +
	       relay->cpus * (1 + HOME_MAX_DETACHED);
}

static void end_relay(struct kunit *test, struct relay *relay)
{
	struct slabmod_pool *pool = relay->cache->pool;

	KUNIT_EXPECT_EQ(test, atomic_long_read(&relay->failed), 0);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
	KUNIT_EXPECT_EQ(test, cache_used(relay->cache), 0);
	kit_pool_destroy(test, pool, 0);
}

/* ---- the patterns ---- */

#define MOST_ROUNDS	10

/* With many CPUs a round tests more, and takes longer. */
static unsigned int rounds_of(const struct relay *relay)
{
	return relay->cpus > 8 ? MOST_ROUNDS / 2 : MOST_ROUNDS;
}

struct objects {
	unsigned int size, batch;
};

static const struct objects relays[] = {
	{ 64, 1000 },
	{ 24, 1000 },			/* lines are shared */
	{ 4096, 100 },
};

static void relay_text(const struct objects *objects, char *text)
{
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "%u", objects->size);
}

KUNIT_ARRAY_PARAM(relay, relays, relay_text);

/* One CPU allocates, the next frees and then allocates itself, and so on. */
static void test_objects_freed_by_the_next_cpu(struct kunit *test)
{
	const struct objects *param = test->param_value;
	struct relay relay = relay_of(test, param->size, param->batch);
	unsigned int rounds = rounds_of(&relay), round, n;
	long slabs[MOST_ROUNDS];

	for (round = 0; round < rounds; round++) {
		for (n = 0; n < relay.cpus; n++) {
			on_cpu(&relay, n, 0, alloc_batch);
			on_cpu(&relay, n + 1, 0, free_batch);
		}
		expect_bound(test, relay.cache->pool);
		slabs[round] = home_totals(relay.cache).slabs;
		KUNIT_EXPECT_LE(test, slabs[round], slabs_for(&relay, param->batch));
	}
	/* When the magazines are full. */
	kunit_info(test, "%ld slabs after %u rounds, %ld after %u\n", slabs[rounds / 2],
		   rounds / 2 + 1, slabs[rounds - 1], rounds);
	KUNIT_EXPECT_LE(test, slabs[rounds - 1], slabs[rounds / 2] + relay.cpus);
	end_relay(test, &relay);
}

/* Wait for all CPUs. */
static void meet(struct relay *relay)
{
	atomic_inc(&relay->ready);
	while (atomic_read(&relay->ready) < relay->cpus)
		usleep_range(50, 100);
}

static void alloc_at_once(unsigned int n, void *arg)
{
	meet(arg);
	alloc_batch(arg, n);
}

static void free_at_once(unsigned int n, void *arg)
{
	struct relay *relay = arg;

	meet(relay);
	free_batch(relay, (n + 1) % relay->cpus);
}

static void all_at_once(struct kunit *test, struct relay *relay,
			void (*fn)(unsigned int n, void *arg))
{
	atomic_set(&relay->ready, 0);
	KUNIT_ASSERT_EQ(test, kit_run_on_cpus(test, relay->cpus, fn, relay), relay->cpus);
}

/* All allocate at once; then all free the objects of another, at once or in turn. */
static void test_objects_allocated_at_once(struct kunit *test)
{
	const struct objects *param = test->param_value;
	struct relay relay = relay_of(test, param->size, param->batch / 4);
	unsigned int round, n;

	for (round = 0; round < rounds_of(&relay); round++) {
		all_at_once(test, &relay, alloc_at_once);
		expect_bound(test, relay.cache->pool);
		if (round % 2)
			all_at_once(test, &relay, free_at_once);
		else
			for (n = 0; n < relay.cpus; n++)
				on_cpu(&relay, n + round, n, free_batch);
		expect_bound(test, relay.cache->pool);
		KUNIT_EXPECT_LE(test, home_totals(relay.cache).slabs,
				slabs_for(&relay, relay.cpus * relay.batch));
	}
	end_relay(test, &relay);
}

/* ---- free objects that are hard to find ---- */

static bool is_of_any(struct slab *slab, void **objects, unsigned int nr)
{
	while (nr--)
		if (kit_slab(objects[nr]) == slab)
			return true;
	return false;
}

/* Allocate the missing objects, and free all but one object of each slab. */
static void thin_out(struct relay *relay, unsigned int n)
{
	void **objects = relay->objects;
	unsigned int i, kept = 0;

	for (i = 0; i < relay->batch; i++) {
		if (!objects[i])
			objects[i] = slabmod_cache_alloc(relay->cache, GFP_KERNEL);
		if (!objects[i])
			atomic_long_inc(&relay->failed);
	}
	for (i = 0; i < relay->batch; i++) {
		void *object = objects[i];

		objects[i] = NULL;
		if (is_of_any(kit_slab(object), objects, kept))
			slabmod_cache_free(relay->cache, object);
		else
			objects[kept++] = object;
	}
}

/* On CPUs of one node, or of any. */
static void thin_out_on(struct kunit *test, unsigned int size, int nid)
{
	struct relay relay = relay_of(test, size, 1000);
	unsigned int turn, n, cpu;

	for (turn = 0; turn < rounds_of(&relay); turn++) {
		n = 0;
		for_each_online_cpu(cpu) {
			if (nid == NUMA_NO_NODE || cpu_to_mem(cpu) == nid)
				on_cpu(&relay, n, 0, thin_out);
			n++;
		}
		expect_bound(test, relay.cache->pool);
		KUNIT_EXPECT_LE(test, home_totals(relay.cache).slabs, slabs_for(&relay, 1000));
	}
	on_cpu(&relay, 0, 0, free_batch);
	end_relay(test, &relay);
}

static void test_thinned_out_slabs_are_reused(struct kunit *test)
{
	static const unsigned int sizes[] = { 32, 96, 256, 1024 };
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		thin_out_on(test, sizes[i], NUMA_NO_NODE);
}

static void test_thinned_out_slabs_are_reused_without_local_memory(struct kunit *test)
{
	int full = first_online_node;

	kit_need_nodes(test);
	kit_source.full_nodes = BIT(full);
	thin_out_on(test, 256, full);
}

struct search {
	struct slabmod_cache *cache;
	void *objects[16];
	unsigned int found;
};

static void search(void *arg)
{
	struct search *search = arg;

	search->found = kit_home_alloc(search->cache, search->objects, 16, false);
}

/* Another CPU of the node of the first one, or 0. */
static unsigned int neighbour(void)
{
	int nid = cpu_to_mem(cpumask_first(cpu_online_mask));
	unsigned int n = 0, cpu;

	for_each_online_cpu(cpu) {
		if (n && cpu_to_mem(cpu) == nid)
			return n;
		n++;
	}
	return 0;
}

/* Free every second object of a slab, or only the last 16. */
static void thin_slab(struct kunit *test, struct slabmod_cache *cache, void **objects,
		      bool second)
{
	unsigned int i, index;

	for (i = 0; i < cache->objects; i++) {
		index = slab_object_index(cache, kit_slab(objects[i]), objects[i]);
		if (second ? index % 2 == 0 : index < cache->objects - 16)
			continue;
		kit_home_free(test, cache, &objects[i], 1);
		objects[i] = NULL;
	}
}

#define MOST_SLABS	8

/* One slab has free whole lines; emptier ones, which are searched first, have none. */
static void test_whole_lines_are_found_after_slabs_without(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_create(test, kit_pool_create(test, LIMIT), 32, 0,
						       NULL);
	static void *objects[MOST_SLABS][SLAB_MAX_OBJECTS];
	struct search it = { .cache = cache };
	unsigned int nr, i, k;

	if (!neighbour())
		kunit_skip(test, "needs two CPUs on a node");
	context_pin(0);
	for (nr = 1; nr <= MOST_SLABS; nr++) {
		for (i = 0; i < nr; i++)
			kit_fill_slab(test, cache, objects[i]);
		for (i = 0; i < nr; i++)
			thin_slab(test, cache, objects[i], i);
		kit_run_on(neighbour(), search, &it);
		KUNIT_EXPECT_EQ_MSG(test, it.found, 16, "one of %u", nr);
		kit_home_free(test, cache, it.objects, it.found);
		for (i = 0; i < nr; i++)
			for (k = 0; k < cache->objects; k++)
				if (objects[i][k])
					kit_home_free(test, cache, &objects[i][k], 1);
		home_shrink(cache);
		KUNIT_ASSERT_EQ(test, home_totals(cache).slabs, 0);
	}
}

/* ---- the bound itself ---- */

static void test_bound_counts_the_peak(struct kunit *test)
{
	struct relay relay = relay_of(test, 256, 1000);
	struct slabmod_cache *cache = relay.cache;
	struct slabmod_pool *pool = cache->pool;
	struct pool_bound bound = pool_bound(pool);
	long peak, beyond;

	/* A cache that was never used. */
	KUNIT_EXPECT_EQ(test, bound.slabs, 0);
	KUNIT_EXPECT_EQ(test, bound.bound, 0);
	alloc_batch(&relay, 0);
	bound = pool_bound(pool);
	KUNIT_EXPECT_EQ(test, bound.slabs, home_pages(cache) << PAGE_SHIFT);
	KUNIT_EXPECT_LE(test, magazine_count(cache) * cache->size, bound.magazines);
	/* The bound follows from the peak, not from existing slabs. */
	peak = atomic_long_read(&cache->inuse_peak);
	KUNIT_EXPECT_GE(test, peak, relay.batch);
	KUNIT_EXPECT_LE(test, peak, relay.batch + cache->capacity);
	atomic_long_set(&cache->inuse_peak, 1);
	KUNIT_EXPECT_LT(test, pool_bound(pool).bound, bound.bound);
	atomic_long_set(&cache->inuse_peak, peak);
	/* More slabs than the bound are found. */
	beyond = bound.bound / (cache->usual.pages << PAGE_SHIFT) + 1;
	cache->node_homes[0].slabs += beyond;
	KUNIT_EXPECT_EQ(test, pool_bound(pool).bound, bound.bound);
	KUNIT_EXPECT_GT(test, pool_bound(pool).slabs, bound.bound);
	cache->node_homes[0].slabs -= beyond;
	free_batch(&relay, 0);
	slabmod_cache_shrink(cache);
	/* The peak stays when slabs are freed. */
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->inuse_peak), peak);
	expect_bound(test, pool);
	end_relay(test, &relay);
}

static void expect_peaks(struct kunit *test, struct slabmod_pool *pool, struct pool_ledger *before)
{
	struct pool_ledger peak = pool_ledger_peak(pool), now = pool_ledger(pool);

#define EXPECT_PEAK(part)							\
do {										\
	KUNIT_EXPECT_GE(test, peak.part, now.part);				\
	KUNIT_EXPECT_GE(test, peak.part, before->part);				\
} while (0)
	EXPECT_PEAK(held);
	EXPECT_PEAK(used);
	EXPECT_PEAK(slabs);
	EXPECT_PEAK(magazines);
	EXPECT_PEAK(buddy);
	EXPECT_PEAK(metadata);
#undef EXPECT_PEAK
	KUNIT_EXPECT_EQ(test, now.held, now.used + now.slabs + now.magazines + now.buddy +
			now.metadata);
	*before = peak;
}

static void test_peaks_of_all_parts(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache(test, 200);
	void **objects = kit_array(test, 600);
	struct slabmod_pool *pool = cache->pool;
	struct pool_ledger peak = { 0 }, full;
	int i;

	for (i = 0; i < 600; i++) {
		objects[i] = slabmod_cache_alloc(cache, GFP_KERNEL);
		expect_peaks(test, pool, &peak);
	}
	full = pool_ledger(pool);
	KUNIT_EXPECT_EQ(test, peak.used, full.used);
	KUNIT_EXPECT_EQ(test, peak.held, full.held);
	slabmod_cache_free_bulk(cache, 600, objects);
	expect_peaks(test, pool, &peak);
	pool_shrink(pool);
	expect_peaks(test, pool, &peak);
	KUNIT_EXPECT_EQ(test, peak.used, full.used);
	KUNIT_EXPECT_EQ(test, peak.held, full.held);
	KUNIT_EXPECT_GT(test, peak.magazines, 0);
}

static unsigned long held_now(struct slabmod_pool *pool)
{
	return (kit_source.pages << PAGE_SHIFT) + atomic_long_read(&pool->source.metadata);
}

/* Although the ledger is not read meanwhile. */
static void test_peak_of_held_is_exact(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	unsigned long held = 0, metadata = 0, pages = 0;
	void *blocks[40];
	int i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		blocks[i] = kit_block(test, pool, 1 + i * 5);
		held = max(held, held_now(pool));
		pages = max(pages, kit_source.pages);
		KUNIT_EXPECT_EQ(test, pool_pages_peak(pool), pages << PAGE_SHIFT);
		metadata = max_t(unsigned long, metadata, atomic_long_read(&pool->source.metadata));
	}
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		kit_block_free(blocks[i]);
	pool_shrink(pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	KUNIT_EXPECT_EQ(test, pool_ledger_peak(pool).metadata, metadata);
	KUNIT_EXPECT_EQ(test, pool_ledger_peak(pool).held, held);
	KUNIT_EXPECT_EQ(test, pool_pages_peak(pool), pages << PAGE_SHIFT);
}

struct stage {
	struct slabmod_cache *cache;
	atomic_t looks;
	bool seen, over;
};

/*
 * Free the objects of this CPU's magazine, and let the other CPU read the ledger before
 * leaving the magazine, as in a flush. The owner of a lock that the other CPU needs may
 * wait for this one; then go on, and wait longer the next time.
 */
static bool flush_and_be_seen(struct stage *stage, unsigned int turn)
{
	u64 end = local_clock() + (20ull * NSEC_PER_MSEC << min(turn / 8, 6u));
	struct slabmod_magazine *magazine;
	long top;
	int looks;

	preempt_disable();
	magazine = this_cpu_ptr(stage->cache->magazines);
	top = kit_magazine_enter(stage->cache);
	home_free(stage->cache, &magazine->object[1], top);
	looks = atomic_read(&stage->looks);
	while (atomic_read(&stage->looks) < looks + 2 && local_clock() < end)
		cpu_relax();
	slabmod_magazine_end(this_cpu_ptr(stage->cache->magazines), -top);
	preempt_enable();
	return atomic_read(&stage->looks) >= looks + 2;
}

static void flush_or_look(unsigned int n, void *arg)
{
	struct stage *stage = arg;
	unsigned long end = jiffies + KIT_HANG;
	unsigned int turn;

	while (n && !READ_ONCE(stage->over)) {
		pool_ledger(stage->cache->pool);
		atomic_inc(&stage->looks);
		cond_resched();
	}
	if (n)
		return;
	for (turn = 0; !stage->seen && time_before(jiffies, end); turn++) {
		slabmod_cache_free(stage->cache, slabmod_cache_alloc(stage->cache, GFP_KERNEL));
		stage->seen = flush_and_be_seen(stage, turn);
		usleep_range(500, 1000);
	}
	WRITE_ONCE(stage->over, true);
}

static void test_peaks_are_never_too_high(struct kunit *test)
{
	struct stage stage = { .cache = kit_cache(test, 200) };
	struct pool_ledger peak;

	kit_need_cpus(test, 2);
	kit_run_on_cpus(test, 2, flush_or_look, &stage);
	KUNIT_EXPECT_TRUE(test, stage.seen);
	peak = pool_ledger_peak(stage.cache->pool);
	KUNIT_EXPECT_LE(test, peak.used, peak.held);
	KUNIT_EXPECT_LE(test, peak.slabs, peak.held);
	KUNIT_EXPECT_LE(test, peak.magazines, peak.held);
	KUNIT_EXPECT_LE(test, peak.buddy, peak.held);
	KUNIT_EXPECT_EQ(test, cache_used(stage.cache), 0);
}

static struct kunit_case bound_cases[] = {
	KUNIT_CASE_PARAM(test_objects_freed_by_the_next_cpu, relay_gen_params),
	KUNIT_CASE_PARAM(test_objects_allocated_at_once, relay_gen_params),
	KUNIT_CASE(test_thinned_out_slabs_are_reused),
	KUNIT_CASE(test_thinned_out_slabs_are_reused_without_local_memory),
	KUNIT_CASE(test_whole_lines_are_found_after_slabs_without),
	KUNIT_CASE(test_bound_counts_the_peak),
	KUNIT_CASE(test_peaks_of_all_parts),
	KUNIT_CASE(test_peak_of_held_is_exact),
	KUNIT_CASE(test_peaks_are_never_too_high),
	{}
};

struct kunit_suite bound_suite = {
	.name = "bound",
	KIT_SUITE_HOOKS,
	.test_cases = bound_cases,
};
