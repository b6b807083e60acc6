// SPDX-License-Identifier: GPL-2.0
/*
 * test_chunk.c - chunks, and the lookup of the frame of an address.
 */
#include <linux/debug_locks.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "beyond.h"
#include "context.h"
#include "free_map.h"
#include "suites.h"
#include "verbs.h"

static struct chunk *create(struct kunit *test, struct slabmod_pool *pool, unsigned int order)
{
	struct chunk *chunk = chunk_create(pool->buddies, numa_mem_id(), order, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, chunk);
	return chunk;
}

/* A pool whose chunks are all of one order. */
static struct slabmod_pool *pool_of_order(struct kunit *test, unsigned int order)
{
	return kit_pool_create_orders(test, KIT_LIMIT, order, order);
}

static bool no_frame(const struct frame *frame)
{
	return frame >= chunk_no_frames && frame < chunk_no_frames + UNIT_PAGES;
}

/* What the fast paths find, and whether the address is beyond the map. */
static struct frame *frame_fast(const void *addr)
{
	return chunk_frame_fast(chunk_offset(addr));
}

static bool beyond_map(const void *addr)
{
	return chunk_offset(addr) & chunk_map.beyond;
}

/* The frame of an address, if it is in a chunk of @pool. */
static struct frame *find(struct slabmod_pool *pool, const void *addr)
{
	struct chunk *chunk = chunk_of(addr);

	return chunk && chunk->buddy->source == &pool->source ? chunk_frame(addr) : NULL;
}

static void expect_pages_lead_to_frames(struct kunit *test, struct chunk *chunk, bool fast)
{
	unsigned int i;

	for (i = 0; i < chunk_pages(chunk); i++) {
		void *page = chunk->base + ((unsigned long)i << PAGE_SHIFT);
		struct frame *frame = &chunk->frames[i];

		KUNIT_ASSERT_PTR_EQ(test, chunk_frame(page), frame);
		KUNIT_ASSERT_PTR_EQ(test, chunk_frame(page + 1), frame);
		KUNIT_ASSERT_PTR_EQ(test, chunk_frame(page + PAGE_SIZE - 1), frame);
		KUNIT_ASSERT_EQ(test, no_frame(frame_fast(page)), !fast);
		if (fast)
			KUNIT_ASSERT_PTR_EQ(test, frame_fast(page + PAGE_SIZE - 1), frame);
		KUNIT_ASSERT_PTR_EQ(test, chunk_of(page), chunk);
		KUNIT_ASSERT_PTR_EQ(test, chunk_of(page + PAGE_SIZE - 1), chunk);
		KUNIT_ASSERT_EQ(test, chunk_index(chunk, page), i);
		KUNIT_ASSERT_PTR_EQ(test, chunk_page(chunk, i), page);
	}
}

/* Of all orders, from the creation to the destruction. */
static void test_every_page_leads_to_its_frame(struct kunit *test)
{
	unsigned int order, i;

	for (order = 0; order <= SLABMOD_MAX_ORDER; order++) {
		struct slabmod_pool *pool = pool_of_order(test, order);
		long before = atomic_long_read(&pool->source.metadata);
		struct chunk *chunk = create(test, pool, order);
		bool unmapped = order < UNIT_ORDER;
		void *base = chunk->base;

		KUNIT_EXPECT_EQ(test, chunk->order, order);
		KUNIT_EXPECT_EQ(test, chunk->unmapped, unmapped);
		KUNIT_EXPECT_EQ(test, stat_sum(pool->source.stats, EVENT_CHUNK_STRAY), unmapped);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.metadata) - before,
				chunk_metadata(order));
		KUNIT_EXPECT_GE(test, chunk_metadata(order), sizeof(struct frame) << order);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)base, PAGE_SIZE << order));
		expect_pages_lead_to_frames(test, chunk, !unmapped);
		KUNIT_EXPECT_EQ(test, chunk_free_pages(chunk), 1u << order);
		KUNIT_EXPECT_TRUE(test, map_is_free(&chunk->map));
		for (i = 0; i < chunk_nr_units(order); i++)
			KUNIT_EXPECT_TRUE(test, map_is_free(&chunk->units[i].map));
		for (i = 0; i < chunk_pages(chunk); i++)
			KUNIT_ASSERT_PTR_EQ(test, chunk->frames[i].use, &frame_tail);
		chunk_destroy(chunk);
		chunk_sync();
		for (i = 0; i < 1u << order; i++)
			KUNIT_ASSERT_NULL(test, find(pool, base + i * PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.metadata), before);
		KUNIT_EXPECT_EQ(test, stat_sum(pool->source.stats, EVENT_CHUNK_NEW), 1);
		KUNIT_EXPECT_EQ(test, stat_sum(pool->source.stats, EVENT_CHUNK_FREE), 1);
	}
}

