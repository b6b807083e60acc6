// SPDX-License-Identifier: GPL-2.0
/*
 * more.c - memory that crosses to and from the core: the core's allocations are freed by the core.
 * A second file, which shares the pool of the first. The functions are those of new kernels.
 */
#include <linux/bitmap.h>
#include <linux/module.h>
#include <linux/parser.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "dropin.h"

static int from_the_core(void)
{
	char text[] = "text";
	substring_t whole = { text, text + 4 };
	unsigned long *bits = bitmap_zalloc(64, GFP_KERNEL);
	char *name = match_strdup(&whole);
	int missing = !bits + !name;

	kfree(bits);
	kfree(name);
	return missing;
}

#ifdef DEFINE_FREE
/* Freed at the end of the function. */
static int by_scope(void)
{
	void *p __free(kfree) = kmalloc(10, GFP_KERNEL);
	void *q __free(kvfree) = kvmalloc(10, GFP_KERNEL);

	return !p + !q;
}
#else
static int by_scope(void)
{
	return 0;
}
#endif

#ifdef kmalloc_obj
struct flexible {
	int n;
	int item[] __counted_by(n);
};

static int typed(void)
{
	struct flexible *one = kmalloc_obj(*one), *many = kzalloc_objs(*many, 3);
	struct flexible *flexible = kzalloc_flex(*flexible, item, 5);
	struct flexible *either = kvmalloc_obj(*either);
	int missing = !one + !many + !flexible + !either;

	kfree(one);
	kfree(many);
	kfree(flexible);
	kvfree(either);
	return missing;
}
#else
static int typed(void)
{
	return 0;
}
#endif

int dropin_more(void)
{
	return from_the_core() + by_scope() + typed();
}
