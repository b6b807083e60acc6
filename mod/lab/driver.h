/* SPDX-License-Identifier: GPL-2.0 */
/*
 * driver.h - run a workload on a strategy, and measure it.
 */
#ifndef SLABMOD_LAB_DRIVER_H
#define SLABMOD_LAB_DRIVER_H

#include "lab.h"

struct lab_object {
	void *p;		/* as lab_alloc() returned it; NULL: not allocated */
	size_t size;		/* that was asked for */
};

/* What was seen. Bytes are those asked for (U), or those of pages (A). */
struct lab_result {
	unsigned long ops;		/* allocations and frees */
	unsigned long failed;		/* allocations */
	unsigned long peak_op;		/* the operation after which most was in use */
	size_t asked;			/* U now */
	size_t asked_peak;
	size_t taken;			/* A at the end */
	size_t taken_peak;
	u64 clock;			/* of all operations, see lab_clock() */
	u64 longest;			/* of one */
	bool cut;			/* the driver's limit was reached */
};

struct lab_driver {
	struct lab *lab;
	struct lab_object *objects;
	unsigned int nr_objects;
	u64 seed;
	unsigned long stop;		/* do no more operations than these; 0: all */
	u64 limit;			/* nor any after they took so long; 0: none */
	u64 clock_cost;			/* of the clock, which is not counted */
	size_t counted;			/* the most that was asked for when pages were counted */
	struct lab_result result;
	/* Optional: called after each operation, with the number of the object. */
	void (*watch)(struct lab_driver *driver, unsigned int object);
	void *watch_arg;
};

struct lab_workload {
	const char *name;
	const char *text;		/* a line about it */
	unsigned int nr_objects;	/* at once */
	void (*run)(struct lab_driver *driver);
};

/*
 * Allocate object @n, which is free. Return false if that failed, or there are to be no more
 * operations.
 */
bool lab_do_alloc(struct lab_driver *driver, unsigned int n, size_t size);
/* Free object @n if it is allocated. */
void lab_do_free(struct lab_driver *driver, unsigned int n);
/* Free all objects, by their numbers. */
void lab_do_free_all(struct lab_driver *driver);

/* What the clock adds to the time that is measured between two readings of it */
u64 lab_clock_cost(void);

/*
 * Run a workload in a new arena of @size bytes. The driver's seed, stop, limit and watch are the
 * caller's.
 * lab_drive_end() must follow, unless an error, below zero, is returned.
 */
int lab_drive(struct lab_driver *driver, struct lab *lab, const struct lab_strategy *strategy,
	      const struct lab_workload *workload, size_t size);
void lab_drive_end(struct lab_driver *driver);

/* How the bytes of pages are used at this moment. */
struct lab_use {
	size_t taken;		/* A, the sum of the others */
	size_t asked;		/* U */
	size_t slack;		/* more than asked for, in objects: internal fragmentation */
	size_t free;		/* external fragmentation, as far as it cannot be used */
	size_t overhead;	/* headers, metadata, and what is lost */
	size_t largest;		/* of the free ranges */
};

void lab_use_now(struct lab_driver *driver, struct lab_use *use);

extern const struct lab_workload *const lab_workloads[];
extern const unsigned int lab_nr_workloads;
const struct lab_workload *lab_find_workload(const char *name);

#endif /* SLABMOD_LAB_DRIVER_H */
