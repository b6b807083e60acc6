// SPDX-License-Identifier: GPL-2.0
/*
 * grow.c - attack each strategy with the worst cases that theory knows for it, and print (CSV) how
 * its memory grows with n.
 *
 * usage: grow [STRATEGY...]
 *
 * asked is U and taken is A, in bytes: the largest of each, except of sparse and half, where both
 * are those of the end. Blocks count with their headers, as in theory (see adversary.h). bound is
 * what A / U may be by theory: inf if it has no bound, - if none is known. theory.h has the
 * sources. The strategy "-" is any that does not move objects, and its figures are what Robson's
 * adversary makes it take at least.
 *
 *   adversary  n is the number of            bound
 *   turns      rounds                        1; none without free()
 *   rising     sizes, in turns               1; n if memory keeps its size
 *   robson     units of the largest object   1 + log2 n for some, n for others: see theory.h
 *   crumble    rounds                        1; none if blocks are split and do not merge
 *   comb, cut  units of the largest object   as robson
 *   tiny       objects of a byte             the bytes of the smallest block
 *   rounding   bytes of a block              2 for powers of two, 1.5 with half points
 *   pinned     sizes, in turns               n, if one object keeps a run of pages from others
 *   sparse     objects of a run of pages     n
 *   half       superblocks in use            2 + 2 S P / U
 *   drift      rounds                        1; none if memory stays with the heap that frees
 *   handover   heaps                         n if memory stays with the heap that allocates
 *
 * A run that is above its bound, or below Robson's, is reported, and so is one that should have no
 * bound and does not grow. Then the status is 1. What theory leaves out is allowed for: pages of
 * which a part is used, and a sixteenth.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "theory.h"

#define TEETH	(128ul << 10)	/* M for attacks with many gaps */

#define FITTING	(BIT(FIRST) | BIT(FITS))
#define ALL	(FITTING | BIT(UNKNOWN) | BIT(BUMP) | BIT(NO_MERGE) | BIT(BUDDY) | BIT(CLASSES) | \
		 BIT(MOVES))

struct adversary {
	const char *name;
	attack_run *run;
	double (*bound)(const struct theory *theory, const struct attack *attack, unsigned long n);
	unsigned long families;	/* that it means something to */
	unsigned long n[7];	/* a run for each; none: up to as many sizes as a page has */
	unsigned long sizes;	/* of blocks; 0: n */
	bool teeth;		/* these are all sizes from n / 3 on */
	bool now;		/* U and A are those of the end */
	bool threads;
};

#define ADVERSARY(n, b, ...)	{ .name = #n, .run = attack_##n, .bound = bound_##b, __VA_ARGS__ }

static const struct adversary adversaries[] = {
	ADVERSARY(turns, turns, .families = ALL | BIT(POOL), .n = { 16 }, .sizes = 1),
	ADVERSARY(rising, rising, .families = ALL),
	ADVERSARY(robson, robson, .families = ALL, .n = { 1024 }, .sizes = 11),
	ADVERSARY(crumble, crumble, .families = ALL, .n = { 4096 }, .sizes = 3),
	ADVERSARY(comb, robson, .families = FITTING, .n = { 4, 8, 16, 32, 64, 128 }, .sizes = 1,
		  .teeth = true),
	ADVERSARY(cut, robson, .families = FITTING, .n = { 4, 8, 16, 32, 64, 128 }, .sizes = 1,
		  .teeth = true),
	ADVERSARY(tiny, tiny, .families = ALL | BIT(POOL), .n = { 4096, 65536, 524288 },
		  .sizes = 1),
	ADVERSARY(rounding, rounding, .families = BIT(BUDDY) | BIT(CLASSES),
		  .n = { 64, 256, 1024, 2048 }, .sizes = 1),
	ADVERSARY(pinned, pinned, .families = BIT(CLASSES)),
	ADVERSARY(sparse, sparse, .families = BIT(CLASSES),
		  .n = { 4, 16, 64, 256, 1024, 4096, 16384 }, .sizes = 1, .now = true),
	ADVERSARY(half, half, .families = BIT(CLASSES), .n = { 1, 4, 16, 64 }, .sizes = 1,
		  .now = true),
	ADVERSARY(drift, drift, .families = ALL, .n = { 16 }, .sizes = 1, .threads = true),
	ADVERSARY(handover, handover, .families = ALL, .n = { ATTACK_THREADS }, .sizes = 1,
		  .threads = true),
};

