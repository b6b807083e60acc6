/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pattern.h - what a caller has, with a pattern in it that names its owner: two
 * owners of one byte are found out, and so is who wrote to memory not its own.
 */
#ifndef SLABMOD_PATTERN_H
#define SLABMOD_PATTERN_H

#include <linux/string.h>
#include <linux/types.h>

/* Memory that starts at a multiple of 8 bytes. Whoever has it keeps this beside it. */
struct piece {
	void *memory;		/* NULL: there is none */
	size_t size;
	u64 mark;		/* another for each piece there ever was */
};

static inline u64 pattern_word(u64 mark, size_t i)
{
	return (mark + i) * 0x9e3779b97f4a7c15ull;
}

/* Writes a piece full, to its last byte. */
static inline void piece_fill(struct piece *piece, void *memory, size_t size, u64 mark)
{
	u64 *word = memory;
	size_t i;

	*piece = (struct piece) { memory, size, mark };
	for (i = 0; i < size / 8; i++)
		word[i] = pattern_word(mark, i);
	memset(&word[i], (u8)mark, size % 8);
}

/* Whether the first @size bytes are still as they were written. */
static inline bool piece_begins(const struct piece *piece, size_t size)
{
	const u64 *word = piece->memory;
	size_t i;

	for (i = 0; i < size / 8; i++)
		if (word[i] != pattern_word(piece->mark, i))
			return false;
	if (size < piece->size)
		return true;
	return !memchr_inv(&word[i], (u8)piece->mark, size % 8);
}

static inline bool piece_intact(const struct piece *piece)
{
	return piece_begins(piece, piece->size);
}

#endif /* SLABMOD_PATTERN_H */
