// SPDX-License-Identifier: GPL-2.0
/*
 * slabmod_fuzz.ko - run inputs of the fuzzer in the kernel.
 *
 * For scripts/check.d/fuzz.sh. Files in the debugfs directory slabmod_fuzz, for root:
 *
 *	input	write an input, at most 64 KiB at once, to run it; the write fails with EIO
 *		after an error, which is in the kernel log
 *	random	write `SEED N` to run N inputs of random bytes, the same for a seed
 *	runs	the number of inputs and of their operations
 *
 * While it is loaded there are a pool "held" and a cache in it, for reading their files.
 *
 * The inputs are those of user space (user/main.c), but the machine is real: the header is
 * skipped, memory is not refused by plan, and no operation is interrupted by another. Nothing
 * else may use slabmod at the same time, because every byte is accounted for.
 */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <slabmod/slabmod.h>

#include "chunk.h"
#include "interp.h"
#include "pool_check.h"

static DEFINE_MUTEX(run_mutex);
static struct interp interp;		/* run_mutex */
static unsigned long runs, steps;	/* run_mutex */
static struct dentry *dir;

/* The longest input of random bytes */
#define RANDOM_MAX	512

static struct held {
	struct slabmod_pool *pool;
	struct slabmod_cache *cache;
	void *object;
} held;

/* ---- environment of the interpreter ---- */

void env_cpu(unsigned int n)
{
	unsigned int cpu;

	n %= num_online_cpus();
	for_each_online_cpu(cpu)
		if (!n--)
			break;
	/* If the CPU went offline meanwhile, stay on this one. */
	if (cpu < nr_cpu_ids && set_cpus_allowed_ptr(current, cpumask_of(cpu)))
		return;
}

void env_hotplug(unsigned int n)
{
}

void env_refuse(u8 after, u8 refuse, u8 repeat, u8 max_order)
{
}

void env_time(void)
{
	chunk_sync();
}

void env_shrink(unsigned int pages)
{
	slabmod_shrink();
}

void env_interrupt(void (*fn)(void *arg), void *arg, unsigned int after, bool nmi)
{
}

bool env_module_goes(void)
{
	return false;
}

void env_boundary(void)
{
	cond_resched();
}

unsigned long env_refused(void)
{
	static unsigned long calls;

	return ++calls;
}

/* How often to check figures that a worker of slabmod may be changing. */
#define TRIES	(240 * 50)	/* four minutes */

static bool adds_up(struct slabmod_pool *pool)
{
	struct slabmod_usage u;

	slabmod_pool_usage(pool, &u);
	return u.held == u.used + u.free_in_slabs + u.in_magazines + u.free_in_buddy + u.metadata;
}

/* Not pool_check(): memory ages meanwhile, and is allocated ahead of need. */
bool env_check(struct slabmod_pool *pool)
{
	int tries;

	for (tries = 0; tries < TRIES && !adds_up(pool); tries++)
		msleep(20);
	return tries < TRIES && pool_check_live(pool);
}

bool env_frees_all(void)
{
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		slabmod_shrink();
		if (!atomic_long_read(&root_pool->source.held))
			return true;
		msleep(20);
	}
	return false;
}

bool env_clears(void)
{
	return want_init_on_alloc(0);
}

/* x86 has no tags. */
void *env_tag(void *p)
{
	return p;
}

void env_say(struct va_format *what)
{
	report_broken("fuzz: %pV", what);
}

/* ---- files ---- */

static bool run(const u8 *input, size_t size)
{
	cpumask_var_t allowed;
	bool ok;

	if (!alloc_cpumask_var(&allowed, GFP_KERNEL))
		return false;
	cpumask_copy(allowed, current->cpus_ptr);
	mutex_lock(&run_mutex);
	/* Two frees in a row must be on one CPU. */
	env_cpu(0);
	ok = interp_run(&interp, input, size);
	runs++;
	steps += interp.step;
	mutex_unlock(&run_mutex);
	set_cpus_allowed_ptr(current, allowed);
	free_cpumask_var(allowed);
	return ok;
}

static ssize_t input_write(struct file *file, const char __user *from, size_t size, loff_t *pos)
{
	u8 *input;
	bool ok;

	if (size > SZ_64K)
		return -EFBIG;
	input = memdup_user(from, size);
	if (IS_ERR(input))
		return PTR_ERR(input);
	ok = run(input, size);
	kfree(input);
	return ok ? size : -EIO;
}

static const struct file_operations input_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = input_write,
	.llseek = noop_llseek,
};

static ssize_t random_write(struct file *file, const char __user *from, size_t size,
			    loff_t *pos)
{
	char *text = memdup_user_nul(from, min_t(size_t, size, 64));
	u8 input[RANDOM_MAX];
	struct rnd_state rnd;
	unsigned int n;
	bool ok = true;
	u64 seed;

	if (IS_ERR(text))
		return PTR_ERR(text);
	if (sscanf(text, "%llu %u", &seed, &n) != 2)
		ok = false;
	kfree(text);
	if (!ok)
		return -EINVAL;
	for (prandom_seed_state(&rnd, seed); ok && n; n--) {
		prandom_bytes_state(&rnd, input, sizeof(input));
		ok = run(input, FUZZ_HEADER + (input[0] | input[1] << 8) %
			 (sizeof(input) - FUZZ_HEADER));
	}
	return ok ? size : -EIO;
}

static const struct file_operations random_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = random_write,
	.llseek = noop_llseek,
};

static int runs_show(struct seq_file *m, void *unused)
{
	mutex_lock(&run_mutex);
	seq_printf(m, "inputs %lu\noperations %lu\n", runs, steps);
	mutex_unlock(&run_mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(runs);

static void release_held(void)
{
	if (held.object)
		slabmod_cache_free(held.cache, held.object);
	slabmod_cache_destroy(held.cache);
	slabmod_pool_destroy(held.pool);
}

static bool hold(void)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;

	params.reserve_bytes = SZ_256K;
	held.pool = slabmod_pool_create("held", &params);
	if (!held.pool)
		return false;
	held.cache = slabmod_pool_cache_create(held.pool, "held", 100, 0, 0, NULL);
	if (held.cache)
		held.object = slabmod_cache_alloc(held.cache, GFP_KERNEL);
	return held.object;
}

static int __init fuzz_init(void)
{
	if (!hold()) {
		release_held();
		return -ENOMEM;
	}
	dir = debugfs_create_dir("slabmod_fuzz", NULL);
	debugfs_create_file("input", 0200, dir, NULL, &input_fops);
	debugfs_create_file("random", 0200, dir, NULL, &random_fops);
	debugfs_create_file("runs", 0400, dir, NULL, &runs_fops);
	return 0;
}

static void __exit fuzz_exit(void)
{
	debugfs_remove(dir);
	release_held();
}

module_init(fuzz_init);
module_exit(fuzz_exit);

SLABMOD_IMPORT();
SLABMOD_IMPORT_INTERNAL();
MODULE_DESCRIPTION("Runs inputs of the fuzzer, for slabmod's tests");
MODULE_LICENSE("GPL");
