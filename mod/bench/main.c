// SPDX-License-Identifier: GPL-2.0
/*
 * slabmod_bench.ko - benchmarks of slabmod and the kernel's own allocators.
 *
 * Files in the debugfs directory slabmod_bench:
 *
 *	cases	the names of the cases, one per line
 *	run	write a name to run that case
 *	results	of the last run, lines `case,allocator,cpus,metric,value,unit`
 *	profile	of the last run, instructions by function, if the case can be stepped
 *	memory	of the last run, memory held over time, for the cases that measure it
 *	trace	write a trace for the cases that replay one; see replay.h
 *
 * An open file pins the module, so it is not unloaded during a run.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_buf.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <slabmod/slabmod.h>

#include "bench.h"
#include "fragments.h"
#include "memory.h"
#include "patterns.h"
#include "pauses.h"
#include "region.h"
#include "replay.h"
#include "scale.h"
#include "step.h"
#include "tail.h"
#include "threads.h"

static const struct bench_group *const groups[] = {
	&bench_one_cpu_cases,
	&bench_call_cases,
	&bench_page_cases,
	&bench_region_cases,
	&bench_pattern_cases,
	&bench_pause_cases,
	&bench_tail_cases,
	&bench_thread_cases,
	&bench_replay_cases,
	&bench_memory_cases,
	&bench_fragment_cases,
	&bench_scale_cases,
};

static bool insn;
module_param(insn, bool, 0444);
MODULE_PARM_DESC(insn, "the time stamp counter counts instructions (QEMU's -icount)");

static unsigned int tries;
module_param(tries, uint, 0444);
MODULE_PARM_DESC(tries, "tries of each case, 1 to 99 (default 21, with insn=1 5)");

#define TEXT_SIZE	(256 * 1024)

/* Output of the last run. */
static DEFINE_MUTEX(run_lock);
static struct seq_buf texts[BENCH_TEXTS];
static const char *const text_names[BENCH_TEXTS] = { "results", "profile", "memory" };

static struct dentry *dir;

/* ---- run ---- */

static const struct bench_case *find_case(const char *name, const struct bench_group **group)
{
	unsigned int g, i;

	for (g = 0; g < ARRAY_SIZE(groups); g++) {
		*group = groups[g];
		for (i = 0; i < groups[g]->nr; i++)
			if (!strcmp(groups[g]->cases[i].name, name))
				return &groups[g]->cases[i];
	}
	return NULL;
}

static void clear_texts(void)
{
	unsigned int i;

	for (i = 0; i < BENCH_TEXTS; i++)
		seq_buf_clear(&texts[i]);
}

static int run_case(const struct bench_group *group, const struct bench_case *c)
{
	const struct bench_setup setup = { .insn = insn, .tries = tries };
	unsigned int i;
	int err;

	if (mutex_lock_interruptible(&run_lock))
		return -EINTR;
	clear_texts();
	err = group->run(c, &setup, texts);
	for (i = 0; i < BENCH_TEXTS && !err; i++)
		if (seq_buf_has_overflowed(&texts[i]))
			err = -ENOSPC;
	if (err)
		clear_texts();
	mutex_unlock(&run_lock);
	return err;
}

static ssize_t run_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	const struct bench_group *group;
	const struct bench_case *c;
	char name[64];
	int err;

	if (!len || *pos)
		return -EINVAL;
	if (len >= sizeof(name))
		return -ENOENT;
	if (copy_from_user(name, from, len))
		return -EFAULT;
	name[len] = '\0';
	c = find_case(strim(name), &group);
	if (!c)
		return -ENOENT;
	err = run_case(group, c);
	return err ?: len;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = run_write,
	.llseek = noop_llseek,
};

/* ---- output ---- */

static ssize_t text_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	struct seq_buf *text = file->private_data;
	ssize_t n = mutex_lock_interruptible(&run_lock);

	if (n)
		return n;
	n = simple_read_from_buffer(to, len, pos, text->buffer, seq_buf_used(text));
	mutex_unlock(&run_lock);
	return n;
}

static const struct file_operations text_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = text_read,
	.llseek = default_llseek,
};

static int cases_show(struct seq_file *seq, void *unused)
{
	unsigned int g, i;

	for (g = 0; g < ARRAY_SIZE(groups); g++)
		for (i = 0; i < groups[g]->nr; i++)
			seq_printf(seq, "%s\n", groups[g]->cases[i].name);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(cases);

/* ---- initialization ---- */

static void texts_free(void)
{
	unsigned int i;

	for (i = 0; i < BENCH_TEXTS; i++)
		kvfree(texts[i].buffer);
}

static int texts_init(void)
{
	unsigned int i;

	for (i = 0; i < BENCH_TEXTS; i++) {
		char *buffer = kvmalloc(TEXT_SIZE, GFP_KERNEL);

		if (!buffer)
			return -ENOMEM;
		seq_buf_init(&texts[i], buffer, TEXT_SIZE);
	}
	return 0;
}

static void create_files(void)
{
	unsigned int i;

	dir = debugfs_create_dir("slabmod_bench", NULL);
	debugfs_create_file("cases", 0400, dir, NULL, &cases_fops);
	debugfs_create_file("run", 0200, dir, NULL, &run_fops);
	for (i = 0; i < BENCH_TEXTS; i++)
		debugfs_create_file(text_names[i], 0400, dir, &texts[i], &text_fops);
	debugfs_create_file("trace", 0200, dir, NULL, &bench_trace_fops);
}

static int __init bench_init(void)
{
	int err;

	if (!tries)
		tries = insn ? 5 : 21;
	if (tries > BENCH_TRIES_MAX)
		return -EINVAL;
	err = bench_clock_start();
	if (err) {
		pr_err("slabmod_bench: the CPUs have no cycle counter\n");
		return err;
	}
	err = texts_init();
	if (!err)
		err = step_init();
	if (err)
		texts_free();
	else
		create_files();
	return err;
}

static void __exit bench_exit(void)
{
	debugfs_remove(dir);
	step_exit();
	bench_trace_drop();
	texts_free();
}

module_init(bench_init);
module_exit(bench_exit);

SLABMOD_IMPORT();
MODULE_DESCRIPTION("Benchmarks of slabmod and the kernel's own allocators");
MODULE_LICENSE("GPL");
