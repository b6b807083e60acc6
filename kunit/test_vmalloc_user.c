// SPDX-License-Identifier: GPL-2.0
/*
 * test_vmalloc_user.c - vmalloc: mappings of areas in user space.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/uaccess.h>

#include "context.h"
#include "pattern.h"
#include "test_vmalloc.h"

#define USER_PAGES	40ul

static struct {
	void *memory;
	unsigned long skip;
	int err;
} user;

static int map_user(struct file *file, struct vm_area_struct *vma)
{
	user.err = slabmod_remap_vmalloc_range(vma, user.memory, user.skip);
	return user.err;
}

static const struct file_operations user_fops = { .owner = THIS_MODULE, .mmap = map_user };

/* Map @pages pages of an area at @memory, from page @skip on, and return the user's address. */
static unsigned long map_memory(struct file *file, void *memory, unsigned long skip,
				unsigned long pages)
{
	user.memory = memory;
	user.skip = skip;
	user.err = 1;
	return vm_mmap(file, 0, pages << PAGE_SHIFT, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
}

static void expect_mapping(struct kunit *test, struct file *file, void *memory,
			   unsigned long skip, unsigned long pages)
{
	unsigned long addr = map_memory(file, memory, skip, pages), i;
	u64 word;

	KUNIT_EXPECT_FALSE(test, IS_ERR_VALUE(addr));
	KUNIT_EXPECT_EQ(test, user.err, 0);
	if (IS_ERR_VALUE(addr))
		return;
	for (i = 0; i < pages; i++) {
		u64 __user *at = (u64 __user *)(addr + (i << PAGE_SHIFT));
		u64 *here = memory + ((skip + i) << PAGE_SHIFT);

		*here = pattern_word(7, i);
		KUNIT_EXPECT_EQ(test, copy_from_user(&word, at, sizeof(word)), 0);
		KUNIT_EXPECT_EQ(test, word, pattern_word(7, i));
		word = pattern_word(8, i);
		KUNIT_EXPECT_EQ(test, copy_to_user(at, &word, sizeof(word)), 0);
		KUNIT_EXPECT_EQ(test, *here, word);
	}
	vm_munmap(addr, pages << PAGE_SHIFT);
}

static void expect_no_mapping(struct kunit *test, struct file *file, void *memory,
			      unsigned long skip, unsigned long pages)
{
	unsigned long addr = map_memory(file, memory, skip, pages);

	KUNIT_EXPECT_EQ(test, user.err, -EINVAL);
	KUNIT_EXPECT_TRUE(test, IS_ERR_VALUE(addr));
}

struct user_test {
	struct kunit *test;
	struct slabmod_pool *pool;
	struct file *file;
	void *other;
};

/* An assertion would end the thread with memory that is not its own. */
static void map_everything(void *arg)
{
	struct user_test *t = arg;
	struct kunit *test = t->test;
	struct file *file = t->file;
	void *p;

	/* In runs of four pages. */
	kit_source.max_order = 2;
	p = slabmod_pool_vmalloc_user(t->pool, (USER_PAGES << PAGE_SHIFT) - 100);
	KUNIT_EXPECT_NOT_NULL(test, p);
	expect_mapping(test, file, p, 0, USER_PAGES);
	expect_mapping(test, file, p, 0, 1);
	expect_mapping(test, file, p, 3, USER_PAGES - 3);
	expect_mapping(test, file, p, USER_PAGES - 1, 1);
	expect_no_mapping(test, file, p, 0, USER_PAGES + 1);
	expect_no_mapping(test, file, p, 1, USER_PAGES);
	expect_no_mapping(test, file, p, USER_PAGES, 1);
	expect_no_mapping(test, file, p, ULONG_MAX, 1);
	expect_no_mapping(test, file, p + PAGE_SIZE, 0, 1);
	expect_no_mapping(test, file, t->other, 0, 1);
	slabmod_vfree(p);
	expect_no_mapping(test, file, p, 0, 1);
}

void test_mappings_in_user_space(struct kunit *test)
{
	struct user_test t = {
		.test = test,
		.pool = kit_pool_create_orders(test, NO_LIMIT, 0, 10),
	};
	bool done;

	t.other = vmalloc_in(test, t.pool, USER_PAGES << PAGE_SHIFT);
	t.file = anon_inode_getfile("slabmod_kunit", &user_fops, NULL, O_RDWR);
	KUNIT_ASSERT_FALSE(test, IS_ERR(t.file));
	done = context_process(map_everything, &t);
	fput(t.file);
	slabmod_vfree(t.other);
	if (!done)
		kunit_skip(test, "no memory of a process");
}
