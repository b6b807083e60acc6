// SPDX-License-Identifier: GPL-2.0
/*
 * lab.c - a strategy and its arena.
 *
 * Contexts: lab_init() and lab_exit() may sleep; the others are those of the strategy.
 */
#include "lab.h"

const struct lab_strategy *const lab_strategies[] = {
#define X(name)	&lab_##name,
	LAB_STRATEGIES(X)
#undef X
};

const unsigned int lab_nr_strategies = ARRAY_SIZE(lab_strategies);

const struct lab_strategy *lab_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < lab_nr_strategies; i++)
		if (!strcmp(lab_strategies[i]->name, name))
			return lab_strategies[i];
	return NULL;
}
EXPORT_SYMBOL_LAB(lab_find);

static int init_arena(struct lab_arena *arena, size_t size)
{
	arena->nr_pages = size >> PAGE_SHIFT;
	arena->base = lab_world_reserve(arena->nr_pages << PAGE_SHIFT);
	arena->map = lab_world_alloc(arena->nr_pages);
	lab_lock_init(&arena->lock);
	return arena->base && arena->map ? 0 : -ENOMEM;
}

int lab_init(struct lab *lab, const struct lab_strategy *strategy, size_t size)
{
	size_t unit = lab->unit ? lab->unit : LAB_ALIGN, loan = lab->loan;
	int err;

	memset(lab, 0, sizeof(*lab));
	lab->strategy = strategy;
	lab->unit = unit;
	lab->loan = loan;
	err = init_arena(&lab->arena, size);
	if (!err && strategy->state_size) {
		lab->state = lab_world_alloc(strategy->state_size);
		err = lab->state ? 0 : -ENOMEM;
	}
	if (!err && strategy->init)
		err = strategy->init(lab);
	if (err)
		lab_exit(lab);
	return err;
}
EXPORT_SYMBOL_LAB(lab_init);

void lab_exit(struct lab *lab)
{
	lab_world_free(lab->state, lab->strategy->state_size);
	lab_world_free(lab->arena.map, lab->arena.nr_pages);
	lab_world_release(lab->arena.base, lab->arena.nr_pages << PAGE_SHIFT);
	lab->state = NULL;
	lab->arena.map = NULL;
	lab->arena.base = NULL;
}
EXPORT_SYMBOL_LAB(lab_exit);

void *lab_alloc(struct lab *lab, size_t size)
{
	return lab->strategy->alloc(lab, size);
}
EXPORT_SYMBOL_LAB(lab_alloc);

void lab_free(struct lab *lab, void *p)
{
	if (p)
		lab->strategy->free(lab, p);
}
EXPORT_SYMBOL_LAB(lab_free);

size_t lab_size(struct lab *lab, void *p)
{
	return lab->strategy->size(lab, p);
}
EXPORT_SYMBOL_LAB(lab_size);

static void count_range(void *arg, enum lab_kind kind, const void *start, size_t size)
{
	struct lab_stats *stats = arg;

	if (kind == LAB_META) {
		stats->meta += size;
		return;
	}
	stats->free += size;
	stats->largest = max(stats->largest, size);
	stats->nr_free++;
}

void lab_stats(struct lab *lab, struct lab_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->taken = lab->arena.taken << PAGE_SHIFT;
	stats->peak = lab->arena.peak << PAGE_SHIFT;
	if (lab->strategy->walk)
		lab->strategy->walk(lab, count_range, stats);
}
