// SPDX-License-Identifier: GPL-2.0
/*
 * test_chunk.c - what runs of pages and the way from an address to its frame promise.
 */
#include <linux/debug_locks.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "beyond.h"
#include "chunk.h"
#include "context.h"
#include "kit.h"
#include "suites.h"

#define LIMIT	8192

static struct chunk *create(struct kunit *test, struct slabmod_pool *pool, unsigned int order)
{
	struct chunk *chunk = chunk_create(pool->buddies, numa_mem_id(), order, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, chunk);
	return chunk;
}

/* A pool whose chunks are all of one order. */
static struct slabmod_pool *pool_of_order(struct kunit *test, unsigned int order)
{
	return kit_pool_create_orders(test, LIMIT, order, order);
}

static bool no_frame(const struct frame *frame)
{
	return frame >= chunk_no_frames && frame < chunk_no_frames + UNIT_PAGES;
}

/* What the fast paths find, and whether they may not believe it. */
static struct frame *frame_fast(const void *addr)
{
	return chunk_frame_fast(chunk_offset(addr));
}

static bool beyond_map(const void *addr)
{
	return chunk_offset(addr) & chunk_offset_beyond();
}

/* The frame of an address in a chunk of @pool: the pool of all others has chunks too. */
static struct frame *find(struct slabmod_pool *pool, const void *addr)
{
	struct frame *frame = chunk_frame(addr);

	return frame && frame_chunk(frame)->buddy->source == &pool->source ? frame : NULL;
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
		KUNIT_ASSERT_PTR_EQ(test, frame_address(frame), page);
		KUNIT_ASSERT_PTR_EQ(test, frame_chunk(frame), chunk);
	}
}

static void test_every_page_leads_to_its_frame(struct kunit *test)
{
	unsigned int order;

	for (order = UNIT_ORDER; order <= SLABMOD_MAX_ORDER; order++) {
		struct chunk *chunk = create(test, pool_of_order(test, order), order);

		KUNIT_EXPECT_EQ(test, chunk->order, order);
		KUNIT_EXPECT_FALSE(test, chunk->unmapped);
		expect_pages_lead_to_frames(test, chunk, true);
		chunk_destroy(chunk);
	}
}

static void test_stray_chunks_are_found(struct kunit *test)
{
	struct chunk *chunks[UNIT_ORDER];
	struct slabmod_pool *pool = NULL;
	unsigned int order;

	for (order = 0; order < UNIT_ORDER; order++) {
		pool = pool_of_order(test, order);
		chunks[order] = create(test, pool, order);
		KUNIT_EXPECT_TRUE(test, chunks[order]->unmapped);
		KUNIT_EXPECT_EQ(test, stat_sum(pool->source.stats, STAT_CHUNK_STRAY), 1);
	}
	for (order = 0; order < UNIT_ORDER; order++)
		expect_pages_lead_to_frames(test, chunks[order], false);
	for (order = 0; order < UNIT_ORDER; order++)
		chunk_destroy(chunks[order]);
}

static void test_a_new_chunk_is_aligned_and_blank(struct kunit *test)
{
	unsigned int order, i;

	for (order = 0; order <= SLABMOD_MAX_ORDER; order++) {
		struct chunk *chunk = create(test, pool_of_order(test, order), order);

		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)chunk->base, PAGE_SIZE << order));
		KUNIT_EXPECT_EQ(test, chunk->free_pages, 0);
		for (i = 0; i <= order; i++)
			KUNIT_EXPECT_TRUE(test, list_empty(&chunk->free_list[i]));
		for (i = 0; i < chunk_pages(chunk); i++) {
			KUNIT_ASSERT_EQ(test, chunk->frames[i].index, i);
			KUNIT_ASSERT_EQ(test, chunk->frames[i].state, FRAME_TAIL);
			KUNIT_ASSERT_NULL(test, chunk->frames[i].cache);
		}
		chunk_destroy(chunk);
	}
}

/* ---- a chunk in the middle of memory that is the test's ---- */

static struct page *arena;
static struct page *arena_next;		/* what the source gives next */

static struct page *arena_get(struct chunk_source *source, gfp_t gfp, unsigned int order, int nid)
{
	return arena_next;
}

static void arena_put(struct chunk_source *source, struct page *page, unsigned int order)
{
}

