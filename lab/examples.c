// SPDX-License-Identifier: GPL-2.0
/*
 * examples.c - the worked examples, exercises and numbers of the lectures, done by the strategies.
 *
 * usage: examples
 *
 * Prints what a strategy has, in the notation of the lectures, as "# ..." lines, and "ok NAME" or
 * "not ok NAME: WHAT" for each comparison with their numbers. What a strategy has is read from its
 * walk, its addresses and its pages; the numbers are those of the lectures. The status is 1 if one
 * differs. A strategy that was not compiled in is skipped. examples_pages.c has those of buckets,
 * superblocks and chunks.
 */
#include <stdarg.h>

#include "examples.h"

static int failed;

/* ---- text ---- */

void add(struct text *text, const char *format, ...)
{
	size_t room = sizeof(text->all) - text->length;
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(text->all + text->length, room, format, list);
	va_end(list);
	text->length += n < room ? n : room - 1;
}

void is_text(const char *name, const char *got, const char *want)
{
	printf("# %s\n", got);
	if (!strcmp(got, want))
		printf("ok %s\n", name);
	else
		printf("not ok %s: the lecture has %s\n", name, want);
	failed |= !!strcmp(got, want);
}

void is_number(const char *name, const char *what, size_t got, size_t want)
{
	printf("# %s: %zu\n", what, got);
	if (got == want)
		printf("ok %s\n", name);
	else
		printf("not ok %s: the lecture has %zu\n", name, want);
	failed |= got != want;
}

void is_true(const char *name, const char *what, bool got)
{
	printf("# %s: %s\n", what, got ? "yes" : "no");
	printf("%sok %s\n", got ? "" : "not ", name);
	failed |= !got;
}

/* ---- strategies ---- */

bool begin(struct lab *lab, const char *name, size_t unit, size_t loan)
{
	*lab = (struct lab){ .unit = unit, .loan = loan };
	if (!lab_find(name)) {
		printf("ok %s # SKIP it is not compiled in\n", name);
		return false;
	}
	if (!lab_init(lab, lab_find(name), EXAMPLE_ARENA))
		return true;
	printf("not ok %s: no memory\n", name);
	failed = 1;
	return false;
}

size_t offset(struct lab *lab, const void *p)
{
	return (const char *)p - lab->arena.base;
}

size_t taken(struct lab *lab)
{
	return lab->arena.taken << PAGE_SHIFT;
}

static void view_range(void *arg, enum lab_kind kind, const void *start, size_t size)
{
	struct view *view = arg;
	size_t at = offset(view->lab, start);

	if (kind == LAB_FREE && view->nr_free < ARRAY_SIZE(view->free)) {
		view->free[view->nr_free].start = at;
		view->free[view->nr_free++].size = size;
	} else if (kind == LAB_META && view->nr_meta < ARRAY_SIZE(view->meta)) {
		view->meta[view->nr_meta].start = at;
		view->meta[view->nr_meta++].size = size;
	}
}

const struct view *view(struct lab *lab)
{
	static struct view view;

	memset(&view, 0, sizeof(view));
	view.lab = lab;
	lab->strategy->walk(lab, view_range, &view);
	return &view;
}

/* ---- lists ---- */

/* [{+58, 58}, {+174, 3922}] */
static const char *list(struct lab *lab)
{
	const struct view *now = view(lab);
	static struct text text;
	unsigned int i;

	text.length = 0;
	add(&text, "[");
	for (i = 0; i < now->nr_free; i++)
		add(&text, "%s{+%zu, %zu}", i ? ", " : "", now->free[i].start, now->free[i].size);
	add(&text, "]");
	return text.all;
}

/*
 * The example of 50 bytes. The page is there, as a whole, only within the first call: a block that
 * takes all of it, allocated and freed, shows it.
 */