/* ---- addresses outside of chunks ---- */

static void expect_no_frame(struct kunit *test, unsigned long addr)
{
	const void *p = (const void *)addr;

	KUNIT_EXPECT_PTR_EQ_MSG(test, chunk_frame(p), (struct frame *)NULL, "address %lx", addr);
	KUNIT_EXPECT_TRUE_MSG(test, beyond_map(p) || frame_fast(p)->use == &frame_tail,
			      "address %lx", addr);
}

static void expect_other_memory_has_no_frame(struct kunit *test)
{
	static int in_module;
	int on_stack;
	void *small = kunit_kzalloc(test, 32, GFP_KERNEL);
	void *large = vmalloc(PAGE_SIZE);
	int __percpu *percpu = alloc_percpu(int);

	expect_no_frame(test, (unsigned long)&in_module);
	expect_no_frame(test, (unsigned long)&on_stack);
	expect_no_frame(test, (unsigned long)expect_no_frame);
	expect_no_frame(test, (unsigned long)kfree);
	expect_no_frame(test, (unsigned long)small);
	expect_no_frame(test, (unsigned long)large);
	expect_no_frame(test, (__force unsigned long)percpu);
	expect_no_frame(test, (unsigned long)raw_cpu_ptr(percpu));
	expect_no_frame(test, (unsigned long)current);
	expect_no_frame(test, (unsigned long)ZERO_SIZE_PTR);
	free_percpu(percpu);
	vfree(large);
}

static void expect_edges_have_no_frame(struct kunit *test)
{
	const unsigned long end = (unsigned long)high_memory;
	const unsigned long values[] = {
		0, 1, PAGE_SIZE, 0x400000, TASK_SIZE_MAX - 1, TASK_SIZE_MAX,
		1ul << 62, (1ul << 63) - 1, 1ul << 63, 0xdead000000000100,
		ULONG_MAX, ULONG_MAX - 7, ULONG_MAX - PAGE_SIZE, (unsigned long)ERR_PTR(-ENOMEM),
		VMALLOC_START, VMALLOC_END, (unsigned long)THIS_MODULE,
#ifndef CONFIG_RISCV	/* where these use symbols that are not exported */
		MODULES_VADDR, MODULES_END,
#endif
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(values); i++)
		expect_no_frame(test, values[i]);
	expect_no_frame(test, PAGE_OFFSET - 1);
	expect_no_frame(test, PAGE_OFFSET);
	expect_no_frame(test, end);
	expect_no_frame(test, end + 1);
	/* After the last root entry, and so far that an index wraps. */
	for (i = ROOT_SHIFT; i < BITS_PER_LONG; i++) {
		expect_no_frame(test, end + (1ul << i));
		expect_no_frame(test, PAGE_OFFSET - (1ul << i));
	}
}

static void test_any_address_may_be_looked_up(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_order(test, UNIT_ORDER);
	struct chunk *chunk = create(test, pool, UNIT_ORDER);
	struct rnd_state rnd;
	int i;

	kit_seed(test, &rnd);
	expect_other_memory_has_no_frame(test);
	expect_edges_have_no_frame(test);
	for (i = 0; i < KIT_STEPS; i++) {
		unsigned long addr = prandom_u32_state(&rnd);

		addr = addr << 32 | prandom_u32_state(&rnd);
		/* All lengths, from both ends of the address space. */
		addr >>= kit_random(&rnd, BITS_PER_LONG);
		if (i & 1)
			addr = ~addr;
		frame_fast((void *)addr);
		KUNIT_ASSERT_EQ(test, !!find(pool, (void *)addr),
				addr - (unsigned long)chunk->base < PAGE_SIZE << UNIT_ORDER);
	}
	chunk_destroy(chunk);
}

static void expect_alias_has_no_frame(struct kunit *test, struct chunk *chunk,
				      unsigned long distance)
{
	unsigned int i;

	for (i = 0; i < chunk_pages(chunk); i += 31) {
		void *alias = chunk->base + ((unsigned long)i << PAGE_SHIFT) + distance;

		/* The map cannot tell it apart; callers check the range first. */
		KUNIT_ASSERT_PTR_EQ(test, frame_fast(alias), &chunk->frames[i]);
		KUNIT_ASSERT_TRUE(test, beyond_map(alias));
		KUNIT_ASSERT_NULL(test, chunk_frame(alias));
	}
}

