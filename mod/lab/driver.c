// SPDX-License-Identifier: GPL-2.0
/*
 * driver.c - run a workload on a strategy, and measure it.
 *
 * A workload is a sequence of allocations and frees of numbered objects. It is the same for all
 * strategies, but for those workloads that look at addresses, and can be stopped after any
 * operation and run again. Contexts: as the strategy; lab_drive() may sleep.
 */
#include "driver.h"
#include "random.h"

/*
 * An interrupt would be counted as a part of the operation. (On PREEMPT_RT, memory cannot be
 * allocated with interrupts off.)
 */
#if defined(__KERNEL__) && !defined(CONFIG_PREEMPT_RT)
#define quiet_begin(flags)	local_irq_save(flags)
#define quiet_end(flags)	local_irq_restore(flags)
#else
#define quiet_begin(flags)	((void)((flags) = 0))
#define quiet_end(flags)	((void)(flags))
#endif

u64 lab_clock_cost(void)
{
	u64 least = ~0ull, begin, took;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		begin = lab_clock();
		took = lab_clock() - begin;
		least = min(least, took);
	}
	return least;
}

/*
 * Counting the pages of a strategy outside of the arena can take longer than many operations. They
 * are counted after each of 64, and when 1/256 more is asked for than was ever counted.
 */
#define COUNT_OPS	64
#define COUNT_SHARE	256

static void count_pages(struct lab_driver *driver)
{
	const struct lab_strategy *strategy = driver->lab->strategy;
	struct lab_arena *arena = &driver->lab->arena;

	if (!strategy->pages)
		return;
	arena->taken = strategy->pages(driver->lab);
	arena->peak = max(arena->peak, arena->taken);
	driver->counted = max(driver->counted, driver->result.asked);
}

static void note(struct lab_driver *driver, u64 took, unsigned int object)
{
	struct lab_result *result = &driver->result;

	took -= min(took, driver->clock_cost);
	result->ops++;
	result->clock += took;
	result->longest = max(result->longest, took);
	if (result->asked > result->asked_peak) {
		result->asked_peak = result->asked;
		result->peak_op = result->ops;
	}
	if (result->ops % COUNT_OPS == 0 ||
	    result->asked > driver->counted + driver->counted / COUNT_SHARE)
		count_pages(driver);
	if (driver->watch)
		driver->watch(driver, object);
}

static bool is_over(struct lab_driver *driver)
{
	struct lab_result *result = &driver->result;

	if (driver->limit && result->clock >= driver->limit)
		result->cut = true;
	return result->cut || (driver->stop && result->ops >= driver->stop);
}

bool lab_do_alloc(struct lab_driver *driver, unsigned int n, size_t size)
{
	struct lab_object *object = &driver->objects[n];
	unsigned long flags;
	u64 begin, took;

	if (is_over(driver) || object->p)
		return false;
	quiet_begin(flags);
	begin = lab_clock();
	object->p = lab_alloc(driver->lab, size);
	took = lab_clock() - begin;
	quiet_end(flags);
	if (object->p) {
		object->size = size;
		driver->result.asked += size;
	} else {
		driver->result.failed++;
	}
	note(driver, took, n);
	return object->p;
}

void lab_do_free(struct lab_driver *driver, unsigned int n)
{
	struct lab_object *object = &driver->objects[n];
	unsigned long flags;
	u64 begin, took;

	if (is_over(driver) || !object->p)
		return;
	quiet_begin(flags);
	begin = lab_clock();
	lab_free(driver->lab, object->p);
	took = lab_clock() - begin;
	quiet_end(flags);
	driver->result.asked -= object->size;
	object->p = NULL;
	note(driver, took, n);
}

void lab_do_free_all(struct lab_driver *driver)
{
	unsigned int i;

	for (i = 0; i < driver->nr_objects; i++)
		lab_do_free(driver, i);
}

static void end(struct lab *lab)
{
	if (lab->strategy->exit)
		lab->strategy->exit(lab);
	lab_exit(lab);
}

int lab_drive(struct lab_driver *driver, struct lab *lab, const struct lab_strategy *strategy,
	      const struct lab_workload *workload, size_t size)
{
	int err = lab_init(lab, strategy, size);

	if (err)
		return err;
	driver->lab = lab;
	driver->nr_objects = workload->nr_objects;
	driver->objects = lab_world_alloc(workload->nr_objects * sizeof(*driver->objects));
	memset(&driver->result, 0, sizeof(driver->result));
	driver->counted = 0;
	if (!driver->objects) {
		end(lab);
		return -ENOMEM;
	}
	driver->clock_cost = lab_clock_cost();
	workload->run(driver);
	count_pages(driver);
	driver->result.taken = lab->arena.taken << PAGE_SHIFT;
	driver->result.taken_peak = lab->arena.peak << PAGE_SHIFT;
	return 0;
}

/* Pages of the arena are released as they are, but not those from elsewhere. */
static void free_all(struct lab_driver *driver)
{
	unsigned int i;

	for (i = 0; i < driver->nr_objects; i++)
		lab_free(driver->lab, driver->objects[i].p);
}

void lab_drive_end(struct lab_driver *driver)
{
	if (driver->lab->strategy->lacks & LAB_OUTSIDE)
		free_all(driver);
	lab_world_free(driver->objects, driver->nr_objects * sizeof(*driver->objects));
	driver->objects = NULL;
	end(driver->lab);
}

/* Outside of the arena only the metadata is known: the rest is free, or cannot be used. */
static void split_rest(struct lab_use *use, size_t meta)
{
	size_t objects = use->asked + use->slack;
	size_t rest = use->taken > objects ? use->taken - objects : 0;

	use->overhead = min(rest, meta);
	use->free = rest - use->overhead;
}

void lab_use_now(struct lab_driver *driver, struct lab_use *use)
{
	const bool no_size = driver->lab->strategy->lacks & LAB_NO_SIZE;
	struct lab_stats stats;
	unsigned int i;

	count_pages(driver);
	lab_stats(driver->lab, &stats);
	memset(use, 0, sizeof(*use));
	use->taken = stats.taken;
	use->free = stats.free;
	use->largest = stats.largest;
	for (i = 0; i < driver->nr_objects; i++) {
		struct lab_object *object = &driver->objects[i];

		if (!object->p)
			continue;
		use->asked += object->size;
		if (!no_size)
			use->slack += lab_size(driver->lab, object->p) - object->size;
	}
	if (driver->lab->strategy->lacks & LAB_OUTSIDE)
		split_rest(use, stats.meta);
	else
		use->overhead = use->taken - use->asked - use->slack - use->free;
}
