/* SPDX-License-Identifier: GPL-2.0 */
/*
 * external.h - free memory that is known by records of its address and size, kept elsewhere.
 *
 * The records need memory. A malloc() has only itself to ask for it, and to serve that request it
 * may need pages, which need a record. Therefore the first records are on loan: lab->loan bytes of
 * pages, a page if that is 0, and none if it is SIZE_MAX. Once they are used up, more is asked of
 * alloc(). What the loan hides is counted:
 *
 *   lab->counts[0]  requests for records that the strategy made of its own alloc()
 *   lab->counts[1]  of these, those that need a record themselves, which are refused
 *   lab->counts[2]  bytes that were freed and had to be forgotten, because they got no record
 *
 * The plans differ in how they hold the records. Objects have their size in front, as in list.h.
 */
#ifndef SLABMOD_LAB_EXTERNAL_H
#define SLABMOD_LAB_EXTERNAL_H

#include "list.h"

struct external_record {
	char *start;
	size_t size;
};

/* What a plan does with records. Their order is that of addresses. */
struct external_plan {
	/* Memory for records comes in nodes of this size; 0 if the plan sees to it. */
	size_t node_size;
	/* Return the first record of at least @need bytes, or NULL. */
	struct external_record *(*first_fit)(struct lab *lab, size_t need);
	/* Set @near to the last record below an address and the first one above, or NULL. */
	void (*neighbours)(struct lab *lab, char *start, struct external_record *near[2]);
	/* Make sure that add() has the memory that it needs. */
	bool (*room)(struct lab *lab);
	void (*add)(struct lab *lab, char *start, size_t size);
	void (*remove)(struct lab *lab, struct external_record *record);
};

/* A node that is not in use. */
struct external_node {
	struct external_node *next;
};

/* The first field of the state of each plan. */
struct external {
	const struct external_plan *plan;
	struct list_pages pages;
	char *loan;			/* pages for the first records */
	size_t loan_size;
	struct external_node *spare;	/* nodes that are part of the loan */
	struct external_node *own;	/* nodes that came from alloc(), which can go back */
	bool asking;			/* alloc() was called for a record */
};

static inline int external_init(struct lab *lab, const struct external_plan *plan)
{
	struct external *external = lab->state;
	struct external_node *node;
	size_t at;

	external->plan = plan;
	if (lab->loan == SIZE_MAX)
		return 0;
	external->loan_size = lab->loan ? lab->loan : PAGE_SIZE;
	external->loan = lab_pages_take(lab, external->loan_size, PAGE_SIZE);
	if (!external->loan)
		return -ENOMEM;
	if (!plan->node_size)
		return 0;
	for (at = plan->node_size; at <= external->loan_size; at += plan->node_size) {
		node = (struct external_node *)(external->loan + at - plan->node_size);
		node->next = external->spare;
		external->spare = node;
	}
	return 0;
}

/* ---- some records in a row ---- */

static inline struct external_record *external_first(struct external_record *records, size_t nr,
						     size_t need)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (records[i].size >= need)
			return &records[i];
	return NULL;
}

static inline void external_visit(const struct external_record *records, size_t nr,
				  lab_visit_t visit, void *arg)
{
	size_t i;

	for (i = 0; i < nr; i++)
		visit(arg, LAB_FREE, records[i].start, records[i].size);
}

/* ---- free memory ---- */

/* Add free memory to the records that it touches. Return false if there are none. */
static inline bool external_merge(struct lab *lab, char *start, size_t size)
{
	struct external *external = lab->state;
	struct external_record *near[2] = { NULL, NULL }, *before, *after;

	external->plan->neighbours(lab, start, near);
	before = near[0];
	after = near[1];
	if (after && start + size != after->start)
		after = NULL;
	if (before && before->start + before->size == start) {
		before->size += size;
		if (after) {
			before->size += after->size;
			external->plan->remove(lab, after);
		}
	} else if (after) {
		after->start = start;
		after->size += size;
	} else {
		return false;
	}
	return true;
}

/* Record free memory. Return false if there is no memory for the record. */
static inline bool external_insert(struct lab *lab, struct list_block *block)
{
	struct external *external = lab->state;
	char *start = (char *)block;
	size_t size = block->size;

	if (external_merge(lab, start, size))
		return true;
	if (!external->plan->room(lab))
		return false;
	/* A request for room may have changed the neighbours. */
	if (!external_merge(lab, start, size))
		external->plan->add(lab, start, size);
	return true;
}