static void expect_neighbours_are_foreign(struct kunit *test, unsigned int order)
{
	struct slabmod_pool *pool = pool_of_order(test, order);
	unsigned long size = PAGE_SIZE << order;
	struct chunk *chunk;

	pool->source.alloc = arena_get;
	pool->source.free = arena_put;
	arena_next = arena + (1u << order);
	chunk = create(test, pool, order);
	KUNIT_EXPECT_NULL(test, chunk_frame(chunk->base - 1));
	KUNIT_EXPECT_NULL(test, chunk_frame(chunk->base - size));
	KUNIT_EXPECT_PTR_EQ(test, chunk_frame(chunk->base), &chunk->frames[0]);
	KUNIT_EXPECT_PTR_EQ(test, chunk_frame(chunk->base + size - 1),
			    &chunk->frames[chunk_pages(chunk) - 1]);
	KUNIT_EXPECT_NULL(test, chunk_frame(chunk->base + size));
	KUNIT_EXPECT_NULL(test, chunk_frame(chunk->base + 2 * size - 1));
	chunk_destroy(chunk);
	KUNIT_EXPECT_NULL(test, chunk_frame(chunk->base));
	kit_pool_destroy(test, pool, 0);
}

static void test_neighbours_of_a_chunk_are_not_ours(struct kunit *test)
{
	unsigned int order, i;

	arena = alloc_pages(GFP_KERNEL, UNIT_ORDER + 2);
	KUNIT_ASSERT_NOT_NULL(test, arena);
	/* So that any of them may be the first of a chunk, with a reference count. */
	split_page(arena, UNIT_ORDER + 2);
	for (order = 0; order <= UNIT_ORDER; order++)
		expect_neighbours_are_foreign(test, order);
	for (i = 0; i < BIT(UNIT_ORDER + 2); i++)
		__free_page(arena + i);
}

/* ---- addresses that are not ours ---- */

static void expect_foreign(struct kunit *test, unsigned long addr)
{
	const void *p = (const void *)addr;

	KUNIT_EXPECT_PTR_EQ_MSG(test, chunk_frame(p), (struct frame *)NULL, "address %lx", addr);
	KUNIT_EXPECT_TRUE_MSG(test, beyond_map(p) || !frame_fast(p)->cache, "address %lx", addr);
}

static void expect_known_places_are_foreign(struct kunit *test)
{
	static int in_module;
	int on_stack;
	void *small = kunit_kzalloc(test, 32, GFP_KERNEL);
	void *large = vmalloc(PAGE_SIZE);
	int __percpu *percpu = alloc_percpu(int);

	expect_foreign(test, (unsigned long)&in_module);
	expect_foreign(test, (unsigned long)&on_stack);
	expect_foreign(test, (unsigned long)expect_foreign);
	expect_foreign(test, (unsigned long)kfree);
	expect_foreign(test, (unsigned long)small);
	expect_foreign(test, (unsigned long)large);
	expect_foreign(test, (__force unsigned long)percpu);
	expect_foreign(test, (unsigned long)raw_cpu_ptr(percpu));
	expect_foreign(test, (unsigned long)current);
	expect_foreign(test, (unsigned long)ZERO_SIZE_PTR);
	free_percpu(percpu);
	vfree(large);
}

static void expect_edges_are_foreign(struct kunit *test)
{
	const unsigned long end = (unsigned long)high_memory;
	const unsigned long values[] = {
		0, 1, PAGE_SIZE, 0x400000, TASK_SIZE_MAX - 1, TASK_SIZE_MAX,
		1ul << 62, (1ul << 63) - 1, 1ul << 63, 0xdead000000000100,
		ULONG_MAX, ULONG_MAX - 7, ULONG_MAX - PAGE_SIZE, (unsigned long)ERR_PTR(-ENOMEM),
		VMALLOC_START, VMALLOC_END, MODULES_VADDR, MODULES_END,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(values); i++)
		expect_foreign(test, values[i]);
	expect_foreign(test, PAGE_OFFSET - 1);
	expect_foreign(test, PAGE_OFFSET);
	expect_foreign(test, end);
	expect_foreign(test, end + 1);
	/* Behind the last root entry, and so far behind that an index wraps. */
	for (i = ROOT_SHIFT; i < BITS_PER_LONG; i++) {
		expect_foreign(test, end + (1ul << i));
		expect_foreign(test, PAGE_OFFSET - (1ul << i));
	}
}

