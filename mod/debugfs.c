// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs.c - statistics and controls in /sys/kernel/debug/slabmod.
 *
 * Files are for root only. Their formats are stable and described in Documentation/debugfs.rst.
 * Counters are read without stopping other CPUs: sums are exact only while no memory is allocated
 * or freed.
 *
 * Contexts: process, may sleep. Locks: cache_walk() holds the list of caches. The files of one
 * cache must not take that lock, because they are removed, waiting for readers, under it.
 */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/kallsyms.h>
#include <linux/nodemask.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "buddy_walk.h"
#include "cache.h"
#include "cache_list.h"
#include "debug/callsites.h"
#include "debug/fault.h"
#include "debugfs.h"
#include "frames.h"
#include "home.h"
#include "home_walk.h"
#include "magazine_set.h"
#include "overview.h"
#include "pages.h"
#include "pool.h"
#include "pool_bound.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "pool_list.h"
#include "rcu_free.h"
#include "report.h"

static struct dentry *root_dir;
static struct dentry *pools_dir;

/* Failure is not an error: files below an error pointer are not created. */
static struct dentry *make_dir(const char *name, struct dentry *parent)
{
	return fault_hits(FAULT_DEBUGFS) ? ERR_PTR(-ENOMEM) : debugfs_create_dir(name, parent);
}

static void show_value(struct seq_file *m, const char *name, unsigned long value, const char *text)
{
	seq_printf(m, "%-20s %14lu  # %s\n", name, value, text);
}

DEFINE_SHOW_ATTRIBUTE(overview);

/* ---- summary ---- */

static void show_pair(struct seq_file *m, const char *name, unsigned long value,
		      unsigned long peak, const char *text)
{
	seq_printf(m, "%-20s %14lu %14lu  # %s\n", name, value, peak, text);
}

static void show_ledger(struct seq_file *m, struct slabmod_pool *pool)
{
	struct pool_ledger peak = pool_ledger_peak(pool), l = pool_ledger(pool);
	unsigned long sum = l.used + l.slabs + l.magazines + l.buddy + l.metadata;

	seq_printf(m, "[pool %s]  # bytes now, peak\n", pool->name);
	show_pair(m, "held", l.held, peak.held,
		  "allocated from the kernel: the sum of the next five");
	show_pair(m, "used", l.used, peak.used, "objects and pages allocated by callers");
	show_pair(m, "free_in_slabs", l.slabs, peak.slabs,
		  "free objects in slabs, and unused space at their end");
	show_pair(m, "in_magazines", l.magazines, peak.magazines,
		  "free objects in magazines or in quarantine");
	show_pair(m, "free_in_buddy", l.buddy, peak.buddy, "free pages");
	show_pair(m, "metadata", l.metadata, peak.metadata, "slabmod's own structures");
	seq_printf(m, "%-20s %14ld  # %s\n", "unaccounted", (long)(l.held - sum),
		   "held minus that sum: 0 while the pool is idle");
	show_value(m, "peak", pool_pages_peak(pool), "peak of bytes of pages held");
	show_value(m, "limit", pool->limited ? pool->source.limit << PAGE_SHIFT : 0,
		   "maximum bytes of pages; 0: no limit");
	show_value(m, "reserve", pool->source.reserve << PAGE_SHIFT,
		   "bytes of pages never freed to the kernel");
}

static void show_bound(struct seq_file *m, struct slabmod_pool *pool)
{
	struct pool_bound bound = pool_bound(pool);

	seq_puts(m, "\n[bound]\n");
	show_value(m, "slabs", bound.slabs, "bytes of all slabs");
	show_value(m, "slabs_bound", bound.bound,
		   "their upper bound, from the peak of objects, CPUs and nodes");
	show_value(m, "magazines_bound", bound.magazines,
		   "maximum bytes of objects in magazines of the current size");
}