/* Cut @need bytes off the front of the memory of a record. */
static inline struct list_block *external_cut(struct lab *lab, struct external_record *record,
					      size_t need)
{
	struct external *external = lab->state;
	struct list_block *block = (struct list_block *)record->start;

	if (record->size - need < LIST_MIN) {
		block->size = record->size;
		external->plan->remove(lab, record);
	} else {
		block->size = need;
		record->start += need;
		record->size -= need;
	}
	return block;
}

/* ---- calls ---- */

static inline void *external_alloc(struct lab *lab, size_t size)
{
	struct external *external = lab->state;
	struct external_record *record;
	struct list_block *block;
	size_t need;

	if (size >= LIST_LARGE)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	need = list_need(lab, size);
	record = external->plan->first_fit(lab, need);
	if (!record) {
		/* New pages are free memory, which is useless without a record. */
		if (!external->plan->room(lab))
			return NULL;
		block = list_grow(lab, &external->pages, need);
		if (!block)
			return NULL;
		external_insert(lab, block);
		record = external->plan->first_fit(lab, need);
	}
	return list_memory(external_cut(lab, record, need));
}

/* Ask alloc() for the memory of records, but not if that is what it is busy with. */
static inline void *external_ask(struct lab *lab, size_t size)
{
	struct external *external = lab->state;
	void *p;

	if (external->asking) {
		lab->counts[1]++;
		return NULL;
	}
	lab->counts[0]++;
	external->asking = true;
	p = external_alloc(lab, size);
	external->asking = false;
	return p;
}

static inline bool external_on_loan(const struct external *external, const void *p)
{
	return (size_t)p - (size_t)external->loan < external->loan_size;
}

/* ---- nodes ---- */

static inline void external_put(struct lab *lab, void *p)
{
	struct external *external = lab->state;
	struct external_node **list, *node = p;

	list = external_on_loan(external, p) ? &external->spare : &external->own;
	node->next = *list;
	*list = node;
}

/* Return a node. There is one after external_room(). */
static inline void *external_get(struct lab *lab)
{
	struct external *external = lab->state;
	struct external_node **list = external->spare ? &external->spare : &external->own;
	struct external_node *node = *list;

	*list = node->next;
	return node;
}

static inline bool external_has_nodes(const struct external *external, unsigned int nr)
{
	const struct external_node *node = external->spare;

	for (; node && nr; node = node->next)
		nr--;
	for (node = external->own; node && nr; node = node->next)
		nr--;
	return !nr;
}

/*
 * Make sure that there is a node. A second one is kept: a request for a node may take pages, and
 * these need a record, too.
 */
static inline bool external_room(struct lab *lab)
{
	struct external *external = lab->state;
	void *p;

	while (!external_has_nodes(external, external->asking ? 1 : 2)) {
		p = external_ask(lab, external->plan->node_size);
		if (!p)
			break;
		external_put(lab, p);
	}
	return external_has_nodes(external, 1);
}

/* Free the nodes that are not needed any more, except those that would take a record. */
static inline void external_free_nodes(struct lab *lab)
{
	struct external *external = lab->state;
	struct external_node **link = &external->own, *node;
	struct list_block *block;

	if (*link && !external->spare)
		link = &(*link)->next;
	while (*link) {
		node = *link;
		block = list_block_of(node);
		*link = node->next;
		if (!external_merge(lab, (char *)block, block->size)) {
			*link = node;
			link = &node->next;
		}
	}
}

static inline void external_free(struct lab *lab, void *p)
{
	struct list_block *block = list_block_of(p);

	if (lab_is_large(lab, p)) {
		lab_large_free(lab, p);
		return;
	}
	if (!external_insert(lab, block))
		lab->counts[2] += block->size;
	external_free_nodes(lab);
}

static inline void external_walk_unused(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct external *external = lab->state;
	struct external_node *node;

	for (node = external->spare; node; node = node->next)
		visit(arg, LAB_META, node, external->plan->node_size);
	for (node = external->own; node; node = node->next)
		visit(arg, LAB_META, node, external->plan->node_size);
}

#endif /* SLABMOD_LAB_EXTERNAL_H */
