// SPDX-License-Identifier: GPL-2.0
/*
 * test_kmalloc.c - kmalloc: size, alignment, contents, classes that waste little, and NULL
 * without harm.
 */
#include <linux/jump_label.h>
#include <linux/mm.h>
#include <linux/nodemask.h>

#include "context.h"
#include "root.h"
#include "suites.h"
#include "verbs_pool.h"

/* ---- sizes ---- */

/* Memory of the requested size, aligned, that can be written to its end. */
static void expect_good_memory(struct kunit *test, size_t size)
{
	size_t align = is_power_of_2(size) ? max_t(size_t, size, 16) : 16;
	void *p = slabmod_kmalloc(size, GFP_KERNEL);
	size_t room = slabmod_ksize(p);
	struct piece piece;

	KUNIT_ASSERT_NOT_NULL_MSG(test, p, "%zu bytes", size);
	KUNIT_EXPECT_GE_MSG(test, room, size, "%zu bytes", size);
	KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((unsigned long)p, align), "%zu bytes at %lx", size,
			      (unsigned long)p);
	KUNIT_EXPECT_EQ(test, root_used(), room);
	piece_fill(&piece, p, room, size);
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	slabmod_kfree(p);
}

static void test_sizes_around_every_class(struct kunit *test)
{
	unsigned int class;

	for (class = 0; class < SLABMOD_KMALLOC_CLASSES; class++) {
		expect_good_memory(test, slabmod_kmalloc_size(class) - 1);
		expect_good_memory(test, slabmod_kmalloc_size(class));
		expect_good_memory(test, slabmod_kmalloc_size(class) + 1);
	}
}

static void test_large_sizes_use_whole_pages(struct kunit *test)
{
	size_t size;

	for (size = SLABMOD_KMALLOC_MAX_CLASS + 1; size < SLABMOD_KMALLOC_MAX; size += size / 3) {
		void *p = kit_kmalloc(test, size);

		KUNIT_EXPECT_EQ(test, slabmod_ksize(p), PAGE_ALIGN(size));
		slabmod_kfree(p);
		expect_good_memory(test, size);
	}
	for (size = 2 * SLABMOD_KMALLOC_MAX_CLASS; size <= SLABMOD_KMALLOC_MAX; size *= 2)
		expect_good_memory(test, size);
}

static void test_classes_ascend_and_waste_a_fifth_at_most(struct kunit *test)
{
	unsigned int class, size;

	for (class = 1; class < SLABMOD_KMALLOC_CLASSES; class++) {
		KUNIT_EXPECT_GT(test, slabmod_kmalloc_size(class), slabmod_kmalloc_size(class - 1));
		KUNIT_EXPECT_EQ(test, slabmod_kmalloc_class(slabmod_kmalloc_size(class)), class);
	}
	KUNIT_EXPECT_EQ(test, slabmod_kmalloc_size(SLABMOD_KMALLOC_CLASSES - 1),
			SLABMOD_KMALLOC_MAX_CLASS);
	for (size = 1; size <= SLABMOD_KMALLOC_MAX_CLASS; size++) {
		unsigned int room = slabmod_kmalloc_size(slabmod_kmalloc_class(size));

		KUNIT_ASSERT_GE(test, room, size);
		if (size > 64)
			KUNIT_ASSERT_LE_MSG(test, (room - size) * 5, room, "%u bytes", size);
		else
			KUNIT_ASSERT_LT_MSG(test, room - size, 16, "%u bytes", size);
	}
}

/* A constant size and a variable one have the same class. */
#define EXPECT_SAME_CLASS(test, constant)					\
do {										\
	void *fixed = slabmod_kmalloc(constant, GFP_KERNEL);			\
	size_t size = constant;							\
	void *variable;								\
										\
	OPTIMIZER_HIDE_VAR(size);						\
	variable = slabmod_kmalloc(size, GFP_KERNEL);				\
	KUNIT_EXPECT_NOT_NULL(test, fixed);					\
	KUNIT_EXPECT_EQ(test, slabmod_ksize(fixed), slabmod_ksize(variable));	\
	slabmod_kfree(fixed);							\
	slabmod_kfree(variable);						\
} while (0)