static void test_any_address_may_be_looked_up(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_order(test, UNIT_ORDER);
	struct chunk *chunk = create(test, pool, UNIT_ORDER);
	struct rnd_state rnd;
	int i;

	kit_seed(test, &rnd);
	expect_known_places_are_foreign(test);
	expect_edges_are_foreign(test);
	for (i = 0; i < KIT_STEPS; i++) {
		unsigned long addr = prandom_u32_state(&rnd);

		addr = addr << 32 | prandom_u32_state(&rnd);
		/* All lengths of address, from both ends. */
		addr >>= kit_random(&rnd, BITS_PER_LONG);
		if (i & 1)
			addr = ~addr;
		frame_fast((void *)addr);
		KUNIT_ASSERT_EQ(test, !!find(pool, (void *)addr),
				addr - (unsigned long)chunk->base < PAGE_SIZE << UNIT_ORDER);
	}
	chunk_destroy(chunk);
}

static void expect_alias_is_foreign(struct kunit *test, struct chunk *chunk, unsigned long distance)
{
	unsigned int i;

	for (i = 0; i < chunk_pages(chunk); i += 31) {
		void *alias = chunk->base + ((unsigned long)i << PAGE_SHIFT) + distance;

		/* The map has nothing else to say, so whoever asks it has to look first. */
		KUNIT_ASSERT_PTR_EQ(test, frame_fast(alias), &chunk->frames[i]);
		KUNIT_ASSERT_TRUE(test, beyond_map(alias));
		KUNIT_ASSERT_NULL(test, chunk_frame(alias));
	}
}

static void test_an_address_beyond_the_map_is_nobodys(struct kunit *test)
{
	unsigned long size = (chunk_map.mask + 1) << ROOT_SHIFT, distance;
	struct chunk *chunk = create(test, pool_of_order(test, UNIT_ORDER), UNIT_ORDER);

	for (distance = size; distance; distance *= 2) {
		expect_alias_is_foreign(test, chunk, distance);
		expect_alias_is_foreign(test, chunk, -distance);
		expect_alias_is_foreign(test, chunk, distance + size);
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

static void test_memory_that_came_after_the_map_was_made_is_found(struct kunit *test)
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

static void test_destruction_forgets_the_addresses(struct kunit *test)
{
	unsigned int order;

	for (order = 0; order <= SLABMOD_MAX_ORDER; order++) {
		struct slabmod_pool *pool = pool_of_order(test, order);
		struct chunk *chunk = create(test, pool, order);
		void *base = chunk->base;
		unsigned long offset;

		chunk_destroy(chunk);
		chunk_sync();
		for (offset = 0; offset < PAGE_SIZE << order; offset += PAGE_SIZE)
			KUNIT_ASSERT_NULL(test, find(pool, base + offset));
		KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	}
}

/* ---- limits and accounts ---- */

static void test_the_limit_is_never_exceeded(struct kunit *test)
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
	/* Not one page more, and not one less: the rest was had in smaller chunks. */
	KUNIT_EXPECT_EQ(test, pages, 300);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.peak), 300);
	while (n)
		chunk_destroy(chunks[--n]);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.held), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.peak), 300);
}

static atomic_t above_limit;

/* Gives nothing, so that as much as possible goes on at the same time. */
static struct page *watching_get(struct chunk_source *source, gfp_t gfp, unsigned int order,
				 int nid)
{
	if (atomic_long_read(&source->held) > source->limit)
		atomic_inc(&above_limit);
	return NULL;
}

static void ask_again_and_again(unsigned int n, void *arg)
{
	struct slabmod_pool *pool = arg;
	unsigned long end = jiffies + HZ;

	/* Long enough to be at it together, even when CPUs are emulated. */
	while (time_before(jiffies, end)) {
		chunk_create(pool->buddies, numa_mem_id(), 3, GFP_KERNEL);
		cond_resched();
	}
}

static void test_the_limit_holds_for_all_cpus_together(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, 11, 3, 3);

	pool->source.alloc = watching_get;
	atomic_set(&above_limit, 0);
	kit_run_on_cpus(test, 4, ask_again_and_again, pool);
	KUNIT_EXPECT_EQ(test, atomic_read(&above_limit), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.held), 0);
	KUNIT_EXPECT_LE(test, atomic_long_read(&pool->source.peak), 8);
}