static void six_states(void)
{
	struct text places = { 0 };
	struct lab lab;
	char *a, *b, *c;

	if (!begin(&lab, "list_lifo", 1, 0))
		return;
	is_text("list_lifo.state_1", list(&lab), "[]");
	lab_free(&lab, lab_alloc(&lab, PAGE_SIZE - 8));
	is_text("list_lifo.state_2", list(&lab), "[{+0, 4096}]");
	a = lab_alloc(&lab, 50);
	is_text("list_lifo.state_3", list(&lab), "[{+58, 4038}]");
	b = lab_alloc(&lab, 50);
	is_text("list_lifo.state_4", list(&lab), "[{+116, 3980}]");
	c = lab_alloc(&lab, 50);
	is_text("list_lifo.state_5", list(&lab), "[{+174, 3922}]");
	is_number("list_lifo.header", "bytes from one to the next, beside the 50", b - a - 50, 8);
	add(&places, "%zu, %zu, %zu", offset(&lab, a), offset(&lab, b), offset(&lab, c));
	is_text("list_lifo.unaligned_payloads", places.all, "8, 66, 124");
	lab_free(&lab, b);
	is_text("list_lifo.state_6", list(&lab), "[{+58, 58}, {+174, 3922}]");
	lab_exit(&lab);
}

/* Return where memory is free after the first block of a page. */
static size_t first_block(const char *name, size_t request)
{
	struct lab lab;
	size_t size;

	if (!begin(&lab, name, 1, 0))
		return 0;
	lab_alloc(&lab, request);
	size = view(&lab)->free[0].start;
	lab_exit(&lab);
	return size;
}

/* The name of an example that is one for several strategies. Valid until the next call. */
static const char *named(const char *strategy, const char *example)
{
	static struct text text;

	text.length = 0;
	add(&text, "%s.%s", strategy, example);
	return text.all;
}

static void smallest_blocks(void)
{
	static const struct {
		const char *strategy;
		size_t bytes;
	} nodes[] = {
		{ "list_lifo", 16 }, { "list_address", 16 }, { "tree_address", 24 },
		{ "tree_size", 24 }, { "tree_double", 40 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nodes); i++)
		if (lab_find(nodes[i].strategy))
			is_number(named(nodes[i].strategy, "smallest_block"),
				  "bytes that a request of one byte takes",
				  first_block(nodes[i].strategy, 1), nodes[i].bytes);
	if (!lab_find("list_lifo"))
		return;
	is_number("list_lifo.request_of_8", "bytes that a request of 8 takes",
		  first_block("list_lifo", 8), 16);
	is_true("list_lifo.request_of_9", "a request of 9 takes more",
		first_block("list_lifo", 9) > 16);
}

/* Whether the bypass for large requests counts the header. Here it does not. */
static void gray_zone(void)
{
	size_t size, first = 0, end = 0, pages;
	struct text text = { 0 };
	struct lab lab;

	if (!begin(&lab, "list_lifo", 1, 0))
		return;
	for (size = 4000; size <= 4200; size++) {
		void *p = lab_alloc(&lab, size);

		if (!lab_is_large(&lab, p) && size + 8 >= PAGE_SIZE) {
			first = first ? first : size;
			end = size;
		}
		lab_free(&lab, p);
	}
	add(&text, "%zu to %zu", first, end);
	printf("# of the list, but a page or more with the header:\n");
	is_text("list_lifo.gray_zone", text.all, "4088 to 4095");
	lab_exit(&lab);
	if (!begin(&lab, "list_lifo", 1, 0))
		return;
	lab_alloc(&lab, end);
	pages = lab.arena.taken;
	lab_exit(&lab);
	is_number("list_lifo.gray_zone_pages", "pages that a request of 4095 takes", pages, 2);
}

static void bump_reset(void)
{
	struct lab lab;
	char *first, *second;

	if (!begin(&lab, "bump", 0, 0))
		return;
	first = lab_alloc(&lab, 50);
	lab_free(&lab, first);
	second = lab_alloc(&lab, 50);
	is_true("bump.free_does_nothing", "what was freed is not used again", second > first);
	lab.strategy->reset(&lab);
	is_number("bump.reset_is_at_the_start", "the first free byte after a reset",
		  view(&lab)->free[0].start, 0);
	is_true("bump.reset_frees", "the first object is used again after a reset",
		lab_alloc(&lab, 50) == first);
	lab_exit(&lab);
}

/* ---- free memory that is known by records elsewhere ---- */

static void without_a_loan(const char *strategy)
{
	struct lab lab;
	bool first, large;

	if (!begin(&lab, strategy, 0, SIZE_MAX))
		return;
	first = lab_alloc(&lab, 50);
	large = lab_alloc(&lab, PAGE_SIZE);
	printf("# %s without a loan: it asked itself %lu times, and was refused %lu times\n",
	       strategy, lab.counts[0], lab.counts[1]);
	is_true(named(strategy, "without_a_loan"), "the first request fails: it asks itself",
		!first && lab.counts[0] && lab.counts[1]);
	is_true(named(strategy, "pages_of_their_own"), "a request for a page needs no record",
		large);
	lab_exit(&lab);
}

