// SPDX-License-Identifier: GPL-2.0
/*
 * test_frames.c - the file of all pages: its runs are what was allocated, they fill each chunk
 * without a gap, and their sums are those of the ledger.
 *
 * The file is read as for a small buffer, one chunk at a time.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/string.h>

#include "buddy_walk.h"
#include "frames.h"
#include "home_walk.h"
#include "pool_ledger.h"
#include "suites.h"
#include "verbs_pool.h"

#define TEXT_SIZE	(64 * 1024)

/* ---- reading and counting ---- */

struct census {
	struct kunit *test;
	struct frames_reader *reader;
	char *text;
	loff_t pos;
	unsigned long chunks, runs, pages;
	unsigned long end;		/* page behind the last chunk */
	unsigned long slab_pages[4];	/* of the caches below */
	const char *cache_names[4];
	unsigned long empty, blocks, claimed, cached, free, reserve, other;
	unsigned long free_blocks[BUDDY_ORDERS];
};

static struct census *census_of(struct kunit *test, struct slabmod_pool *pool)
{
	struct census *c = kit_zalloc(test, sizeof(*c));

	c->test = test;
	c->reader = kit_zalloc(test, sizeof(*c->reader));
	c->reader->pool = pool;
	c->text = kit_zalloc(test, TEXT_SIZE);
	return c;
}

/* Read the next part of the file, as one read() does. Return false at its end. */
static bool read_part(struct census *c)
{
	struct seq_file m = { .buf = c->text, .size = TEXT_SIZE, .private = c->reader };
	void *v = frames_seq_ops.start(&m, &c->pos);
	loff_t before = c->pos;
	int err = 0;

	if (v) {
		err = frames_seq_ops.show(&m, v);
		frames_seq_ops.next(&m, v, &c->pos);
	}
	frames_seq_ops.stop(&m, NULL);
	KUNIT_ASSERT_EQ(c->test, err, 0);
	KUNIT_ASSERT_LT(c->test, m.count, m.size);
	c->text[m.count] = 0;
	if (v)
		KUNIT_ASSERT_GT(c->test, c->pos, before);
	return v;
}

static void count_slab(struct census *c, const char *owner, unsigned int pages)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c->cache_names); i++) {
		if (!c->cache_names[i] || strcmp(c->cache_names[i], owner))
			continue;
		c->slab_pages[i] += pages;
		return;
	}
	KUNIT_FAIL(c->test, "slab of %s", owner);
}

static void count_free(struct census *c, const char *owner, unsigned int pages)
{
	unsigned int order;

	KUNIT_ASSERT_EQ(c->test, kstrtouint(owner, 10, &order), 0);
	KUNIT_ASSERT_LT(c->test, order, BUDDY_ORDERS);
	KUNIT_EXPECT_EQ(c->test, pages, 1u << order);
	c->free_blocks[order]++;
}

static void count_run(struct census *c, const char *state, const char *owner, unsigned int pages)
{
	const struct {
		const char *state;
		unsigned long *pages;
	} counts[] = {
		{ "block", &c->blocks }, { "claimed", &c->claimed }, { "cached", &c->cached },
		{ "free", &c->free }, { "reserve", &c->reserve }, { "other", &c->other },
		{ "empty", &c->empty },
	};
	unsigned int i;

	if (!strcmp(state, "slab")) {
		count_slab(c, owner, pages);
		return;
	}
	if (!strcmp(state, "free") || !strcmp(state, "reserve"))
		count_free(c, owner, pages);
	else if (strcmp(state, "empty"))
		KUNIT_EXPECT_STREQ(c->test, owner, "-");
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		if (!strcmp(counts[i].state, state)) {
			*counts[i].pages += pages;
			return;
		}
	}
	KUNIT_FAIL(c->test, "state %s", state);
}

