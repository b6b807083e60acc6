// SPDX-License-Identifier: GPL-2.0
/*
 * model.c - random runs beside a model.
 *
 * Only the thread of the test may use expectations. Other threads and interrupts count
 * what they find.
 */
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "context.h"
#include "kit.h"
#include "model.h"

/* ---- an actor: a thread or an interrupt ---- */

struct actor {
	struct model *model;
	struct rnd_state rnd;
	struct piece *pieces;
	unsigned int slots;
	gfp_t gfp;
	u64 mark;			/* of the last piece; unique to the actor */
	unsigned long live, wrong, failed;
	size_t bytes;
};

static bool actor_init(struct actor *actor, struct model *model, unsigned int n, unsigned int slots,
		       gfp_t gfp)
{
	*actor = (struct actor) {
		.model = model,
		.slots = slots,
		.gfp = gfp,
		.mark = ((u64)n + 1) << 40,
		.pieces = kcalloc(slots, sizeof(*actor->pieces), GFP_KERNEL),
	};
	kit_seed(model->test, &actor->rnd);
	return actor->pieces;
}

static void actor_alloc(struct actor *actor, struct piece *piece)
{
	size_t size = 0;
	void *memory = actor->model->alloc(actor->model, &actor->rnd, actor->gfp, &size);

	if (!memory) {
		actor->failed++;
		return;
	}
	piece_fill(piece, memory, size, ++actor->mark);
	actor->live++;
	actor->bytes += size;
}

static void actor_free(struct actor *actor, struct piece *piece)
{
	if (!piece->memory)
		return;
	actor->wrong += !piece_intact(piece);
	actor->model->free(actor->model, piece->memory, piece->size);
	actor->live--;
	actor->bytes -= piece->size;
	piece->memory = NULL;
}

enum phase { FREE_ONLY, BOTH, ALLOC_ONLY, NR_PHASES };

static void actor_step(struct actor *actor, enum phase phase)
{
	struct piece *piece = &actor->pieces[kit_random(&actor->rnd, actor->slots)];

	if (piece->memory && phase != ALLOC_ONLY)
		actor_free(actor, piece);
	else if (!piece->memory && phase != FREE_ONLY)
		actor_alloc(actor, piece);
}

/* Free all, and add the counts to the model. */
static void actor_end(struct actor *actor)
{
	unsigned int i;

	for (i = 0; actor->pieces && i < actor->slots; i++)
		actor_free(actor, &actor->pieces[i]);
	actor->model->wrong += actor->wrong;
	actor->model->failed += actor->failed;
	kfree(actor->pieces);
}

/* ---- one thread ---- */

void model_run(struct model *model, unsigned int slots, unsigned int steps)
{
	struct actor actor;
	unsigned int step;

	if (!actor_init(&actor, model, 0, slots, GFP_KERNEL)) {
		KUNIT_FAIL(model->test, "no memory for the model");
		return;
	}
	for (step = 1; step <= steps; step++) {
		actor_step(&actor, BOTH);
		if (step % 1024 == 0)
			context_pin(kit_random(&actor.rnd, num_online_cpus()));
		if (step % 4096 == 0 && model->rest)
			model->rest(model, actor.live, actor.bytes);
	}
	actor_end(&actor);
	if (model->rest)
		model->rest(model, 0, 0);
}

/* ---- a thread on each CPU ---- */

#define CROWD_SLOTS	400	/* of each */
#define SHARED_SLOTS	50

struct shared {
	raw_spinlock_t lock;
	struct piece piece;		/* @lock */
};

struct crowd {
	struct actor actors[MODEL_CPUS];
	struct shared shared[SHARED_SLOTS];
	unsigned int steps;
};

/* Exchange a slot of this actor for a shared one; either may be empty. */
static void exchange(struct crowd *crowd, struct actor *actor)
{
	struct piece *own = &actor->pieces[kit_random(&actor->rnd, actor->slots)];
	struct shared *shared = &crowd->shared[kit_random(&actor->rnd, SHARED_SLOTS)];

	raw_spin_lock(&shared->lock);
	swap(*own, shared->piece);
	raw_spin_unlock(&shared->lock);
}

static void crowd_thread(unsigned int n, void *arg)
{
	struct crowd *crowd = arg;
	struct actor *actor = &crowd->actors[n];
	unsigned int step;

	for (step = 0; step < crowd->steps; step++) {
		if (kit_random(&actor->rnd, 3) == 0)
			exchange(crowd, actor);
		else
			/* Actors grow and shrink in turn, so that slabs pass between CPUs. */
			actor_step(actor, (step / 1024 + n) % NR_PHASES);
		if (step % 256 == 0)
			cond_resched();
	}
}

void model_run_on_cpus(struct model *model, unsigned int steps)
{
	struct crowd *crowd = kunit_kzalloc(model->test, sizeof(*crowd), GFP_KERNEL);
	unsigned int i;
	bool ok = crowd;

	KUNIT_ASSERT_NOT_NULL(model->test, crowd);
	for (i = 0; i < SHARED_SLOTS; i++)
		raw_spin_lock_init(&crowd->shared[i].lock);
	crowd->steps = steps;
	for (i = 0; i < MODEL_CPUS; i++)
		ok &= actor_init(&crowd->actors[i], model, i, CROWD_SLOTS, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(model->test, ok);
	if (ok)
		kit_run_on_cpus(model->test, MODEL_CPUS, crowd_thread, crowd);
	for (i = 0; i < SHARED_SLOTS; i++)
		actor_free(&crowd->actors[0], &crowd->shared[i].piece);
	for (i = 0; i < MODEL_CPUS; i++)
		actor_end(&crowd->actors[i]);
	if (model->rest)
		model->rest(model, 0, 0);
}

/* ---- interrupts ---- */

#define STORM_SLOTS		16
#define STORM_INTERRUPTS	500

static void storm_interrupt(void *arg)
{
	int i;

	for (i = 0; i < 4; i++)
		actor_step(arg, BOTH);
}

static bool storm_is_enough(struct model *model, bool (*enough)(struct model *model))
{
	return context_storm_count() >= STORM_INTERRUPTS && (!enough || enough(model));
}

unsigned long model_run_in_storm(struct model *model, unsigned int steps,
				 bool (*enough)(struct model *model))
{
	unsigned long deadline = jiffies + KIT_HANG, interrupts;
	struct actor above, below;
	unsigned int step = 0;
	bool ok;

	ok = actor_init(&below, model, 0, STORM_SLOTS, GFP_KERNEL);
	ok &= actor_init(&above, model, 1, STORM_SLOTS, GFP_ATOMIC);
	KUNIT_EXPECT_TRUE(model->test, ok);
	context_pin(0);
	context_storm_begin(storm_interrupt, &above);
	while (ok && (step < steps || !storm_is_enough(model, enough))) {
		if (time_after(jiffies, deadline))
			break;
		actor_step(&below, BOTH);
		if (++step % 1024 == 0)
			cond_resched();
	}
	interrupts = context_storm_end();
	actor_end(&above);
	actor_end(&below);
	if (model->rest)
		model->rest(model, 0, 0);
	kunit_info(model->test, "%u steps, %lu interrupts\n", step, interrupts);
	return interrupts;
}
