// SPDX-License-Identifier: GPL-2.0
/*
 * tree_double.c - free blocks that are each in two search trees, by size and by address.
 *
 * An allocation takes the smallest block that is large enough from the tree by size (best fit).
 * A free finds both neighbours in the tree by address. Both take logarithmic time, but each of
 * them changes two trees.
 *
 * Memory: size and links are 40 bytes. The alignment of 16 makes that 48 for the smallest block,
 * even if the request is for one byte.
 */
#include "../tree.h"

/* In the memory of a free block. */
struct double_node {
	struct tree_node by_size, by_address;
};

#define DOUBLE_MIN	(LIST_HEADER + sizeof(struct double_node))

struct tree_double {
	struct tree_node *by_size, *by_address;
	struct list_pages pages;
};

/* The block of a node of the tree by address, or NULL. */
static struct list_block *block_of(struct tree_node *node)
{
	return node ? list_block_of(container_of(node, struct double_node, by_address)) : NULL;
}

static void insert_block(struct tree_double *tree, struct list_block *block)
{
	struct double_node *node = list_memory(block);

	tree_insert(&tree->by_size, &node->by_size, tree_by_size);
	tree_insert(&tree->by_address, &node->by_address, tree_by_address);
}

static void remove_block(struct tree_double *tree, struct list_block *block)
{
	struct double_node *node = list_memory(block);

	tree_remove(&tree->by_size, &node->by_size, tree_by_size);
	tree_remove(&tree->by_address, &node->by_address, tree_by_address);
}

static void insert_merged(struct tree_double *tree, struct list_block *block)
{
	struct double_node *node = list_memory(block);
	struct tree_node *left, *right;
	struct list_block *before, *after;

	tree_around(tree->by_address, &node->by_address, tree_by_address, &left, &right);
	before = block_of(left);
	after = block_of(right);
	if (after && list_after(block) == after) {
		remove_block(tree, after);
		block->size += after->size;
	}
	if (before && list_after(before) == block) {
		remove_block(tree, before);
		before->size += block->size;
		block = before;
	}
	insert_block(tree, block);
}

static void *tree_double_alloc(struct lab *lab, size_t size)
{
	struct tree_double *tree = lab->state;
	struct list_block *block, *rest;
	size_t need;

	if (size >= LIST_LARGE)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	need = tree_need(lab, size, DOUBLE_MIN);
	block = tree_best_fit(tree->by_size, need);
	if (!block) {
		block = list_grow(lab, &tree->pages, need);
		if (!block)
			return NULL;
		/* It may touch the last block, and then that is the one. */
		insert_merged(tree, block);
		block = tree_best_fit(tree->by_size, need);
	}
	remove_block(tree, block);
	rest = tree_split(block, need, DOUBLE_MIN);
	if (rest)
		insert_block(tree, rest);
	return list_memory(block);
}

static void tree_double_free(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		lab_large_free(lab, p);
	else
		insert_merged(lab->state, list_block_of(p));
}

static void tree_double_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct tree_double *tree = lab->state;

	tree_walk(tree->by_size, visit, arg);
}

const struct lab_strategy lab_tree_double = {
	.name = "tree_double",
	.text = "best fit in a tree by size, and neighbours merge by a tree by address",
	.lacks = LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct tree_double),
	.alloc = tree_double_alloc,
	.free = tree_double_free,
	.size = list_size,
	.walk = tree_double_walk,
};
