/* SPDX-License-Identifier: GPL-2.0 */
/*
 * reclaim.h - memory that goes back, or is taken, without being asked.
 */
#ifndef SLABMOD_RECLAIM_H
#define SLABMOD_RECLAIM_H

/* After the root pool was made, and before it goes. Pools made between have it too. */
int reclaim_init(void);
void reclaim_exit(void);

#endif /* SLABMOD_RECLAIM_H */
