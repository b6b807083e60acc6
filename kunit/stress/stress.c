// SPDX-License-Identifier: GPL-2.0
/*
 * stress.c - slabmod_stress.ko: parameters, start, end, results.
 *
 * The test starts when the module is loaded, on any kernel, and ends after a number of
 * operations or seconds, at an error, or when the module is unloaded. Then everything is
 * freed. The file results in the debugfs directory slabmod_stress has lines
 *
 *	state running|done	done: everything is freed, caches and pools are destroyed
 *	seed, workers, seconds, ops, refused, failed N
 *	context NAME N		operations in this context
 *	op NAME N REFUSED	how often done, and how often there was no memory for it
 * and with bad=1
 *	bad_context NAME N	bad calls in this context
 *	bad NAME N		bad calls of this kind
 *	certain N		reports of misuse that these must have caused
 *
 * An operation is a piece of memory that was allocated, resized, checked or freed, and found
 * right; or a call that concerns a cache or a pool.
 *
 * With seed=N each actor makes the same decisions as in another run; what it finds in a slot,
 * and the timing, depend on the other actors.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "stress.h"

unsigned long stress_seed;
static unsigned long ops, seconds;
static unsigned int workers;
bool stress_all_debugged, stress_strict, stress_bad;

module_param_named(seed, stress_seed, ulong, 0444);
MODULE_PARM_DESC(seed, "repeat a run with the same random decisions (default 0: a new seed)");
module_param(ops, ulong, 0444);
MODULE_PARM_DESC(ops, "total number of checked operations (default 1000000 without seconds=)");
module_param(seconds, ulong, 0444);
MODULE_PARM_DESC(seconds, "duration; with ops=, the first limit reached counts");
module_param(workers, uint, 0444);
MODULE_PARM_DESC(workers, "threads, each of which is also interrupted (default two per CPU)");
module_param_named(debugged, stress_all_debugged, bool, 0444);
MODULE_PARM_DESC(debugged, "slabmod has debug=1: smaller requests with __GFP_NOFAIL");
module_param_named(bad, stress_bad, bool, 0444);
MODULE_PARM_DESC(bad, "also make bad calls: free memory twice, or in wrong ways");
module_param_named(strict, stress_strict, bool, 0444);
MODULE_PARM_DESC(strict, "slabmod has strict=1: with bad=1, every second free must be refused at once");

#define WORKERS_MAX	4096
/* Enough to fill many slabs, few enough that actors meet. */
#define SLOTS_EACH	2048
/* For memory that is freed twice: few, so that the second free comes soon. */
#define TAINTED_EACH	256
#define PROGRESS_SECONDS 10

#define NAME(id, name, ...) #name,
static const char *const context_names[] = { STRESS_CONTEXTS(NAME) };
static const char *const kind_names[] = { STRESS_ALLOCS(NAME) STRESS_OTHERS(NAME) };
static const char *const bad_names[] = { STRESS_BADS(NAME) };

static atomic_long_t failed;
static bool stop, done;
static ktime_t begun;
static unsigned long took;		/* seconds; 0 while it runs */
static struct stress_actor keeper;	/* checks the pools at the end, and frees the last pieces */
static struct task_struct *control;
static struct dentry *dir;

bool stress_stopped(void)
{
	return READ_ONCE(stop);
}

/* ---- errors ---- */

#define WRONG_PRINTED	20

void stress_wrong(const struct stress_actor *actor, const struct stress_piece *piece,
		  const char *fmt, ...)
{
	struct va_format text = { .fmt = fmt };
	va_list args;

	WRITE_ONCE(stop, true);
	if (atomic_long_inc_return(&failed) > WRONG_PRINTED)
		return;
	va_start(args, fmt);
	text.va = &args;
	pr_err("slabmod_stress: wrong: %pV\n", &text);
	va_end(args);
	if (piece)
		pr_err("slabmod_stress:   %zu bytes at %p, %s of actor %u in step %llu\n",
		       piece->piece.size, piece->piece.memory, kind_names[piece->kind],
		       piece->actor, piece->step);
	if (actor)
		pr_err("slabmod_stress:   seen by actor %u in step %llu, %s\n", actor->id,
		       actor->step, context_names[actor->context]);
}

/* ---- sums ---- */

static unsigned long sum(const unsigned long *counts, unsigned int nr)
{
	unsigned long total = 0;

	while (nr--)
		total += counts[nr];
	return total;
}

static void add_actor(struct stress_counts *sums, const struct stress_actor *actor)
{
	const unsigned long *from = (const unsigned long *)&actor->counts;
	unsigned long *to = (unsigned long *)sums;
	size_t i;

	for (i = 0; i < sizeof(*sums) / sizeof(*to); i++)
		to[i] += READ_ONCE(from[i]);
}

static void add_all(struct stress_counts *sums)
{
	struct stress_actor *actor;
	unsigned int n;

	memset(sums, 0, sizeof(*sums));
	add_actor(sums, &keeper);
	for (n = 0; (actor = stress_crew_actor(n)); n++)
		add_actor(sums, actor);
}

static unsigned long elapsed(void)
{
	return took ?: ktime_to_ms(ktime_sub(ktime_get(), begun)) / MSEC_PER_SEC;
}