static void test_address_beyond_the_map_has_no_frame(struct kunit *test)
{
	unsigned long size = (chunk_map.mask + 1) << ROOT_SHIFT, distance;
	struct chunk *chunk = create(test, pool_of_order(test, UNIT_ORDER), UNIT_ORDER);

	for (distance = size; !kit_same_memory((void *)distance, NULL); distance *= 2) {
		expect_alias_has_no_frame(test, chunk, distance);
		expect_alias_has_no_frame(test, chunk, -distance);
		expect_alias_has_no_frame(test, chunk, distance + size);
	}
	chunk_destroy(chunk);
}

static void test_no_memory_is_beyond_the_map(struct kunit *test)
{
	unsigned long addr;

	for (addr = PAGE_OFFSET; addr < (unsigned long)high_memory; addr += 1ul << UNIT_SHIFT)
		KUNIT_ASSERT_FALSE(test, beyond_map((void *)addr));
	KUNIT_EXPECT_FALSE(test, beyond_map(high_memory - 1));
	KUNIT_EXPECT_TRUE(test, beyond_map((void *)PAGE_OFFSET - 1));
	KUNIT_EXPECT_TRUE(test, beyond_map(NULL));
}

static void test_memory_added_later_is_found(struct kunit *test)
{
	struct slabmod_pool *pool = beyond_pool_create(test);
	struct chunk *in_map = create(test, pool, CHUNK_MAX_ORDER);
	struct chunk *alias = create(test, pool, CHUNK_MAX_ORDER);
	unsigned int i;

	KUNIT_EXPECT_FALSE(test, in_map->unmapped);
	KUNIT_EXPECT_TRUE(test, alias->unmapped);
	expect_pages_lead_to_frames(test, in_map, true);
	for (i = 0; i < chunk_pages(alias); i++) {
		void *page = alias->base + ((unsigned long)i << PAGE_SHIFT);

		KUNIT_ASSERT_PTR_EQ(test, chunk_frame(page), &alias->frames[i]);
		KUNIT_ASSERT_PTR_EQ(test, frame_fast(page), &in_map->frames[i]);
		KUNIT_ASSERT_TRUE(test, beyond_map(page));
	}
	chunk_destroy(alias);
	chunk_destroy(in_map);
}

/* ---- limits and counts ---- */

static void test_limit_is_never_exceeded(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, 300, 0, UNIT_ORDER);
	static struct chunk *chunks[300];
	unsigned long pages = 0;
	int n = 0;

	while (n < ARRAY_SIZE(chunks)) {
		chunks[n] = chunk_create(pool->buddies, numa_mem_id(), 0, GFP_KERNEL);
		if (!chunks[n])
			break;
		pages += chunk_pages(chunks[n++]);
		KUNIT_ASSERT_EQ(test, atomic_long_read(&pool->source.held), pages);
		KUNIT_ASSERT_EQ(test, kit_source.pages, pages);
	}
	/* Exactly the limit: the rest came in smaller chunks. */
	KUNIT_EXPECT_EQ(test, pages, 300);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.peak), 300);
	while (n)
		chunk_destroy(chunks[--n]);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.held), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.peak), 300);
}

static atomic_t above_limit;

/* Always fails, so that as many requests as possible overlap. */
static struct page *watching_get(struct chunk_source *source, gfp_t gfp, unsigned int order,
				 int nid)
{
	if (atomic_long_read(&source->held) > source->limit)
		atomic_inc(&above_limit);
	return NULL;
}

static void request_again_and_again(unsigned int n, void *arg)
{
	struct slabmod_pool *pool = arg;
	unsigned long end = jiffies + HZ;

	/* Long enough to overlap, even if CPUs are emulated. */
	while (time_before(jiffies, end)) {
		chunk_create(pool->buddies, numa_mem_id(), 3, GFP_KERNEL);
		cond_resched();
	}
}

static void test_limit_holds_for_all_cpus_together(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, 11, 3, 3);

	pool->source.alloc = watching_get;
	atomic_set(&above_limit, 0);
	kit_run_on_cpus(test, 4, request_again_and_again, pool);
	KUNIT_EXPECT_EQ(test, atomic_read(&above_limit), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.held), 0);
	KUNIT_EXPECT_LE(test, atomic_long_read(&pool->source.peak), 8);
}

/* ---- requests to the kernel ---- */