static int summary_show(struct seq_file *m, void *unused)
{
	struct slabmod_pool *pool = m->private;
	unsigned long value;
	int i;

	show_ledger(m, pool);
	show_bound(m, pool);
	seq_puts(m, "\n[events]\n");
	for (i = 0; i < NR_EVENTS; i++) {
		value = i == EVENT_BLOCK_PAGES ? pages_in_use(pool) :
						stat_sum(pool->source.stats, i);
		show_value(m, stat_names[i], value, stat_texts[i]);
	}
	/* An invalid address does not belong to a pool. */
	if (pool != root_pool)
		return 0;
	show_value(m, "rcu_waiting", rcu_free_waiting(),
		   "allocations of all pools that wait for a grace period, now");
	seq_puts(m, "\n[misuse]\n");
	for (i = 0; i < NR_MISUSES; i++)
		show_value(m, misuse_names[i], report_count(i), misuse_texts[i]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(summary);

/* ---- callsites and leaks: live objects of debugged caches ---- */

/* Code of an unloaded module and freed init code have no symbol. */
static bool is_symbol(const char *text)
{
	return !strstarts(text, "0x");
}

static void show_callsite(struct seq_file *m, const struct callsite *c)
{
	char name[KSYM_SYMBOL_LEN];

	seq_printf(m, "%14lu %10lu %10lu %10lu  ", c->bytes, c->objects,
		   (jiffies - c->youngest) / HZ, (jiffies - c->oldest) / HZ);
	sprint_symbol(name, c->site);
	seq_printf(m, "%s\n", is_symbol(name) ? name : "?");
}

/* Print the lines of a stack, without the addresses that have no symbol. */
static void show_stack(struct seq_file *m, char *stack)
{
	char *line;

	while ((line = strsep(&stack, "\n")))
		if (*skip_spaces(line))
			seq_printf(m, "    %s\n", is_symbol(skip_spaces(line)) ?
				   skip_spaces(line) : "?");
}

/* Say what is not listed: an empty list would read as "no leaks". */
static void show_callsites_head(struct seq_file *m, const struct callsites *sites)
{
	seq_printf(m, "%14s %10s %10s %10s  %s\n", "# bytes", "objects", "youngest_s", "oldest_s",
		   "allocated at");
	if (!sites->debugged)
		seq_puts(m, "# no cache of this pool is in debug mode, so none is listed: see debug=1\n");
	else if (sites->debugged < sites->caches)
		seq_printf(m, "# %u of %u caches are in debug mode, and only their objects are listed\n",
			   sites->debugged, sites->caches);
}

static int callsites_show(struct seq_file *m, void *unused)
{
	struct callsites *sites = callsites_of(m->private, false);
	unsigned int i;

	if (!sites)
		return -ENOMEM;
	show_callsites_head(m, sites);
	for (i = 0; i < sites->nr; i++)
		show_callsite(m, &sites->site[i]);
	kvfree(sites);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(callsites);

/* Oldest objects first: they are the most likely leaks. */
static int leaks_show(struct seq_file *m, void *unused)
{
	struct callsites *sites = callsites_of(m->private, true);
	char *stack = (char *)__get_free_page(GFP_KERNEL);
	unsigned int i;

	if (!sites || !stack) {
		kvfree(sites);
		free_page((unsigned long)stack);
		return -ENOMEM;
	}
	show_callsites_head(m, sites);
	for (i = 0; i < sites->nr; i++) {
		show_callsite(m, &sites->site[i]);
		if (sites->site[i].stack &&
		    depot_snprint(sites->site[i].stack, stack, PAGE_SIZE) > 0)
			show_stack(m, stack);
	}
	kvfree(sites);
	free_page((unsigned long)stack);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(leaks);

/* ---- slabinfo, in the format of /proc/slabinfo ---- */

static void show_slabinfo(struct slabmod_cache *cache, void *arg)
{
	char name[SLABMOD_POOL_NAME_MAX + CACHE_LABEL_MAX + 2];
	const char *pool = cache->pool == root_pool ? "" : cache->pool->name;
	struct home_totals totals = home_totals(cache);
	struct seq_file *m = arg;
	unsigned long objects = (totals.slabs - totals.small_slabs) * cache->usual.objects +
				totals.small_slabs * cache->small.objects;

	snprintf(name, sizeof(name), "%s%s%s", pool, *pool ? ":" : "", cache->label);
	seq_printf(m, "%-17s %6lu %6lu %6u %4u %4d", name, cache_used(cache), objects,
		   cache->size, cache->usual.objects, cache->usual.pages);
	seq_printf(m, " : tunables %4u %4u %4u", cache->capacity, (cache->capacity + 1) / 2, 0);
	seq_printf(m, " : slabdata %6ld %6ld %6lu\n", totals.slabs, totals.slabs, 0ul);
}

/* The file at the top level shows all pools. */
static int slabinfo_show(struct seq_file *m, void *unused)
{
	struct slabmod_pool *pool = m->private;

	seq_puts(m, "slabinfo - version: 2.1\n");
	seq_puts(m, "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>");
	seq_puts(m, " : tunables <limit> <batchcount> <sharedfactor>");
	seq_puts(m, " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	cache_walk(pool == root_pool ? NULL : pool, show_slabinfo, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(slabinfo);

/* ---- buddyinfo, in the format of /proc/buddyinfo ---- */

static int buddyinfo_show(struct seq_file *m, void *unused)
{
	struct slabmod_pool *pool = m->private;
	int nid, order;

	for_each_online_node(nid) {
		unsigned long nr_free[BUDDY_ORDERS] = { 0 };

		buddy_count_free(&pool->buddies[nid], nr_free);
		seq_printf(m, "Node %d, zone %8s ", nid, pool->name);
		for (order = 0; order < BUDDY_ORDERS; order++)
			seq_printf(m, "%6lu ", nr_free[order]);
		seq_putc(m, '\n');
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(buddyinfo);

/* ---- validate and shrink ---- */

static int validate_show(struct seq_file *m, void *unused)
{
	bool ok = pool_check_live(m->private);
	unsigned long bad = pool_check_objects(m->private);

	if (!ok)
		seq_puts(m, "broken: see the kernel log\n");
	if (bad)
		seq_printf(m, "misuse: %lu objects with invalid writes: see the kernel log\n", bad);
	if (ok && !bad)
		seq_puts(m, "ok\n");
	return 0;
}

static int validate_open(struct inode *inode, struct file *file)
{
	return single_open(file, validate_show, inode->i_private);
}

static ssize_t validate_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct seq_file *m = file->private_data;
	bool ok = pool_check_live(m->private);

	/* Check the objects too, even if an invariant is violated. */
	return pool_check_objects(m->private) || !ok ? -EIO : count;
}

static const struct file_operations validate_fops = {
	.owner = THIS_MODULE,
	.open = validate_open,
	.read = seq_read,
	.write = validate_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static ssize_t shrink_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	pool_shrink(file->private_data);
	return count;
}

static const struct file_operations shrink_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = shrink_write,
	.llseek = noop_llseek,
};

/* ---- caches/<name>/ ---- */

static int info_show(struct seq_file *m, void *unused)
{
	struct slabmod_cache *cache = m->private;
	struct home_totals totals = home_totals(cache);

	show_value(m, "object_size", cache->object_size, "bytes requested at creation");
	show_value(m, "size", cache->size, "distance of two objects in bytes");
	show_value(m, "align", cache->align, "bytes");
	show_value(m, "slab_objects", cache->usual.objects, "objects per slab");
	show_value(m, "slab_pages", cache->usual.pages, "pages per slab");
	show_value(m, "capacity", cache->capacity, "objects in a magazine at most");
	show_value(m, "used", cache_used(cache), "objects allocated by callers");
	show_value(m, "in_magazines", cache_cached_objects(cache),
		   "free objects in magazines or in quarantine");
	show_value(m, "slabs", totals.slabs, "slabs");
	show_value(m, "small_slabs", totals.small_slabs,
		   "of these, allocated when memory was short");
	show_value(m, "pages", home_pages(cache), "pages of all slabs");
	show_value(m, "allocs", magazine_allocs(cache), "allocations so far");
	show_value(m, "metadata", cache_metadata(cache), "bytes of the cache's metadata");
	show_value(m, "isolated", !!(cache->flags & SLABMOD_ISOLATED),
		   "1: memory is not reused elsewhere until destruction");
	show_value(m, "debugged", !!(cache->flags & CACHE_DEBUG), "1: misuse is detected");
	show_value(m, "strict", strict_is_on(cache), "1: double frees are reported at once");
	show_value(m, "red_zones", cache->size - cache->usable,
		   "bytes of red zones per object");
	show_value(m, "typesafe_by_rcu", !!(cache->flags & SLABMOD_TYPESAFE_BY_RCU),
		   "1: memory is not reused elsewhere before a grace period");
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(info);

static int magazines_show(struct seq_file *m, void *unused)
{
	struct slabmod_cache *cache = m->private;
	struct slabmod_magazine __percpu *magazines;
	unsigned long allocs, listed = 0;
	unsigned int cpu;

	seq_puts(m, "# cpu   here   away       allocs\n");
	rcu_read_lock();
	magazines = READ_ONCE(cache->magazines);
	for_each_online_cpu(cpu) {
		struct slabmod_magazine *magazine = per_cpu_ptr(magazines, cpu);

		if (!magazine->room)
			break;
		allocs = READ_ONCE(magazine->allocs);
		listed += allocs;
		seq_printf(m, "%5u %6u %6u %12lu\n", cpu, magazine_nr_local(magazine),
			   READ_ONCE(magazine->nr_remote), allocs);
	}
	rcu_read_unlock();
	/* Resized magazines are new ones, and an offline CPU's are not listed. */
	allocs = magazine_allocs(cache);
	if (allocs > listed)
		seq_printf(m, "# and %lu allocations by former magazines, or by none\n",
			   allocs - listed);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(magazines);

struct homes_shown {
	struct seq_file *m;
	int cpu;		/* the last one */
};

/* home_walk() has the homes of all possible CPUs in their order. */
static void show_home(struct slabmod_cache *cache, struct slab_home *home, void *arg)
{
	struct homes_shown *shown = arg;
	struct seq_file *m = shown->m;

	if (home >= cache->node_homes && home < cache->node_homes + nr_node_ids) {
		seq_printf(m, "node%-4d", (int)(home - cache->node_homes));
	} else {
		shown->cpu = cpumask_next(shown->cpu, cpu_possible_mask);
		seq_printf(m, "cpu%-5d", shown->cpu);
	}
	seq_printf(m, " %8u %8u\n", READ_ONCE(home->nr_partial), READ_ONCE(home->nr_empty));
}

static int homes_show(struct seq_file *m, void *unused)
{
	struct homes_shown shown = { .m = m, .cpu = -1 };

	seq_puts(m, "# home    partial    empty\n");
	home_walk(m->private, show_home, &shown);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(homes);

static ssize_t cache_shrink_write(struct file *file, const char __user *buf, size_t count,
				  loff_t *pos)
{
	slabmod_cache_shrink(file->private_data);
	return count;
}

static const struct file_operations cache_shrink_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = cache_shrink_write,
	.llseek = noop_llseek,
};

static void create_cache_dir(struct slabmod_cache *cache, void *arg)
{
	struct dentry *dir = make_dir(cache->label, cache->pool->debugfs_caches);

	cache->debugfs = dir;
	debugfs_create_file("info", 0400, dir, cache, &info_fops);
	debugfs_create_file("magazines", 0400, dir, cache, &magazines_fops);
	debugfs_create_file("homes", 0400, dir, cache, &homes_fops);
	debugfs_create_file("shrink", 0200, dir, cache, &cache_shrink_fops);
}

static int cache_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct slabmod_cache *cache = data;

	/* The directory of a new pool is created after its internal caches. */
	if (!cache->pool->debugfs)
		return NOTIFY_DONE;
	if (event == CACHE_CREATED)
		create_cache_dir(cache, NULL);
	else
		debugfs_remove(cache->debugfs);
	return NOTIFY_OK;
}

static struct notifier_block cache_notifier = { .notifier_call = cache_event };

/* ---- pools/<name>/ ---- */

static void create_pool_dir(struct slabmod_pool *pool, void *arg)
{
	struct dentry *dir = root_dir;

	if (pool != root_pool)
		dir = make_dir(pool->name, pools_dir);
	pool->debugfs_caches = make_dir("caches", dir);
	pool->debugfs = dir;
	debugfs_create_file("overview", 0400, dir, pool, &overview_fops);
	debugfs_create_file("summary", 0400, dir, pool, &summary_fops);
	debugfs_create_file("slabinfo", 0400, dir, pool, &slabinfo_fops);
	debugfs_create_file("buddyinfo", 0400, dir, pool, &buddyinfo_fops);
	debugfs_create_file("frames", 0400, dir, pool, &frames_fops);
	debugfs_create_file("callsites", 0400, dir, pool, &callsites_fops);
	debugfs_create_file("leaks", 0400, dir, pool, &leaks_fops);
	debugfs_create_file("validate", 0600, dir, pool, &validate_fops);
	debugfs_create_file("shrink", 0200, dir, pool, &shrink_fops);
	cache_walk(pool, create_cache_dir, NULL);
}

static int pool_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct slabmod_pool *pool = data;

	if (event == POOL_CREATED) {
		create_pool_dir(pool, NULL);
		return NOTIFY_OK;
	}
	debugfs_remove(pool->debugfs);
	pool->debugfs = NULL;
	return NOTIFY_OK;
}

static struct notifier_block pool_notifier = { .notifier_call = pool_event };

/* ---- initialization ---- */

static int register_notifier(struct blocking_notifier_head *to, struct notifier_block *nb)
{
	return fault_error(FAULT_NOTIFIER, -ENOMEM) ?: blocking_notifier_chain_register(to, nb);
}

int debugfs_init(void)
{
	int err;

	root_dir = make_dir("slabmod", NULL);
	pools_dir = make_dir("pools", root_dir);
	pool_walk(create_pool_dir, NULL);
	fault_show(root_dir);
	err = register_notifier(&cache_notifiers, &cache_notifier) ?:
	      register_notifier(&pool_notifiers, &pool_notifier);
	if (err)
		debugfs_exit();
	return err;
}

void debugfs_exit(void)
{
	blocking_notifier_chain_unregister(&pool_notifiers, &pool_notifier);
	blocking_notifier_chain_unregister(&cache_notifiers, &cache_notifier);
	debugfs_remove(root_dir);
	fault_hide();
	root_pool->debugfs = NULL;
}
