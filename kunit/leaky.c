// SPDX-License-Identifier: GPL-2.0
/*
 * slabmod_leaky.ko - a caller that goes without giving anything back.
 *
 * For scripts/check.d/leak.sh, which looks for the reports, and for the pages that
 * must not be used again: each byte of what is left behind says that it is. With
 * pools=1 it leaves pools behind, and a cache: of each kind one that nothing is left in.
 */
#include <linux/module.h>
#include <linux/string.h>

#include <slabmod/slabmod.h>

#define OBJECTS	3
#define BLOCK	(64u * 1024u)

static bool pools;
module_param(pools, bool, 0);
MODULE_PARM_DESC(pools, "leave pools behind, in place of objects and a block of the root pool's");

static int leave_pools(void)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *idle = slabmod_pool_create("idle", &params);
	struct slabmod_pool *busy = slabmod_pool_create("busy", &params);
	void *object;

	if (!idle || !busy || !slabmod_cache_create("unused", 100, 0, 0, NULL))
		return -ENOMEM;
	object = slabmod_pool_kmalloc(busy, 100, GFP_KERNEL);
	if (!object)
		return -ENOMEM;
	memset(object, 0x5a, 100);
	return 0;
}

/* Not inline: its name is looked for. */
static noinline int leave_objects(void)
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

static int __init leaky_init(void)
{
	return pools ? leave_pools() : leave_objects();
}

static void __exit leaky_exit(void)
{
}

module_init(leaky_init);
module_exit(leaky_exit);

SLABMOD_IMPORT();
MODULE_DESCRIPTION("A caller that leaks, for slabmod's tests");
MODULE_LICENSE("GPL");
