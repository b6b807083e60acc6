// SPDX-License-Identifier: GPL-2.0
/*
 * handles.c - objects that move, so that all free memory becomes one range: plan E.
 *
 *	| handle | handle | ... | nr, handle | object | nr, handle | object | ... | free |
 *	0                       start                                             top    end
 *
 * alloc() returns a handle, which has the address of the object. A new object goes to the top,
 * without a search. If a fifth is gaps, all objects slide down before more pages are taken; if most
 * is, pages go back. In return, an access reads the handle first, an address is good until the next
 * call, and some calls take linear time. Handles stay, so objects move up to make room for more.
 */
#include "../lab.h"

/* The header of an object, and the unit of its size. */
struct handle_unit {
	size_t nr;		/* units of the object, with this one */
	void **handle;		/* NULL: it is a gap */
};

#define UNIT	sizeof(struct handle_unit)

struct handles {
	size_t start, top, end, used;	/* units from the base of the arena; units of objects */
	void **unused;			/* a handle, which has the address of the next one */
};

static void slide(struct lab *lab)
{
	struct handle_unit *unit = (struct handle_unit *)lab->arena.base;
	struct handles *handles = lab->state;
	size_t from, nr, to = handles->start;

	for (from = to; from < handles->top; from += nr) {
		nr = unit[from].nr;
		if (!unit[from].handle)
			continue;
		*unit[from].handle = &unit[to];
		memmove(&unit[to], &unit[from], nr * UNIT);
		to += nr;
	}
	handles->top = to;
}

/* Double the handles. The objects move up to make room. To slide updates their handles. */
static bool add_handles(struct lab *lab)
{
	struct handle_unit *unit = (struct handle_unit *)lab->arena.base;
	struct handles *handles = lab->state;
	size_t old = handles->start, more = max(old, PAGE_SIZE / UNIT);
	void **handle;

	if (lab_pages_take(lab, more * UNIT, PAGE_SIZE) != &unit[handles->end])
		return false;
	handles->end += more;
	memmove(&unit[old + more], &unit[old], (handles->top - old) * UNIT);
	handles->start += more;
	handles->top += more;
	slide(lab);
	for (handle = (void **)&unit[old]; handle < (void **)&unit[old + more]; handle++) {
		*handle = handles->unused;
		handles->unused = handle;
	}
	return true;
}

static void *handles_alloc(struct lab *lab, size_t size)
{
	struct handle_unit *unit = (struct handle_unit *)lab->arena.base;
	struct handles *handles = lab->state;
	size_t nr = 1 + size / UNIT + !!(size % UNIT), more = ALIGN(nr, 16 * PAGE_SIZE / UNIT);
	void **handle;

	if (size > lab->arena.nr_pages << PAGE_SHIFT || (!handles->unused && !add_handles(lab)))
		return NULL;
	/* The arena has nothing else, so the pages that it returns follow the others. */
	if (handles->end - handles->top < nr &&
	    handles->used + nr > (handles->end - handles->start) / 5 * 4 &&
	    lab_pages_take(lab, more * UNIT, PAGE_SIZE) == &unit[handles->end])
		handles->end += more;
	if (handles->end - handles->top < nr)
		slide(lab);
	if (handles->end - handles->top < nr)
		return NULL;
	handle = handles->unused;
	handles->unused = *handle;
	*handle = &unit[handles->top];
	unit[handles->top] = (struct handle_unit){ nr, handle };
	handles->top += nr;
	handles->used += nr;
	return handle;
}

static void handles_free(struct lab *lab, void *p)
{
	struct handles *handles = lab->state;
	void **handle = p;
	struct handle_unit *object = *handle, *unit = (struct handle_unit *)lab->arena.base;
	size_t end = handles->end;

	object->handle = NULL;
	handles->used -= object->nr;
	*handle = handles->unused;
	handles->unused = handle;
	if (handles->top - handles->start <= 3 * handles->used)
		return;
	slide(lab);
	if (!handles->used)
		memset(handles, 0, sizeof(*handles));
	handles->end = ALIGN(handles->top, PAGE_SIZE / UNIT);
	if (handles->end < end)
		lab_pages_give(lab, &unit[handles->end], (end - handles->end) * UNIT);
}

static void *handles_at(struct lab *lab, void *p)
{
	return *(struct handle_unit **)p + 1;
}

static size_t handles_size(struct lab *lab, void *p)
{
	return ((*(struct handle_unit **)p)->nr - 1) * UNIT;
}

static void handles_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct handle_unit *unit = (struct handle_unit *)lab->arena.base;
	struct handles *handles = lab->state;
	size_t i;

	if (handles->start)
		visit(arg, LAB_META, unit, handles->start * UNIT);
	for (i = handles->start; i < handles->top; i += unit[i].nr)
		if (!unit[i].handle)
			visit(arg, LAB_FREE, &unit[i], unit[i].nr * UNIT);
	if (handles->top < handles->end)
		visit(arg, LAB_FREE, &unit[i], (handles->end - i) * UNIT);
}

const struct lab_strategy lab_handles = {
	.name = "handles",
	.text = "objects that move together; alloc() returns a handle",
	.lacks = LAB_NO_THREADS | LAB_MOVES,
	.state_size = sizeof(struct handles),
	.alloc = handles_alloc,
	.free = handles_free,
	.size = handles_size,
	.walk = handles_walk,
	.at = handles_at,
};
