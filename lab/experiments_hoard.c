// SPDX-License-Identifier: GPL-2.0
/*
 * experiments_hoard.c - what Hoard's heaps hold, seen from outside. See experiments.c.
 *
 * Threads take turns, so that nothing else runs while all superblocks are visited.
 */
#include <semaphore.h>

#include "experiments.h"
#include "../mod/lab/span.h"

/* ---- threads that work one at a time ---- */

#define HANDS	4

struct hand {
	void (*work)(void *arg);	/* NULL: end */
	void *arg;
	unsigned int heap;		/* its number, as strategies see it */
	sem_t begin, done;
	pthread_t thread;
};

static struct hand hands[HANDS];

static void *hand_run(void *arg)
{
	struct hand *hand = arg;

	hand->heap = lab_enter();
	sem_post(&hand->done);
	for (;;) {
		sem_wait(&hand->begin);
		if (!hand->work)
			return NULL;
		hand->work(hand->arg);
		sem_post(&hand->done);
	}
}

static void begin_hands(void)
{
	struct hand *hand;

	for (hand = hands; hand < hands + HANDS; hand++) {
		sem_init(&hand->begin, 0, 0);
		sem_init(&hand->done, 0, 0);
		require(!pthread_create(&hand->thread, NULL, hand_run, hand), "no thread");
		sem_wait(&hand->done);
	}
}

static void call(unsigned int i, void (*work)(void *arg), void *arg)
{
	hands[i].work = work;
	hands[i].arg = arg;
	sem_post(&hands[i].begin);
	if (work)
		sem_wait(&hands[i].done);
	else
		pthread_join(hands[i].thread, NULL);
}

/* ---- superblocks ---- */

/* Heap 0 is the global one. */
#define HEAPS	(LAB_HEAPS + 1)

struct census {
	size_t used[HEAPS][NR_CLASSES], held[HEAPS][NR_CLASSES];
	size_t global, local;		/* bytes held */
	u32 *owners;			/* by superblock: 1 + the owner when it was last seen */
	const char *base;
	unsigned long moved, objects_moved;
};

static void visit(void *arg, enum lab_kind kind, const void *start, size_t size)
{
	const struct span *span = start;
	struct census *census = arg;
	u32 *owner = &census->owners[((const char *)start - census->base) / SPAN_SIZE];

	if (kind != LAB_META)
		return;
	census->used[span->owner][span->class] += span->nr_used * class_size(span->class);
	census->held[span->owner][span->class] += SPAN_SIZE;
	*(span->owner ? &census->local : &census->global) += SPAN_SIZE;
	if (*owner && *owner != 1 + span->owner) {
		census->moved++;
		census->objects_moved += span->nr_used;
	}
	*owner = 1 + span->owner;
}

/* Visit all superblocks. Return for how many bins u >= min(a - 2 * S, a / 2) is false. */
static unsigned long count_broken(struct lab *lab, struct census *census)
{
	unsigned long broken = 0;
	unsigned int i, class;

	memset(census, 0, offsetof(struct census, owners));
	lab->strategy->walk(lab, visit, census);
	for (i = 1; i < HEAPS; i++)
		for (class = 0; class < NR_CLASSES; class++) {
			size_t used = census->used[i][class], held = census->held[i][class];

			broken += used + 2 * SPAN_SIZE < held && used < held / 2;
		}
	return broken;
}

/* ---- random calls of all threads ---- */

#define OBJECTS	3000
#define CALLS	30000
#define PHASE	3000

struct step {
	struct lab *lab;
	void **object;
	size_t size;
};

static void do_step(void *arg)
{
	struct step *step = arg;

	if (step->size) {
		*step->object = need(step->lab, step->size);
	} else {
		lab_free(step->lab, *step->object);
		*step->object = NULL;
	}
}

/* Return false if there is nothing to do for the object in this phase. */
static bool random_step(struct step *step, void **objects, u64 *seed, unsigned int call)
{
	step->object = &objects[lab_random_below(seed, OBJECTS)];
	step->size = *step->object ? 0 : 1 + lab_random_below(seed, 2000);
	/* In turns, most calls allocate and most calls free. */
	if (!lab_random_below(seed, 8))
		return true;
	return call / PHASE % 2 ? !step->size : step->size;
}

