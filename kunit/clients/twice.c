// SPDX-License-Identifier: GPL-2.0
/*
 * twice.c - slabmod_twice.ko: two CPUs free the same objects at the same time.
 *
 * For scripts/check.d/twice.sh. Loading the module runs the test. In each round one thread
 * allocates objects of a cache, two threads on two CPUs free all of them, and the cache is
 * shrunk. slabmod must report one of the two frees of each object, and free every page. The script
 * compares the counters of misuse with the number of objects.
 *
 * A probe at the function @symbol of slabmod, which runs with the lock of a home held, waits
 * for up to @delay_us microseconds: the other CPU then waits for that lock with its lookup
 * already done.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/timekeeping.h>

#include <slabmod/slabmod.h>

#define THREADS	2

static unsigned int rounds = 100, objects = 30000, size = 128, flags, delay_us;
static char *symbol = "slabmod:free_locked";
static unsigned long freed_twice;

module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "number of rounds (default 100)");
module_param(objects, uint, 0444);
MODULE_PARM_DESC(objects, "objects per round (default 30000)");
module_param(size, uint, 0444);
MODULE_PARM_DESC(size, "size of an object in bytes (default 128)");
module_param(flags, uint, 0444);
MODULE_PARM_DESC(flags, "flags of the cache (default 0)");
module_param(delay_us, uint, 0444);
MODULE_PARM_DESC(delay_us, "maximum delay in us with the lock of a home held (default 0)");
module_param(symbol, charp, 0444);
MODULE_PARM_DESC(symbol, "function of slabmod to wait in (default slabmod:free_locked)");
module_param(freed_twice, ulong, 0444);
MODULE_PARM_DESC(freed_twice, "result: objects that were freed twice");

struct freer {
	struct slabmod_cache *cache;
	void **objects;
	atomic_t *arrived;
	struct completion done;
	struct task_struct *task;
};

/* ---- the wait ---- */

#ifdef CONFIG_KPROBES
static int pause_probed(struct kprobe *probe, struct pt_regs *regs)
{
	/* A probe may run in a context like an NMI: do not call a lock-taking random generator. */
	udelay(ktime_get_mono_fast_ns() % delay_us);
	return 0;
}

static struct kprobe probe = { .pre_handler = pause_probed };

static int start_delay(void)
{
	probe.symbol_name = symbol;
	return delay_us ? register_kprobe(&probe) : 0;
}

static void stop_delay(void)
{
	if (delay_us)
		unregister_kprobe(&probe);
}
#else
static int start_delay(void)
{
	return delay_us ? -EOPNOTSUPP : 0;
}

static void stop_delay(void) { }
#endif

/* ---- the frees ---- */

static int free_all(void *arg)
{
	struct freer *freer = arg;
	unsigned int i;

	/* Start at the same time. */
	atomic_inc(freer->arrived);
	while (atomic_read(freer->arrived) < THREADS)
		cond_resched();
	for (i = 0; i < objects; i++) {
		slabmod_cache_free(freer->cache, freer->objects[i]);
		if (i % 1024 == 0)
			cond_resched();
	}
	complete(&freer->done);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static int start_freer(struct freer *freer, unsigned int cpu)
{
	init_completion(&freer->done);
	freer->task = kthread_create(free_all, freer, "slabmod_twice/%u", cpu);
	if (IS_ERR(freer->task))
		return PTR_ERR(freer->task);
	kthread_bind(freer->task, cpu);
	return 0;
}

static int free_twice(struct slabmod_cache *cache, void **array)
{
	struct freer freer[THREADS];
	atomic_t arrived = ATOMIC_INIT(0);
	unsigned int n = 0, cpu, i;
	int err = 0;

	for_each_online_cpu(cpu) {
		freer[n] = (struct freer) { .cache = cache, .objects = array, .arrived = &arrived };
		err = start_freer(&freer[n], cpu);
		if (err || ++n == THREADS)
			break;
	}
	if (n < THREADS) {
		/* A thread stopped before it was woken does not run. */
		for (i = 0; i < n; i++)
			kthread_stop(freer[i].task);
		return err ?: -ENODEV;
	}
	for (i = 0; i < THREADS; i++)
		wake_up_process(freer[i].task);
	for (i = 0; i < THREADS; i++) {
		wait_for_completion(&freer[i].done);
		kthread_stop(freer[i].task);
	}
	return 0;
}

static int do_round(struct slabmod_cache *cache, void **array)
{
	int err;

	if (slabmod_cache_alloc_bulk(cache, GFP_KERNEL, objects, array) != objects)
		return -ENOMEM;
	err = free_twice(cache, array);
	if (err) {
		slabmod_cache_free_bulk(cache, objects, array);
		return err;
	}
	freed_twice += objects;
	slabmod_cache_shrink(cache);
	return 0;
}

static int __init twice_init(void)
{
	struct slabmod_cache *cache = slabmod_cache_create("twice", size, 0, flags, NULL);
	void **array = kvcalloc(objects, sizeof(*array), GFP_KERNEL);
	unsigned int round;
	int err = cache && array ? start_delay() : -ENOMEM;

	if (!err) {
		for (round = 0; round < rounds && !err; round++)
			err = do_round(cache, array);
		stop_delay();
	}
	kvfree(array);
	return slabmod_cache_destroy(cache) ?: err;
}

static void __exit twice_exit(void) { }

module_init(twice_init);
module_exit(twice_exit);

SLABMOD_IMPORT();
MODULE_DESCRIPTION("Frees every object twice, on two CPUs");
MODULE_LICENSE("GPL");
