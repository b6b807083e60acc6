/* SPDX-License-Identifier: GPL-2.0 */
/*
 * classes.h - sizes of which there are lists: powers of two, and the half points between them.
 *
 *	16 32 48 64 96 128 192 256 384 512 768 1024 ... 16384 24576 32768
 */
#ifndef SLABMOD_LAB_CLASSES_H
#define SLABMOD_LAB_CLASSES_H

#include "lab.h"

#define CLASS_MAX	32768ul
#define NR_CLASSES	22

/* The size of the objects of a class. */
static inline size_t class_size(unsigned int class)
{
	if (class < 2)
		return 16ul << class;
	/* From 32 on, two for each power of two. */
	return class & 1 ? 64ul << (class - 3) / 2 : 48ul << (class - 2) / 2;
}

/* The class for objects of @size, up to CLASS_MAX. */
static inline unsigned int class_of(size_t size)
{
	unsigned int order;

	if (size <= 32)
		return size > 16;
	order = ilog2(size - 1);
	/* The power of two below @size, and whether the half point above it is enough. */
	return 2 * (order - 5) + (size <= 3ul << (order - 1) ? 2 : 3);
}

#endif /* SLABMOD_LAB_CLASSES_H */
