/* SPDX-License-Identifier: GPL-2.0 */
/*
 * reclaim.h - background work on memory: aging, prefilling and the shrinker.
 */
#ifndef SLABMOD_RECLAIM_H
#define SLABMOD_RECLAIM_H

/* Called while only the root pool exists; later pools inherit source->kick_worker. */
int reclaim_init(void);
void reclaim_exit(void);

#endif /* SLABMOD_RECLAIM_H */