/* An adversary against a strategy. */
struct fight {
	const struct lab_strategy *strategy;
	const struct theory *theory;
	const struct adversary *adversary;
	double first, last;	/* A / U */
	bool unbounded;
};

static int wrong;

static void complain(const struct fight *fight, unsigned long n, const char *what, double bound)
{
	fprintf(stderr, "grow: %s, %s, n = %lu: A / U = %.2f %s %.2f\n", fight->strategy->name,
		fight->adversary->name, n, fight->last, what, bound);
	wrong = 1;
}

/* ---- checks ---- */

/* What a thread's cache may hold. Where nothing else is asked for, it is used again. */
static size_t cached_in(const struct fight *fight, unsigned long n)
{
	const struct adversary *adversary = fight->adversary;
	size_t unit = fight->theory->unit;

	if (adversary->teeth)
		return cached(fight->theory, n / 3 * unit, n * unit, false);
	if (adversary->sizes != 1)
		return cached(fight->theory, unit, PAGE_SIZE, true);
	return adversary->threads ? cached(fight->theory, 256, 256, true) : 0;
}

/* The bound, if all that may be in caches is in use. */
static double bound_for(const struct fight *fight, const struct attack *attack, unsigned long n)
{
	double bound = fight->adversary->bound(fight->theory, attack, n);
	unsigned long threads = 1;

	if (fight->adversary->threads)
		threads = fight->adversary->run == attack_handover ? n + 1 : 2;
	return bound * (1 + (double)cached_in(fight, n) * threads / attack->most);
}

/* The bytes that a strategy may take. */
static double most_for(const struct fight *fight, double bound, size_t asked, unsigned long n)
{
	const struct theory *theory = fight->theory;
	unsigned long sizes = fight->adversary->sizes ? fight->adversary->sizes : n;
	unsigned long heaps = fight->adversary->run == attack_handover ? n + 1 : 2;
	size_t part = theory->family == CLASSES ? max(theory->run, 65536u) : theory->grain;

	return bound * asked * 17 / 16 + theory->grain + heaps * sizes * part;
}

/* What A / U must be against Robson's adversary, or 0 if nothing is known. */
static double least_for(const struct fight *fight, const struct attack *attack, unsigned long n)
{
	unsigned int lacks = fight->strategy->lacks;

	if (fight->adversary->run != attack_robson || lacks & LAB_MOVES ||
	    n * attack->unit > PAGE_SIZE ||
	    (fight->theory->family == UNKNOWN && lacks & LAB_UNALIGNED))
		return 0;
	return 1 + log2(n) / 2 - (n - 1.0) * attack->unit / attack->live;
}

/* Print and check what an attack has achieved. */
static void report(struct attack *attack, unsigned long n)
{
	struct fight *fight = attack->arg;
	const struct lab_arena *arena = &attack->lab.arena;
	size_t asked = fight->adversary->now ? attack->asked : attack->most;
	size_t taken = (fight->adversary->now ? arena->taken : arena->peak) << PAGE_SHIFT;
	double bound = bound_for(fight, attack, n);
	double least = least_for(fight, attack, n);
	char text[32] = "-";

	if (!isnan(bound))
		snprintf(text, sizeof(text), "%.2f", bound);
	printf("%s,%s,%lu,%zu,%zu,%s,%llu\n", fight->strategy->name, fight->adversary->name, n,
	       asked, taken, text, (unsigned long long)(attack->clock / attack->calls));
	fight->last = (double)taken / asked;
	fight->first = fight->first ? fight->first : fight->last;
	fight->unbounded = isinf(bound);
	if (isfinite(bound) && taken > most_for(fight, bound, asked, n))
		complain(fight, n, "is above", bound);
	if (fight->last < least)
		complain(fight, n, "is less than any needs that moves nothing,", least);
}

