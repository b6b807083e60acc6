// SPDX-License-Identifier: GPL-2.0
/*
 * adversary.c - sequences of calls that make an allocator take as much memory as possible.
 *
 * Each sequence is the worst case of some kind of strategy, and harmless to others; grow.c says
 * what theory allows it to do. An attack may look at addresses. It frees from the highest number
 * down, because a list in the order of addresses would take quadratic time otherwise.
 */
#include <semaphore.h>

#include "adversary.h"

/* Allocate a block as the next object. */
static bool put(struct attack *attack, size_t bytes)
{
	struct attack_object *object = &attack->objects[attack->nr];
	u64 begin = lab_clock();

	object->p = lab_alloc(&attack->lab, bytes - attack->header);
	attack->clock += lab_clock() - begin;
	attack->calls++;
	if (!object->p || attack->nr == ATTACK_OBJECTS - 1) {
		attack->failed = true;
		return false;
	}
	object->bytes = bytes;
	attack->nr++;
	attack->asked += bytes;
	attack->most = max(attack->most, attack->asked);
	return true;
}

/* Free an object. It keeps its number until pack(). */
static void drop(struct attack *attack, unsigned int i)
{
	struct attack_object *object = &attack->objects[i];
	u64 begin = lab_clock();

	lab_free(&attack->lab, object->p);
	attack->clock += lab_clock() - begin;
	attack->calls++;
	attack->asked -= object->bytes;
	object->p = NULL;
}

static void pack(struct attack *attack)
{
	unsigned int i, nr = 0;

	for (i = 0; i < attack->nr; i++)
		if (attack->objects[i].p)
			attack->objects[nr++] = attack->objects[i];
	attack->nr = nr;
}

static void drop_from(struct attack *attack, unsigned int first)
{
	unsigned int i = attack->nr;

	while (i-- > first)
		drop(attack, i);
	attack->nr = first;
}

static void fill(struct attack *attack, size_t bytes)
{
	while (attack->asked + bytes <= attack->live && put(attack, bytes))
		;
}

static void report_powers(struct attack *attack, unsigned long n)
{
	if (!(n & (n - 1)))
		attack->report(attack, n);
}

/* ---- of all strategies ---- */

/* Allocate everything and free everything, in turns. */
void attack_turns(struct attack *attack, unsigned long n)
{
	unsigned long i;

	for (i = 1; i <= n; i++) {
		fill(attack, 16 * attack->unit);
		drop_from(attack, 0);
		report_powers(attack, i);
	}
}

/* All memory for one size after another: n sizes. */
void attack_rising(struct attack *attack, unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		fill(attack, attack->unit << i);
		drop_from(attack, 0);
		attack->report(attack, i + 1);
	}
}

/* n requests for a byte each. */
void attack_tiny(struct attack *attack, unsigned long n)
{
	attack->header = 0;
	while (attack->nr < n && put(attack, 1))
		;
	attack->report(attack, n);
}

/* A byte more than half of a block of n bytes. */
void attack_rounding(struct attack *attack, unsigned long n)
{
	fill(attack, n / 2 + 1);
	attack->report(attack, n);
}

/* ---- Robson's, against all that do not move objects ---- */

/*
 * Whether an object covers a unit that is @offset modulo @step. Units are counted from where the
 * strategy begins its blocks, @phase bytes after a multiple of a unit.
 */
static bool covers(struct attack *attack, unsigned int i, size_t phase, size_t offset, size_t step)
{
	struct attack_object *object = &attack->objects[i];
	size_t place = ((size_t)lab_at(&attack->lab, object->p) - phase) / attack->unit;

	return ((offset - place) & (step - 1)) * attack->unit < object->bytes;
}

/* Return the units that stay empty beside the objects which cover @offset modulo @step. */
static size_t gain(struct attack *attack, size_t phase, size_t offset, size_t step)
{
	size_t sum = 0;
	unsigned int i;

	for (i = 0; i < attack->nr; i++)
		if (covers(attack, i, phase, offset, step))
			sum += step - attack->objects[i].bytes / attack->unit;
	return sum;
}

/* Free all objects that do not cover @offset. Where they are may change with the first free. */
static void drop_others(struct attack *attack, size_t phase, size_t offset, size_t step)
{
	unsigned int i;

	for (i = 0; i < attack->nr; i++)
		attack->objects[i].out = !covers(attack, i, phase, offset, step);
	for (i = attack->nr; i--;)
		if (attack->objects[i].out)
			drop(attack, i);
	pack(attack);
}

/*
 * The sizes are 1, 2, 4 ... n units. Before each size, keep only the objects that cover one offset
 * modulo that size, so that between any two of them it does not fit.
 */
void attack_robson(struct attack *attack, unsigned long n)
{
	size_t offset = 0, step, phase;

	fill(attack, attack->unit);
	phase = (size_t)lab_at(&attack->lab, attack->objects[0].p) % attack->unit;
	for (step = 2; step <= n; step *= 2) {
		if (gain(attack, phase, offset + step / 2, step) >
		    gain(attack, phase, offset, step))
			offset += step / 2;
		drop_others(attack, phase, offset, step);
		fill(attack, step * attack->unit);
		if (step > 2)
			attack->report(attack, step);
	}
}

/* ---- against lists ---- */

/*
 * Against lists that split and do not merge. The large block was freed last, or is the largest, so
 * the small request cuts it, and it is never whole again. All else is as it was before.
 */
void attack_crumble(struct attack *attack, unsigned long n)
{
	const size_t large = 128 * attack->unit;
	unsigned long i;

	attack->live -= large + attack->unit;
	fill(attack, 64 * attack->unit);
	if (!put(attack, attack->unit))
		return;
	for (i = 1; i <= n && put(attack, large); i++) {
		drop(attack, attack->nr - 2);
		drop_from(attack, attack->nr - 1);
		attack->nr--;
		if (!put(attack, attack->unit))
			return;
		if (i >= 64)
			report_powers(attack, i);
	}
}

