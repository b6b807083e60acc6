/* SPDX-License-Identifier: GPL-2.0 */
/*
 * frames.h - a file with the use of every page.
 */
#ifndef SLABMOD_FRAMES_H
#define SLABMOD_FRAMES_H

#include <linux/fs.h>
#include <linux/seq_file.h>

#include "buddy_walk.h"
#include "types.h"

/* The private data of an open file. */
struct frames_reader {
	struct slabmod_pool *pool;	/* root_pool: all pools that are listed */
	struct page_run runs[CHUNK_MAX_PAGES];
};

extern const struct seq_operations frames_seq_ops;

/* The private data of the inode is the pool. */
extern const struct file_operations frames_fops;

#endif /* SLABMOD_FRAMES_H */