/* The runs of one chunk: each begins where the one before ends. */
static void count_chunk(struct census *c, char *text)
{
	unsigned int start, pages, size, end = 0;
	char state[16], owner[64], pool[64];
	unsigned long pfn;
	int nid, fields;
	char *line;

	line = strsep(&text, "\n");
	fields = sscanf(line, "chunk %lu %u %d %63s", &pfn, &size, &nid, pool);
	KUNIT_ASSERT_EQ(c->test, fields, 4);
	KUNIT_EXPECT_GE(c->test, pfn, c->end);
	KUNIT_EXPECT_EQ(c->test, nid, page_to_nid(pfn_to_page(pfn)));
	while ((line = strsep(&text, "\n")) && *line) {
		fields = sscanf(line, "%u %u %15s %63s", &start, &pages, state, owner);
		KUNIT_ASSERT_EQ(c->test, fields, 4);
		KUNIT_EXPECT_EQ(c->test, start, end);
		end += pages;
		c->runs++;
		count_run(c, state, owner, pages);
	}
	KUNIT_EXPECT_EQ(c->test, end, size);
	c->end = pfn + size;
	c->chunks++;
	c->pages += size;
}

/* Read the next chunk. Return false at the end of the file. */
static bool next_chunk(struct census *c)
{
	char head[32];

	if (!c->pos) {
		KUNIT_ASSERT_TRUE(c->test, read_part(c));
		snprintf(head, sizeof(head), "page_size %lu\n", PAGE_SIZE);
		KUNIT_EXPECT_STREQ(c->test, (const char *)c->text, (const char *)head);
	}
	if (!read_part(c))
		return false;
	count_chunk(c, c->text);
	return true;
}

static void count_all(struct census *c)
{
	while (next_chunk(c))
		;
}

/* ---- what was allocated ---- */

/* One pool with chunks of @order, on one node. */
static struct slabmod_pool *frames_pool(struct kunit *test, unsigned int order)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, KIT_LIMIT, order, order);

	pool->source.nid = NID;
	return pool;
}

static void test_each_use_has_its_state(struct kunit *test)
{
	struct slabmod_pool *pool = frames_pool(test, 8);
	struct slabmod_cache *cache = kit_cache_in(test, pool, "frames-a", 512, 0);
	struct slabmod_cache *other = kit_cache_in(test, pool, "frames-b", 512, 0);
	void **objects = kit_array(test, SLAB_MAX_OBJECTS);
	void *blocks[3], *first = kit_alloc(test, cache);
	unsigned long nr_free[BUDDY_ORDERS] = { 0 };
	struct census *c = census_of(test, pool);
	struct page_use uses[NR_BLOCK_USES];
	struct claimed_block cached;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = kit_block(test, pool, 5 + i);
	kit_block_free(blocks[2]);
	/* As in a magazine. */
	frame_set_uses(uses, cache, 4);
	KUNIT_ASSERT_EQ(test, buddy_alloc_bulk(&pool->buddies[NID], &uses[USE_CLAIMED], &cached, 1),
			1);
	/* The first allocation gives the second cache its homes. Then it gets an empty slab. */
	slabmod_cache_free(other, kit_alloc(test, other));
	slabmod_cache_shrink(other);
	kit_fill_slab(test, other, objects);
	kit_home_free(test, other, objects, other->objects);
	c->cache_names[0] = "frames-a";
	count_all(c);
	KUNIT_EXPECT_EQ(test, c->chunks, 1);
	KUNIT_EXPECT_EQ(test, c->slab_pages[0], home_pages(cache));
	KUNIT_EXPECT_GT(test, c->slab_pages[0], 0);
	KUNIT_EXPECT_EQ(test, c->empty, other->usual.pages);
	KUNIT_EXPECT_EQ(test, c->blocks, 5 + 6);
	KUNIT_EXPECT_EQ(test, c->cached, 4);
	KUNIT_EXPECT_EQ(test, c->free, (1 << 8) - home_pages(cache) - c->empty - 5 - 6 - 4);
	buddy_count_free(&pool->buddies[NID], nr_free);
	for (i = 0; i < BUDDY_ORDERS; i++)
		KUNIT_EXPECT_EQ(test, c->free_blocks[i], nr_free[i]);
	buddy_free_bulk(&uses[USE_CLAIMED], &cached, 1);
	KUNIT_EXPECT_EQ(test, c->claimed + c->reserve + c->other, 0);
	slabmod_cache_free(cache, first);
	kit_block_free(blocks[0]);
	kit_block_free(blocks[1]);
	kit_destroy(test, cache);
	kit_destroy(test, other);
}

