// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - module parameters, initialization and exit.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nodemask.h>

#include <slabmod/version.h>

#include "cache.h"
#include "cache_list.h"
#include "cache_setup.h"
#include "chunk.h"
#include "compat.h"
#include "debug/debug.h"
#include "debug/debug_block.h"
#include "debug/leak.h"
#include "debugfs.h"
#include "defer.h"
#include "magazine_set.h"
#include "params.h"
#include "pool.h"
#include "pool_list.h"
#include "rcu_free.h"
#include "reclaim.h"
#include "vmalloc.h"

const char SLABMOD_VERSION_NAME[] = SLABMOD_VERSION;
EXPORT_SYMBOL_SLABMOD(SLABMOD_VERSION_NAME);

static unsigned long limit_mb;
module_param(limit_mb, ulong, 0444);
MODULE_PARM_DESC(limit_mb, "maximum MiB of pages allocated from the kernel; 0: no limit (default 0)");

static unsigned int chunk_order = CHUNK_MAX_ORDER;
module_param(chunk_order, uint, 0444);
MODULE_PARM_DESC(chunk_order, "order of the page blocks allocated from the kernel, 0 to 10; larger requests are still served (default 10)");

module_param(magazine_bytes, uint, 0444);
MODULE_PARM_DESC(magazine_bytes, "maximum bytes of objects in a magazine (default 32768)");

module_param_named(debug, debug_all, bool, 0444);
MODULE_PARM_DESC(debug, "detect misuse of all caches, at a cost; see Documentation/debug.rst (default off)");

module_param_named(strict, strict_all, bool, 0444);
MODULE_PARM_DESC(strict, "detect every double free at the second free; see Documentation/security.rst (default off)");

module_param(quarantine_kb, uint, 0444);
MODULE_PARM_DESC(quarantine_kb, "with debug=1, KiB of freed memory that each cache withholds from reuse (default 4096)");

module_param_named(kmemleak, leak_tracking, bool, 0444);
MODULE_PARM_DESC(kmemleak, "track each object with kmemleak; all calls take the slow path (default: on if the kernel has kmemleak)");

static bool out_of_range(const char *name, unsigned long value, unsigned long min,
			 unsigned long max)
{
	if (value >= min && value <= max)
		return false;
	pr_err("slabmod: %s=%lu is out of range: it must be %lu to %lu\n", name, value, min, max);
	return true;
}

static bool parameters_refused(void)
{
	bool refused = params_unknown();

	/* Each of them is reported. */
	refused |= out_of_range("limit_mb", limit_mb, 0, totalram_pages() >> (20 - PAGE_SHIFT));
	refused |= out_of_range("chunk_order", chunk_order, 0, CHUNK_MAX_ORDER);
	refused |= out_of_range("magazine_bytes", magazine_bytes, MAGAZINE_BYTES_MIN,
				MAGAZINE_BYTES_MAX);
	refused |= out_of_range("quarantine_kb", quarantine_kb, 0, QUARANTINE_KB_MAX);
	return refused;
}

static int root_init(void)
{
	return pool_init(limit_mb << (20 - PAGE_SHIFT), chunk_order);
}

/* The layers in order of initialization. */
static const struct layer {
	int (*init)(void);
	void (*exit)(void);
} layers[] = {
	{ debug_init, NULL },
	{ debug_block_init, debug_block_exit },
	{ chunk_init, chunk_exit },
	{ defer_init, defer_exit },
	{ magazine_init, magazine_exit },
	{ cache_init, cache_exit },
	{ root_init, pool_exit },
	{ vmalloc_areas_init, vmalloc_areas_exit },
	{ reclaim_init, reclaim_exit },
	{ rcu_free_init, rcu_free_exit },
	{ debugfs_init, debugfs_exit },
};

static void layers_exit(unsigned int n)
{
	while (n--)
		if (layers[n].exit)
			layers[n].exit();
}

/* The limit as text, because 0 is none */
static void print_loaded(void)
{
	char limit[32] = "none";

	if (limit_mb)
		snprintf(limit, sizeof(limit), "%lu MiB", limit_mb);
	pr_info("slabmod: version %s is loaded: nodes %u, limit %s, debug %s, strict %s\n",
		SLABMOD_VERSION, num_online_nodes(), limit, debug_all ? "on" : "off",
		strict_all ? "on" : "off");
}

static int __init slabmod_init(void)
{
	unsigned int n;
	int err;

	if (parameters_refused())
		return -EINVAL;
	for (n = 0; n < ARRAY_SIZE(layers); n++) {
		err = layers[n].init();
		if (err) {
			layers_exit(n);
			return err;
		}
	}
	print_loaded();
	return 0;
}

static void __exit slabmod_exit(void)
{
	layers_exit(ARRAY_SIZE(layers));
	pr_info("slabmod: unloaded\n");
}

module_init(slabmod_init);
module_exit(slabmod_exit);

MODULE_DESCRIPTION("Physical-memory allocator: buddy, slabs, magazines");
MODULE_AUTHOR("The slabmod developers");
MODULE_VERSION(SLABMOD_VERSION);
MODULE_LICENSE("GPL");
