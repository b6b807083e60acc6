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

static void note(struct lab_driver *driver, u64 begin, unsigned int object)
{
	struct lab_result *result = &driver->result;
	u64 took = lab_clock() - begin;

	result->ops++;
	result->clock += took;
	result->longest = max(result->longest, took);
	if (result->asked > result->asked_peak) {
		result->asked_peak = result->asked;
		result->peak_op = result->ops;
	}
	if (driver->watch)
		driver->watch(driver, object);
}

static bool is_over(struct lab_driver *driver)
{
	return driver->stop && driver->result.ops >= driver->stop;
}

bool lab_do_alloc(struct lab_driver *driver, unsigned int n, size_t size)
{
	struct lab_object *object = &driver->objects[n];
	u64 begin;

	if (is_over(driver) || object->p)
		return false;
	begin = lab_clock();
	object->p = lab_alloc(driver->lab, size);
	if (object->p) {
		object->size = size;
		driver->result.asked += size;
	} else {
		driver->result.failed++;
	}
	note(driver, begin, n);
	return object->p;
}

void lab_do_free(struct lab_driver *driver, unsigned int n)
{
	struct lab_object *object = &driver->objects[n];
	u64 begin;

	if (is_over(driver) || !object->p)
		return;
	begin = lab_clock();
	lab_free(driver->lab, object->p);
	driver->result.asked -= object->size;
	object->p = NULL;
	note(driver, begin, n);
}

void lab_do_free_all(struct lab_driver *driver)
{
	unsigned int i;

	for (i = 0; i < driver->nr_objects; i++)
		lab_do_free(driver, i);
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
	if (!driver->objects) {
		lab_exit(lab);
		return -ENOMEM;
	}
	workload->run(driver);
	driver->result.taken = lab->arena.taken << PAGE_SHIFT;
	driver->result.taken_peak = lab->arena.peak << PAGE_SHIFT;
	return 0;
}

void lab_drive_end(struct lab_driver *driver)
{
	lab_world_free(driver->objects, driver->nr_objects * sizeof(*driver->objects));
	driver->objects = NULL;
	lab_exit(driver->lab);
}

void lab_use_now(struct lab_driver *driver, struct lab_use *use)
{
	const bool no_size = driver->lab->strategy->lacks & LAB_NO_SIZE;
	struct lab_stats stats;
	unsigned int i;

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
	use->overhead = use->taken - use->asked - use->slack - use->free;
}
