// SPDX-License-Identifier: GPL-2.0
/*
 * global_lockfree.c - one heap for all threads, without a lock: a stack of objects for each class.
 *
 * The stacks are those of Treiber. A pop reads the head and the link of the first object, and then
 * replaces the head by the link if the head is still the same. If not, it tries again.
 *
 * ABA: between the reads and the replacement, others may pop A and B and push A, so that the head
 * is A again but the link that was read leads to B, which is in use. Therefore half of the head is
 * a tag that each replacement changes: it takes 2^32 of them to be the same.
 *
 * A pop may read the link of an object that another thread has just popped. The value does not
 * matter, because the replacement fails, but the read must find memory, and must not race with what
 * the new owner writes. So spans never go back, and links are behind their header, not in objects.
 *
 * Locks: the arena's, when a stack is empty and for large requests. Memory: 4 bytes for an object.
 * A class takes 64 KiB when it is first used, or more if several threads find its stack empty.
 */
#include "../span.h"

#define LOCKFREE_MAX	8192ul	/* larger requests get pages of their own */

struct lockfree {
	struct {
		u64 head;	/* the tag, and the offset of the first object or 0, 32 bits each */
	} ____cacheline_aligned stacks[NR_CLASSES];
	struct span *spans;	/* all, for walks. None is ever removed: there is no ABA. */
};

/* Offsets are in units of 16 bytes, so 32 bits are enough for 64 GiB. */
static int global_lockfree_init(struct lab *lab)
{
	return lab->arena.nr_pages > BIT(36) >> PAGE_SHIFT ? -EINVAL : 0;
}

static char *object_at(struct span *span, size_t i)
{
	return (char *)span + SPAN_SIZE - (span->nr_objects - i) * class_size(span->class);
}

static u32 offset_of(struct lab *lab, void *p)
{
	return ((char *)p - lab->arena.base) / LAB_ALIGN;
}

static void *object_of(struct lab *lab, u32 offset)
{
	return lab->arena.base + (size_t)offset * LAB_ALIGN;
}

/* Behind the header a span has links: for each free object, the offset of the next one. */
static u32 *link_of(void *p)
{
	struct span *span = span_of(p);

	return (u32 *)(span + 1) + ((char *)p - object_at(span, 0)) / class_size(span->class);
}

/* Push objects that are linked from @first to @last, by one replacement of the head. */
static void push(struct lab *lab, u64 *head, void *first, void *last)
{
	u64 old;

	do {
		old = lab_load(head);
		lab_store(link_of(last), (u32)old);
	} while (!lab_cas(head, old, ((old >> 32) + 1) << 32 | offset_of(lab, first)));
}

static void *pop(struct lab *lab, u64 *head)
{
	u64 old, next;

	do {
		old = lab_load(head);
		if (!(u32)old)
			return NULL;
		next = lab_load(link_of(object_of(lab, old)));
	} while (!lab_cas(head, old, ((old >> 32) + 1) << 32 | next));
	return object_of(lab, old);
}

/* Divide a new span. Return one object, and push the others. */
static void *grow(struct lab *lab, unsigned int class)
{
	u32 nr = (SPAN_SIZE - sizeof(struct span)) / (class_size(class) + sizeof(u32)), i;
	struct span *span = span_new(lab, class, 0);
	struct lockfree *heap = lab->state;

	if (!span)
		return NULL;
	span->nr_objects = nr;
	for (i = 1; i < nr - 1; i++)
		*link_of(object_at(span, i)) = offset_of(lab, object_at(span, i + 1));
	push(lab, &heap->stacks[class].head, object_at(span, 1), object_at(span, nr - 1));
	while (!lab_cas(&heap->spans, span->next, span))
		span->next = lab_load(&heap->spans);
	return object_at(span, 0);
}

static void *global_lockfree_alloc(struct lab *lab, size_t size)
{
	struct lockfree *heap = lab->state;
	void *p;

	if (size > LOCKFREE_MAX)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	p = pop(lab, &heap->stacks[class_of(size)].head);
	return p ? p : grow(lab, class_of(size));
}

static void global_lockfree_free(struct lab *lab, void *p)
{
	struct lockfree *heap = lab->state;

	if (lab_is_large(lab, p))
		lab_large_free(lab, p);
	else
		push(lab, &heap->stacks[span_of(p)->class].head, p, p);
}

static size_t global_lockfree_size(struct lab *lab, void *p)
{
	return lab_is_large(lab, p) ? lab_large_size(lab, p) : class_size(span_of(p)->class);
}

static void global_lockfree_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct lockfree *heap = lab->state;
	struct span *span;
	u32 i, next;

	for (span = heap->spans; span; span = span->next)
		visit(arg, LAB_META, span, object_at(span, 0) - (char *)span);
	for (i = 0; i < NR_CLASSES; i++)
		for (next = heap->stacks[i].head; next; next = *link_of(object_of(lab, next)))
			visit(arg, LAB_FREE, object_of(lab, next), class_size(i));
}

const struct lab_strategy lab_global_lockfree = {
	.name = "global_lockfree",
	.text = "one heap for all threads: a lock-free stack of free objects for each size class",
	.lacks = LAB_NO_MERGE | LAB_NO_RETURN,
	.state_size = sizeof(struct lockfree),
	.init = global_lockfree_init,
	.alloc = global_lockfree_alloc,
	.free = global_lockfree_free,
	.size = global_lockfree_size,
	.walk = global_lockfree_walk,
};
