// SPDX-License-Identifier: GPL-2.0
/*
 * frames.c - a file with the use of every page, chunk by chunk; Documentation/debugfs.rst.
 *
 * The position in the file is that of a chunk in memory. So chunks are in ascending order, none
 * is shown twice, and the file needs room for the text of one chunk only.
 *
 * Contexts: process. Locks: those of buddy_runs(), for one chunk. The text is made under RCU: a
 * cache that has slabs, and the pool of a chunk, are freed after a grace period.
 */
#include <linux/mm.h>
#include <linux/rcupdate.h>

#include "chunk.h"
#include "frames.h"
#include "pool.h"
#include "pool_list.h"

static const char *const use_names[NR_RUN_USES] = {
	[RUN_SLAB] = "slab",
	[RUN_EMPTY] = "empty",
	[RUN_BLOCK] = "block",
	[RUN_CLAIMED] = "claimed",
	[RUN_CACHED] = "cached",
	[RUN_FREE] = "free",
	[RUN_RESERVE] = "reserve",
	[RUN_OTHER] = "other",
};

/* ---- which chunks ---- */

struct lookup {
	const struct slabmod_pool *pool;
	bool found;
};

static void compare_pool(struct slabmod_pool *pool, void *arg)
{
	struct lookup *lookup = arg;

	lookup->found |= pool == lookup->pool;
}

/*
 * The slabs of a pool that is being destroyed may outlive their caches. Such a pool is on no
 * list; if it is removed from the list now, the caches stay until this RCU reader is done.
 */
static bool is_shown(const struct frames_reader *reader, const struct chunk *chunk)
{
	struct lookup lookup = { .pool = pool_of(chunk) };

	if (reader->pool != root_pool)
		return lookup.pool == reader->pool;
	pool_walk_rcu(compare_pool, &lookup);
	return lookup.found;
}

/* Positions are pages of the direct map, from 1; 0 is the head of the file. */
static struct chunk *find_chunk(const struct frames_reader *reader, loff_t *pos)
{
	struct chunk *chunk;

	while ((chunk = chunk_map_next((*pos - 1) << PAGE_SHIFT))) {
		*pos = (chunk_offset(chunk->base) >> PAGE_SHIFT) + 1;
		if (is_shown(reader, chunk))
			break;
		*pos += chunk_pages(chunk);
	}
	return chunk;
}

/* ---- the file ---- */

static void *frames_start(struct seq_file *m, loff_t *pos)
	__acquires(RCU)
{
	rcu_read_lock();
	return *pos ? find_chunk(m->private, pos) : SEQ_START_TOKEN;
}

static void *frames_next(struct seq_file *m, void *v, loff_t *pos)
{
	*pos += v == SEQ_START_TOKEN ? 1 : chunk_pages(v);
	return find_chunk(m->private, pos);
}

static void frames_stop(struct seq_file *m, void *v)
	__releases(RCU)
{
	rcu_read_unlock();
}

static void show_run(struct seq_file *m, const struct page_run *run)
{
	seq_printf(m, "%u %u %s ", run->start, run->pages, use_names[run->use]);
	if (run->cache)
		seq_printf(m, "%s\n", run->cache->label);
	else if (run->use == RUN_FREE || run->use == RUN_RESERVE)
		seq_printf(m, "%u\n", run->order);
	else
		seq_puts(m, "-\n");
}

static int frames_show(struct seq_file *m, void *v)
{
	struct frames_reader *reader = m->private;
	struct chunk *chunk = v;
	unsigned int nr, i;

	if (v == SEQ_START_TOKEN) {
		seq_printf(m, "page_size %lu\n", PAGE_SIZE);
		return 0;
	}
	seq_printf(m, "chunk %lu %u %d %s\n", (unsigned long)PHYS_PFN(__pa(chunk->base)),
		   chunk_pages(chunk), chunk->buddy->nid, pool_of(chunk)->name);
	nr = buddy_runs(chunk, reader->runs);
	for (i = 0; i < nr; i++)
		show_run(m, &reader->runs[i]);
	return 0;
}

const struct seq_operations frames_seq_ops = {
	.start = frames_start,
	.next = frames_next,
	.stop = frames_stop,
	.show = frames_show,
};
EXPORT_SYMBOL_FOR_TEST(frames_seq_ops);

static int frames_open(struct inode *inode, struct file *file)
{
	struct frames_reader *reader = __seq_open_private(file, &frames_seq_ops, sizeof(*reader));

	if (!reader)
		return -ENOMEM;
	reader->pool = inode->i_private;
	return 0;
}

const struct file_operations frames_fops = {
	.owner = THIS_MODULE,
	.open = frames_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};
