// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - slabmod_lab: strategies for allocation, to look at while they work.
 *
 * The files are in /sys/kernel/debug/slabmod_lab, for root only:
 *
 *   strategies	read the names of all, and a line about each
 *   strategy	read or write the name of the one to use; a write makes a new, empty arena
 *   workloads	read the names of all, and a line about each
 *   run	write "NAME", or "NAME OPERATIONS" to stop early: run a workload in a new arena
 *   step	write "alloc SIZE", "free NUMBER" or "reset": one call in the arena as it is
 *   objects	read "NUMBER OFFSET SIZE" of all that is allocated; the offset is that in the arena
 *   result	read what was measured since the arena was made
 *   map	read a picture of the arena; its first line explains it
 *   measure	write "STRATEGY WORKLOAD [RUNS [LIMIT]]": measure as lab/table does, and read a
 *		table of one line; RUNS is 1 to 5 (1), and a run ends after LIMIT cycles, without
 *		figures. The arena is gone then
 *   trace	write what scripts/record-trace made: it becomes a workload, `trace`
 *
 * For example: echo list_lifo >strategy; echo "alloc 50" >step; cat map.
 *
 * The strategies slabmod and slub are in this module only (outside.c).
 *
 * Contexts: process, may sleep. Locks: lab_mutex, around everything.
 * Memory: from slabmod, arena_mb MiB while there is an arena.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <slabmod/slabmod.h>

#include "../bench/clock.h"
#include "../compat.h"
#include "figures.h"
#include "map.h"
#include "replay.h"
#include "upload.h"

static unsigned int arena_mb = 64;
module_param(arena_mb, uint, 0400);
MODULE_PARM_DESC(arena_mb, "size of the arena in MiB (default 64)");

#define MAP_COLUMNS	64
#define MAP_ROWS	32
#define STEP_OBJECTS	1000

/* Around everything, also in upload.c */
DEFINE_MUTEX(lab_mutex);
/* The arena is there if @driver has objects. */
static const struct lab_strategy *strategy;
static struct lab lab;
static struct lab_driver driver;

/* An arena for single steps is one in which a workload has done nothing. */
static void run_nothing(struct lab_driver *driver)
{
}

static const struct lab_workload by_hand = {
	.name = "by_hand",
	.nr_objects = STEP_OBJECTS,
	.run = run_nothing,
};

static void close_arena(void)
{
	if (driver.objects)
		lab_drive_end(&driver);
}

static int open_arena(const struct lab_workload *workload, unsigned long stop)
{
	int err;

	close_arena();
	driver = (struct lab_driver){ .seed = 1, .stop = stop, .watch = lab_pause };
	lab = (struct lab){ };
	err = lab_drive(&driver, &lab, strategy, workload, (size_t)arena_mb * SZ_1M);
	/* More steps may follow. */
	driver.stop = 0;
	driver.watch = NULL;
	driver.result.cut = false;
	return err;
}

/* ---- strategies and workloads ---- */

