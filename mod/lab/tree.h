/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tree.h - free blocks in a balanced search tree, with the nodes inside the blocks.
 *
 * A block that is in use:   | size | memory of the caller ...      |
 * A block that is free:     | size | left | right | ...            |
 *
 * The size in front and the growth are those of list.h. Size and links are 24 bytes. The
 * smallest block has 32, because blocks are multiples of lab->unit, 16.
 *
 * A node has no field for the balance: the tree is a treap. The priority of a node is a hash of
 * its address, and no node has a child of higher priority. That gives the tree the shape of one
 * to which the nodes were added in random order. Its depth is O(log n): about 50 for a million
 * nodes.
 *
 * The order is a function, is_before(a, b). What it compares must not change while a node is in
 * the tree.
 */
#ifndef SLABMOD_LAB_TREE_H
#define SLABMOD_LAB_TREE_H

#include "list.h"

/* In the memory of a free block, where list_memory() and list_block_of() find it. */
struct tree_node {
	struct tree_node *left, *right;
};

/* The smallest block of a tree, before it is rounded to lab->unit. */
#define TREE_MIN	(LIST_HEADER + sizeof(struct tree_node))

/* ---- orders ---- */

static inline bool tree_by_address(struct tree_node *a, struct tree_node *b)
{
	return a < b;
}

/* The address breaks ties, because blocks of one size would form a chain otherwise. */
static inline bool tree_by_size(struct tree_node *a, struct tree_node *b)
{
	size_t size_a = list_block_of(a)->size, size_b = list_block_of(b)->size;

	return size_a == size_b ? a < b : size_a < size_b;
}

/* ---- the tree ---- */

/* The finalizer of splitmix64. Different addresses have different priorities. */
static inline u64 tree_priority(const struct tree_node *node)
{
	u64 x = (size_t)node;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

static inline void tree_insert(struct tree_node **link, struct tree_node *node,
			       bool (*is_before)(struct tree_node *a, struct tree_node *b))
{
	struct tree_node **left = &node->left, **right = &node->right, *rest;
	u64 priority = tree_priority(node);

	while (*link && tree_priority(*link) > priority)
		link = is_before(node, *link) ? &(*link)->left : &(*link)->right;
	/* @node takes this place. The nodes from here on go to its two sides. */
	rest = *link;
	*link = node;
	while (rest) {
		if (is_before(rest, node)) {
			*left = rest;
			left = &rest->right;
			rest = *left;
		} else {
			*right = rest;
			right = &rest->left;
			rest = *right;
		}
	}
	*left = NULL;
	*right = NULL;
}

static inline void tree_remove(struct tree_node **link, struct tree_node *node,
			       bool (*is_before)(struct tree_node *a, struct tree_node *b))
{
	struct tree_node *left = node->left, *right = node->right;

	while (*link != node)
		link = is_before(node, *link) ? &(*link)->left : &(*link)->right;
	/* Merge its two sides in its place, the higher priority on top. */
	while (left && right) {
		if (tree_priority(left) > tree_priority(right)) {
			*link = left;
			link = &left->right;
			left = *link;
		} else {
			*link = right;
			link = &right->left;
			right = *link;
		}
	}
	*link = left ? left : right;
}

/*
 * Return the first node, in order, that @match accepts, or NULL. Takes linear time. It calls
 * itself for left links only, which bounds the expected depth of calls to about 40 for a million
 * nodes.
 */
static inline struct tree_node *tree_find(struct tree_node *node,
					  bool (*match)(struct tree_node *node, void *arg),
					  void *arg)
{
	struct tree_node *found;

	for (; node; node = node->right) {
		found = tree_find(node->left, match, arg);
		if (found)
			return found;
		if (match(node, arg))
			return node;
	}
	return NULL;
}

/* Find the nodes just before and just after @node, which is not in the tree, or NULL. */
static inline void tree_around(struct tree_node *root, struct tree_node *node,
			       bool (*is_before)(struct tree_node *a, struct tree_node *b),
			       struct tree_node **before, struct tree_node **after)
{
	*before = NULL;
	*after = NULL;
	while (root) {
		if (is_before(root, node)) {
			*before = root;
			root = root->right;
		} else {
			*after = root;
			root = root->left;
		}
	}
}

/* In a tree by size, return the smallest block of at least @need bytes, or NULL. */
static inline struct list_block *tree_best_fit(struct tree_node *root, size_t need)
{
	struct list_block *best = NULL;

	while (root) {
		if (list_block_of(root)->size >= need) {
			best = list_block_of(root);
			root = root->left;
		} else {
			root = root->right;
		}
	}
	return best;
}

/* ---- blocks ---- */

/* The size of a block for a request, if no block may have less than @least bytes. */
static inline size_t tree_need(const struct lab *lab, size_t size, size_t least)
{
	return ALIGN(max(size + LIST_HEADER, least), lab->unit);
}

/* As list_split(), if no block may have less than @least bytes. */
static inline struct list_block *tree_split(struct list_block *block, size_t need, size_t least)
{
	return block->size - need < least ? NULL : list_split(block, need);
}

struct tree_walk {
	lab_visit_t visit;
	void *arg;
};

static inline bool tree_visit(struct tree_node *node, void *arg)
{
	struct list_block *block = list_block_of(node);
	struct tree_walk *walk = arg;

	walk->visit(walk->arg, LAB_FREE, block, block->size);
	return false;
}

static inline void tree_walk(struct tree_node *root, lab_visit_t visit, void *arg)
{
	struct tree_walk walk = { visit, arg };

	tree_find(root, tree_visit, &walk);
}

#endif /* SLABMOD_LAB_TREE_H */
