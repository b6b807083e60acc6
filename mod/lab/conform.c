// SPDX-License-Identifier: GPL-2.0
/*
 * conform.c - what every strategy of the lab has to keep, but for what it lacks by design.
 *
 * The same checks run in KUnit and in a process. Each object is filled with bytes that only it
 * has; the ranges that a walk calls free, or metadata, must touch no object and not each other.
 */
#include "conform.h"

#define OBJECTS		600
#define STEPS		6000
#define RANGES		40000

struct object {
	char *p;		/* as lab_alloc() returned it */
	size_t size;		/* all that may be written */
	u8 fill;
};

struct area {
	size_t start, end;
	enum lab_kind kind;
};

/* The state of a check, which is too large for a stack. */
struct model {
	struct lab *lab;
	u64 seed;
	struct object objects[OBJECTS];
	unsigned int nr;
	struct area ranges[RANGES];
	unsigned int nr_ranges;
	const char *wrong;
};

/* ---- objects ---- */

static size_t random_size(struct model *model)
{
	size_t most = model->lab->strategy->lacks & LAB_ONE_SIZE ? LAB_POOL_SIZE : 9000;

	/* As many below 16 as between 16 and 256. */
	switch (lab_random_below(&model->seed, 8)) {
	case 0 ... 2:
		most = 16;
		break;
	case 3 ... 5:
		most = min(most, (size_t)256);
		break;
	case 6:
		most = min(most, (size_t)3000);
		break;
	}
	return lab_random_below(&model->seed, most + 1);
}

static bool is_filled(const char *p, size_t size, u8 fill)
{
	while (size--)
		if ((u8)*p++ != fill)
			return false;
	return true;
}

static const char *add(struct model *model, size_t size)
{
	struct object *object = &model->objects[model->nr];
	struct lab *lab = model->lab;
	size_t align = lab->strategy->lacks & LAB_UNALIGNED ? 4 : LAB_ALIGN;
	char *memory;

	object->p = lab_alloc(lab, size);
	if (!object->p)
		return "a small request failed";
	memory = lab_at(lab, object->p);
	if (lab_size(lab, object->p) < size)
		return "size() is less than what was asked for";
	if (!(lab->strategy->lacks & LAB_NO_SIZE))
		size = lab_size(lab, object->p);
	if ((size_t)memory % align)
		return "memory is not aligned";
	if (memory < lab->arena.base ||
	    memory + size > lab->arena.base + (lab->arena.nr_pages << PAGE_SHIFT))
		return "memory is outside of the arena";
	object->size = size;
	object->fill = lab_random(&model->seed);
	memset(memory, object->fill, size);
	model->nr++;
	return NULL;
}

static const char *drop(struct model *model, unsigned int i)
{
	struct object *object = &model->objects[i];

	if (!is_filled(lab_at(model->lab, object->p), object->size, object->fill))
		return "an object was overwritten";
	lab_free(model->lab, object->p);
	*object = model->objects[--model->nr];
	return NULL;
}

static const char *drop_all(struct model *model)
{
	const char *wrong = NULL;

	while (model->nr && !wrong)
		wrong = drop(model, lab_random_below(&model->seed, model->nr));
	return wrong;
}

/* Random calls, with more and then fewer objects. */
static const char *random_calls(struct model *model, unsigned int steps)
{
	const char *wrong = NULL;
	unsigned int i;

	for (i = 0; i < steps && !wrong; i++) {
		bool more = lab_random_below(&model->seed, 8) < (i / 500 % 2 ? 3 : 5);

		if ((more || !model->nr) && model->nr < OBJECTS)
			wrong = add(model, random_size(model));
		else
			wrong = drop(model, lab_random_below(&model->seed, model->nr));
	}
	return wrong;
}

/* ---- ranges ---- */

static void note_range(void *arg, enum lab_kind kind, const void *start, size_t size)
{
	struct model *model = arg;
	struct lab_arena *arena = &model->lab->arena;
	size_t page = ((size_t)start - (size_t)arena->base) >> PAGE_SHIFT;
	size_t last = ((size_t)start + size - 1 - (size_t)arena->base) >> PAGE_SHIFT;

	if (!size || page >= arena->nr_pages || last >= arena->nr_pages)
		model->wrong = "a range is empty, or outside of the arena";
	else if (!arena->map[page] || !arena->map[last])
		model->wrong = "a range is in pages that were not taken";
	else if (model->nr_ranges == RANGES)
		model->wrong = "there are more ranges than there can be";
	else
		model->ranges[model->nr_ranges++] =
			(struct area){ (size_t)start, (size_t)start + size, kind };
}

