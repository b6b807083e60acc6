// SPDX-License-Identifier: GPL-2.0
/*
 * kernel.c - the lab in the kernel: its memory is slabmod's.
 */
#include <linux/gfp.h>

#include <slabmod/slabmod.h>

#include "../bench/clock.h"
#include "lab.h"

void *lab_world_alloc(size_t size)
{
	return slabmod_kvzalloc(size, GFP_KERNEL);
}
EXPORT_SYMBOL_LAB(lab_world_alloc);

void lab_world_free(void *p, size_t size)
{
	slabmod_kvfree(p);
}
EXPORT_SYMBOL_LAB(lab_world_free);

/* One range of addresses, as in a process. Its pages are there at once. */
void *lab_world_reserve(size_t size)
{
	return slabmod_vmalloc(size);
}

void lab_world_release(void *p, size_t size)
{
	slabmod_vfree(p);
}

void lab_world_unused(void *p, size_t size)
{
}

u64 lab_clock(void)
{
	return bench_clock();
}
