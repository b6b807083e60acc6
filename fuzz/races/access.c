// SPDX-License-Identifier: GPL-2.0
/*
 * access.c - which task accesses what.
 *
 * Most loads and stores of slabmod are to memory that only one task uses, or that all tasks use
 * under one lock. A switch there makes no difference: other tasks may as well run before the next
 * access of another kind. So it is enough to switch at accesses of memory that two tasks use, one
 * of them writing, without a common lock (Eraser's rule, Savage and others, 1997). Which memory
 * that is becomes known as schedules are run.
 *
 * Two schedules with the same accesses, in the same order where they conflict, lead to the same
 * state, and only one continuation needs to be run. Each task has a hash of its accesses and of
 * those they depend on (as in CHESS; Musuvathi and Qadeer, 2008).
 *
 * Nothing here may be instrumented: it is called for each instrumented access.
 */
#include <sys/mman.h>

#include "races.h"

LASTING

#define UNITS	4u			/* of two bytes each, in a granule */

struct cell {
	u64 written;			/* the last write */
	u64 read;			/* the reads since then */
	u32 epoch;			/* the schedule of these */
	u8 matters;			/* one bit per unit */
	u8 unused[3];
	u32 readers[UNITS], writers[UNITS];	/* tasks, in all schedules */
	u32 locks[UNITS];		/* held by all of them */
};

static struct cell *cells;
static u32 epoch = 1;
static bool grew;

u64 access_mix(u64 a, u64 b)
{
	a = (a ^ (b + 0x9e3779b97f4a7c15ul + (a << 6))) * 0xff51afd7ed558ccdul;
	return a ^ (a >> 32);
}

void access_init(void)
{
	cells = mmap(NULL, WORLD_GRANULES * sizeof(*cells), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	shim_expect(cells != MAP_FAILED);
}

void access_forget(void)
{
	munmap(cells, WORLD_GRANULES * sizeof(*cells));
}

void access_restart(void)
{
	epoch++;
}

bool access_grew(void)
{
	bool did = grew;

	grew = false;
	return did;
}

static u8 units_of(const void *p, unsigned int size)
{
	unsigned int first = (unsigned long)p % 8 / 2;
	unsigned int last = min(((unsigned long)p % 8 + size - 1) / 2, 3ul);

	return (1u << (last + 1)) - (1u << first);
}

bool access_matters(const void *p, unsigned int size)
{
	unsigned long granule = world_granule(p);

	if (granule == ~0ul)
		return false;
	return cells[granule].matters & units_of(p, size);
}

static void note_unit(struct cell *cell, unsigned int unit, enum access access, u32 task)
{
	u32 *tasks = access == ACCESS_WRITE ? cell->writers : cell->readers, all;

	if (!(cell->readers[unit] | cell->writers[unit]))
		cell->locks[unit] = ~0u;
	tasks[unit] |= task;
	cell->locks[unit] &= task_locks();
	all = cell->readers[unit] | cell->writers[unit];
	if (cell->matters & BIT(unit) || cell->locks[unit] || !cell->writers[unit] ||
	    !(all & (all - 1)))
		return;
	cell->matters |= BIT(unit);
	grew = true;
}

static void note_order(struct cell *cell, enum access access, unsigned long granule)
{
	u64 *mine = task_history(task_now);

	if (cell->epoch != epoch) {
		cell->epoch = epoch;
		cell->written = 0;
		cell->read = 0;
	}
	*mine = access_mix(access_mix(*mine, cell->written), granule * 2 + access);
	if (access == ACCESS_READ) {
		cell->read += *mine;
		return;
	}
	*mine = access_mix(*mine, cell->read);
	cell->written = *mine;
	cell->read = 0;
}

void access_note(const void *p, unsigned int size, enum access access)
{
	unsigned long granule = world_granule(p);
	struct cell *cell;
	unsigned int unit;
	u8 units;

	if (granule == ~0ul)
		return;
	cell = &cells[granule];
	note_order(cell, access, granule);
	units = units_of(p, size);
	for (unit = 0; unit < UNITS; unit++)
		if (units & BIT(unit))
			note_unit(cell, unit, access, BIT(task_number(task_now)));
	if (size > 8)
		access_note(p + 8, size - 8, access);
}
