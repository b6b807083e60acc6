// SPDX-License-Identifier: GPL-2.0
/*
 * test_user.c - memory of user space: copies of it, and what of an object user space may see.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/uaccess.h>

#include <slabmod/usercopy.h>

#include "context.h"
#include "pattern.h"
#include "root.h"
#include "suites.h"
#include "verbs_pool.h"

/* ---- copies ---- */

#define USER_SIZE	(3 * PAGE_SIZE)
#define WORD		"a word of user space"

/* Memory of a process: WORD at its end, without a terminating zero, and a pattern before it. */
struct user_memory {
	struct kunit *test;
	char __user *start;
	char *content;
};

/* Whether @copy is one of the bytes from @skip on. */
static bool is_copy(struct user_memory *user, const void *copy, size_t skip, size_t len)
{
	return !IS_ERR(copy) && !memcmp(copy, user->content + skip, len);
}

static void expect_copies(struct user_memory *user, size_t skip, size_t len)
{
	const char __user *src = user->start + skip;
	char *p;

	p = slabmod_memdup_user(src, len);
	KUNIT_EXPECT_TRUE(user->test, is_copy(user, p, skip, len));
	slabmod_kfree(p);
	p = slabmod_memdup_user_nul(src, len);
	KUNIT_EXPECT_TRUE(user->test, is_copy(user, p, skip, len) && !p[len]);
	slabmod_kfree(p);
	p = slabmod_vmemdup_user(src, len);
	KUNIT_EXPECT_TRUE(user->test, is_copy(user, p, skip, len));
	slabmod_kvfree(p);
}

static void expect_strings(struct user_memory *user)
{
	const size_t len = strlen(WORD);
	const char __user *word = user->start + USER_SIZE - len;
	struct kunit *test = user->test;
	char *p;

	/* Its terminating zero would be beyond the memory of the process. */
	KUNIT_EXPECT_EQ(test, PTR_ERR(slabmod_strndup_user(word, len)), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(slabmod_strndup_user(word, len + 1)), -EFAULT);
	KUNIT_EXPECT_EQ(test, put_user('\0', user->start + USER_SIZE - 1), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(slabmod_strndup_user(word, len - 1)), -EINVAL);
	p = slabmod_strndup_user(word, len);
	KUNIT_EXPECT_TRUE(test, is_copy(user, p, USER_SIZE - len, len - 1) && !p[len - 1]);
	slabmod_kfree(p);
}

/* An assertion would end the thread with memory that is not its own. */
static void copy_all(void *arg)
{
	struct user_memory *user = arg;
	unsigned long addr = vm_mmap(NULL, 0, USER_SIZE + PAGE_SIZE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, 0);
	struct kunit *test = user->test;

	KUNIT_EXPECT_FALSE(test, IS_ERR_VALUE(addr));
	if (IS_ERR_VALUE(addr))
		return;
	/* The process may have something else above; leave a hole. */
	KUNIT_EXPECT_EQ(test, vm_munmap(addr + USER_SIZE, PAGE_SIZE), 0);
	user->start = (char __user *)addr;
	KUNIT_EXPECT_EQ(test, copy_to_user(user->start, user->content, USER_SIZE), 0);
	expect_copies(user, 0, 1);
	expect_copies(user, 100, 200);
	expect_copies(user, 7, USER_SIZE - 7);
	/* A byte more than there is. */
	KUNIT_EXPECT_EQ(test, PTR_ERR(slabmod_memdup_user(user->start + 8, USER_SIZE)), -EFAULT);
	KUNIT_EXPECT_EQ(test, PTR_ERR(slabmod_vmemdup_user(user->start + 8, USER_SIZE)), -EFAULT);
	expect_strings(user);
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, USER_SIZE), 0);
}

static void test_copies_of_user_memory(struct kunit *test)
{
	struct user_memory user = { .test = test };
	struct piece piece;

	user.content = kunit_kmalloc(test, USER_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, user.content);
	piece_fill(&piece, user.content, USER_SIZE, 5);
	memcpy(user.content + USER_SIZE - strlen(WORD), WORD, strlen(WORD));
	if (!context_process(copy_all, &user))
		kunit_skip(test, "no memory of a process");
}