static void test_metadata_is_accounted(struct kunit *test)
{
	unsigned int order;

	for (order = 0; order <= SLABMOD_MAX_ORDER; order++) {
		struct slabmod_pool *pool = pool_of_order(test, order);
		long before = atomic_long_read(&pool->source.metadata);
		struct chunk *chunk = create(test, pool, order);

		KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.metadata) - before,
				chunk_metadata(order));
		KUNIT_EXPECT_GE(test, chunk_metadata(order), sizeof(struct frame) << order);
		chunk_destroy(chunk);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.metadata), before);
		KUNIT_EXPECT_EQ(test, stat_sum(pool->source.stats, STAT_CHUNK_NEW), 1);
		KUNIT_EXPECT_EQ(test, stat_sum(pool->source.stats, STAT_CHUNK_FREE), 1);
	}
}

/* ---- how chunks are asked for ---- */

static void test_chunks_grow_with_what_is_held(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, ULONG_MAX / 2);
	unsigned int order;

	/* As if so much were held: a chunk is a 128th of it, and 256 KiB at the least. */
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

static void test_fragmented_memory_gives_smaller_chunks(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	unsigned int order;

	for (order = 0; order < UNIT_ORDER; order++) {
		struct chunk *chunk;

		kit_source.max_order = order;
		chunk = create(test, pool, 0);
		KUNIT_EXPECT_EQ(test, chunk->order, order);
		KUNIT_EXPECT_TRUE(test, chunk->unmapped);
		chunk_destroy(chunk);
		/* Less than what was asked for is of no use. */
		KUNIT_EXPECT_NULL(test, chunk_create(pool->buddies, numa_mem_id(), order + 1,
						     GFP_KERNEL));
	}
	KUNIT_EXPECT_EQ(test, stat_sum(pool->source.stats, STAT_CHUNK_FAIL), UNIT_ORDER);
}

static void test_a_failure_leaves_nothing_behind(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	long metadata = atomic_long_read(&pool->source.metadata);

	kit_source.fail_all = true;
	KUNIT_EXPECT_NULL(test, chunk_create(pool->buddies, numa_mem_id(), 0, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.held), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.metadata), metadata);
	KUNIT_EXPECT_EQ(test, stat_sum(pool->source.stats, STAT_CHUNK_NEW), 0);
	KUNIT_EXPECT_EQ(test, stat_sum(pool->source.stats, STAT_CHUNK_FAIL), 1);
	kit_source_reset();
	chunk_destroy(create(test, pool, 0));
}

static void test_a_large_request_gets_a_chunk_that_large(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, LIMIT, 3, 5);
	struct chunk *chunk = create(test, pool, 8);

	/* What the source calls its largest is for chunks that nobody needs larger. */
	KUNIT_EXPECT_EQ(test, chunk->order, 8);
	chunk_destroy(chunk);
	KUNIT_EXPECT_NULL(test, chunk_create(pool->buddies, numa_mem_id(), CHUNK_MAX_ORDER + 1,
					     GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, kit_source.requests, 1);
}

static gfp_t asked[SLABMOD_MAX_ORDER + 1];

static struct page *asking_get(struct chunk_source *source, gfp_t gfp, unsigned int order, int nid)
{
	asked[order] = gfp;
	return NULL;
}

static void ask(struct slabmod_pool *pool, unsigned int order, gfp_t gfp)
{
	memset(asked, 0, sizeof(asked));
	chunk_create(pool->buddies, numa_mem_id(), order, gfp);
}

static void test_nobody_waits_for_more_than_he_asked_for(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, LIMIT, 5, 5);
	unsigned int order;

	pool->source.alloc = asking_get;
	ask(pool, 2, GFP_KERNEL | __GFP_ZERO);
	for (order = 2; order <= 5; order++) {
		KUNIT_EXPECT_TRUE(test, asked[order] & __GFP_COMP);
		KUNIT_EXPECT_TRUE(test, asked[order] & __GFP_NOWARN);
		KUNIT_EXPECT_FALSE(test, asked[order] & __GFP_ZERO);
		KUNIT_EXPECT_EQ(test, gfpflags_allow_blocking(asked[order]), order == 2);
	}
	KUNIT_EXPECT_FALSE(test, !!asked[1]);

	ask(pool, 1, GFP_KERNEL | __GFP_NOFAIL);
	for (order = 1; order <= 5; order++)
		KUNIT_EXPECT_EQ(test, !!(asked[order] & __GFP_NOFAIL), order == 1);
	ask(pool, 1, GFP_ATOMIC);
	for (order = 1; order <= 5; order++) {
		KUNIT_EXPECT_FALSE(test, gfpflags_allow_blocking(asked[order]));
		KUNIT_EXPECT_EQ(test, !!(asked[order] & __GFP_HIGH), order == 1);
	}
}

