// SPDX-License-Identifier: GPL-2.0
/*
 * map.c - a picture of the arena in characters.
 *
 * Contexts: process, may sleep. Memory: 16 bytes per cell, for as long as it takes.
 */
#include "map.h"

enum { OBJECT, FREE, META, TAKEN, NR_KINDS };

/* Bytes of each cell, by kind. */
struct map {
	struct lab *lab;
	u32 (*cells)[NR_KINDS];
	size_t nr;
	size_t bytes;
	size_t start;
};

/* Add the bytes from @from to @end, which count from the start of the arena. */
static void map_add(struct map *map, unsigned int kind, size_t from, size_t end)
{
	from = max(from, map->start);
	end = min(end, map->start + map->nr * map->bytes);
	while (from < end) {
		size_t cell = (from - map->start) / map->bytes;
		size_t next = min(end, map->start + (cell + 1) * map->bytes);

		map->cells[cell][kind] += next - from;
		from = next;
	}
}

static void map_range(void *arg, enum lab_kind kind, const void *start, size_t size)
{
	struct map *map = arg;
	size_t from = (size_t)start - (size_t)map->lab->arena.base;

	map_add(map, kind == LAB_FREE ? FREE : META, from, from + size);
}

static void map_add_all(struct map *map, struct lab_driver *driver)
{
	struct lab_arena *arena = &driver->lab->arena;
	size_t page;
	unsigned int i;

	for (page = 0; page < arena->top; page++)
		if (arena->map[page])
			map_add(map, TAKEN, page << PAGE_SHIFT, (page + 1) << PAGE_SHIFT);
	for (i = 0; i < driver->nr_objects; i++) {
		struct lab_object *object = &driver->objects[i];
		size_t from;

		if (!object->p)
			continue;
		from = (size_t)lab_at(driver->lab, object->p) - (size_t)arena->base;
		map_add(map, OBJECT, from, from + object->size);
	}
	driver->lab->strategy->walk(driver->lab, map_range, map);
}

static char picture(const u32 *bytes, size_t all)
{
	u32 known = bytes[OBJECT] + bytes[FREE] + bytes[META], lost;

	lost = bytes[TAKEN] > known ? bytes[TAKEN] - known : 0;
	if (bytes[TAKEN] * 2 < all)
		return MAP_NO_PAGE;
	if (bytes[OBJECT] >= bytes[FREE] && bytes[OBJECT] >= bytes[META] && bytes[OBJECT] >= lost)
		return MAP_OBJECT;
	if (bytes[OBJECT])
		return MAP_SOME;
	if (bytes[FREE] >= bytes[META] && bytes[FREE] >= lost)
		return MAP_FREE;
	return bytes[META] >= lost ? MAP_META : MAP_LOST;
}

int lab_map(struct lab_driver *driver, char *cells, size_t nr, size_t bytes, size_t start)
{
	struct map map = { .lab = driver->lab, .nr = nr, .bytes = bytes, .start = start };
	size_t i;

	map.cells = lab_world_alloc(nr * sizeof(*map.cells));
	if (!map.cells)
		return -ENOMEM;
	map_add_all(&map, driver);
	for (i = 0; i < nr; i++)
		cells[i] = picture(map.cells[i], bytes);
	lab_world_free(map.cells, nr * sizeof(*map.cells));
	return 0;
}

size_t lab_map_length(const struct lab *lab)
{
	return lab->arena.top << PAGE_SHIFT;
}
