/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pattern.h - memory of a caller, filled with a pattern that is unique to it: a byte with
 * two owners is found, and so is a write to memory of another owner.
 */
#ifndef SLABMOD_PATTERN_H
#define SLABMOD_PATTERN_H

#include <linux/string.h>
#include <linux/types.h>

/* Memory aligned to 8 bytes; the owner keeps this apart from it. */
struct piece {
	void *memory;		/* or NULL */
	size_t size;
	u64 mark;		/* unique */
};

static inline u64 pattern_word(u64 mark, size_t i)
{
	return (mark + i) * 0x9e3779b97f4a7c15ull;
}

/* Fill a piece to its last byte. */
static inline void piece_fill(struct piece *piece, void *memory, size_t size, u64 mark)
{
	u64 *word = memory;
	size_t i;

	*piece = (struct piece) { memory, size, mark };
	for (i = 0; i < size / 8; i++)
		word[i] = pattern_word(mark, i);
	memset(&word[i], mark & 0xff, size % 8);
}

/* Whether the first @size bytes still have the pattern. */
static inline bool piece_begins(const struct piece *piece, size_t size)
{
	const u64 *word = piece->memory;
	size_t i;

	for (i = 0; i < size / 8; i++)
		if (word[i] != pattern_word(piece->mark, i))
			return false;
	if (size < piece->size)
		return true;
	return !memchr_inv(&word[i], piece->mark & 0xff, size % 8);
}

static inline bool piece_intact(const struct piece *piece)
{
	return piece_begins(piece, piece->size);
}

#endif /* SLABMOD_PATTERN_H */
