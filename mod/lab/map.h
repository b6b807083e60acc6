/* SPDX-License-Identifier: GPL-2.0 */
/*
 * map.h - a picture of the arena in characters.
 */
#ifndef SLABMOD_LAB_MAP_H
#define SLABMOD_LAB_MAP_H

#include "driver.h"

#define MAP_OBJECT	'#'	/* what callers asked for */
#define MAP_SOME	'+'	/* the same, but more of the cell is something else */
#define MAP_FREE	'.'
#define MAP_META	'='	/* the strategy's own data */
#define MAP_LOST	'-'	/* headers, more than was asked for, and what is in no list */
#define MAP_NO_PAGE	' '	/* not taken from the arena */

/*
 * Set each of @nr cells, of @bytes each, to what most of its bytes are. The first cell begins at
 * @start bytes in the arena. Return 0, or -ENOMEM. Nothing else uses the lab meanwhile.
 */
int lab_map(struct lab_driver *driver, char *cells, size_t nr, size_t bytes, size_t start);

/* Return the bytes of the arena up to the last page that is taken. */
size_t lab_map_length(const struct lab *lab);

#endif /* SLABMOD_LAB_MAP_H */