/* 269, 270, 271: the lemma, the invariant, and what moves. */
static void random_calls(void)
{
	static struct census census;
	static void *objects[OBJECTS];
	size_t global = 0, local = 0;
	unsigned long broken = 0, checks = 0, foreign = 0;
	unsigned int i, hand;
	struct step step;
	struct lab lab;
	u64 seed = 1;

	begin(&lab, lab_find("hoard"));
	census.base = lab.arena.base;
	census.owners = calloc(EXPERIMENT_ARENA / SPAN_SIZE, sizeof(*census.owners));
	require(census.owners, "no memory");
	step.lab = &lab;
	for (i = 0; i < CALLS; i++) {
		if (!random_step(&step, objects, &seed, i))
			continue;
		hand = lab_random_below(&seed, HANDS);
		call(hand, do_step, &step);
		foreign += step.size && span_of(*step.object)->owner != 1 + hands[hand].heap;
		broken += count_broken(&lab, &census);
		checks++;
		global = max(global, census.global);
		local = max(local, census.local);
	}
	figure("hoard_checks", checks, "count");
	figure("hoard_broken", broken, "count");
	figure("hoard_violations", lab.counts[3], "count");
	figure("hoard_moved", census.moved, "superblocks");
	figure("hoard_objects_moved", census.objects_moved, "objects");
	figure("hoard_foreign", foreign, "objects");
	figure("hoard_global_most", global, "bytes");
	figure("hoard_local_most", local, "bytes");
	free(census.owners);
	lab_exit(&lab);
}

/* ---- objects of one line by way of the global heap ---- */

#define SMALL	16
#define MANY	(8 * SPAN_SIZE / SMALL)
#define KEEP	16	/* of these, one stays */
#define FEW	1000

struct share {
	struct lab *lab;
	char *first[MANY], *second[FEW];
};

static void fill_and_thin(void *arg)
{
	struct share *share = arg;
	size_t i;

	for (i = 0; i < MANY; i++)
		share->first[i] = need(share->lab, SMALL);
	for (i = 0; i < MANY; i++)
		if (i % KEEP) {
			lab_free(share->lab, share->first[i]);
			share->first[i] = NULL;
		}
}

static void take_few(void *arg)
{
	struct share *share = arg;
	size_t i;

	for (i = 0; i < FEW; i++)
		share->second[i] = need(share->lab, SMALL);
}

/* 228: a superblock that moves takes along objects that another thread still uses. */
static void share_lines(void)
{
	static struct share share;
	static u8 lines[EXPERIMENT_ARENA / LAB_LINE];
	struct lab lab;
	long shared = 0;
	size_t i;

	begin(&lab, lab_find("hoard"));
	share.lab = &lab;
	call(0, fill_and_thin, &share);
	call(1, take_few, &share);
	for (i = 0; i < MANY; i++)
		if (share.first[i])
			lines[(share.first[i] - lab.arena.base) / LAB_LINE] = 1;
	for (i = 0; i < FEW; i++) {
		u8 *line = &lines[(share.second[i] - lab.arena.base) / LAB_LINE];

		shared += *line == 1;
		*line *= 2;
	}
	figure("hoard_global_lines", shared, "lines");
	lab_exit(&lab);
}

/* ---- large objects ---- */

/* 225: what a request that is just too large for a superblock takes. */
static void large_objects(void)
{
	struct lab lab;
	size_t before;

	begin(&lab, lab_find("hoard"));
	before = taken(&lab);
	need(&lab, SPAN_SIZE / 2 + 1);
	figure("hoard_large_asked", SPAN_SIZE / 2 + 1, "bytes");
	figure("hoard_large_taken", taken(&lab) - before, "bytes");
	before = taken(&lab);
	need(&lab, SPAN_SIZE / 2);
	figure("hoard_half_taken", taken(&lab) - before, "bytes");
	lab_exit(&lab);
}

void experiments_hoard(void)
{
	unsigned int i;

	if (!available("hoard"))
		return;
	begin_hands();
	random_calls();
	share_lines();
	large_objects();
	for (i = 0; i < HANDS; i++)
		call(i, NULL, NULL);
}
