// SPDX-License-Identifier: GPL-2.0
/*
 * root.c - the root pool in tests.
 */
#include <linux/kernel.h>

#include "kit.h"
#include "pool.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "pool_list.h"
#include "root.h"
#include "things.h"

const gfp_t root_gfp_kinds[] = {
	GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT, GFP_NOIO, GFP_NOFS, GFP_USER,
	GFP_KERNEL | __GFP_NORETRY, GFP_KERNEL | __GFP_RETRY_MAYFAIL, GFP_KERNEL | __GFP_ZERO,
	GFP_KERNEL | __GFP_THISNODE, GFP_KERNEL | __GFP_NOWARN, GFP_ATOMIC | __GFP_NOMEMALLOC,
};

const unsigned int root_nr_gfp_kinds = ARRAY_SIZE(root_gfp_kinds);

static unsigned long used_before;
static struct page *(*alloc_before)(struct chunk_source *source, gfp_t gfp, unsigned int order,
				    int nid);

unsigned long root_used(void)
{
	return pool_ledger(root_pool).used - used_before;
}

static struct page *alloc_nothing(struct chunk_source *source, gfp_t gfp, unsigned int order,
				  int nid)
{
	return NULL;
}

static void nothing(struct slabmod_pool *pool, void *arg)
{
}

void root_dry(void)
{
	root_pool->source.alloc = alloc_nothing;
	/* Wait for the worker, which holds the lock of the list while it allocates ahead. */
	pool_walk(nothing, NULL);
	pool_shrink(root_pool);
}

void root_wet(void)
{
	root_pool->source.alloc = alloc_before;
}

static void check_root(struct slabmod_pool *pool, void *ok)
{
	if (pool == root_pool)
		*(bool *)ok = pool_check(pool);
}

/* Under pools_mutex, so that no worker is allocating a chunk ahead at the same time. */
bool root_check(void)
{
	bool ok = false;

	pool_walk(check_root, &ok);
	return ok;
}

void root_rest(struct model *model, unsigned long pieces, size_t bytes)
{
	KUNIT_EXPECT_EQ(model->test, root_used(), bytes);
	KUNIT_EXPECT_TRUE(model->test, root_check());
}

int root_init(struct kunit *test)
{
	alloc_before = root_pool->source.alloc;
	used_before = pool_ledger(root_pool).used;
	return kit_init(test);
}

void root_exit(struct kunit *test)
{
	root_wet();
	kit_exit(test);
	KUNIT_EXPECT_EQ_MSG(test, root_used(), 0, "memory was not freed");
	KUNIT_EXPECT_TRUE(test, root_check());
}

void things_exit(struct kunit *test)
{
	things_end(test);
	root_exit(test);
}
