// SPDX-License-Identifier: GPL-2.0
/*
 * frame.c - what a page is used for.
 *
 * A frame is one pointer. It points to the slab that the page is in, or to one of a few words that
 * say that the page is free, or that a block begins there. So neither a free page nor a block needs
 * memory of its own beyond the pointer, and a compare-and-exchange of the pointer claims a block.
 *
 * Contexts: any. Locks: none.
 */
#include <linux/log2.h>

#include "frame.h"

struct page_use frame_tail = { .word = FRAME_TAIL, .home = HOME_NONE };
EXPORT_SYMBOL_FOR_TEST(frame_tail);
struct page_use frame_run = { .word = FRAME_RUN, .home = HOME_NONE };
EXPORT_SYMBOL_FOR_TEST(frame_run);

#define RUN_USE(n, state)	{ .word = (state), .order = (n), .home = HOME_NONE }
#define RUN_USES(n)		{ RUN_USE(n, FRAME_PAGES), RUN_USE(n, FRAME_CLAIMED) }

struct page_use frame_run_uses[SLABMOD_MAX_ORDER + 1][NR_BLOCK_USES] = {
	RUN_USES(0), RUN_USES(1), RUN_USES(2), RUN_USES(3), RUN_USES(4), RUN_USES(5),
	RUN_USES(6), RUN_USES(7), RUN_USES(8), RUN_USES(9), RUN_USES(10),
};
EXPORT_SYMBOL_FOR_TEST(frame_run_uses);

unsigned int frame_nr_pages(const struct frame *frame)
{
	struct page_use *use = READ_ONCE(frame->use);
	enum frame_state state = use_state(use);
	unsigned int pages = 1;

	if (state != FRAME_PAGES && state != FRAME_CLAIMED)
		return 1;
	if (use->nr_pages)
		return use->nr_pages;
	while (pages < 1u << use->order && READ_ONCE(frame[pages].use) == &frame_run)
		pages++;
	return pages;
}
EXPORT_SYMBOL_FOR_TEST(frame_nr_pages);

void frame_set_uses(struct page_use *uses, struct slabmod_cache *owner, unsigned int nr_pages)
{
	uses[USE_PAGES] = (struct page_use) {
		.word = FRAME_PAGES,
		.owner = owner,
		.order = order_base_2(nr_pages),
		.nr_pages = nr_pages,
		.home = HOME_NONE,
	};
	uses[USE_CLAIMED] = uses[USE_PAGES];
	uses[USE_CLAIMED].word = FRAME_CLAIMED;
}
EXPORT_SYMBOL_FOR_TEST(frame_set_uses);
