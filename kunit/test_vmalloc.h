/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test_vmalloc.h - what the suites vmalloc, vmalloc_free and kvmalloc share.
 */
#ifndef SLABMOD_TEST_VMALLOC_H
#define SLABMOD_TEST_VMALLOC_H

#include <linux/vmalloc.h>

#include <slabmod/kvmalloc.h>

#include "pool_ledger.h"
#include "verbs_pool.h"

#define NO_LIMIT	(ULONG_MAX / 2)

static inline struct slabmod_pool *pool_of_test(struct kunit *test)
{
	return kit_pool_create(test, NO_LIMIT);
}

static inline void *vmalloc_in(struct kunit *test, struct slabmod_pool *pool, size_t size)
{
	void *p = slabmod_pool_vmalloc(pool, size);

	KUNIT_ASSERT_NOT_NULL_MSG(test, p, "%zu bytes", size);
	return p;
}

static inline void *kvmalloc_of(struct kunit *test, size_t size)
{
	void *p = slabmod_kvmalloc(size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL_MSG(test, p, "%zu bytes", size);
	return p;
}

static inline unsigned long used(struct slabmod_pool *pool)
{
	return pool_ledger(pool).used;
}

/* Of the suite vmalloc, in test_vmalloc_user.c */
void test_mappings_in_user_space(struct kunit *test);

#endif /* SLABMOD_TEST_VMALLOC_H */
