/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buddy_check.h - checks of blocks and chunks.
 */
#ifndef SLABMOD_BUDDY_CHECK_H
#define SLABMOD_BUDDY_CHECK_H

#include "types.h"

/*
 * Return true if every invariant of the node holds; report each that does not. Hold buddy->lock
 * throughout: for the suites.
 */
bool buddy_check(struct buddy *buddy);

/* The same, with buddy->lock held for one chunk at a time, and without the node's sums. */
bool buddy_check_live(struct buddy *buddy);

#endif /* SLABMOD_BUDDY_CHECK_H */
