// SPDX-License-Identifier: GPL-2.0
/*
 * overview.c - a file for people: what a pool holds, and what for, with units and percentages.
 *
 * Programs read the files of debugfs.c instead: this text may change with any version.
 *
 * Contexts: process, may sleep. Locks: cache_walk() holds the list of caches.
 */
#include <linux/mm.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/string_helpers.h>

#include "cache.h"
#include "cache_list.h"
#include "home_walk.h"
#include "overview.h"
#include "pool.h"
#include "pool_bound.h"
#include "pool_ledger.h"
#include "report.h"

/* "1023 MiB" and room to spare */
#define SIZE_TEXT	24

/* ---- numbers ---- */

static const char *size_text(unsigned long bytes, char *text)
{
	string_get_size(bytes, 1, STRING_UNITS_2, text, SIZE_TEXT);
	return text;
}

static void show_percent(struct seq_file *m, unsigned long part, unsigned long whole)
{
	unsigned long tenths = whole ? part * 1000 / whole : 0;

	seq_printf(m, "%4lu.%lu %%", tenths / 10, tenths % 10);
}

/* ---- the ledger ---- */

static void show_head(struct seq_file *m, struct slabmod_pool *pool, unsigned long held,
		      unsigned long peak)
{
	char text[SIZE_TEXT];

	seq_printf(m, "Pool %s holds %s", pool->name, size_text(held, text));
	seq_printf(m, " (at most %s so far)", size_text(peak, text));
	if (pool->limited)
		seq_printf(m, ", its limit is %s of pages",
			   size_text(pool->source.limit << PAGE_SHIFT, text));
	if (pool->source.reserve)
		seq_printf(m, ", its reserve %s",
			   size_text(pool->source.reserve << PAGE_SHIFT, text));
	seq_puts(m, ".\n\n");
}

static void show_part(struct seq_file *m, unsigned long bytes, unsigned long held, const char *what)
{
	char text[SIZE_TEXT];

	seq_printf(m, "%12s  ", size_text(bytes, text));
	show_percent(m, bytes, held);
	seq_printf(m, "  %s\n", what);
}

static void show_held(struct seq_file *m, struct slabmod_pool *pool)
{
	struct pool_ledger peak = pool_ledger_peak(pool), l = pool_ledger(pool);
	struct pool_bound bound = pool_bound(pool);
	char text[SIZE_TEXT];

	show_head(m, pool, l.held, peak.held);
	show_part(m, l.used, l.held, "in use by callers");
	show_part(m, l.slabs, l.held, "free in slabs");
	show_part(m, l.magazines, l.held, "free in magazines of CPUs");
	show_part(m, l.buddy, l.held, "free pages");
	show_part(m, l.metadata, l.held, "metadata");
	seq_printf(m, "\nAll slabs together have %s", size_text(bound.slabs, text));
	seq_printf(m, ", and can never have more than %s", size_text(bound.bound, text));
	seq_puts(m, " for the objects of the busiest moment.\n");
}

/* ---- caches ---- */

/* Copies: a cache may be destroyed when the list is printed. */
struct row {
	char name[CACHE_LABEL_MAX + 1];
	unsigned int size;
	unsigned long used;		/* objects */
	unsigned long held;		/* bytes */
};

struct rows {
	struct row *row;
	unsigned int nr, room;
};

/* Caches that are listed one by one */
#define ROWS_SHOWN	20u

static void count_cache(struct slabmod_cache *cache, void *arg)
{
	unsigned int *nr = arg;

	++*nr;
}

static void add_row(struct slabmod_cache *cache, void *arg)
{
	struct rows *rows = arg;
	struct row *row;

	if (rows->nr == rows->room)
		return;
	row = &rows->row[rows->nr++];
	strscpy(row->name, cache->label, sizeof(row->name));
	row->size = cache->size;
	row->used = cache_used(cache);
	if (cache->flags & CACHE_BLOCKS)
		row->held = (row->used + cache_cached_objects(cache)) * cache->size;
	else
		row->held = home_pages(cache) << PAGE_SHIFT;
}

static int by_held(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->held != y->held)
		return x->held < y->held ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void show_row(struct seq_file *m, const struct row *row)
{
	char text[SIZE_TEXT];

	seq_printf(m, "%12s  ", size_text(row->held, text));
	show_percent(m, min(row->used * row->size, row->held), row->held);
	seq_printf(m, " %12lu %12s  %s\n", row->used, size_text(row->size, text), row->name);
}

static void show_rows(struct seq_file *m, const struct rows *rows)
{
	unsigned long rest = 0;
	unsigned int i, more = 0;
	char text[SIZE_TEXT];

	seq_puts(m, "\n        held    in use      objects      of size  cache\n");
	for (i = 0; i < rows->nr && rows->row[i].held; i++) {
		if (i < ROWS_SHOWN) {
			show_row(m, &rows->row[i]);
			continue;
		}
		rest += rows->row[i].held;
		more++;
	}
	if (more)
		seq_printf(m, "%12s                                   in %u other caches\n",
			   size_text(rest, text), more);
	seq_printf(m, "%12s                                   in %u caches\n", "nothing",
		   rows->nr - i);
}

static int show_caches(struct seq_file *m, struct slabmod_pool *pool)
{
	struct rows rows = { };

	cache_walk(pool, count_cache, &rows.room);
	rows.row = kvmalloc_array(rows.room, sizeof(*rows.row), GFP_KERNEL);
	if (!rows.row)
		return -ENOMEM;
	cache_walk(pool, add_row, &rows);
	sort(rows.row, rows.nr, sizeof(*rows.row), by_held, NULL);
	show_rows(m, &rows);
	kvfree(rows.row);
	return 0;
}

/* ---- trouble ---- */

static void show_count(struct seq_file *m, unsigned long n, const char *text)
{
	seq_printf(m, "%12lu  %s\n", n, text);
}

/* The errors of callers, by kind. An invalid address belongs to no pool. */
static void show_misuse(struct seq_file *m)
{
	unsigned long all = 0;
	int i;

	for (i = 0; i < NR_MISUSES; i++)
		all += report_count(i);
	show_count(m, all, "errors of callers");
	for (i = 0; i < NR_MISUSES; i++)
		if (report_count(i))
			seq_printf(m, "%12lu    %s\n", report_count(i), misuse_texts[i]);
}

static void show_trouble(struct seq_file *m, struct slabmod_pool *pool)
{
	struct stats __percpu *stats = pool->source.stats;

	seq_puts(m, "\nSo far:\n");
	show_count(m, stat_sum(stats, EVENT_ALLOC_FAIL), "allocations failed for lack of memory");
	show_count(m, stat_sum(stats, EVENT_LIMIT_REFUSED), "requests were beyond the limit");
	if (pool == root_pool)
		show_misuse(m);
}

int overview_show(struct seq_file *m, void *unused)
{
	struct slabmod_pool *pool = m->private;
	int err;

	show_held(m, pool);
	err = show_caches(m, pool);
	if (err)
		return err;
	show_trouble(m, pool);
	return 0;
}
EXPORT_SYMBOL_FOR_TEST(overview_show);
