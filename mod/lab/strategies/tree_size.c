// SPDX-License-Identifier: GPL-2.0
/*
 * tree_size.c - a search tree of free blocks by size.
 *
 * An allocation descends the tree to the smallest block that is large enough (best fit). That
 * takes logarithmic time. Of several blocks of one size it takes the one with the lowest
 * address. A free pays for it: the neighbours of a block may be anywhere in the tree, so it
 * looks at all blocks until it has found both. That takes linear time.
 *
 * Memory: size and links are 24 bytes. The alignment of 16 makes that 32 for the smallest block.
 */
#include "../tree.h"

struct tree_size {
	struct tree_node *root;
	struct list_pages pages;
};

/* Free blocks that touch @block. */
struct neighbours {
	struct list_block *block, *before, *after;
};

static bool note_neighbour(struct tree_node *node, void *arg)
{
	struct list_block *block = list_block_of(node);
	struct neighbours *found = arg;

	if (list_after(block) == found->block)
		found->before = block;
	else if (list_after(found->block) == block)
		found->after = block;
	return found->before && found->after;
}

/* The size is the key: it may only change while a block is not in the tree. */
static void insert_block(struct tree_size *tree, struct list_block *block)
{
	tree_insert(&tree->root, list_memory(block), tree_by_size);
}

static void remove_block(struct tree_size *tree, struct list_block *block)
{
	tree_remove(&tree->root, list_memory(block), tree_by_size);
}

static void insert_merged(struct tree_size *tree, struct list_block *block)
{
	struct neighbours found = { .block = block };

	tree_find(tree->root, note_neighbour, &found);
	if (found.after) {
		remove_block(tree, found.after);
		block->size += found.after->size;
	}
	if (found.before) {
		remove_block(tree, found.before);
		found.before->size += block->size;
		block = found.before;
	}
	insert_block(tree, block);
}

static void *tree_size_alloc(struct lab *lab, size_t size)
{
	struct tree_size *tree = lab->state;
	struct list_block *block, *rest;
	size_t need;

	if (size >= LIST_LARGE)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	need = tree_need(lab, size, TREE_MIN);
	block = tree_best_fit(tree->root, need);
	if (!block) {
		block = list_grow(lab, &tree->pages, need);
		if (!block)
			return NULL;
		/* It may touch the last block, and then that is the one. */
		insert_merged(tree, block);
		block = tree_best_fit(tree->root, need);
	}
	remove_block(tree, block);
	rest = tree_split(block, need, TREE_MIN);
	if (rest)
		insert_block(tree, rest);
	return list_memory(block);
}

static void tree_size_free(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		lab_large_free(lab, p);
	else
		insert_merged(lab->state, list_block_of(p));
}

static void tree_size_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct tree_size *tree = lab->state;

	tree_walk(tree->root, visit, arg);
}

const struct lab_strategy lab_tree_size = {
	.name = "tree_size",
	.text = "best fit in a tree by size; a free searches all of it for neighbours",
	.lacks = LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct tree_size),
	.alloc = tree_size_alloc,
	.free = tree_size_free,
	.size = list_size,
	.walk = tree_size_walk,
};