/* Not in use, not free: parts of an area are like this for as long as the area exists. */
static void test_claimed_blocks_are_claimed(struct kunit *test)
{
	struct slabmod_pool *pool = frames_pool(test, 8);
	void *block = buddy_alloc(pool->buddies, NID, 9, GFP_KERNEL, NULL);
	struct census *c = census_of(test, pool);

	KUNIT_ASSERT_NOT_NULL(test, block);
	count_all(c);
	KUNIT_EXPECT_EQ(test, c->claimed, 9);
	KUNIT_EXPECT_EQ(test, c->free, (1 << 8) - 9);
	buddy_free_claimed(block);
	c = census_of(test, pool);
	count_all(c);
	KUNIT_EXPECT_EQ(test, c->claimed, 0);
	KUNIT_EXPECT_EQ(test, c->free, 1 << 8);
}

/* As far as the reserve needs them. */
static void test_free_chunks_of_the_reserve(struct kunit *test)
{
	struct slabmod_pool *pool = frames_pool(test, 8);
	struct census *c = census_of(test, pool);
	void *block;

	pool->source.reserve = 1 << 8;
	KUNIT_ASSERT_TRUE(test, pool_reserve(pool));
	count_all(c);
	KUNIT_EXPECT_EQ(test, c->reserve, 1 << 8);
	KUNIT_EXPECT_EQ(test, c->pages, 1 << 8);
	/* A second chunk of which no page is in use: the reserve can do without one of them. */
	KUNIT_ASSERT_TRUE(test, buddy_add_chunk(pool->buddies, NID, 8, GFP_KERNEL));
	c = census_of(test, pool);
	count_all(c);
	KUNIT_EXPECT_EQ(test, c->reserve, 0);
	KUNIT_EXPECT_EQ(test, c->free, 2 << 8);
	block = kit_block(test, pool, 1);
	pool->source.reserve = 2 << 8;
	c = census_of(test, pool);
	count_all(c);
	KUNIT_EXPECT_EQ(test, c->reserve, 1 << 8);
	KUNIT_EXPECT_EQ(test, c->blocks, 1);
	KUNIT_EXPECT_EQ(test, c->free, (1 << 8) - 1);
	kit_block_free(block);
	pool->source.reserve = 0;
}

/* A chunk that waits for the references of others is in no buddy any more. */
static void test_referenced_chunk_is_other(struct kunit *test)
{
	struct slabmod_pool *pool = frames_pool(test, 8);
	void *block = kit_block(test, pool, 16);
	struct census *c = census_of(test, pool);

	get_page(virt_to_page(block));
	kit_block_free(block);
	pool_shrink(pool);
	count_all(c);
	KUNIT_EXPECT_EQ(test, c->other, 1 << 8);
	KUNIT_EXPECT_EQ(test, c->runs, 1);
	KUNIT_EXPECT_EQ(test, c->pages, 1 << 8);
	put_page(virt_to_page(block));
	chunk_flush();
	c = census_of(test, pool);
	count_all(c);
	KUNIT_EXPECT_EQ(test, c->pages, 0);
}

/* ---- sums ---- */

struct frames_model {
	struct model model;
	struct slabmod_pool *pool;
	struct slabmod_cache *caches[4];
};

static const unsigned int sizes[] = { 48, 1000, 4096, 24576 };

