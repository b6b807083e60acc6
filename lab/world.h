/* SPDX-License-Identifier: GPL-2.0 */
/*
 * world.h - the lab in a process.
 */
#ifndef SLABMOD_LAB_USER_WORLD_H
#define SLABMOD_LAB_USER_WORLD_H

/* Read the environment. */
void lab_world_configure(void);

#endif /* SLABMOD_LAB_USER_WORLD_H */
