// SPDX-License-Identifier: GPL-2.0
/*
 * test_abuse.c - when slabmod detects each error of abuse.h, for objects and blocks of pages,
 * in each mode. A line of the log has the outcome of each run; scripts/table makes the table in
 * Documentation/security.rst of them. A run has phases: the counters of misuse are read between
 * them, and the first phase in which one rises is the outcome.
 */
#include <slabmod/slabmod.h>

#include "abuse.h"
#include "cache.h"
#include "context.h"
#include "debug/debug.h"
#include "debug/debug_block.h"
#include "kit.h"
#include "pool_check.h"
#include "suites.h"

/* The pool's one chunk; what fills its beginning leaves 1 MiB on both sides of the victim. */
#define CHUNK_ORDER	10
#define FILLER		(SZ_1M + SZ_512K)

static struct {
	struct slabmod_pool *pool;
	struct slabmod_cache *cache, *other;	/* NULL: the victim is a block */
	size_t size;
	void *filler;
	bool valid;
	unsigned long counts[NR_MISUSES];
} scene;

/* ---- slabmod's calls ---- */

static void *alloc(void)
{
	if (scene.cache)
		return slabmod_cache_alloc(scene.cache, GFP_KERNEL);
	return slabmod_pool_kmalloc(scene.pool, scene.size, GFP_KERNEL);
}

static void *alloc_size(size_t size)
{
	return slabmod_kmalloc(size, GFP_KERNEL);
}

static void *alloc_array(size_t n, size_t size)
{
	return slabmod_kmalloc_array(n, size, GFP_KERNEL);
}

static void free_wrong(void *p)
{
	if (scene.cache)
		slabmod_cache_free(scene.other, p);
	else
		slabmod_free_pages((unsigned long)p, ABUSE_ORDER - 1);
}

static void shrink(void)
{
	slabmod_pool_shrink(scene.pool);
}

static void validate(void)
{
	scene.valid = pool_check(scene.pool);
}

static void destroy(void)
{
	slabmod_kfree(scene.filler);
	if (!scene.cache)
		return;
	slabmod_cache_destroy(scene.cache);
	slabmod_cache_destroy(scene.other);
}

static bool on_another_cpu(void (*fn)(void *arg), void *arg)
{
	return kit_run_on(1, fn, arg);
}

static const struct abuse_ops ops = {
	.alloc = alloc, .alloc_size = alloc_size, .alloc_array = alloc_array,
	.free = slabmod_kfree, .free_wrong = free_wrong, .shrink = shrink,
	.validate = validate, .destroy = destroy, .on_another_cpu = on_another_cpu,
};

/* ---- modes ---- */

static const struct mode {
	const char *name;
	unsigned int flags;
} modes[NR_ABUSE_MODES] = {
	[ABUSE_DEFAULT] = { "default", 0 },
	[ABUSE_STRICT] = { "strict", SLABMOD_STRICT },
	[ABUSE_DEBUG] = { "debug", SLABMOD_DEBUG },
};