/*
 * Against fits that place a small object behind the block that was placed last. When the blocks are
 * freed, small objects are left that are a block apart. The next blocks are a unit larger, so they
 * fit in none of these gaps. Each size from n / 3 to n takes nearly M bytes, less the small objects
 * that are there already: M n / e in the end. (n / e would be the best size to begin with.)
 */
void attack_comb(struct attack *attack, unsigned long n)
{
	unsigned int first, i;
	size_t gap;

	for (gap = n / 3; gap < n; gap++) {
		first = attack->nr;
		while (attack->asked + (gap + 1) * attack->unit <= attack->live)
			if (!put(attack, gap * attack->unit) || !put(attack, attack->unit))
				return;
		for (i = attack->nr; i-- > first;)
			if (!((i - first) & 1))
				drop(attack, i);
		pack(attack);
	}
	attack->report(attack, n);
}

/*
 * Against the best fit, which would put small objects into the smallest gap, and so all close
 * together. A block is replaced by one that is a unit smaller: no other gap is large enough. The
 * unit that is left is the smallest gap and fits a small object exactly.
 */
void attack_cut(struct attack *attack, unsigned long n)
{
	unsigned int first, end, i;
	size_t gap;

	for (gap = n / 3; gap < n; gap++) {
		first = attack->nr;
		fill(attack, (gap + 1) * attack->unit);
		end = attack->nr;
		for (i = first; i < end; i++) {
			drop(attack, i);
			if (!put(attack, gap * attack->unit) || !put(attack, attack->unit))
				return;
		}
		for (i = attack->nr; i-- > end;)
			if (!((i - end) & 1))
				drop(attack, i);
		pack(attack);
	}
	attack->report(attack, n);
}

/* ---- against pages of one size ---- */

/* Of the objects from number @first on, keep one in each @run bytes, and free the others. */
static void thin(struct attack *attack, unsigned int first)
{
	static bool kept[ATTACK_ARENA / PAGE_SIZE];
	unsigned int i;
	size_t run;

	memset(kept, 0, sizeof(kept));
	for (i = first; i < attack->nr; i++) {
		run = ((char *)attack->objects[i].p - attack->lab.arena.base) / attack->run;
		if (kept[run])
			drop(attack, i);
		kept[run] = true;
	}
	pack(attack);
}

/* All memory for one size after another, but one object stays in each run of pages. */
void attack_pinned(struct attack *attack, unsigned long n)
{
	unsigned long i;
	unsigned int first;

	for (i = 0; i < n; i++) {
		first = attack->nr;
		fill(attack, attack->unit << i);
		attack->report(attack, i + 1);
		thin(attack, first);
	}
}

/* One object is left in each run of pages, which has room for n. */
void attack_sparse(struct attack *attack, unsigned long n)
{
	fill(attack, attack->run / n);
	thin(attack, 0);
	attack->report(attack, n);
}

/* Of 2 n runs of pages, each is a bit more than half full in the end. */
void attack_half(struct attack *attack, unsigned long n)
{
	unsigned int i;

	attack->live = 2 * n * attack->run;
	fill(attack, 256);
	for (i = 0; i < attack->nr; i++)
		if (i % 16 >= 9)
			drop(attack, i);
	attack->report(attack, n);
}

/* ---- threads, which call one at a time ---- */

struct hand {
	struct attack *attack;
	void (*work)(struct attack *attack);	/* NULL: end */
	sem_t begin, done;
	pthread_t thread;
};

static void *hand_run(void *arg)
{
	struct hand *hand = arg;

	for (;;) {
		sem_wait(&hand->begin);
		if (!hand->work)
			return NULL;
		hand->work(hand->attack);
		sem_post(&hand->done);
	}
}

static bool hand_begin(struct hand *hand, struct attack *attack)
{
	hand->attack = attack;
	sem_init(&hand->begin, 0, 0);
	sem_init(&hand->done, 0, 0);
	return !pthread_create(&hand->thread, NULL, hand_run, hand);
}

static void hand_call(struct hand *hand, void (*work)(struct attack *attack))
{
	hand->work = work;
	sem_post(&hand->begin);
	if (work)
		sem_wait(&hand->done);
	else
		pthread_join(hand->thread, NULL);
}

static void produce(struct attack *attack)
{
	fill(attack, 256);
}

static void consume(struct attack *attack)
{
	drop_from(attack, 0);
}

static void consume_most(struct attack *attack)
{
	thin(attack, 0);
}

/* Let @hands threads produce in turns, in @n turns, and another one free after each. */
static void hand_over(struct attack *attack, unsigned int hands, unsigned long n,
		      void (*use)(struct attack *attack))
{
	struct hand hand[ATTACK_THREADS + 1];
	unsigned int nr = 0;
	unsigned long i;

	while (nr <= hands && hand_begin(&hand[nr], attack))
		nr++;
	attack->failed |= nr <= hands;
	for (i = 0; i < n && nr > hands; i++) {
		hand_call(&hand[1 + i % hands], produce);
		report_powers(attack, i + 1);
		hand_call(&hand[0], use);
	}
	while (nr--)
		hand_call(&hand[nr], NULL);
}

/* One thread allocates, another one frees, n times. */
void attack_drift(struct attack *attack, unsigned long n)
{
	hand_over(attack, 1, n, consume);
}

/* Each of n threads allocates once, and another one frees nearly all before the next turn. */
void attack_handover(struct attack *attack, unsigned long n)
{
	hand_over(attack, n, n, consume_most);
}
