// SPDX-License-Identifier: GPL-2.0
/*
 * slabmod_leaky.ko - a caller that is unloaded without freeing its memory.
 *
 * For scripts/check.d/leak.sh, which checks the reports, and that the pages are not used again:
 * each byte left behind has a pattern. With pools=1 it leaves pools and a cache behind, of each
 * kind also an empty one. With holds=1 it leaves nothing behind, but while it is loaded it
 * references kernel memory only from slabmod's memory, and has lost the pointers to some objects,
 * for scripts/check.d/kmemleak.sh. With passes=1 it frees all its memory, but after a grace period
 * that it does not wait for.
 */
#include <linux/compiler.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>

#include <slabmod/slabmod.h>

#define OBJECTS	3
#define BLOCK	(64u * 1024u)
#define AREA	(8u * 1024u * 1024u)
/* Sizes that no other object in the guest has. */
#define HELD_SIZE	1900u
#define LOST_SIZE	1104u

static bool pools;
module_param(pools, bool, 0);
MODULE_PARM_DESC(pools, "leave pools behind instead of objects and a block of the root pool");

/* Fill memory that is left behind; return false if there is none. */
static bool fill(void *p, size_t size)
{
	return p && memset(p, 0x5a, size);
}

static int leave_pools(void)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *idle = slabmod_pool_create("idle", &params);
	struct slabmod_pool *busy = slabmod_pool_create("busy", &params);

	if (!idle || !busy || !slabmod_cache_create("unused", 100, 0, SLABMOD_DEBUG, NULL))
		return -ENOMEM;
	return fill(slabmod_pool_kmalloc(busy, 100, GFP_KERNEL), 100) ? 0 : -ENOMEM;
}

/* ---- memory for kmemleak ---- */

static bool holds;
module_param(holds, bool, 0);
MODULE_PARM_DESC(holds, "reference kernel memory only from slabmod's memory");

#define HELD	3

struct holder {
	void *held;
	struct holder *next;
};

/* A list with one of each kind of memory; each but the first is referenced by the one before. */
static struct holder *holders;
static struct slabmod_cache *holder_cache, *lost_cache;

/* Not inline: the test looks for its name. */
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

/* Allocate objects without keeping a pointer. Not inline: the test looks for its name. */
static noinline bool lose_objects(void)
{
	unsigned int i;

	for (i = 0; i < OBJECTS; i++) {
		void *object = slabmod_cache_alloc(lost_cache, GFP_KERNEL);

		if (!object)
			return false;
		memset(object, 0x5a, LOST_SIZE);
		/* Clear the pointer from registers and the stack. */
		OPTIMIZER_HIDE_VAR(object);
	}
	return true;
}

/* ---- memory that waits for a grace period ---- */

static bool passes;
module_param(passes, bool, 0);
MODULE_PARM_DESC(passes, "free memory after a grace period, and destroy its owners before that, or leave them behind");

#define PASSED	1000

struct passed {
	struct passed *next;
	struct rcu_head rcu;
};

static struct {
	struct slabmod_pool *pool;
	struct slabmod_cache *cache;
	struct passed *all;
} passing, left;

static bool pass_add(struct passed **all, struct passed *more)
{
	if (!more)
		return false;
	more->next = *all;
	*all = more;
	return true;
}

static int pass_init(void)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	bool ok;
	int i;

	passing.pool = slabmod_pool_create("passing", &params);
	left.pool = slabmod_pool_create("left", &params);
	passing.cache = slabmod_cache_create("passing", sizeof(struct passed), 0, 0, NULL);
	left.cache = slabmod_cache_create("left", sizeof(struct passed), 0, 0, NULL);
	ok = passing.pool && left.pool && passing.cache && left.cache;
	for (i = 0; i < PASSED && ok; i++)
		ok = pass_add(&passing.all, slabmod_pool_kmalloc(passing.pool, 100, GFP_KERNEL)) &&
		     pass_add(&passing.all, slabmod_cache_alloc(passing.cache, GFP_KERNEL)) &&
		     pass_add(&left.all, slabmod_pool_kmalloc(left.pool, 100, GFP_KERNEL)) &&
		     pass_add(&left.all, slabmod_cache_alloc(left.cache, GFP_KERNEL));
	return ok ? 0 : -ENOMEM;
}

static void pass_all(struct passed *all)
{
	struct passed *next;

	for (; all; all = next) {
		next = all->next;
		slabmod_kfree_rcu(all, rcu);
	}
}

static void pass_exit(void)
{
	pass_all(passing.all);
	if (slabmod_cache_destroy(passing.cache) || slabmod_pool_destroy(passing.pool))
		pr_err("leaky: not destroyed\n");
	pass_all(left.all);
}

/* Not inline: the test looks for its name. */
static noinline int leave_objects(void)
{
	struct slabmod_cache *cache = slabmod_cache_create("leaky", 100, 0, 0, NULL);
	bool ok = cache && fill(slabmod_kmalloc(BLOCK, GFP_KERNEL), BLOCK) &&
		  fill(slabmod_vmalloc(AREA), AREA);
	int i;

	for (i = 0; i < OBJECTS && ok; i++)
		ok = fill(slabmod_cache_alloc(cache, GFP_KERNEL), 100);
	return ok ? 0 : -ENOMEM;
}

static int __init leaky_init(void)
{
	if (passes)
		return pass_init();
	if (!holds)
		return pools ? leave_pools() : leave_objects();
	holder_cache = slabmod_cache_create("holder", sizeof(struct holder), 0, 0, NULL);
	lost_cache = slabmod_cache_create("lost", LOST_SIZE, 0, 0, NULL);
	return holder_cache && lost_cache && hold_all() && lose_objects() ? 0 : -ENOMEM;
}

/* The lost objects are left for slabmod to report. */
static void __exit leaky_exit(void)
{
	struct holder *holder, *next;

	if (passes)
		pass_exit();
	for (holder = holders; holder; holder = next) {
		next = holder->next;
		kfree(holder->held);
		slabmod_kfree(holder);
	}
}

module_init(leaky_init);
module_exit(leaky_exit);

SLABMOD_IMPORT();
MODULE_DESCRIPTION("A caller that leaks, for slabmod's tests");
MODULE_LICENSE("GPL");