static struct slabmod_cache *make_cache(struct kunit *test, const char *name,
					const struct mode *mode)
{
	struct slabmod_cache *cache;

	cache = slabmod_pool_cache_create(scene.pool, name, scene.size, 0, mode->flags, NULL);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

static void scene_begin(struct kunit *test, const struct mode *mode, size_t size)
{
	debug_block_switch(mode->flags & SLABMOD_DEBUG);
	scene.pool = kit_pool_create_orders(test, 2ul << CHUNK_ORDER, CHUNK_ORDER, CHUNK_ORDER);
	scene.size = size;
	scene.cache = NULL;
	if (size > SLABMOD_KMALLOC_MAX_CLASS)
		return;
	scene.cache = make_cache(test, "abuse", mode);
	scene.other = make_cache(test, "abuse-other", mode);
}

/* ---- phases ---- */

static void remember_counts(void)
{
	int kind;

	for (kind = 0; kind < NR_MISUSES; kind++)
		scene.counts[kind] = report_count(kind);
}

/* The kinds of misuse that were reported since the counts were remembered, a bit each. */
static unsigned int kinds_reported(void)
{
	unsigned int kinds = 0;
	int kind;

	for (kind = 0; kind < NR_MISUSES; kind++)
		if (report_count(kind) != scene.counts[kind])
			kinds |= BIT(kind);
	return kinds;
}

/* Return the phase in which misuse was first reported, and of which @kinds. */
static enum abuse_when do_phases(const struct abuse_case *c, struct abuse_run *run,
				 unsigned int *kinds)
{
	enum abuse_when phase, when = ABUSE_NEVER;

	remember_counts();
	for (*kinds = 0, phase = ABUSE_CALL; phase < NR_ABUSE_PHASES; phase++) {
		abuse_do_phase(phase, c, run);
		if (!*kinds) {
			*kinds = kinds_reported();
			when = phase;
		}
	}
	return *kinds ? when : abuse_undetected(c, run);
}

/* ---- runs ---- */

/* Return true if all bytes that an act may write to are of the pool's one chunk. */
static bool reach_is_own(const void *p, size_t reach)
{
	struct chunk *chunk = chunk_of(p);

	return p - reach >= chunk->base &&
	       p + scene.size + reach <= chunk->base + (PAGE_SIZE << chunk->order);
}

static void expect_outcome(struct kunit *test, const struct abuse_case *c, enum abuse_mode mode,
			   int size)
{
	struct abuse_run run = { .ops = &ops, .size = abuse_sizes[size].bytes };
	enum abuse_when expected = c->when[mode][size], when;
	const char *at = abuse_sizes[size].name, *in = modes[mode].name;
	unsigned int kinds;

	scene_begin(test, &modes[mode], run.size);
	scene.filler = slabmod_pool_kmalloc(scene.pool, FILLER, GFP_KERNEL);
	run.p = alloc();
	run.q = alloc();
	KUNIT_ASSERT_TRUE(test, scene.filler && run.p && run.q);
	KUNIT_ASSERT_TRUE(test, reach_is_own(run.p, c->reach));
	when = do_phases(c, &run, &kinds);
	kit_pool_destroy(test, scene.pool, 0);
	debug_block_switch(debug_all);

	pr_info("slabmod-table: %s;%s;%s;%s\n", c->name, c->once ? "any" : at, in,
		abuse_when_names[when]);
	KUNIT_EXPECT_EQ_MSG(test, (int)when, (int)expected, "%s, %s: detected '%s', expected '%s'",
			    at, in, abuse_when_names[when], abuse_when_names[expected]);
	KUNIT_EXPECT_EQ_MSG(test, kinds & ~c->kinds, 0, "%s, %s: wrong kind of misuse", at, in);
	KUNIT_EXPECT_TRUE(test, scene.valid);
}

/* Whether KASAN reports an error before slabmod does, and on its own terms. */
static bool is_kasans(const struct abuse_case *c, enum abuse_mode mode)
{
	return IS_ENABLED(CONFIG_KASAN) && c->touches && modes[mode].flags & SLABMOD_DEBUG;
}

static void abuse_name(const struct abuse_case *c, char *text)
{
	strscpy(text, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(abuse, abuse_cases, abuse_name);

static void test_error_is_detected_when_the_table_says(struct kunit *test)
{
	const struct abuse_case *c = test->param_value;
	int mode, size;

	if (c->cpus && num_online_cpus() < 2)
		kunit_skip(test, "there is one CPU");
	context_pin(0);
	for (size = 0; size < (c->once ? 1 : NR_ABUSE_SIZES); size++)
		for (mode = 0; mode < NR_ABUSE_MODES; mode++)
			if (!is_kasans(c, mode))
				expect_outcome(test, c, mode, size);
}

static void abuse_exit(struct kunit *test)
{
	debug_block_switch(debug_all);
	kit_exit(test);
}

static struct kunit_case abuse_test_cases[] = {
	KUNIT_CASE_PARAM(test_error_is_detected_when_the_table_says, abuse_gen_params),
	{}
};

struct kunit_suite abuse_suite = {
	.name = "abuse",
	.init = kit_init,
	.exit = abuse_exit,
	.test_cases = abuse_test_cases,
};