/* Shell sort: both worlds have it. */
static void sort_ranges(struct area *ranges, unsigned int nr)
{
	unsigned int gap, i, k;

	for (gap = nr / 2; gap; gap = gap == 2 ? 1 : gap * 5 / 11) {
		for (i = gap; i < nr; i++) {
			struct area range = ranges[i];

			for (k = i; k >= gap && ranges[k - gap].start > range.start; k -= gap)
				ranges[k] = ranges[k - gap];
			ranges[k] = range;
		}
	}
}

/* Find the ranges; they must touch no object and not each other. */
static const char *check_ranges(struct model *model)
{
	unsigned int i, k;

	model->nr_ranges = 0;
	model->wrong = NULL;
	model->lab->strategy->walk(model->lab, note_range, model);
	sort_ranges(model->ranges, model->nr_ranges);
	for (i = 1; i < model->nr_ranges; i++)
		if (model->ranges[i].start < model->ranges[i - 1].end)
			return "two ranges that are free or metadata overlap";
	for (i = 0; i < model->nr; i++) {
		size_t start = (size_t)lab_at(model->lab, model->objects[i].p);
		size_t end = start + model->objects[i].size;

		for (k = 0; k < model->nr_ranges; k++)
			if (start < model->ranges[k].end && model->ranges[k].start < end)
				return "an object is in a range that is free or metadata";
	}
	return model->wrong;
}

/* ---- checks ---- */

static const char *with_model(struct lab *lab, u64 seed, const char *(*run)(struct model *model))
{
	struct model *model = lab_world_alloc(sizeof(*model));
	const char *wrong;

	if (!model)
		return "no memory for the check";
	model->lab = lab;
	model->seed = seed;
	wrong = run(model);
	lab_world_free(model, sizeof(*model));
	return wrong;
}

static const char *run_random(struct model *model)
{
	const char *wrong = NULL;
	unsigned int i;

	for (i = 0; i < 12 && !wrong; i++) {
		wrong = random_calls(model, STEPS / 12);
		if (!wrong)
			wrong = check_ranges(model);
	}
	if (!wrong)
		wrong = drop_all(model);
	return wrong ? wrong : check_ranges(model);
}

static const char *random_calls_lose_nothing(struct lab *lab, u64 seed)
{
	return with_model(lab, seed, run_random);
}

static const char *odd_sizes(struct lab *lab, u64 seed)
{
	void *p = lab_alloc(lab, 0), *q = lab_alloc(lab, 0);

	if (!p || !q || p == q)
		return "two requests for no bytes did not get two addresses";
	lab_free(lab, p);
	lab_free(lab, q);
	if (lab_alloc(lab, SIZE_MAX) || lab_alloc(lab, SIZE_MAX - 7) ||
	    lab_alloc(lab, SIZE_MAX / 2) || lab_alloc(lab, LAB_CONFORM_ARENA + 1))
		return "a request for more than there is succeeded";
	return NULL;
}

/* Fill the arena, twice. */
static const char *run_full(struct model *model)
{
	struct lab *lab = model->lab;
	void **list, **next;
	unsigned long n[2] = { 0 };
	int round;

	for (round = 0; round < 2; round++) {
		for (list = NULL; n[round] < LAB_CONFORM_ARENA; n[round]++, list = next) {
			next = lab_alloc(lab, LAB_POOL_SIZE);
			if (!next)
				break;
			*(void **)lab_at(lab, next) = list;
		}
		if (!list)
			return "nothing fits";
		for (; list; list = next) {
			next = *(void **)lab_at(lab, list);
			lab_free(lab, list);
		}
	}
	if (n[0] * LAB_POOL_SIZE < LAB_CONFORM_ARENA / 4)
		return "less than a quarter of the arena was usable";
	return n[1] < n[0] - n[0] / 16 ? "fewer objects fit the second time" : NULL;
}

static const char *full_arena_is_refused_and_used_again(struct lab *lab, u64 seed)
{
	return with_model(lab, seed, run_full);
}

static const char *run_reuse(struct model *model)
{
	struct lab_arena *arena = &model->lab->arena;
	const char *wrong = NULL;
	size_t peak = 0;
	int round, i;

	for (round = 0; round < 20 && !wrong; round++) {
		for (i = 0; i < OBJECTS && !wrong; i++)
			wrong = add(model, LAB_POOL_SIZE);
		if (!wrong)
			wrong = drop_all(model);
		if (!round)
			peak = arena->peak;
	}
	if (wrong)
		return wrong;
	return arena->peak > peak ? "objects of one size took ever more pages" : NULL;
}

static const char *objects_of_a_size_are_used_again(struct lab *lab, u64 seed)
{
	return with_model(lab, seed, run_reuse);
}

/*
 * The same random calls need no more pages, however often they are repeated. (Some more, because
 * large objects may lie between the runs of pages.)
 */
