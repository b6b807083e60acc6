/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buddy_check.h - checks of blocks and chunks.
 */
#ifndef SLABMOD_BUDDY_CHECK_H
#define SLABMOD_BUDDY_CHECK_H

#include "types.h"

/*
 * True when every invariant of the node holds; each that does not is printed. Holds the
 * node's lock for all of it: for the suites.
 */
bool buddy_check(struct buddy *buddy);

/*
 * The same for each chunk by itself, with the lock held for one at a time. Chunks may come
 * and go meanwhile; so the sums over all of them are not looked at.
 */
bool buddy_check_live(struct buddy *buddy);

#endif /* SLABMOD_BUDDY_CHECK_H */
