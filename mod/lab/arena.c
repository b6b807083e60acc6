// SPDX-License-Identifier: GPL-2.0
/*
 * arena.c - the pages of a lab.
 *
 * What mmap() is to malloc(): a strategy takes runs of pages, and may give them back. A byte for
 * each page says what it is. The first run that is large enough is taken, so that the arena
 * itself adds as little to the differences between strategies as possible.
 *
 * Contexts: any in which arena->lock, the only lock, can be taken. Memory: a byte per page.
 */
#include "lab.h"

/* A run of pages with one large object begins with PAGE_LARGE, and goes on with PAGE_MORE. */
enum lab_page { PAGE_FREE, PAGE_TAKEN, PAGE_LARGE, PAGE_MORE };

static size_t page_of(const struct lab_arena *arena, const void *p)
{
	return ((size_t)p - (size_t)arena->base) >> PAGE_SHIFT;
}

/* Return the number of free pages from @page, up to @nr. */
static size_t free_pages_at(const struct lab_arena *arena, size_t page, size_t nr)
{
	size_t n = 0;

	if (page >= arena->top)
		return nr;
	while (n < nr && page + n < arena->top && arena->map[page + n] == PAGE_FREE)
		n++;
	return page + n == arena->top ? nr : n;
}

/*
 * Return the first page of a free run at a multiple of @align pages, or a number beyond the
 * arena.
 */
static size_t find_run(struct lab_arena *arena, size_t nr, size_t align)
{
	size_t base = (size_t)arena->base >> PAGE_SHIFT;
	size_t page = ALIGN(base + arena->lowest, align) - base, n;

	while (page + nr <= arena->nr_pages) {
		n = free_pages_at(arena, page, nr);
		if (n == nr)
			break;
		page = ALIGN(base + page + n + 1, align) - base;
	}
	return page;
}

/*
 * Another CPU may read the map without the lock, to find the end of the large object before: a
 * new one must have its first page first.
 */
static void set_pages(struct lab_arena *arena, size_t page, size_t nr, u8 what)
{
	while (nr--)
		lab_store(&arena->map[page++], what);
}

static void *take(struct lab *lab, size_t bytes, size_t align, u8 first, u8 more)
{
	struct lab_arena *arena = &lab->arena;
	size_t nr, page;
	void *p = NULL;

	if (!bytes || bytes > arena->nr_pages << PAGE_SHIFT)
		return NULL;
	nr = DIV_ROUND_UP(bytes, PAGE_SIZE);
	lab_lock(&arena->lock);
	page = find_run(arena, nr, max_t(size_t, align >> PAGE_SHIFT, 1));
	if (page + nr <= arena->nr_pages) {
		set_pages(arena, page, 1, first);
		set_pages(arena, page + 1, nr - 1, more);
		if (page == arena->lowest)
			arena->lowest += nr;
		arena->top = max(arena->top, page + nr);
		arena->taken += nr;
		arena->peak = max(arena->peak, arena->taken);
		arena->nr_takes++;
		p = arena->base + (page << PAGE_SHIFT);
	}
	lab_unlock(&arena->lock);
	return p;
}

void *lab_pages_take(struct lab *lab, size_t bytes, size_t align)
{
	return take(lab, bytes, align, PAGE_TAKEN, PAGE_TAKEN);
}

void lab_pages_give(struct lab *lab, void *p, size_t bytes)
{
	struct lab_arena *arena = &lab->arena;
	size_t nr = DIV_ROUND_UP(bytes, PAGE_SIZE), page = page_of(arena, p);

	/* Before another can take them. */
	lab_world_unused(p, nr << PAGE_SHIFT);
	lab_lock(&arena->lock);
	set_pages(arena, page, nr, PAGE_FREE);
	arena->lowest = min(arena->lowest, page);
	if (page + nr == arena->top)
		arena->top = page;
	arena->taken -= nr;
	arena->nr_gives++;
	lab_unlock(&arena->lock);
}

/* ---- large objects ---- */

void *lab_large_alloc(struct lab *lab, size_t size, size_t align)
{
	return take(lab, size ? size : 1, align, PAGE_LARGE, PAGE_MORE);
}

bool lab_is_large(struct lab *lab, void *p)
{
	return lab_load(&lab->arena.map[page_of(&lab->arena, p)]) == PAGE_LARGE;
}

/* The pages of an object that is in use do not change. */
size_t lab_large_size(struct lab *lab, void *p)
{
	struct lab_arena *arena = &lab->arena;
	size_t first = page_of(arena, p), page = first + 1;

	while (page < arena->nr_pages && lab_load(&arena->map[page]) == PAGE_MORE)
		page++;
	return (page - first) << PAGE_SHIFT;
}

void lab_large_free(struct lab *lab, void *p)
{
	lab_pages_give(lab, p, lab_large_size(lab, p));
}
