// SPDX-License-Identifier: GPL-2.0
/*
 * stress.c - slabmod_stress.ko: the beginning, the end, and what is to be read.
 *
 * It starts when it is loaded, on any kernel, and ends after so many operations, or
 * seconds, or when it is unloaded, or when something is wrong. Then everything is given
 * back. The file results in the debugfs directory slabmod_stress has lines
 *
 *	state running|done	everything is given back, caches and pools are gone
 *	seed, workers, seconds, ops, failed N
 *	context NAME N		operations that came from there
 *	op NAME N REFUSED	how often done, and how often there was no memory for it
 * and with bad=1
 *	bad_context NAME N	calls that broke a rule and came from there
 *	bad NAME N		how often what was broken
 *	certain N		reports of misuse that must have come of it
 *
 * An operation is a piece of memory that was taken, changed, looked at or given back, and
 * found right; or one of the calls that concern a cache or a pool.
 *
 * seed=N has each actor decide in each of its steps what it decided in another run; what
 * it finds in a slot, and who is where when, depends on the others.
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
#include <linux/slab.h>
#include <linux/string.h>

#include "stress.h"

unsigned long stress_seed;
module_param_named(seed, stress_seed, ulong, 0444);
MODULE_PARM_DESC(seed, "replays the decisions of a run; 0 takes another each time");

static unsigned long ops;
module_param(ops, ulong, 0444);
MODULE_PARM_DESC(ops, "checked operations in all (default 1000000 without seconds=)");

static unsigned long seconds;
module_param(seconds, ulong, 0444);
MODULE_PARM_DESC(seconds, "how long; with ops=, what comes first");

static unsigned int workers;
module_param(workers, uint, 0444);
MODULE_PARM_DESC(workers, "threads, each of which is also interrupted (default two a CPU)");

bool stress_all_debugged;
module_param_named(debugged, stress_all_debugged, bool, 0444);
MODULE_PARM_DESC(debugged, "slabmod has debug=1: who asks with __GFP_NOFAIL may ask for less");

bool stress_bad;
module_param_named(bad, stress_bad, bool, 0444);
MODULE_PARM_DESC(bad, "also calls that break the rules: memory is freed twice, or in wrong ways");

bool stress_strict;
module_param_named(strict, stress_strict, bool, 0444);
MODULE_PARM_DESC(strict, "slabmod has strict=1: with bad=1, memory that is freed twice must be refused at once");

#define WORKERS_MAX	4096
/* Enough that what lies in them fills many slabs, and few enough to meet others. */
#define SLOTS_EACH	2048
/* Of memory that is freed twice: few, so that each is met soon. */
#define TAINTED_EACH	256
#define PROGRESS_SECONDS 10

const char *const stress_context_names[NR_STRESS_CONTEXTS] = {
#define X(id, name) #name,
	STRESS_CONTEXTS(X)
#undef X
};

const char *const stress_kind_names[NR_STRESS_KINDS] = {
#define X(id, name, ...) #name,
	STRESS_TAKES(X)
	STRESS_OTHERS(X)
#undef X
};

const char *const stress_bad_names[NR_STRESS_BADS] = {
#define X(id, name) #name,
	STRESS_BADS(X)
#undef X
};

static atomic_long_t failed;
static bool stop;
static bool done;
static ktime_t begun;
static unsigned long took;		/* seconds; 0 as long as it runs */
/* Who looks at pools from time to time, and gives the last pieces back. */
static struct stress_actor keeper;
static struct task_struct *control;
static struct dentry *dir;

bool stress_stopped(void)
{
	return READ_ONCE(stop);
}

/* ---- what is wrong ---- */

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
		       piece->piece.size, piece->piece.memory, stress_kind_names[piece->kind],
		       piece->actor, piece->step);
	if (actor)
		pr_err("slabmod_stress:   seen by actor %u in step %llu, %s\n", actor->id,
		       actor->step, stress_context_names[actor->context]);
}

/* ---- sums ---- */

struct sums {
	unsigned long ops, refused;
	unsigned long context[NR_STRESS_CONTEXTS];
	unsigned long done[NR_STRESS_KINDS];
	unsigned long kind_refused[NR_STRESS_KINDS];
	unsigned long bad_context[NR_STRESS_CONTEXTS];
	unsigned long bad[NR_STRESS_BADS];
	unsigned long certain;
};

