// SPDX-License-Identifier: GPL-2.0
/*
 * external_unrolled.c - records of free memory in an unrolled linked list: plan B.
 *
 * A node of the list has several records, in the order of addresses, so that a search stays in the
 * same cache lines for a while. A full node is split to make room, and two neighbours that are
 * nearly empty become one. First fit and free take linear time. Nodes are asked of alloc(): see
 * external.h for why this takes a loan at first.
 */
#include "../external.h"

#define UNROLLED	15	/* records of a node, which has 256 bytes */

struct unrolled_node {
	struct unrolled_node *next;
	size_t nr;	/* not 0 */
	struct external_record records[UNROLLED];
};

struct external_unrolled {
	struct external external;
	struct unrolled_node *head;
};

static struct external_record *first_fit(struct lab *lab, size_t need)
{
	struct external_unrolled *list = lab->state;
	struct external_record *record = NULL;
	struct unrolled_node *node;

	for (node = list->head; node && !record; node = node->next)
		record = external_first(node->records, node->nr, need);
	return record;
}

static void neighbours(struct lab *lab, char *start, struct external_record *near[2])
{
	struct external_unrolled *list = lab->state;
	struct unrolled_node *node = list->head;
	struct external_record *record;

	/* Skip the nodes that have only records below. */
	for (; node && node->records[node->nr - 1].start < start; node = node->next)
		near[0] = &node->records[node->nr - 1];
	for (record = node ? node->records : NULL; record && record->start < start; record++)
		near[0] = record;
	near[1] = record;
}

/* A new record may go to any of the nodes, and takes another one if that is full. */
static bool room(struct lab *lab)
{
	struct external_unrolled *list = lab->state;
	struct unrolled_node *node = list->head;

	while (node && node->nr < UNROLLED)
		node = node->next;
	return (list->head && !node) || external_room(lab);
}

/* Move the upper half of the records to a new node behind, and return that. */
static struct unrolled_node *split(struct lab *lab, struct unrolled_node *node)
{
	struct unrolled_node *upper = external_get(lab);

	upper->nr = node->nr / 2;
	node->nr -= upper->nr;
	memcpy(upper->records, node->records + node->nr, upper->nr * sizeof(*upper->records));
	upper->next = node->next;
	node->next = upper;
	return upper;
}

static void add(struct lab *lab, char *start, size_t size)
{
	struct external_unrolled *list = lab->state;
	struct unrolled_node *node = list->head;
	size_t i;

	if (!node) {
		node = memset(external_get(lab), 0, sizeof(*node));
		list->head = node;
	}
	while (node->next && node->next->records[0].start < start)
		node = node->next;
	if (node->nr == UNROLLED && split(lab, node)->records[0].start < start)
		node = node->next;
	for (i = node->nr++; i && node->records[i - 1].start > start; i--)
		node->records[i] = node->records[i - 1];
	node->records[i] = (struct external_record){ start, size };
}

static void remove_record(struct lab *lab, struct external_record *record)
{
	struct external_unrolled *list = lab->state;
	struct unrolled_node **link = &list->head, *node, *next;

	for (node = *link; node->records[node->nr - 1].start < record->start; node = *link)
		link = &node->next;
	next = node->next;
	node->nr--;
	memmove(record, record + 1, (node->records + node->nr - record) * sizeof(*record));
	if (!node->nr) {
		*link = next;
		external_put(lab, node);
	} else if (next && node->nr + next->nr <= UNROLLED * 2 / 3) {
		memcpy(node->records + node->nr, next->records, next->nr * sizeof(*record));
		node->nr += next->nr;
		node->next = next->next;
		external_put(lab, next);
	}
}

static const struct external_plan plan = {
	.node_size = sizeof(struct unrolled_node),
	.first_fit = first_fit,
	.neighbours = neighbours,
	.room = room,
	.add = add,
	.remove = remove_record,
};

static int external_unrolled_init(struct lab *lab)
{
	return external_init(lab, &plan);
}

static void external_unrolled_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct external_unrolled *list = lab->state;
	struct unrolled_node *node = list->head;

	external_walk_unused(lab, visit, arg);
	for (; node; node = node->next) {
		visit(arg, LAB_META, node, sizeof(*node));
		external_visit(node->records, node->nr, visit, arg);
	}
}

const struct lab_strategy lab_external_unrolled = {
	.name = "external_unrolled",
	.text = "records of free memory in an unrolled list, which needs a malloc() itself",
	.lacks = LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct external_unrolled),
	.init = external_unrolled_init,
	.alloc = external_alloc,
	.free = external_free,
	.size = list_size,
	.walk = external_unrolled_walk,
};