/* ---- fights ---- */

static int attack_once(struct fight *fight, unsigned long n)
{
	const struct theory *theory = fight->theory;
	size_t bytes = ATTACK_OBJECTS * sizeof(struct attack_object);
	struct attack attack = { .unit = theory->unit, .header = theory->header, .arg = fight,
		.live = fight->adversary->teeth ? TEETH : theory->live, .report = report };

	attack.run = fight->adversary->run == attack_sparse ? theory->pin : theory->run;
	attack.run = attack.run ? attack.run : 65536;
	if (lab_init(&attack.lab, fight->strategy, ATTACK_ARENA))
		return -ENOMEM;
	attack.objects = lab_world_alloc(bytes);
	attack.failed = !attack.objects;
	if (!attack.failed)
		fight->adversary->run(&attack, n);
	lab_world_free(attack.objects, bytes);
	lab_exit(&attack.lab);
	return attack.failed ? -ENOMEM : 0;
}

/* Whether the attack of @n means something to the strategy. */
static bool applies(const struct theory *theory, const struct adversary *adversary, unsigned long n)
{
	if (!(adversary->families & BIT(theory->family)))
		return false;
	if (adversary->teeth)
		return n <= most_units(theory) / 2;
	if (adversary->run == attack_pinned)
		return !theory->keeps;
	if (adversary->run == attack_tiny)
		return theory->least;
	if (adversary->run == attack_sparse)
		return !theory->keeps && theory->pin / n >= 16 &&
		       theory->pin / n <= min(theory->max, 2048u);
	if (adversary->run == attack_half)
		return theory->heaps == HOARD;
	return !adversary->threads || theory->heaps != NONE;
}

static void fight_out(const struct lab_strategy *strategy, const struct adversary *adversary)
{
	struct fight fight = {
		.strategy = strategy, .theory = theory_of(strategy), .adversary = adversary,
	};
	const unsigned long *n = adversary->n;
	unsigned long sizes = 1 + ilog2(min(most_units(fight.theory),
					    PAGE_SIZE / fight.theory->unit));
	int err = 0;

	if (!*n && applies(fight.theory, adversary, sizes))
		err = attack_once(&fight, sizes);
	for (; *n && n < adversary->n + ARRAY_SIZE(adversary->n); n++)
		if (applies(fight.theory, adversary, *n))
			err |= attack_once(&fight, *n);
	if (err) {
		fprintf(stderr, "grow: %s, %s: no memory\n", strategy->name, adversary->name);
		wrong = 1;
	}
	if (fight.unbounded && fight.last < fight.first * 3 / 2)
		complain(&fight, 0, "has not grown, and should from", fight.first);
}

/* ---- the table ---- */

/* The least that any strategy needs that moves nothing. */
static void print_least(void)
{
	unsigned long n, most = 8ul << 20;

	for (n = 4; n <= 1024; n *= 2)
		printf("-,robson,%lu,%lu,%.0f,%.2f,-\n", n, most,
		       most * (1 + log2(n) / 2) - (n - 1) * LAB_ALIGN, 1 + log2(n) / 2);
}

static void fight_all(const struct lab_strategy *strategy)
{
	static time_t said;
	unsigned int i;

	if (!said)
		said = time(NULL);
	if (time(NULL) - said >= 5) {
		fprintf(stderr, "grow: %s\n", strategy->name);
		said = time(NULL);
	}
	for (i = 0; i < ARRAY_SIZE(adversaries); i++)
		fight_out(strategy, &adversaries[i]);
}

int main(int argc, char **argv)
{
	unsigned int i;

	puts("strategy,adversary,n,asked,taken,bound,cycles");
	print_least();
	if (argc == 1)
		for (i = 0; i < lab_nr_strategies; i++)
			fight_all(lab_strategies[i]);
	while (*++argv) {
		if (!lab_find(*argv)) {
			fprintf(stderr, "grow: there is no strategy '%s'\n", *argv);
			return 2;
		}
		fight_all(lab_find(*argv));
	}
	return wrong;
}