static void add_actor(struct sums *sums, const struct stress_actor *actor)
{
	int i;

	for (i = 0; i < NR_STRESS_CONTEXTS; i++) {
		unsigned long n = READ_ONCE(actor->ops[i]);

		sums->context[i] += n;
		sums->ops += n;
	}
	for (i = 0; i < NR_STRESS_KINDS; i++) {
		unsigned long n = READ_ONCE(actor->refused[i]);

		sums->done[i] += READ_ONCE(actor->done[i]);
		sums->kind_refused[i] += n;
		sums->refused += n;
	}
	for (i = 0; i < NR_STRESS_CONTEXTS; i++)
		sums->bad_context[i] += READ_ONCE(actor->bad_ops[i]);
	for (i = 0; i < NR_STRESS_BADS; i++)
		sums->bad[i] += READ_ONCE(actor->bad[i]);
	sums->certain += READ_ONCE(actor->certain);
}

static void add_all(struct sums *sums)
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

static void show_bad(struct seq_file *m, const struct sums *sums)
{
	int i;

	for (i = 0; i < NR_STRESS_CONTEXTS; i++)
		seq_printf(m, "bad_context %s %lu\n", stress_context_names[i],
			   sums->bad_context[i]);
	for (i = 0; i < NR_STRESS_BADS; i++)
		seq_printf(m, "bad %s %lu\n", stress_bad_names[i], sums->bad[i]);
	seq_printf(m, "certain %lu\n", sums->certain);
}

static int results_show(struct seq_file *m, void *unused)
{
	struct sums *sums = kmalloc(sizeof(*sums), GFP_KERNEL);
	int i;

	if (!sums)
		return -ENOMEM;
	add_all(sums);
	seq_printf(m, "state %s\nseed %lu\nworkers %u\nseconds %lu\nops %lu\nrefused %lu\nfailed %lu\n",
		   READ_ONCE(done) ? "done" : "running", stress_seed, workers, elapsed(),
		   sums->ops, sums->refused, atomic_long_read(&failed));
	for (i = 0; i < NR_STRESS_CONTEXTS; i++)
		seq_printf(m, "context %s %lu\n", stress_context_names[i], sums->context[i]);
	for (i = 0; i < NR_STRESS_KINDS; i++)
		seq_printf(m, "op %s %lu %lu\n", stress_kind_names[i], sums->done[i],
			   sums->kind_refused[i]);
	if (stress_bad)
		show_bad(m, sums);
	kfree(sums);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(results);

/* ---- the run ---- */

/* Says now and then how far it is; true when that is far enough. */
static bool look_around(unsigned long *next)
{
	unsigned long now = elapsed();
	struct sums sums;

	add_all(&sums);
	if (now >= *next) {
		*next = now + PROGRESS_SECONDS;
		pr_info("slabmod_stress: %lu operations in %lu s, %lu refused, %lu wrong\n",
			sums.ops, now, sums.refused, atomic_long_read(&failed));
	}
	return (ops && sums.ops >= ops) || (seconds && now >= seconds);
}

static void give_everything_back(void)
{
	struct stress_actor *actor;
	unsigned int n;

	stress_crew_stop();
	for (n = 0; (actor = stress_crew_actor(n)); n++)
		stress_actor_exit(actor);
	stress_slots_exit(&keeper);
	if (stress_bad)
		stress_bad_exit(&keeper);
	stress_owners_exit();
}

static int control_main(void *unused)
{
	unsigned long next = PROGRESS_SECONDS;

	while (!kthread_should_stop() && !stress_stopped()) {
		schedule_timeout_interruptible(HZ / 10);
		if (look_around(&next))
			break;
	}
	WRITE_ONCE(stop, true);
	/* Short of a second, it is one. */
	took = elapsed() ?: 1;
	stress_check_pools(&keeper);
	give_everything_back();
	pr_info("slabmod_stress: done: seed %lu, %lu s, %lu wrong\n", stress_seed, took,
		atomic_long_read(&failed));
	WRITE_ONCE(done, true);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ);
	return 0;
}

/* What is there from the beginning to the end. */
static int make_everything(void)
{
	unsigned int actors = stress_crew_actors(workers);
	int err = stress_slots_init(workers * SLOTS_EACH, actors + 1);

	if (err)
		return err;
	if (stress_bad)
		err = stress_taint_init(workers * TAINTED_EACH, actors + 1);
	if (err)
		goto no_taint;
	stress_actor_init(&keeper, actors, STRESS_TASK, true);
	err = stress_owners_init();
	if (err)
		goto no_owners;
	if (stress_bad)
		err = stress_bad_init();
	if (!err)
		return 0;
	stress_bad_exit(&keeper);
	stress_owners_exit();
	return err;

no_owners:
	if (stress_bad)
		stress_taint_exit();
no_taint:
	stress_slots_exit(&keeper);
	return err;
}

static int start(void)
{
	int err;

	stress_take_init();
	err = make_everything();
	if (err)
		return err;
	/* As long as nobody else does: it takes long when they wait for each other. */
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
		give_everything_back();
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
	if (!err) {
		dir = debugfs_create_dir("slabmod_stress", NULL);
		debugfs_create_file("results", 0400, dir, NULL, &results_fops);
	}
	return err;
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
