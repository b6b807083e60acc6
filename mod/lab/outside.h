/* SPDX-License-Identifier: GPL-2.0 */
/*
 * outside.h - slabmod and the kernel's own allocator, as strategies beside those of the lab.
 */
#ifndef SLABMOD_LAB_OUTSIDE_H
#define SLABMOD_LAB_OUTSIDE_H

#include "lab.h"

extern const struct lab_strategy *const lab_outside[];
extern const unsigned int lab_nr_outside;

#endif /* SLABMOD_LAB_OUTSIDE_H */