static void test_chunks_come_and_go_with_interrupts_off(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	struct chunk *chunk, *stray;
	unsigned long flags;

	local_irq_save(flags);
	chunk = chunk_create(pool->buddies, numa_mem_id(), 0, GFP_ATOMIC);
	kit_source.max_order = 0;
	stray = chunk_create(pool->buddies, numa_mem_id(), 0, GFP_ATOMIC);
	if (chunk)
		chunk_destroy(chunk);
	if (stray)
		chunk_destroy(stray);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, !!chunk, CONTEXT_PAGES_ANYWHERE);
	KUNIT_EXPECT_EQ(test, !!stray, CONTEXT_PAGES_ANYWHERE);
}

static void test_a_chunk_belongs_to_its_node(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	int nid;

	for_each_online_node(nid) {
		struct chunk *chunk = chunk_create(pool->buddies, nid, 0,
						   GFP_KERNEL | __GFP_THISNODE);

		KUNIT_ASSERT_NOT_NULL(test, chunk);
		KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(chunk->base)), nid);
		KUNIT_EXPECT_PTR_EQ(test, chunk->buddy, &pool->buddies[nid]);
		chunk_destroy(chunk);
	}
}

/* ---- a random run, with a list of chunks for a model ---- */

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

static void test_random_lookups_agree_with_a_list_of_chunks(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, LIMIT, 0, UNIT_ORDER + 1);
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

/* With a lock that is also taken where a worker is woken. */
static void destroy_with_the_scheduler_locked(void *chunk)
{
	raw_spin_lock(&current->pi_lock);
	chunk_destroy(chunk);
	raw_spin_unlock(&current->pi_lock);
}

static void test_a_chunk_may_go_under_the_locks_of_the_scheduler(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	struct chunk *chunk = create(test, pool, 0);

	if (!IS_ENABLED(CONFIG_PROVE_LOCKING) || !debug_locks)
		kunit_skip(test, "there is no lockdep");
	context_hard(destroy_with_the_scheduler_locked, chunk);
	KUNIT_EXPECT_TRUE(test, debug_locks);
	/* It goes by itself, soon after. */
	KUNIT_EXPECT_TRUE(test, kit_wait_until(!READ_ONCE(kit_source.pages)));
	chunk_sync();
}

static struct kunit_case chunk_cases[] = {
	KUNIT_CASE(test_every_page_leads_to_its_frame),
	KUNIT_CASE(test_stray_chunks_are_found),
	KUNIT_CASE(test_a_new_chunk_is_aligned_and_blank),
	KUNIT_CASE(test_neighbours_of_a_chunk_are_not_ours),
	KUNIT_CASE(test_any_address_may_be_looked_up),
	KUNIT_CASE(test_an_address_beyond_the_map_is_nobodys),
	KUNIT_CASE(test_no_memory_is_beyond_the_map),
	KUNIT_CASE(test_memory_that_came_after_the_map_was_made_is_found),
	KUNIT_CASE(test_destruction_forgets_the_addresses),
	KUNIT_CASE(test_the_limit_is_never_exceeded),
	KUNIT_CASE(test_the_limit_holds_for_all_cpus_together),
	KUNIT_CASE(test_metadata_is_accounted),
	KUNIT_CASE(test_chunks_grow_with_what_is_held),
	KUNIT_CASE(test_fragmented_memory_gives_smaller_chunks),
	KUNIT_CASE(test_a_failure_leaves_nothing_behind),
	KUNIT_CASE(test_a_large_request_gets_a_chunk_that_large),
	KUNIT_CASE(test_nobody_waits_for_more_than_he_asked_for),
	KUNIT_CASE(test_chunks_come_and_go_with_interrupts_off),
	KUNIT_CASE(test_a_chunk_may_go_under_the_locks_of_the_scheduler),
	KUNIT_CASE(test_a_chunk_belongs_to_its_node),
	KUNIT_CASE(test_random_lookups_agree_with_a_list_of_chunks),
	{}
};

struct kunit_suite chunk_suite = {
	.name = "chunk",
	KIT_SUITE_HOOKS,
	.test_cases = chunk_cases,
};