static void test_chunks_grow_with_the_pool(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, ULONG_MAX / 2);
	unsigned int order;

	/* A chunk is a 128th of what is held, and at least 256 KiB. */
	for (order = 0; order <= SLABMOD_MAX_ORDER + 2; order++) {
		unsigned long held = 128ul << order;
		struct chunk *chunk;

		atomic_long_add(held, &pool->source.held);
		chunk = create(test, pool, 0);
		KUNIT_EXPECT_EQ(test, chunk->order,
				clamp_t(unsigned int, order, UNIT_ORDER, SLABMOD_MAX_ORDER));
		chunk_destroy(chunk);
		atomic_long_sub(held, &pool->source.held);
	}
}

static void test_smaller_chunks_when_memory_is_fragmented(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	struct chunk *chunk;
	unsigned int order;

	for (order = 0; order < UNIT_ORDER; order++) {
		kit_source.max_order = order;
		chunk = create(test, pool, 0);
		KUNIT_EXPECT_EQ(test, chunk->order, order);
		KUNIT_EXPECT_TRUE(test, chunk->unmapped);
		chunk_destroy(chunk);
		/* A smaller chunk than requested is of no use. */
		KUNIT_EXPECT_NULL(test, chunk_create(pool->buddies, numa_mem_id(), order + 1,
						     GFP_KERNEL));
	}
	KUNIT_EXPECT_EQ(test, stat_sum(pool->source.stats, EVENT_CHUNK_FAIL), UNIT_ORDER);
	/* Above the largest order of the source only if requested, up to the largest of all. */
	kit_source_reset();
	pool = kit_pool_create_orders(test, KIT_LIMIT, 3, 5);
	chunk = create(test, pool, 8);
	KUNIT_EXPECT_EQ(test, chunk->order, 8);
	chunk_destroy(chunk);
	KUNIT_EXPECT_NULL(test, chunk_create(pool->buddies, numa_mem_id(), CHUNK_MAX_ORDER + 1,
					     GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, kit_source.requests, 1);
	kit_source.fail_all = true;
	KUNIT_EXPECT_NULL(test, chunk_create(pool->buddies, numa_mem_id(), 0, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.held), 0);
}

static gfp_t requested[SLABMOD_MAX_ORDER + 1];

static struct page *recording_get(struct chunk_source *source, gfp_t gfp, unsigned int order,
				  int nid)
{
	requested[order] = gfp;
	return NULL;
}

static void request(struct slabmod_pool *pool, unsigned int order, gfp_t gfp)
{
	memset(requested, 0, sizeof(requested));
	chunk_create(pool->buddies, numa_mem_id(), order, gfp);
}

static void test_only_the_requested_order_may_wait(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, KIT_LIMIT, 5, 5);
	unsigned int order;

	pool->source.alloc = recording_get;
	request(pool, 2, GFP_KERNEL | __GFP_ZERO);
	for (order = 2; order <= 5; order++) {
		KUNIT_EXPECT_TRUE(test, requested[order] & __GFP_COMP);
		KUNIT_EXPECT_TRUE(test, requested[order] & __GFP_NOWARN);
		KUNIT_EXPECT_FALSE(test, requested[order] & __GFP_ZERO);
		KUNIT_EXPECT_EQ(test, gfpflags_allow_blocking(requested[order]), order == 2);
	}
	KUNIT_EXPECT_FALSE(test, !!requested[1]);

	request(pool, 1, GFP_KERNEL | __GFP_NOFAIL);
	for (order = 1; order <= 5; order++)
		KUNIT_EXPECT_EQ(test, !!(requested[order] & __GFP_NOFAIL), order == 1);
	request(pool, 1, GFP_ATOMIC);
	for (order = 1; order <= 5; order++) {
		KUNIT_EXPECT_FALSE(test, gfpflags_allow_blocking(requested[order]));
		KUNIT_EXPECT_EQ(test, !!(requested[order] & __GFP_HIGH), order == 1);
	}
}

static void test_create_and_destroy_with_interrupts_off(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	struct chunk *chunk, *unmapped;
	unsigned long flags;

	local_irq_save(flags);
	chunk = chunk_create(pool->buddies, numa_mem_id(), 0, GFP_ATOMIC);
	kit_source.max_order = 0;
	unmapped = chunk_create(pool->buddies, numa_mem_id(), 0, GFP_ATOMIC);
	if (chunk)
		chunk_destroy(chunk);
	if (unmapped)
		chunk_destroy(unmapped);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, !!chunk, CONTEXT_PAGES_ANYWHERE);
	KUNIT_EXPECT_EQ(test, !!unmapped, CONTEXT_PAGES_ANYWHERE);
}