static int strategies_show(struct seq_file *m, void *v)
{
	const struct lab_strategy *each;
	unsigned int i;

	for (i = 0; (each = lab_strategy_at(i)); i++)
		seq_printf(m, "%c %-16s %s\n", each == strategy ? '*' : ' ', each->name,
			   each->text);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(strategies);

static int workloads_show(struct seq_file *m, void *v)
{
	unsigned int i;

	for (i = 0; i < lab_nr_workloads; i++)
		seq_printf(m, "%-16s %s\n", lab_workloads[i]->name, lab_workloads[i]->text);
	mutex_lock(&lab_mutex);
	if (lab_trace())
		seq_printf(m, "%-16s %s\n", lab_trace()->name, lab_trace()->text);
	mutex_unlock(&lab_mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(workloads);

/* ---- files that are written ---- */

/* What a write to a file does with its words, which end in NUL. Return 0 or an error. */
typedef int (*command_t)(char *words);

static int select_strategy(char *words)
{
	const struct lab_strategy *found = lab_strategy_named(words);

	if (!found)
		return -EINVAL;
	strategy = found;
	return open_arena(&by_hand, 0);
}

static int run_workload(char *words)
{
	const char *name = strsep(&words, " ");
	const struct lab_workload *found = lab_workload_named(name);
	unsigned long stop = 0;

	if (!found)
		return -EINVAL;
	if (words && kstrtoul(words, 0, &stop)) {
		pr_err("slabmod_lab: '%s' is no number of operations\n", words);
		return -EINVAL;
	}
	return open_arena(found, stop);
}

static int step_alloc(unsigned long size)
{
	unsigned int n;

	for (n = 0; n < driver.nr_objects; n++)
		if (!driver.objects[n].p)
			return lab_do_alloc(&driver, n, size) ? 0 : -ENOMEM;
	pr_err("slabmod_lab: there are %u objects already\n", n);
	return -ENOSPC;
}

static int step_free(unsigned long n)
{
	if (n >= driver.nr_objects || !driver.objects[n].p) {
		pr_err("slabmod_lab: there is no object %lu\n", n);
		return -EINVAL;
	}
	lab_do_free(&driver, n);
	return 0;
}

static int step(char *words)
{
	const char *verb = strsep(&words, " ");
	unsigned long n;

	if (!strcmp(verb, "reset") && !words)
		return open_arena(&by_hand, 0);
	if (!driver.objects) {
		int err = open_arena(&by_hand, 0);

		if (err)
			return err;
	}
	if (words && !kstrtoul(words, 0, &n) && !strcmp(verb, "alloc"))
		return step_alloc(n);
	if (words && !kstrtoul(words, 0, &n) && !strcmp(verb, "free"))
		return step_free(n);
	pr_err("slabmod_lab: write \"alloc SIZE\", \"free NUMBER\" or \"reset\"\n");
	return -EINVAL;
}

static ssize_t lab_write(struct file *file, const char __user *from, size_t size, loff_t *pos)
{
	command_t command = file_inode(file)->i_private;
	char words[64];
	ssize_t n = simple_write_to_buffer(words, sizeof(words) - 1, pos, from, size);
	int err;

	if (n < 0)
		return n;
	if (n < size)
		return -E2BIG;
	words[n] = '\0';
	mutex_lock(&lab_mutex);
	err = command(strim(words));
	mutex_unlock(&lab_mutex);
	return err ? err : n;
}

/* In an arena of its own; there is memory for one. */
static int measure(char *words)
{
	close_arena();
	return lab_figures_make(words, (size_t)arena_mb * SZ_1M);
}

/* A file that is read too has one of these, by the command. */
static int answer_show(struct seq_file *m, void *v)
{
	mutex_lock(&lab_mutex);
	if (m->private == select_strategy)
		seq_printf(m, "%s\n", strategy->name);
	else
		lab_figures_print(m);
	mutex_unlock(&lab_mutex);
	return 0;
}

static int answer_open(struct inode *inode, struct file *file)
{
	return single_open(file, answer_show, inode->i_private);
}

static const struct file_operations answer_fops = {
	.owner = THIS_MODULE,
	.open = answer_open,
	.read = seq_read,
	.write = lab_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static const struct file_operations command_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = lab_write,
	.llseek = noop_llseek,
};

/* ---- files that are read ---- */

static int objects_show(struct seq_file *m, void *v)
{
	unsigned int i;

	mutex_lock(&lab_mutex);
	for (i = 0; driver.objects && i < driver.nr_objects; i++) {
		struct lab_object *object = &driver.objects[i];
		char *memory;

		if (!object->p)
			continue;
		if (strategy->lacks & LAB_OUTSIDE) {
			seq_printf(m, "%u - %zu\n", i, object->size);
			continue;
		}
		memory = lab_at(&lab, object->p);
		seq_printf(m, "%u %zu %zu\n", i, memory - lab.arena.base, object->size);
	}
	mutex_unlock(&lab_mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(objects);

static void show_result(struct seq_file *m)
{
	const struct lab_result *result = &driver.result;
	struct lab_use use;

	lab_use_now(&driver, &use);
	seq_printf(m, "operations %lu, failed %lu, cycles of each %llu, of the longest %llu\n",
		   result->ops, result->failed, result->ops ? result->clock / result->ops : 0,
		   result->longest);
	seq_printf(m, "asked      %zu bytes (at most %zu)\n", use.asked, result->asked_peak);
	seq_printf(m, "taken      %zu bytes of pages (at most %zu), of which\n", use.taken,
		   lab.arena.peak << PAGE_SHIFT);
	seq_printf(m, "  slack    %zu bytes more than was asked for\n", use.slack);
	seq_printf(m, "  free     %zu bytes, in one piece at most %zu\n", use.free, use.largest);
	seq_printf(m, "  overhead %zu bytes of headers, metadata and what is lost\n", use.overhead);
}

static int result_show(struct seq_file *m, void *v)
{
	mutex_lock(&lab_mutex);
	if (driver.objects)
		show_result(m);
	else
		seq_puts(m, "there is no arena: write to run or step\n");
	mutex_unlock(&lab_mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(result);

/*
 * Print the arena from its start; a cell is as many bytes, a power of two, as it takes to show
 * all.
 */
static int show_map(struct seq_file *m)
{
	const size_t nr = MAP_COLUMNS * MAP_ROWS;
	size_t length = lab_map_length(&lab), bytes = 16, i;
	char *cells = slabmod_kvzalloc(nr, GFP_KERNEL);
	int err;

	while (bytes * nr < length)
		bytes *= 2;
	err = cells ? lab_map(&driver, cells, nr, bytes, 0) : -ENOMEM;
	seq_printf(m, "%zu bytes each: %c object  %c less than half  %c free  %c metadata  %c lost\n",
		   bytes, MAP_OBJECT, MAP_SOME, MAP_FREE, MAP_META, MAP_LOST);
	for (i = 0; !err && i * bytes < length; i += MAP_COLUMNS)
		seq_printf(m, "%8zu |%.*s|\n", i * bytes, MAP_COLUMNS, cells + i);
	slabmod_kvfree(cells);
	return err;
}

static int map_show(struct seq_file *m, void *v)
{
	int err = 0;

	mutex_lock(&lab_mutex);
	if (driver.objects && strategy->lacks & LAB_OUTSIDE)
		seq_printf(m, "the memory of %s is not in the arena\n", strategy->name);
	else if (driver.objects)
		err = show_map(m);
	mutex_unlock(&lab_mutex);
	return err;
}
DEFINE_SHOW_ATTRIBUTE(map);

/* ---- the module ---- */

static struct dentry *dir;

static int __init lab_module_init(void)
{
	int err = bench_clock_start();

	if (err)
		return err;
	if (!arena_mb || arena_mb > 1024) {
		pr_err("slabmod_lab: arena_mb=%u is not in 1 to 1024\n", arena_mb);
		return -EINVAL;
	}
	strategy = lab_strategies[0];
	dir = debugfs_create_dir("slabmod_lab", NULL);
	debugfs_create_file("strategies", 0400, dir, NULL, &strategies_fops);
	debugfs_create_file("workloads", 0400, dir, NULL, &workloads_fops);
	debugfs_create_file("strategy", 0600, dir, select_strategy, &answer_fops);
	debugfs_create_file("measure", 0600, dir, measure, &answer_fops);
	debugfs_create_file("run", 0200, dir, run_workload, &command_fops);
	debugfs_create_file("step", 0200, dir, step, &command_fops);
	debugfs_create_file("objects", 0400, dir, NULL, &objects_fops);
	debugfs_create_file("result", 0400, dir, NULL, &result_fops);
	debugfs_create_file("map", 0400, dir, NULL, &map_fops);
	debugfs_create_file("trace", 0200, dir, NULL, &lab_upload_fops);
	return 0;
}
module_init(lab_module_init);

static void __exit lab_module_exit(void)
{
	debugfs_remove(dir);
	close_arena();
	lab_upload_drop();
}
module_exit(lab_module_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The slabmod developers");
MODULE_DESCRIPTION("Allocation strategies to watch and measure, in memory of slabmod");
MODULE_VERSION(SLABMOD_VERSION);
SLABMOD_IMPORT();
