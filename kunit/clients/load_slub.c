// SPDX-License-Identifier: GPL-2.0
/*
 * slabmod_load_slub.ko - load.c for the kernel's allocator.
 */
#define LOAD_SLUB
#include "load.c"