/* A page of records is on loan. 300 gaps are more than it has records. */
static void with_a_loan(const char *strategy)
{
	static void *gaps[300];
	unsigned int i;
	struct lab lab;
	bool first;

	if (!begin(&lab, strategy, 0, PAGE_SIZE))
		return;
	first = lab_alloc(&lab, 50);
	is_true(named(strategy, "with_a_loan"), "the first request succeeds",
		first && !lab.counts[0]);
	for (i = 0; i < ARRAY_SIZE(gaps); i++) {
		gaps[i] = lab_alloc(&lab, 300);
		lab_alloc(&lab, 300);
	}
	for (i = 0; i < ARRAY_SIZE(gaps); i++)
		lab_free(&lab, gaps[i]);
	printf("# %s with a loan of a page: it asked itself %lu times\n", strategy, lab.counts[0]);
	is_true(named(strategy, "after_the_loan"), "it asks itself later, and nothing is lost",
		lab.counts[0] && !lab.counts[1] && !lab.counts[2]);
	lab_exit(&lab);
}

static void bootstrap(void)
{
	static const char * const plans[] = {
		"external_array", "external_unrolled", "external_tree",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(plans); i++) {
		without_a_loan(plans[i]);
		with_a_loan(plans[i]);
	}
}

/* ---- buddies ---- */

/* [16] -> [+0], but for lists that are empty. */
static const char *lists(struct lab *lab)
{
	const struct view *now = view(lab);
	static struct text text;
	unsigned int i;
	int order;

	memset(&text, 0, sizeof(text));
	for (order = 63; order >= 0; order--) {
		bool any = false;

		for (i = 0; i < now->nr_free; i++) {
			if (now->free[i].size != BIT(order))
				continue;
			if (!any)
				add(&text, "%s[%d] -> [", text.length ? ", " : "", order);
			add(&text, "%s+%zu", any ? ", " : "", now->free[i].start % 65536);
			any = true;
		}
		if (any)
			add(&text, "]");
	}
	return text.all;
}

/* The exercise, with its blanks filled in: 16k are the block. */
static void buddy_exercise(void)
{
	struct lab lab;
	char *p;

	if (!begin(&lab, "buddy", 1, 0))
		return;
	is_text("buddy.initial_state", lists(&lab), "[16] -> [+0]");
	is_number("buddy.heap_is_aligned", "the address of the heap modulo 64k",
		  (size_t)(lab.arena.base + view(&lab)->free[0].start) % 65536, 0);
	p = lab_alloc(&lab, 16384);
	is_number("buddy.malloc_16k", "the offset of the block", offset(&lab, p - 16) % 65536, 0);
	is_text("buddy.after_malloc", lists(&lab), "[15] -> [+32768], [14] -> [+16384]");
	lab_free(&lab, p);
	is_text("buddy.after_free", lists(&lab), "[16] -> [+0]");
	p = lab_alloc(&lab, 1);
	is_text("buddy.smallest_block", lists(&lab),
		"[15] -> [+32768], [14] -> [+16384], [13] -> [+8192], [12] -> [+4096], "
		"[11] -> [+2048], [10] -> [+1024], [9] -> [+512], [8] -> [+256], [7] -> [+128], "
		"[6] -> [+64], [5] -> [+32]");
	lab_free(&lab, p);
	is_number("buddy.lists", "lists, from that of a byte to that of the heap",
		  1 + ilog2(view(&lab)->free[0].size), 17);
	lab_exit(&lab);
}

/* The other reading: 16k are the caller's, and the header makes it a block of 32k. */
static void buddy_with_header(void)
{
	struct lab lab;
	char *p;

	if (!begin(&lab, "buddy", 0, 0))
		return;
	p = lab_alloc(&lab, 16384);
	is_text("buddy.after_malloc_with_header", lists(&lab), "[15] -> [+32768]");
	is_number("buddy.header", "the offset of the caller's memory", offset(&lab, p) % 65536, 16);
	lab_free(&lab, p);
	is_text("buddy.after_free_with_header", lists(&lab), "[16] -> [+0]");
	lab_exit(&lab);
}

int main(void)
{
	six_states();
	smallest_blocks();
	gray_zone();
	bump_reset();
	bootstrap();
	buddy_exercise();
	buddy_with_header();
	examples_of_pages();
	return failed;
}