static void *model_alloc(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
{
	struct frames_model *fm = container_of(model, struct frames_model, model);
	unsigned int which = kit_random(rnd, ARRAY_SIZE(sizes) + 1);
	unsigned int pages = 1 + kit_random(rnd, 20);

	if (which < ARRAY_SIZE(sizes)) {
		*size = fm->caches[which]->size;
		return slabmod_cache_alloc(fm->caches[which], gfp);
	}
	*size = pages * PAGE_SIZE;
	return block_alloc("test", fm->pool, numa_mem_id(), pages, gfp);
}

static void model_free(struct model *model, void *memory, size_t size)
{
	struct slabmod_cache *cache = frame_cache(chunk_frame(memory));

	if (cache)
		slabmod_cache_free(cache, memory);
	else
		kit_block_free(memory);
}

static void model_rest(struct model *model, unsigned long pieces, size_t bytes)
{
	struct frames_model *fm = container_of(model, struct frames_model, model);
	struct census *c = census_of(model->test, fm->pool);
	struct pool_ledger ledger = pool_ledger(fm->pool);
	unsigned long slabs = 0, in_slabs;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		c->cache_names[i] = fm->caches[i]->label;
	count_all(c);
	in_slabs = c->empty;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_EXPECT_LE(model->test, c->slab_pages[i], home_pages(fm->caches[i]));
		in_slabs += c->slab_pages[i];
		slabs += home_pages(fm->caches[i]);
	}
	KUNIT_EXPECT_EQ(model->test, in_slabs, slabs);
	KUNIT_EXPECT_EQ(model->test, c->pages << PAGE_SHIFT, ledger.held - ledger.metadata);
	KUNIT_EXPECT_EQ(model->test, (c->free + c->cached) << PAGE_SHIFT, ledger.buddy);
	KUNIT_EXPECT_EQ(model->test, c->blocks, stat_sum(fm->pool->source.stats,
							 EVENT_BLOCK_PAGES));
	KUNIT_EXPECT_EQ(model->test, (slabs + c->blocks) << PAGE_SHIFT,
			ledger.used + ledger.slabs + ledger.magazines);
	kunit_kfree(model->test, c->text);
	kunit_kfree(model->test, c->reader);
}