static void test_constant_and_variable_sizes_take_the_same_class(struct kunit *test)
{
	/* The class of a constant is a constant. */
	BUILD_BUG_ON(slabmod_kmalloc_class(100) != 6);
	BUILD_BUG_ON(slabmod_kmalloc_class(SLABMOD_KMALLOC_MAX_CLASS) !=
		     SLABMOD_KMALLOC_CLASSES - 1);
	EXPECT_SAME_CLASS(test, 0);
	EXPECT_SAME_CLASS(test, 1);
	EXPECT_SAME_CLASS(test, 64);
	EXPECT_SAME_CLASS(test, 65);
	EXPECT_SAME_CLASS(test, 32768);
	EXPECT_SAME_CLASS(test, 32769);
}

static void test_zero_size_and_null(struct kunit *test)
{
	static void *nothing[] = { NULL, ZERO_SIZE_PTR, NULL };
	size_t size = 0;

	OPTIMIZER_HIDE_VAR(size);
	kit_capture_begin();
	KUNIT_EXPECT_PTR_EQ(test, slabmod_kmalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_kmalloc(size, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_kzalloc(size, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_kcalloc(size, 8, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_kmalloc_node(size, GFP_KERNEL, 0), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_kmemdup("", 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, slabmod_ksize(ZERO_SIZE_PTR), 0);
	KUNIT_EXPECT_EQ(test, slabmod_ksize(NULL), 0);
	slabmod_kfree(NULL);
	slabmod_kfree(ZERO_SIZE_PTR);
	slabmod_kfree_sensitive(NULL);
	slabmod_kfree_sensitive(ZERO_SIZE_PTR);
	slabmod_kfree_bulk(ARRAY_SIZE(nothing), nothing);
	kit_capture_end();
	kit_expect_no_misuse(test, __LINE__);
}

/* ---- clearing ---- */

static bool all_zero(const void *p)
{
	return kit_cleared(p, slabmod_ksize(p));
}

static const size_t clear_sizes[] = { 1, 16, 100, 1000, 4096, 5000, 32768, 40000 };

static void dirty(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(clear_sizes); i++) {
		void *p = kit_kmalloc(test, clear_sizes[i]);

		memset(p, 0xdd, slabmod_ksize(p));
		slabmod_kfree(p);
	}
}

/* A constant size is cleared by inline code, if there is an object in the magazine. */
#define EXPECT_CLEARED(test, constant)						\
do {										\
	void *p[2];								\
										\
	dirty(test);								\
	p[0] = slabmod_kzalloc(constant, GFP_KERNEL);				\
	p[1] = slabmod_kzalloc(constant, GFP_ATOMIC);				\
	KUNIT_EXPECT_TRUE(test, p[0] && all_zero(p[0]));			\
	KUNIT_EXPECT_TRUE(test, p[1] && all_zero(p[1]));			\
	slabmod_kfree(p[0]);							\
	slabmod_kfree(p[1]);							\
} while (0)

static void test_constant_sizes_are_cleared(struct kunit *test)
{
	context_pin(0);
	EXPECT_CLEARED(test, 1);
	EXPECT_CLEARED(test, 16);
	EXPECT_CLEARED(test, 100);
	EXPECT_CLEARED(test, 1000);
	EXPECT_CLEARED(test, 4096);
	EXPECT_CLEARED(test, 5000);
	EXPECT_CLEARED(test, 32768);
	EXPECT_CLEARED(test, 40000);
}

static void test_kzalloc_and_kcalloc_clear(struct kunit *test)
{
	int i;

	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(clear_sizes); i++) {
		void *p[3];
		int k;

		dirty(test);
		p[0] = slabmod_kzalloc(clear_sizes[i], GFP_KERNEL);
		p[1] = slabmod_kcalloc(1, clear_sizes[i], GFP_KERNEL);
		p[2] = slabmod_kzalloc_node(clear_sizes[i], GFP_KERNEL, numa_mem_id());
		for (k = 0; k < 3; k++) {
			KUNIT_ASSERT_NOT_NULL(test, p[k]);
			KUNIT_EXPECT_TRUE_MSG(test, all_zero(p[k]), "%zu bytes", clear_sizes[i]);
			memset(p[k], 0xdd, slabmod_ksize(p[k]));
			slabmod_kfree(p[k]);
		}
	}
}

/*
 * With init_on_alloc, caches have no fast path. Those that exist lose theirs as long as the test
 * has it switched on.
 */
static void init_on_alloc_begin(struct kunit *test)
{
	struct slabmod_cache *unused;
	int i;

	unused = kit_cache_in(test, kit_pool_create(test, 256), "kit-unused", 64, 0);
	for (i = 0; i < SLABMOD_KMALLOC_CLASSES; i++)
		slabmod_kmalloc_caches[i]->fastpath = unused->fastpath;
	static_branch_enable(&init_on_alloc);
}

static void init_on_alloc_end(void)
{
	int i;

	static_branch_disable(&init_on_alloc);
	for (i = 0; i < SLABMOD_KMALLOC_CLASSES; i++)
		slabmod_kmalloc_caches[i]->fastpath.magazines =
			slabmod_kmalloc_caches[i]->magazines;
}

static void test_init_on_alloc_clears(struct kunit *test)
{
	bool was_on = want_init_on_alloc(0);
	int i;

	context_pin(0);
	if (!was_on)
		init_on_alloc_begin(test);
	dirty(test);
	for (i = 0; i < ARRAY_SIZE(clear_sizes); i++) {
		void *p = slabmod_kmalloc(clear_sizes[i], GFP_KERNEL);

		KUNIT_EXPECT_TRUE_MSG(test, p && all_zero(p), "%zu bytes", clear_sizes[i]);
		slabmod_kfree(p);
	}
	if (!was_on)
		init_on_alloc_end();
}

static void test_init_on_free_clears(struct kunit *test)
{
	static const size_t sizes[] = { 1, 100, 4096, 32768, 40000, 100000 };
	unsigned long page;
	size_t room;
	void *p;
	int i;

	if (!want_init_on_free())
		kunit_skip(test, "init_on_free is off");
	context_pin(0);
	/* What is freed stays mapped. */
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = kit_kmalloc(test, sizes[i]);
		room = slabmod_ksize(p);
		memset(p, 0x5e, room);
		slabmod_kfree(p);
		KUNIT_EXPECT_TRUE_MSG(test, kit_cleared(p, room), "%zu bytes", room);
	}
	page = slabmod_get_free_page(GFP_KERNEL);
	KUNIT_ASSERT_NE(test, page, 0);
	memset((void *)page, 0x5e, PAGE_SIZE);
	slabmod_free_page(page);
	KUNIT_EXPECT_TRUE(test, kit_cleared((void *)page, PAGE_SIZE));
}

/* ---- nodes, bulk, failures ---- */

static void test_memory_is_on_the_requested_node(struct kunit *test)
{
	static const size_t sizes[] = { 8, 192, 4096, 20000, 100000 };
	int nid, i;

	for_each_online_node(nid) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			void *p = slabmod_kmalloc_node(sizes[i], GFP_KERNEL | __GFP_THISNODE, nid);

			KUNIT_ASSERT_NOT_NULL(test, p);
			KUNIT_EXPECT_EQ(test, kit_node(p), nid);
			slabmod_kfree(p);
		}
	}
}