/* A thread of a suite has no user memory: every address is refused. */
static void test_bad_user_memory_is_an_error(struct kunit *test)
{
	const void __user *bad = (const void __user *)TASK_SIZE_MAX;
	void *p = NULL;

	KUNIT_EXPECT_EQ(test, PTR_ERR(slabmod_memdup_user(bad, 10)), -EFAULT);
	KUNIT_EXPECT_EQ(test, PTR_ERR(slabmod_memdup_user_nul(bad, 10)), -EFAULT);
	KUNIT_EXPECT_EQ(test, PTR_ERR(slabmod_strndup_user(bad, 10)), -EFAULT);
	KUNIT_EXPECT_EQ(test, PTR_ERR(slabmod_vmemdup_user(bad, 10)), -EFAULT);
	KIT_EXPECT_MISUSE(test, MISUSE_TOO_LARGE, "kmalloc",
			  p = slabmod_memdup_user_nul(bad, SIZE_MAX));
	KUNIT_EXPECT_EQ(test, PTR_ERR(p), -ENOMEM);
	KUNIT_EXPECT_EQ(test, PTR_ERR(slabmod_vmemdup_user(bad, SIZE_MAX)), -ENOMEM);
}

/* ---- what user space may see ---- */

#define ALLOWED(p, n)								\
	KIT_EXPECT_NO_MISUSE(test, KUNIT_EXPECT_TRUE(test, slabmod_usercopy_allowed(p, n, true)))
#define REFUSED(p, n)								\
	KIT_EXPECT_MISUSE(test, MISUSE_USERCOPY, "user space",			\
			  KUNIT_EXPECT_FALSE(test, slabmod_usercopy_allowed(p, n, false)))

static void test_user_copies_stay_in_their_part(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_cache_create_usercopy("kit-user", 100, 0, 0, 20, 30,
								    NULL);
	struct slabmod_cache *plain = slabmod_cache_create("kit-plain", 100, 0, 0, NULL);
	char *p, *q, *neighbour;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_ASSERT_NOT_NULL(test, plain);
	p = kit_alloc(test, cache);
	neighbour = kit_alloc(test, cache);
	KUNIT_ASSERT_PTR_EQ(test, kit_slab(p), kit_slab(neighbour));
	q = kit_alloc(test, plain);
	ALLOWED(p + 20, 30);
	ALLOWED(p + 49, 1);
	ALLOWED(p, 0);
	REFUSED(p + 19, 1);
	REFUSED(p + 20, 31);
	REFUSED(p + 50, 1);
	REFUSED(p + 20, SIZE_MAX);
	REFUSED(q, 1);
	slabmod_cache_free(cache, p);
	slabmod_cache_shrink(cache);
	/* Its slab is in use, but it is not. */
	REFUSED(p + 20, 30);
	ALLOWED(neighbour + 20, 30);
	slabmod_cache_free(cache, neighbour);
	slabmod_cache_shrink(cache);
	REFUSED(p + 20, 30);
	slabmod_cache_free(plain, q);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(plain), 0);
}

static void test_user_copies_stay_in_memory(struct kunit *test)
{
	static const size_t sizes[] = { 16, 112, 4096, 10 * PAGE_SIZE };
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *p = kit_kmalloc(test, sizes[i]);

		ALLOWED(p, sizes[i]);
		ALLOWED(p + sizes[i] - 1, 1);
		REFUSED(p + 1, sizes[i]);
		slabmod_kfree(p);
	}
	ALLOWED(test, SIZE_MAX);
}

static void test_bad_parts_for_user_space_are_refused(struct kunit *test)
{
	void *cache = NULL;

	KIT_EXPECT_MISUSE(test, MISUSE_BAD_CACHE, "user space",
			  cache = slabmod_cache_create_usercopy("kit-user", 64, 0, 0, 60, 8, NULL));
	KUNIT_EXPECT_NULL(test, cache);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_CACHE, "user space",
			  cache = slabmod_cache_create_usercopy("kit-user", 64, 0, 0, UINT_MAX, 1,
								NULL));
	KUNIT_EXPECT_NULL(test, cache);
	cache = slabmod_cache_create_args("kit-args", 64, NULL, 0);
	KUNIT_EXPECT_NOT_NULL(test, cache);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

static struct kunit_case user_cases[] = {
	KUNIT_CASE(test_copies_of_user_memory),
	KUNIT_CASE(test_bad_user_memory_is_an_error),
	KUNIT_CASE(test_user_copies_stay_in_their_part),
	KUNIT_CASE(test_user_copies_stay_in_memory),
	KUNIT_CASE(test_bad_parts_for_user_space_are_refused),
	{}
};

struct kunit_suite user_suite = {
	.name = "user",
	ROOT_SUITE_HOOKS,
	.test_cases = user_cases,
};
