// SPDX-License-Identifier: GPL-2.0
/*
 * model.c - random runs beside a model.
 *
 * Expectations are for the test's own thread; other threads and interrupts count
 * what they see, and the test tells.
 */
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "context.h"
#include "kit.h"
#include "model.h"

/* ---- one who takes and gives ---- */

/* What one thread, or one interrupt, has. */
struct actor {
	struct model *model;
	struct rnd_state rnd;
	struct piece *pieces;
	unsigned int slots;
	gfp_t gfp;
	u64 mark;			/* of the last piece; no other actor has the same */
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

static void actor_take(struct actor *actor, struct piece *piece)
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

static void actor_give(struct actor *actor, struct piece *piece)
{
	if (!piece->memory)
		return;
	actor->wrong += !piece_intact(piece);
	actor->model->free(actor->model, piece->memory, piece->size);
	actor->live--;
	actor->bytes -= piece->size;
	piece->memory = NULL;
}

enum mood { GIVES_ONLY, BOTH, TAKES_ONLY, NR_MOODS };

static void actor_step(struct actor *actor, enum mood mood)
{
	struct piece *piece = &actor->pieces[kit_random(&actor->rnd, actor->slots)];

	if (piece->memory && mood != TAKES_ONLY)
		actor_give(actor, piece);
	else if (!piece->memory && mood != GIVES_ONLY)
		actor_take(actor, piece);
}

/* Gives all back, and tells the model. */
static void actor_end(struct actor *actor)
{
	unsigned int i;

	for (i = 0; actor->pieces && i < actor->slots; i++)
		actor_give(actor, &actor->pieces[i]);
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
#define COMMON_SLOTS	50

struct common {
	raw_spinlock_t lock;
	struct piece piece;		/* @lock */
};

struct crowd {
	struct actor actors[MODEL_CPUS];
	struct common common[COMMON_SLOTS];
	unsigned int steps;
};

/* Something of one's own, or nothing, for something, or nothing, of another's. */
static void exchange(struct crowd *crowd, struct actor *actor)
{
	struct piece *own = &actor->pieces[kit_random(&actor->rnd, actor->slots)];
	struct common *common = &crowd->common[kit_random(&actor->rnd, COMMON_SLOTS)];

	raw_spin_lock(&common->lock);
	swap(*own, common->piece);
	raw_spin_unlock(&common->lock);
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
			/* Some have much while others have little, and so slabs change hands. */
			actor_step(actor, (step / 1024 + n) % NR_MOODS);
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
	for (i = 0; i < COMMON_SLOTS; i++)
		raw_spin_lock_init(&crowd->common[i].lock);
	crowd->steps = steps;
	for (i = 0; i < MODEL_CPUS; i++)
		ok &= actor_init(&crowd->actors[i], model, i, CROWD_SLOTS, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(model->test, ok);
	if (ok)
		kit_run_on_cpus(model->test, MODEL_CPUS, crowd_thread, crowd);
	for (i = 0; i < COMMON_SLOTS; i++)
		actor_give(&crowd->actors[0], &crowd->common[i].piece);
	for (i = 0; i < MODEL_CPUS; i++)
		actor_end(&crowd->actors[i]);
	if (model->rest)
		model->rest(model, 0, 0);
}

/* ---- in the middle of each other ---- */

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