static void test_kfree_bulk(struct kunit *test)
{
	void *p[50];
	int i;

	for (i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = i % 10 ? slabmod_kmalloc(i * i * 20, GFP_KERNEL) : NULL;
	KUNIT_EXPECT_GT(test, root_used(), 0);
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree_bulk(ARRAY_SIZE(p), p));
	KUNIT_EXPECT_EQ(test, root_used(), 0);
}

static void test_shrink_frees_all_free_memory(struct kunit *test)
{
	struct slabmod_usage before, after;
	unsigned long pages;
	void *p[50];
	int i;

	for (i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = slabmod_kmalloc(20000, GFP_KERNEL);
	slabmod_kfree_bulk(ARRAY_SIZE(p), p);
	slabmod_pool_usage(NULL, &before);
	pages = slabmod_shrink();
	slabmod_pool_usage(NULL, &after);
	KUNIT_EXPECT_GE(test, pages << PAGE_SHIFT, ARRAY_SIZE(p) * 20000);
	KUNIT_EXPECT_LE(test, after.held + (pages << PAGE_SHIFT), before.held);
	KUNIT_EXPECT_EQ(test, after.in_magazines, 0);
	KUNIT_EXPECT_EQ(test, after.used, before.used);
}

static void test_arrays_have_room_for_all_elements(struct kunit *test)
{
	void *p = slabmod_kmalloc_array(33, 100, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_GE(test, slabmod_ksize(p), 3300);
	p = slabmod_krealloc_array(p, 100, 100, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_GE(test, slabmod_ksize(p), 10000);
	slabmod_kfree(p);
}

static void test_no_memory_gives_null_for_every_kind_of_gfp(struct kunit *test)
{
	static const size_t sizes[] = { 1, 100, 4096, 32768, 32769, SLABMOD_KMALLOC_MAX };
	unsigned int kind, i;

	for (kind = 0; kind < root_nr_gfp_kinds; kind++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			void *p;

			root_dry();
			p = slabmod_kmalloc(sizes[i], root_gfp_kinds[kind]);
			KUNIT_EXPECT_NULL_MSG(test, p, "%zu bytes, GFP %#x", sizes[i],
					      (__force u32)root_gfp_kinds[kind]);
			slabmod_kfree(p);
			root_wet();
			p = slabmod_kmalloc(sizes[i], root_gfp_kinds[kind]);
			KUNIT_EXPECT_NOT_NULL(test, p);
			slabmod_kfree(p);
		}
	}
}

/* ---- at random ---- */

static size_t random_size(struct rnd_state *rnd)
{
	if (kit_random(rnd, 2000) == 0)
		return 1 + kit_random(rnd, SLABMOD_KMALLOC_MAX / 4);
	return 1 + kit_random(rnd, 1u << kit_random(rnd, 16));
}

/* By any call. What is to be cleared, is. */
static void *model_alloc(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
{
	size_t want = random_size(rnd);
	void *p;

	switch (kit_random(rnd, 4)) {
	case 0:
		p = slabmod_kzalloc(want, gfp);
		if (p && !all_zero(p))
			model->wrong++;
		break;
	case 1:
		p = slabmod_kmalloc_node(want, gfp, first_online_node);
		break;
	default:
		p = slabmod_kmalloc(want, gfp);
	}
	*size = slabmod_ksize(p);
	if (p && *size < want)
		model->wrong++;
	return p;
}

static void model_free(struct model *model, void *memory, size_t size)
{
	if (size % 3)
		slabmod_kfree(memory);
	else
		slabmod_kfree_bulk(1, &memory);
}

static struct model model_of(struct kunit *test)
{
	return (struct model) {
		.alloc = model_alloc, .free = model_free, .rest = root_rest, .test = test,
	};
}

static void test_random_calls_lose_nothing(struct kunit *test)
{
	struct model model = model_of(test);

	model_run(&model, 1000, KIT_STEPS);
	model_run_on_cpus(&model, KIT_STEPS / MODEL_CPUS);
	KUNIT_EXPECT_EQ(test, model.wrong, 0);
	KUNIT_EXPECT_EQ(test, model.failed, 0);
}

static void test_random_calls_in_interrupts(struct kunit *test)
{
	struct model model = model_of(test);

	KUNIT_EXPECT_GT(test, model_run_in_storm(&model, KIT_STEPS / 4, NULL), 100);
	KUNIT_EXPECT_EQ(test, model.wrong, 0);
}

static void alloc_piece(struct kunit *test, struct piece *piece, size_t size)
{
	piece_fill(piece, kit_kmalloc(test, size), size, size);
}

static void test_krealloc_in_place(struct kunit *test)
{
	struct piece piece;

	alloc_piece(test, &piece, 1000);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(piece.memory, 1001, GFP_KERNEL), piece.memory);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(piece.memory, slabmod_ksize(piece.memory),
						   GFP_KERNEL), piece.memory);
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(piece.memory, 8, GFP_KERNEL), piece.memory);
	KUNIT_EXPECT_TRUE(test, piece_begins(&piece, 8));
	slabmod_kfree(piece.memory);
}