static struct frames_model model_of(struct kunit *test, unsigned int order)
{
	struct frames_model fm = {
		.model = {
			.alloc = model_alloc, .free = model_free, .rest = model_rest, .test = test,
		},
		.pool = kit_pool_create_orders(test, 2000, order, order),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		fm.caches[i] = kit_cache_in(test, fm.pool, "frames", sizes[i], 0);
	return fm;
}

static void destroy_caches(struct frames_model *fm)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(fm->model.test, fm->model.wrong, 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		kit_destroy(fm->model.test, fm->caches[i]);
}

/* With chunks that are in the map of addresses, and with smaller ones. */
static void run_model(struct kunit *test, unsigned int order)
{
	struct frames_model fm = model_of(test, order);

	model_run(&fm.model, 200, 20000);
	destroy_caches(&fm);
}

static void test_sums_are_those_of_the_ledger(struct kunit *test)
{
	run_model(test, 9);
	run_model(test, UNIT_ORDER);
	run_model(test, 0);
}

/* ---- while memory is allocated and freed ---- */

static struct {
	struct frames_reader reader;
	atomic_t busy;
	unsigned long chunks, broken;
} looker;

static bool runs_fill(const struct chunk *chunk, const struct page_run *runs, unsigned int nr)
{
	unsigned int i, end = 0;

	for (i = 0; i < nr; i++) {
		if (runs[i].start != end)
			return false;
		end += runs[i].pages;
	}
	return end == chunk_pages(chunk);
}

/* One thread at a time looks at all chunks of the pool. */
static void look(struct slabmod_pool *pool)
{
	struct page_run *runs = looker.reader.runs;
	unsigned long offset = 0;
	struct chunk *chunk;

	if (atomic_xchg(&looker.busy, 1))
		return;
	rcu_read_lock();
	while ((chunk = chunk_map_next(offset))) {
		offset = chunk_offset(chunk->base) + (chunk_pages(chunk) << PAGE_SHIFT);
		if (pool_of(chunk) != pool)
			continue;
		looker.chunks++;
		looker.broken += !runs_fill(chunk, runs, buddy_runs(chunk, runs));
	}
	rcu_read_unlock();
	atomic_set_release(&looker.busy, 0);
}

static void *model_alloc_and_look(struct model *model, struct rnd_state *rnd, gfp_t gfp,
				  size_t *size)
{
	struct frames_model *fm = container_of(model, struct frames_model, model);

	look(fm->pool);
	return model_alloc(model, rnd, gfp, size);
}

static void test_runs_fill_chunks_at_any_time(struct kunit *test)
{
	struct frames_model fm = model_of(test, UNIT_ORDER);

	fm.model.alloc = model_alloc_and_look;
	fm.model.rest = NULL;
	looker.chunks = 0;
	looker.broken = 0;
	model_run_on_cpus(&fm.model, 10000);
	KUNIT_EXPECT_GT(test, looker.chunks, 1000);
	KUNIT_EXPECT_EQ(test, looker.broken, 0);
	destroy_caches(&fm);
}

/* ---- which chunks ---- */

/* Return true if the chunk read last is that of a block that fills a chunk. */
static bool is_chunk_of(const struct census *c, void *const *blocks, unsigned int nr)
{
	while (nr--)
		if (page_to_pfn(virt_to_page(blocks[nr])) + UNIT_PAGES == c->end)
			return true;
	return false;
}

/* Between two reads, chunks before and behind the position may come and go. */
static void test_chunks_change_between_reads(struct kunit *test)
{
	struct slabmod_pool *pool = frames_pool(test, UNIT_ORDER);
	struct census *c = census_of(test, pool);
	void *stay[16], *go[16];
	unsigned int i, seen = 0;

	for (i = 0; i < ARRAY_SIZE(stay); i++) {
		stay[i] = kit_block(test, pool, UNIT_PAGES);
		go[i] = kit_block(test, pool, UNIT_PAGES);
	}
	for (i = 0; next_chunk(c); i++) {
		seen += is_chunk_of(c, stay, ARRAY_SIZE(stay));
		if (i >= ARRAY_SIZE(go))
			continue;
		kit_block_free(go[i]);
		buddy_trim(&pool->buddies[NID]);
		if (i % 2)
			go[i] = kit_block(test, pool, UNIT_PAGES);
	}
	/* count_chunk() has found them ascending, so none was read twice. */
	KUNIT_EXPECT_EQ(test, seen, ARRAY_SIZE(stay));
	for (i = 0; i < ARRAY_SIZE(stay); i++) {
		kit_block_free(stay[i]);
		if (i % 2)
			kit_block_free(go[i]);
	}
}

/* Return the pages in chunks of pool @name in the file of @pool. */
static unsigned long pages_of(struct kunit *test, struct slabmod_pool *pool, const char *name)
{
	struct census *c = census_of(test, pool);
	unsigned long pfn, pages = 0;
	unsigned int size;
	char of[64];
	int nid;

	while (read_part(c))
		if (sscanf(c->text, "chunk %lu %u %d %63s", &pfn, &size, &nid, of) == 4 &&
		    !strcmp(of, name))
			pages += size;
	return pages;
}

static void test_pools_are_told_apart(struct kunit *test)
{
	struct slabmod_pool *a = kit_module_pool(test, "frames-a", 1 << 20, 0);
	struct slabmod_pool *b = kit_module_pool(test, "frames-b", 2 << 20, 0);
	unsigned long in_a = atomic_long_read(&a->source.held);
	unsigned long in_b = atomic_long_read(&b->source.held);

	KUNIT_EXPECT_EQ(test, pages_of(test, a, "frames-a"), in_a);
	KUNIT_EXPECT_EQ(test, pages_of(test, a, "frames-b"), 0);
	KUNIT_EXPECT_EQ(test, pages_of(test, root_pool, "frames-a"), in_a);
	KUNIT_EXPECT_EQ(test, pages_of(test, root_pool, "frames-b"), in_b);
	/* On no list, as a pool that is being destroyed. */
	kit_block_free(kit_block(test, kit_pool_create(test, KIT_LIMIT), 1));
	KUNIT_EXPECT_EQ(test, pages_of(test, root_pool, test->name), 0);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(a), 0);
	KUNIT_EXPECT_EQ(test, pages_of(test, root_pool, "frames-a"), 0);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(b), 0);
}

static struct kunit_case frames_cases[] = {
	KUNIT_CASE(test_each_use_has_its_state),
	KUNIT_CASE(test_claimed_blocks_are_claimed),
	KUNIT_CASE(test_free_chunks_of_the_reserve),
	KUNIT_CASE(test_referenced_chunk_is_other),
	KUNIT_CASE(test_sums_are_those_of_the_ledger),
	KUNIT_CASE(test_runs_fill_chunks_at_any_time),
	KUNIT_CASE(test_chunks_change_between_reads),
	KUNIT_CASE(test_pools_are_told_apart),
	{}
};

struct kunit_suite frames_suite = {
	.name = "frames",
	KIT_SUITE_HOOKS,
	.test_cases = frames_cases,
};