static void destroy(void *chunk)
{
	chunk_destroy(chunk);
}

/* The memory of a chunk cannot be freed there: a worker does. */
static void test_destroy_in_a_hard_interrupt(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	struct chunk *chunk = create(test, pool, 0);

	KUNIT_EXPECT_GT(test, kit_source.pages, 0);
	context_hard(destroy, chunk);
	KUNIT_EXPECT_TRUE(test, kit_wait_until(!READ_ONCE(kit_source.pages)));
}

/* ---- at random ---- */

#define CHUNKS	24

/* An address in one of the chunks, or near one. */
static void *random_address(struct rnd_state *rnd, struct chunk **chunks)
{
	struct chunk *chunk = chunks[kit_random(rnd, CHUNKS)];
	unsigned long size;

	if (!chunk)
		return (void *)PAGE_OFFSET +
		       ((unsigned long)kit_random(rnd, 1 << 18) << PAGE_SHIFT);
	size = PAGE_SIZE << chunk->order;
	return chunk->base - size + kit_random(rnd, 3 * size);
}

static struct frame *expected(struct chunk **chunks, void *addr)
{
	int i;

	for (i = 0; i < CHUNKS; i++) {
		struct chunk *chunk = chunks[i];

		if (chunk && addr >= chunk->base &&
		    addr < chunk->base + (PAGE_SIZE << chunk->order))
			return &chunk->frames[(addr - chunk->base) / PAGE_SIZE];
	}
	return NULL;
}

static void test_random_lookups_match_a_list_of_chunks(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, KIT_LIMIT, 0, UNIT_ORDER + 1);
	struct chunk *chunks[CHUNKS] = { NULL };
	struct rnd_state rnd;
	int i;

	kit_seed(test, &rnd);
	for (i = 0; i < KIT_STEPS; i++) {
		void *addr = random_address(&rnd, chunks);

		KUNIT_ASSERT_PTR_EQ(test, find(pool, addr), expected(chunks, addr));
		if (i % 32 == 0) {
			struct chunk **chunk = &chunks[kit_random(&rnd, CHUNKS)];

			kit_source.max_order = kit_random(&rnd, UNIT_ORDER + 2);
			if (*chunk)
				chunk_destroy(*chunk);
			*chunk = kit_random(&rnd, 4) ? create(test, pool, 0) : NULL;
		}
	}
	for (i = 0; i < CHUNKS; i++)
		if (chunks[i])
			chunk_destroy(chunks[i]);
}

/* With a lock that waking the worker takes, too. */
static void destroy_with_the_scheduler_locked(void *chunk)
{
	raw_spin_lock(&current->pi_lock);
	chunk_destroy(chunk);
	raw_spin_unlock(&current->pi_lock);
}

static void test_destroy_under_scheduler_locks(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	struct chunk *chunk;

	if (!IS_ENABLED(CONFIG_PROVE_LOCKING) || !debug_locks)
		kunit_skip(test, "needs lockdep");
	chunk = create(test, pool, 0);
	context_hard(destroy_with_the_scheduler_locked, chunk);
	KUNIT_EXPECT_TRUE(test, debug_locks);
	/* The chunk is freed soon after. */
	KUNIT_EXPECT_TRUE(test, kit_wait_until(!READ_ONCE(kit_source.pages)));
	chunk_sync();
}

static struct kunit_case chunk_cases[] = {
	KUNIT_CASE(test_every_page_leads_to_its_frame),
	KUNIT_CASE(test_any_address_may_be_looked_up),
	KUNIT_CASE(test_address_beyond_the_map_has_no_frame),
	KUNIT_CASE(test_no_memory_is_beyond_the_map),
	KUNIT_CASE(test_memory_added_later_is_found),
	KUNIT_CASE(test_limit_is_never_exceeded),
	KUNIT_CASE(test_limit_holds_for_all_cpus_together),
	KUNIT_CASE(test_chunks_grow_with_the_pool),
	KUNIT_CASE(test_smaller_chunks_when_memory_is_fragmented),
	KUNIT_CASE(test_only_the_requested_order_may_wait),
	KUNIT_CASE(test_create_and_destroy_with_interrupts_off),
	KUNIT_CASE(test_destroy_in_a_hard_interrupt),
	KUNIT_CASE(test_destroy_under_scheduler_locks),
	KUNIT_CASE(test_random_lookups_match_a_list_of_chunks),
	{}
};

struct kunit_suite chunk_suite = {
	.name = "chunk",
	KIT_SUITE_HOOKS,
	.test_cases = chunk_cases,
};