static int results_show(struct seq_file *m, void *unused)
{
	struct stress_counts sums;
	int i;

	add_all(&sums);
	seq_printf(m, "state %s\nseed %lu\nworkers %u\nseconds %lu\nops %lu\nrefused %lu\nfailed %lu\n",
		   READ_ONCE(done) ? "done" : "running", stress_seed, workers, elapsed(),
		   sum(sums.ops, NR_STRESS_CONTEXTS), sum(sums.refused, NR_STRESS_KINDS),
		   atomic_long_read(&failed));
	for (i = 0; i < NR_STRESS_CONTEXTS; i++)
		seq_printf(m, "context %s %lu\n", context_names[i], sums.ops[i]);
	for (i = 0; i < NR_STRESS_KINDS; i++)
		seq_printf(m, "op %s %lu %lu\n", kind_names[i], sums.done[i], sums.refused[i]);
	if (!stress_bad)
		return 0;
	for (i = 0; i < NR_STRESS_CONTEXTS; i++)
		seq_printf(m, "bad_context %s %lu\n", context_names[i], sums.bad_ops[i]);
	for (i = 0; i < NR_STRESS_BADS; i++)
		seq_printf(m, "bad %s %lu\n", bad_names[i], sums.bad[i]);
	seq_printf(m, "certain %lu\n", sums.certain);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(results);

/* ---- the run ---- */

/* Print the progress from time to time; return true when a limit is reached. */
static bool limit_reached(unsigned long *next)
{
	unsigned long now = elapsed();
	struct stress_counts sums;

	add_all(&sums);
	if (now >= *next) {
		*next = now + PROGRESS_SECONDS;
		pr_info("slabmod_stress: %lu operations in %lu s, %lu refused, %lu wrong\n",
			sum(sums.ops, NR_STRESS_CONTEXTS), now,
			sum(sums.refused, NR_STRESS_KINDS), atomic_long_read(&failed));
	}
	return (ops && sum(sums.ops, NR_STRESS_CONTEXTS) >= ops) || (seconds && now >= seconds);
}

static void free_everything(void)
{
	struct stress_actor *actor;
	unsigned int n;

	stress_crew_stop();
	for (n = 0; (actor = stress_crew_actor(n)); n++)
		stress_actor_exit(actor);
	stress_actors_exit(&keeper);
	if (stress_bad)
		stress_bad_exit(&keeper);
	stress_owners_exit();
}

static int control_main(void *unused)
{
	unsigned long next = PROGRESS_SECONDS;

	while (!kthread_should_stop() && !stress_stopped()) {
		schedule_timeout_interruptible(HZ / 10);
		if (limit_reached(&next))
			break;
	}
	WRITE_ONCE(stop, true);
	took = elapsed() ?: 1;
	stress_check_pools(&keeper);
	free_everything();
	pr_info("slabmod_stress: done: seed %lu, %lu s, %lu wrong\n", stress_seed, took,
		atomic_long_read(&failed));
	WRITE_ONCE(done, true);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ);
	return 0;
}

static int create_everything(void)
{
	unsigned int actors = stress_crew_actors(workers);
	int err = stress_actors_init(workers * SLOTS_EACH, actors + 1);

	if (!err && stress_bad)
		err = stress_taint_init(workers * TAINTED_EACH, actors + 1);
	if (err)
		goto fail;
	stress_actor_init(&keeper, actors, STRESS_TASK, true);
	err = stress_owners_init();
	if (err)
		goto fail;
	if (stress_bad)
		err = stress_bad_init();
	if (!err)
		return 0;
	stress_bad_exit(&keeper);
	stress_owners_exit();
fail:
	stress_taint_exit();
	stress_actors_exit(&keeper);
	return err;
}

static int start(void)
{
	int err;

	stress_alloc_init();
	err = create_everything();
	if (err)
		return err;
	/* Before the workers start: later these calls wait for each other. */
	stress_rare_all(&keeper);
	if (stress_bad)
		stress_bad_rare_all(&keeper);
	begun = ktime_get();
	err = stress_crew_init(workers);
	if (!err) {
		control = kthread_run(control_main, NULL, "stress");
		err = PTR_ERR_OR_ZERO(control);
	}
	if (err) {
		WRITE_ONCE(stop, true);
		free_everything();
		stress_crew_exit();
	}
	return err;
}

static int __init stress_init(void)
{
	int err;

	if (!workers)
		workers = 2 * num_possible_cpus();
	if (workers > WORKERS_MAX) {
		pr_err("slabmod_stress: workers=%u is out of range: it must be 1 to %u\n", workers,
		       WORKERS_MAX);
		return -EINVAL;
	}
	if (!ops && !seconds)
		ops = 1000000;
	if (!stress_seed)
		stress_seed = get_random_long() >> 1 | 1;
	pr_info("slabmod_stress: seed %lu, %u workers\n", stress_seed, workers);
	err = start();
	if (err)
		return err;
	dir = debugfs_create_dir("slabmod_stress", NULL);
	debugfs_create_file("results", 0400, dir, NULL, &results_fops);
	return 0;
}

static void __exit stress_exit(void)
{
	debugfs_remove(dir);
	kthread_stop(control);
	stress_crew_exit();
}

module_init(stress_init);
module_exit(stress_exit);

SLABMOD_IMPORT();
MODULE_DESCRIPTION("Random calls of slabmod, from every CPU and context at once");
MODULE_LICENSE("GPL");
