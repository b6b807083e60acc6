// SPDX-License-Identifier: GPL-2.0
/*
 * external_tree.c - records of free memory in a balanced tree: plan C.
 *
 * The tree is in the order of addresses. It is a treap: no node has a higher priority than its
 * parent, and priorities are as good as random, which keeps the depth logarithmic in any order of
 * calls. A free finds its neighbours in logarithmic time. A first fit visits one record after
 * another. Nodes are asked of alloc(): see external.h for why this takes a loan at first.
 */
#include "../external.h"

struct tree_node {
	struct external_record record;
	struct tree_node *left;		/* all below */
	struct tree_node *right;	/* all above */
};

struct external_tree {
	struct external external;
	struct tree_node *root;
};

/* A hash of the address of the node. That of its memory changes when the front is cut off. */
static u64 priority(const struct tree_node *node)
{
	u64 hash = (size_t)node * 0x9e3779b97f4a7c15ull;

	return (hash ^ (hash >> 32)) * 0x9e3779b97f4a7c15ull;
}

static void neighbours(struct lab *lab, char *start, struct external_record *near[2])
{
	struct external_tree *tree = lab->state;
	struct tree_node *node = tree->root;

	while (node) {
		bool below = node->record.start < start;

		near[below ? 0 : 1] = &node->record;
		node = below ? node->right : node->left;
	}
}

/* Return the first record above @record, or of all if that is NULL. */
static struct external_record *next_record(struct lab *lab, const struct external_record *record)
{
	struct external_record *near[2] = { NULL, NULL };

	neighbours(lab, record ? record->start + 1 : NULL, near);
	return near[1];
}

static struct external_record *first_fit(struct lab *lab, size_t need)
{
	struct external_record *record = next_record(lab, NULL);

	while (record && record->size < need)
		record = next_record(lab, record);
	return record;
}

/* The new node takes the place of the first one of lower priority, which is split below it. */
static void add(struct lab *lab, char *start, size_t size)
{
	struct external_tree *tree = lab->state;
	struct tree_node *new = external_get(lab), *node;
	struct tree_node **link = &tree->root, **left = &new->left, **right = &new->right;

	new->record = (struct external_record){ start, size };
	for (node = *link; node && priority(node) >= priority(new); node = *link)
		link = node->record.start < start ? &node->right : &node->left;
	*link = new;
	while (node) {
		if (node->record.start < start) {
			*left = node;
			left = &node->right;
			node = node->right;
		} else {
			*right = node;
			right = &node->left;
			node = node->left;
		}
	}
	*left = NULL;
	*right = NULL;
}

/* What was below the node is joined in its place, the higher priority first. */
static void remove_record(struct lab *lab, struct external_record *record)
{
	struct external_tree *tree = lab->state;
	struct tree_node **link = &tree->root, *left, *right;

	while (&(*link)->record != record)
		link = (*link)->record.start < record->start ? &(*link)->right : &(*link)->left;
	left = (*link)->left;
	right = (*link)->right;
	external_put(lab, *link);
	while (left && right) {
		if (priority(left) > priority(right)) {
			*link = left;
			link = &left->right;
			left = left->right;
		} else {
			*link = right;
			link = &right->left;
			right = right->left;
		}
	}
	*link = left ? left : right;
}

static const struct external_plan plan = {
	.node_size = sizeof(struct tree_node),
	.first_fit = first_fit,
	.neighbours = neighbours,
	.room = external_room,
	.add = add,
	.remove = remove_record,
};

static int external_tree_init(struct lab *lab)
{
	return external_init(lab, &plan);
}

static void external_tree_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct external_record *record;

	external_walk_unused(lab, visit, arg);
	for (record = next_record(lab, NULL); record; record = next_record(lab, record)) {
		visit(arg, LAB_META, record, sizeof(struct tree_node));
		visit(arg, LAB_FREE, record->start, record->size);
	}
}

const struct lab_strategy lab_external_tree = {
	.name = "external_tree",
	.text = "records of free memory in a balanced tree, which needs a malloc() itself",
	.lacks = LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct external_tree),
	.init = external_tree_init,
	.alloc = external_alloc,
	.free = external_free,
	.size = list_size,
	.walk = external_tree_walk,
};
