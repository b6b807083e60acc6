// SPDX-License-Identifier: GPL-2.0
/*
 * slabmod_leaky.ko - a caller that goes without giving anything back.
 *
 * For scripts/check.d/leak.sh, which looks for the reports, and for the pages that
 * must not be used again: each byte of what is left behind says that it is. With
 * pools=1 it leaves pools behind, and a cache: of each kind one that nothing is left in.
 * With holds=1 it leaves nothing behind when it goes, but while it is there it holds memory
 * of the kernel's by pointers in slabmod's memory alone, and has lost the pointers to some
 * objects, for scripts/check.d/kmemleak.sh.
 */
#include <linux/compiler.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>

#include <slabmod/slabmod.h>

#define OBJECTS	3
#define BLOCK	(64u * 1024u)
/* Sizes that nothing else in the guest has. */
#define HELD_SIZE	1900u
#define LOST_SIZE	1104u

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

/* ---- what kmemleak is to find, and what it is not ---- */

static bool holds;
module_param(holds, bool, 0);
MODULE_PARM_DESC(holds, "hold the kernel's memory by pointers in slabmod's");

#define HELD	3

struct holder {
	void *held;
	struct holder *next;
};

/* Of each kind of memory one, in a list: all but the first are found by the one before. */
static struct holder *holders;
static struct slabmod_cache *holder_cache, *lost_cache;

/* Not inline: its name is looked for. */
static noinline bool hold(struct holder *holder)
{
	if (!holder)
		return false;
	holder->held = kmalloc(HELD_SIZE, GFP_KERNEL);
	holder->next = holders;
	holders = holder;
	return holder->held;
}

static bool hold_all(void)
{
	struct holder *bulk[HELD];
	unsigned int i;

	if (slabmod_cache_alloc_bulk(holder_cache, GFP_KERNEL, HELD, (void **)bulk) != HELD)
		return false;
	for (i = 0; i < HELD; i++)
		if (!hold(bulk[i]))
			return false;
	return hold(slabmod_cache_alloc(holder_cache, GFP_KERNEL)) &&
	       hold(slabmod_cache_alloc(holder_cache, GFP_KERNEL | __GFP_ZERO)) &&
	       hold(slabmod_cache_alloc_node(holder_cache, GFP_KERNEL, numa_mem_id())) &&
	       hold(slabmod_kmalloc(sizeof(struct holder), GFP_KERNEL)) &&
	       hold(slabmod_kmalloc(BLOCK, GFP_KERNEL));
}

/* Objects without a pointer to them, by one call in each place. Not inline: it is looked for. */
static noinline bool lose_objects(void)
{
	unsigned int i;

	for (i = 0; i < OBJECTS; i++) {
		void *object = slabmod_cache_alloc(lost_cache, GFP_KERNEL);

		if (!object)
			return false;
		memset(object, 0x5a, LOST_SIZE);
		/* Neither on the stack nor in a register any more. */
		OPTIMIZER_HIDE_VAR(object);
	}
	return true;
}

static int begin_to_hold(void)
{
	holder_cache = slabmod_cache_create("holder", sizeof(struct holder), 0, 0, NULL);
	lost_cache = slabmod_cache_create("lost", LOST_SIZE, 0, 0, NULL);
	if (!holder_cache || !lost_cache || !hold_all() || !lose_objects())
		return -ENOMEM;
	return 0;
}

/* The lost ones are left to slabmod, which says so. */
static void end_holding(void)
{
	struct holder *holder, *next;

	for (holder = holders; holder; holder = next) {
		next = holder->next;
		kfree(holder->held);
		slabmod_kfree(holder);
	}
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
	if (holds)
		return begin_to_hold();
	return pools ? leave_pools() : leave_objects();
}

static void __exit leaky_exit(void)
{
	end_holding();
}

module_init(leaky_init);
module_exit(leaky_exit);

SLABMOD_IMPORT();
MODULE_DESCRIPTION("A caller that leaks, for slabmod's tests");
MODULE_LICENSE("GPL");