static void test_krealloc_of_and_to_nothing(struct kunit *test)
{
	void *p = slabmod_krealloc(NULL, 100, GFP_KERNEL);
	void *q = slabmod_krealloc(ZERO_SIZE_PTR, 100, GFP_KERNEL | __GFP_ZERO);

	KUNIT_EXPECT_EQ(test, slabmod_ksize(p), 112);
	KUNIT_EXPECT_EQ(test, slabmod_ksize(q), 112);
	KUNIT_EXPECT_TRUE(test, kit_cleared(q, 112));
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(p, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(q, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(NULL, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(ZERO_SIZE_PTR, 0, GFP_KERNEL), ZERO_SIZE_PTR);
}

static void test_krealloc_clears_what_it_adds(struct kunit *test)
{
	struct piece piece;
	size_t room;
	u8 *p;

	alloc_piece(test, &piece, 300);
	room = slabmod_ksize(piece.memory);
	piece_fill(&piece, piece.memory, room, 1);
	p = slabmod_krealloc(piece.memory, 5000, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, p);
	piece.memory = p;
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	KUNIT_EXPECT_FALSE(test, memchr_inv(p + room, 0, slabmod_ksize(p) - room));
	slabmod_kfree(p);
}

/* The former request is not known: what is beyond the new one is cleared. */
static void test_krealloc_clears_what_it_may_add_later(struct kunit *test)
{
	static const size_t sizes[] = { 64, 1000, 20000, 100000 };
	struct piece piece;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i], less = size - 8, room;
		u8 *p;

		alloc_piece(test, &piece, size);
		room = slabmod_ksize(piece.memory);
		piece_fill(&piece, piece.memory, room, 1);
		p = slabmod_krealloc(piece.memory, less, GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_PTR_EQ(test, p, (u8 *)piece.memory);
		p = slabmod_krealloc(p, size, GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_PTR_EQ(test, p, (u8 *)piece.memory);
		KUNIT_EXPECT_TRUE(test, piece_begins(&piece, less));
		KUNIT_EXPECT_FALSE(test, memchr_inv(p + less, 0, room - less));
		slabmod_kfree(p);
	}
}

static void test_krealloc_that_fails_leaves_the_old_memory(struct kunit *test)
{
	struct piece piece;
	void *p;

	alloc_piece(test, &piece, 1000);
	root_dry();
	KUNIT_EXPECT_NULL(test, slabmod_krealloc(piece.memory, SLABMOD_KMALLOC_MAX, GFP_KERNEL));
	KIT_EXPECT_MISUSE(test, MISUSE_TOO_LARGE, "kmalloc",
			  p = slabmod_krealloc(piece.memory, SLABMOD_KMALLOC_MAX + 1, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERFLOW, "overflow",
			  p = slabmod_krealloc_array(piece.memory, SIZE_MAX / 2, 3, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, p);
	root_wet();
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(piece.memory));
}

static void test_krealloc_at_random_keeps_the_contents(struct kunit *test)
{
	struct piece *pieces = kit_zalloc(test, 100 * sizeof(*pieces));
	struct rnd_state rnd;
	unsigned int step, i;

	kit_seed(test, &rnd);
	for (step = 1; step <= KIT_STEPS / 5; step++) {
		struct piece *piece = &pieces[kit_random(&rnd, 100)];
		size_t size = 1 + kit_random(&rnd, 1u << kit_random(&rnd, 18));
		void *p = slabmod_krealloc(piece->memory, size, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_ASSERT_GE(test, slabmod_ksize(p), size);
		if (piece->memory) {
			piece->memory = p;
			KUNIT_ASSERT_TRUE(test, piece_begins(piece, min(piece->size, size)));
		}
		piece_fill(piece, p, size, step);
	}
	for (i = 0; i < 100; i++)
		slabmod_kfree(pieces[i].memory);
}

/* ---- copies ---- */

static void test_kmemdup(struct kunit *test)
{
	static const size_t sizes[] = { 1, 16, 100, 5000, 40000 };
	struct piece piece, copy;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		alloc_piece(test, &piece, sizes[i]);
		copy = piece;
		copy.memory = slabmod_kmemdup(piece.memory, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, copy.memory);
		KUNIT_EXPECT_PTR_NE(test, copy.memory, piece.memory);
		KUNIT_EXPECT_TRUE(test, piece_intact(&copy));
		slabmod_kfree(copy.memory);
		slabmod_kfree(piece.memory);
	}
}

static void expect_string(struct kunit *test, char *string, const char *expected)
{
	KUNIT_ASSERT_NOT_NULL(test, string);
	KUNIT_EXPECT_STREQ(test, string, expected);
	slabmod_kfree(string);
}

static void test_strings(struct kunit *test)
{
	static const char unterminated[] = { 'a', 'b', 'c' };
	char *word = slabmod_kstrdup("sixteen letters!", GFP_KERNEL);

	/* The NUL does not fit in 16 bytes. */
	KUNIT_EXPECT_EQ(test, slabmod_ksize(word), 32);
	expect_string(test, word, "sixteen letters!");
	expect_string(test, slabmod_kstrdup("", GFP_KERNEL), "");
	expect_string(test, slabmod_kstrndup("abcdef", 3, GFP_KERNEL), "abc");
	expect_string(test, slabmod_kstrndup("abc", 100, GFP_KERNEL), "abc");
	expect_string(test, slabmod_kstrndup(unterminated, 0, GFP_KERNEL), "");
	expect_string(test, slabmod_kstrndup(unterminated, 3, GFP_KERNEL), "abc");
	expect_string(test, slabmod_kasprintf(GFP_KERNEL, "%s is %d", "six", 6), "six is 6");
	expect_string(test, slabmod_kasprintf(GFP_KERNEL, "%s", ""), "");
	word = slabmod_kasprintf(GFP_KERNEL, "%*d", 9999, 1);
	KUNIT_ASSERT_NOT_NULL(test, word);
	KUNIT_EXPECT_EQ(test, strlen(word), 9999);
	slabmod_kfree(word);
}

static void test_copies_of_nothing_and_without_memory_are_null(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, slabmod_kstrdup(NULL, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, slabmod_kstrndup(NULL, 10, GFP_KERNEL));
	root_dry();
	KUNIT_EXPECT_NULL(test, slabmod_kmemdup("abc", 3, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, slabmod_kstrdup("abc", GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, slabmod_kstrndup("abc", 2, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, slabmod_kasprintf(GFP_KERNEL, "%d", 5));
	root_wet();
}

static struct kunit_case kmalloc_cases[] = {
	KUNIT_CASE(test_sizes_around_every_class),
	KUNIT_CASE(test_large_sizes_use_whole_pages),
	KUNIT_CASE(test_classes_ascend_and_waste_a_fifth_at_most),
	KUNIT_CASE(test_constant_and_variable_sizes_take_the_same_class),
	KUNIT_CASE(test_zero_size_and_null),
	KUNIT_CASE(test_constant_sizes_are_cleared),
	KUNIT_CASE(test_kzalloc_and_kcalloc_clear),
	KUNIT_CASE(test_init_on_alloc_clears),
	KUNIT_CASE(test_init_on_free_clears),
	KUNIT_CASE(test_memory_is_on_the_requested_node),
	KUNIT_CASE(test_kfree_bulk),
	KUNIT_CASE(test_shrink_frees_all_free_memory),
	KUNIT_CASE(test_arrays_have_room_for_all_elements),
	KUNIT_CASE(test_no_memory_gives_null_for_every_kind_of_gfp),
	KUNIT_CASE(test_krealloc_in_place),
	KUNIT_CASE(test_krealloc_of_and_to_nothing),
	KUNIT_CASE(test_krealloc_clears_what_it_adds),
	KUNIT_CASE(test_krealloc_clears_what_it_may_add_later),
	KUNIT_CASE(test_krealloc_that_fails_leaves_the_old_memory),
	KUNIT_CASE(test_krealloc_at_random_keeps_the_contents),
	KUNIT_CASE(test_kmemdup),
	KUNIT_CASE(test_strings),
	KUNIT_CASE(test_copies_of_nothing_and_without_memory_are_null),
	KUNIT_CASE(test_random_calls_lose_nothing),
	KUNIT_CASE(test_random_calls_in_interrupts),
	{}
};

struct kunit_suite kmalloc_suite = {
	.name = "kmalloc",
	ROOT_SUITE_HOOKS,
	.test_cases = kmalloc_cases,
};
