// SPDX-License-Identifier: GPL-2.0
/*
 * slabmod_leaky.ko - a caller that goes without giving anything back.
 *
 * For scripts/check.d/leak.sh, which looks for the reports, and for the pages that
 * must not be used again: each byte of what is left behind says that it is.
 */
#include <linux/module.h>
#include <linux/string.h>

#include <slabmod/slabmod.h>

#define OBJECTS	3
#define BLOCK	(64u * 1024u)

static int __init leaky_init(void)
{
	struct slabmod_cache *cache = slabmod_cache_create("leaky", 100, 0, 0, NULL);
	void *block = slabmod_kmalloc(BLOCK, GFP_KERNEL);
	int i;

	if (!cache || !block)
		return -ENOMEM;
	memset(block, 0x5a, BLOCK);
	for (i = 0; i < OBJECTS; i++) {
		void *object = slabmod_cache_alloc(cache, GFP_KERNEL);

		if (!object)
			return -ENOMEM;
		memset(object, 0x5a, 100);
	}
	return 0;
}

static void __exit leaky_exit(void)
{
}

module_init(leaky_init);
module_exit(leaky_exit);

SLABMOD_IMPORT();
MODULE_DESCRIPTION("A caller that leaks, for slabmod's tests");
MODULE_LICENSE("GPL");