static const char *run_rounds(struct model *model)
{
	struct lab_arena *arena = &model->lab->arena;
	u64 seed = model->seed;
	const char *wrong = NULL;
	size_t peak = 0;
	int round;

	for (round = 0; round < 12 && !wrong; round++) {
		model->seed = seed;
		wrong = random_calls(model, STEPS / 4);
		if (!wrong)
			wrong = drop_all(model);
		if (round == 3)
			peak = arena->peak;
	}
	if (wrong)
		return wrong;
	return arena->peak > peak + peak / 4 ? "the same calls took ever more pages" : NULL;
}

static const char *repetition_needs_no_more(struct lab *lab, u64 seed)
{
	return with_model(lab, seed, run_rounds);
}

static const char *run_merge(struct model *model)
{
	const char *wrong = random_calls(model, STEPS);
	unsigned int i;

	if (!wrong)
		wrong = drop_all(model);
	if (!wrong)
		wrong = check_ranges(model);
	for (i = 1; i < model->nr_ranges && !wrong; i++)
		if (model->ranges[i].kind == LAB_FREE && model->ranges[i - 1].kind == LAB_FREE &&
		    model->ranges[i].start == model->ranges[i - 1].end)
			wrong = "two neighbours that are free did not merge";
	return wrong;
}

static const char *neighbours_merge(struct lab *lab, u64 seed)
{
	return with_model(lab, seed, run_merge);
}

static const char *run_return(struct model *model)
{
	size_t before = model->lab->arena.taken;
	const char *wrong = random_calls(model, STEPS);

	if (!wrong)
		wrong = drop_all(model);
	if (wrong)
		return wrong;
	return model->lab->arena.taken > before ? "not all pages came back" : NULL;
}

static const char *pages_come_back(struct lab *lab, u64 seed)
{
	return with_model(lab, seed, run_return);
}

static const char *run_reset(struct model *model)
{
	const struct lab_strategy *strategy = model->lab->strategy;
	const char *wrong = NULL;
	size_t peak = 0;
	int round;

	for (round = 0; round < 5 && !wrong; round++) {
		model->seed = 1;
		wrong = random_calls(model, STEPS / 4);
		model->nr = 0;
		strategy->reset(model->lab);
		if (!round)
			peak = model->lab->arena.peak;
	}
	if (wrong)
		return wrong;
	return model->lab->arena.peak > peak ? "a reset did not free everything" : NULL;
}

static const char *reset_frees_everything(struct lab *lab, u64 seed)
{
	return with_model(lab, seed, run_reset);
}

const struct lab_check lab_checks[] = {
#define X(name, unless, resets)	{ #name, unless, resets, name },
	LAB_CHECKS(X)
#undef X
};

const unsigned int lab_nr_checks = ARRAY_SIZE(lab_checks);

const char *lab_conform(const struct lab_strategy *strategy, const struct lab_check *check,
			u64 seed)
{
	struct lab lab = { 0 };
	const char *wrong;

	if (lab_init(&lab, strategy, LAB_CONFORM_ARENA))
		return "init failed";
	wrong = check->run(&lab, seed);
	lab_exit(&lab);
	return wrong;
}

/* ---- several at once ---- */

/* An object in a slot begins with its size, and has its last byte equal to the lowest of that. */
static void *make(struct lab *lab, u64 *seed)
{
	size_t most = lab_random_below(seed, 16) ? 120 : 6000;
	size_t size = sizeof(size_t) + lab_random_below(seed, most);
	char *p;

	if (lab->strategy->lacks & LAB_ONE_SIZE)
		size = min(size, (size_t)LAB_POOL_SIZE);
	p = lab_alloc(lab, size);
	if (!p)
		return NULL;
	memset(p, size, size);
	memcpy(p, &size, sizeof(size));
	return p;
}

static const char *unmake(struct lab *lab, char *p)
{
	size_t size;

	memcpy(&size, p, sizeof(size));
	if (size > 6200 || !is_filled(p + sizeof(size), size - sizeof(size), size))
		return "an object was overwritten";
	lab_free(lab, p);
	return NULL;
}

const char *lab_conform_worker(struct lab *lab, void **slots, u64 seed, unsigned int steps)
{
	const char *wrong = NULL;
	void *p;

	while (steps-- && !wrong) {
		p = lab_random_below(&seed, 3) ? make(lab, &seed) : NULL;
		p = lab_swap(&slots[lab_random_below(&seed, LAB_CONFORM_SLOTS)], p);
		if (p)
			wrong = unmake(lab, p);
	}
	return wrong;
}

const char *lab_conform_drain(struct lab *lab, void **slots)
{
	const char *wrong = NULL;
	int i;

	for (i = 0; i < LAB_CONFORM_SLOTS && !wrong; i++)
		if (slots[i])
			wrong = unmake(lab, slots[i]);
	return wrong;
}
