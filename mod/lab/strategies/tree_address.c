// SPDX-License-Identifier: GPL-2.0
/*
 * tree_address.c - a search tree of free blocks by address, in which neighbours merge.
 *
 * A free descends the tree to the place of the block, and merges the block with the neighbours
 * that it touches. That takes logarithmic time, where a list takes linear time. An allocation
 * gains nothing, because sizes are in no order: it looks at one block after another, the lowest
 * address first, until one is large enough (first fit). That takes linear time.
 *
 * Memory: size and links are 24 bytes. The alignment of 16 makes that 32 for the smallest block.
 */
#include "../tree.h"

struct tree_address {
	struct tree_node *root;
	struct list_pages pages;
};

static bool is_large_enough(struct tree_node *node, void *need)
{
	return list_block_of(node)->size >= *(size_t *)need;
}

/* Remove the first block that is large enough from the tree. Return it, or NULL. */
static struct list_block *take_first_fit(struct tree_address *tree, size_t need)
{
	struct tree_node *node = tree_find(tree->root, is_large_enough, &need);

	if (!node)
		return NULL;
	tree_remove(&tree->root, node, tree_by_address);
	return list_block_of(node);
}

static void insert_merged(struct tree_address *tree, struct list_block *block)
{
	struct tree_node *node = list_memory(block), *before, *after;

	tree_around(tree->root, node, tree_by_address, &before, &after);
	if (after && list_after(block) == list_block_of(after)) {
		tree_remove(&tree->root, after, tree_by_address);
		block->size += list_block_of(after)->size;
	}
	/* The block before it only grows: its place in the tree stays the same. */
	if (before && list_after(list_block_of(before)) == block)
		list_block_of(before)->size += block->size;
	else
		tree_insert(&tree->root, node, tree_by_address);
}

static void *tree_address_alloc(struct lab *lab, size_t size)
{
	struct tree_address *tree = lab->state;
	struct list_block *block, *rest;
	size_t need;

	if (size >= LIST_LARGE)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	need = tree_need(lab, size, TREE_MIN);
	block = take_first_fit(tree, need);
	if (!block) {
		block = list_grow(lab, &tree->pages, need);
		if (!block)
			return NULL;
		/* It may touch the last block, and then that is the one. */
		insert_merged(tree, block);
		block = take_first_fit(tree, need);
	}
	rest = tree_split(block, need, TREE_MIN);
	if (rest)
		tree_insert(&tree->root, list_memory(rest), tree_by_address);
	return list_memory(block);
}

static void tree_address_free(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		lab_large_free(lab, p);
	else
		insert_merged(lab->state, list_block_of(p));
}

static void tree_address_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct tree_address *tree = lab->state;

	tree_walk(tree->root, visit, arg);
}

const struct lab_strategy lab_tree_address = {
	.name = "tree_address",
	.text = "first fit in a tree by address, where neighbours merge",
	.lacks = LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct tree_address),
	.alloc = tree_address_alloc,
	.free = tree_address_free,
	.size = list_size,
	.walk = tree_address_walk,
};
