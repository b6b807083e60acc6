// SPDX-License-Identifier: GPL-2.0
/*
 * slabmod_edge.ko - a caller on a machine that runs out of memory.
 *
 * For scripts/check.d/edge.sh, which has a process use up all memory. Files in the debugfs
 * directory slabmod_edge:
 *
 *	command	write the name of a command to run it to its end
 *	results	lines `name value`
 *
 * Commands:
 *
 *	fill	create a pool with a reserve, and threads that allocate and free all the time, so
 *		that slabmod has much free memory; they stop when the machine is low on pages.
 *		When the OOM killer starts, count what slabmod still has, and allocate pages from
 *		SLUB and from the reserve
 *	empty	undo fill
 *	break	allocate all pages, and free them but for one in each group of sixteen
 *	serve	allocate and free a million pieces of up to a page
 *	mend	free the other pages
 *	map	map an area, and free it after a grace period
 */
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/oom.h>
#include <linux/prandom.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmstat.h>
#include <linux/wait.h>

#include <slabmod/slabmod.h>

#include "pattern.h"

/* The results: bytes unless the name or the comment says otherwise. */
static struct {
	unsigned long free_before;	/* free memory of slabmod before the machine ran low, */
	unsigned long free_at_oom;	/* and when the OOM killer started */
	unsigned long used_at_oom;
	unsigned long waves;		/* number of waves, see wave() */
	unsigned long oom_calls;	/* how often the OOM killer started */
	unsigned long oom_pages;	/* free in the whole machine when it first did */
	unsigned long slub_pages;	/* that SLUB allocated then */
	unsigned long slub_failed;	/* and failed to allocate */
	unsigned long reserve_pages;
	unsigned long reserve_failed;
	unsigned long reserve_small;	/* allocated from the reserve in small pieces */
	unsigned long broken_pages;	/* that keep others from being merged */
	unsigned long broken_free;	/* free pages beside them */
	unsigned long runs_broken;	/* pages of runs that were freed later */
	unsigned long requests;
	unsigned long requests_failed;
	unsigned long requests_wrong;	/* pieces that were overwritten */
	unsigned long requests_most;	/* maximum in use at a time */
} figures;

/* Memory blocks in a list: the first word of each points to the next. */
static void push(void ***list, void **block)
{
	*block = *list;
	*list = block;
}

static void *pop(void ***list)
{
	void **block = *list;

	if (block)
		*list = *block;
	return block;
}

static unsigned long free_pages_now(void)
{
	return global_zone_page_state(NR_FREE_PAGES);
}

/* ---- much free memory ---- */

#define CACHES		128
#define CACHE_SIZE(i)	(256 + 32 * (i))
/* Per CPU and cache: more than its magazine and what its home keeps. */
#define WAVE_BYTES	SZ_128K
/* After so many waves, slabmod does not grow any more. */
#define WAVES		20
#define WAVE_INTERVAL	(HZ / 10)
/* Do not invoke the OOM killer. */
#define GFP_WAVE	(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)
/* With fewer free pages than this, the hog is running. */
#define HOG_PAGES	(SZ_16M >> PAGE_SHIFT)

static struct slabmod_cache *caches[CACHES];

struct waver {
	struct task_struct *task;
	unsigned long waves;
	void **objects[CACHES];
};

static struct waver wavers[2];
static bool hog_is_running;
/* Read-locked during a wave. */
static DECLARE_RWSEM(tide);

/* Stays true, although the kernel may reclaim much afterwards. */
static bool short_of_memory(void)
{
	if (free_pages_now() < HOG_PAGES)
		WRITE_ONCE(hog_is_running, true);
	return READ_ONCE(hog_is_running);
}

/* Allocate from all caches before freeing any: a cache must not reuse another's memory. */
static void wave(struct waver *waver)
{
	unsigned int i, n;
	void **object;

	down_read(&tide);
	for (i = 0; i < CACHES && !short_of_memory(); i++) {
		for (n = WAVE_BYTES / CACHE_SIZE(i); n; n--) {
			object = slabmod_cache_alloc(caches[i], GFP_WAVE);
			if (!object)
				break;
			push(&waver->objects[i], object);
		}
	}
	for (i = 0; i < CACHES; i++)
		while ((object = pop(&waver->objects[i])))
			slabmod_cache_free(caches[i], object);
	waver->waves++;
	up_read(&tide);
}

static int make_waves(void *arg)
{
	while (!kthread_should_stop()) {
		if (!short_of_memory())
			wave(arg);
		schedule_timeout_interruptible(WAVE_INTERVAL);
	}
	return 0;
}

static int start_wavers(void)
{
	struct task_struct *task;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wavers); i++) {
		task = kthread_create(make_waves, &wavers[i], "slabmod_edge/%u", i);
		if (IS_ERR(task))
			return PTR_ERR(task);
		if (cpu_online(i))
			kthread_bind(task, i);
		wavers[i].task = task;
		wake_up_process(task);
	}
	return 0;
}

static void stop_wavers(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wavers); i++) {
		if (wavers[i].task)
			kthread_stop(wavers[i].task);
		wavers[i].task = NULL;
		wavers[i].waves = 0;
	}
}

static int wait_for_waves(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wavers); i++)
		while (READ_ONCE(wavers[i].waves) < WAVES)
			if (msleep_interruptible(100))
				return -EINTR;
	return 0;
}

/* Count the free memory of slabmod, between waves. */
static unsigned long count_free(void)
{
	struct slabmod_usage usage;

	down_write(&tide);
	slabmod_pool_usage(NULL, &usage);
	up_write(&tide);
	figures.used_at_oom = usage.used;
	figures.waves = wavers[0].waves + wavers[1].waves;
	return usage.free_in_slabs + usage.in_magazines + usage.free_in_buddy;
}

/* ---- when the OOM killer starts ---- */

#define RESERVE		SZ_8M
#define RESERVE_PAGES	(RESERVE >> PAGE_SHIFT)

static struct slabmod_pool *pool;
static struct task_struct *counter;
static DECLARE_WAIT_QUEUE_HEAD(counter_wait);
static bool to_count;
static DECLARE_COMPLETION(counted);

static void *alloc_page_of(struct slabmod_pool *of)
{
	return of ? (void *)slabmod_pool_get_free_pages(of, GFP_ATOMIC, 0) :
		    kmalloc(PAGE_SIZE, GFP_ATOMIC | __GFP_NOWARN);
}

/* Allocate as many pages as the reserve has from a pool, or from SLUB, with interrupts off. */
static void **alloc_all(struct slabmod_pool *of, unsigned long *pages, unsigned long *failed)
{
	void **page, **list = NULL;
	unsigned long flags;
	unsigned int n;

	local_irq_save(flags);
	for (n = 0; n < RESERVE_PAGES; n++) {
		page = alloc_page_of(of);
		if (page)
			push(&list, page);
		else
			(*failed)++;
	}
	local_irq_restore(flags);
	*pages = RESERVE_PAGES - *failed;
	return list;
}

/* Allocate the reserve once more, in pieces of 64 bytes to 1 KiB, until it is used up. */
static void alloc_small(void)
{
	void **piece, **list = NULL;
	struct rnd_state rnd;
	size_t size;

	prandom_seed_state(&rnd, RESERVE);
	while (figures.reserve_small < RESERVE) {
		size = 64 + prandom_u32_state(&rnd) % 961;
		piece = slabmod_pool_kmalloc(pool, size, GFP_ATOMIC);
		if (!piece)
			break;
		push(&list, piece);
		figures.reserve_small += size;
	}
	while ((piece = pop(&list)))
		slabmod_pool_kfree(pool, piece);
}

static int count_on_request(void *unused)
{
	while (!kthread_should_stop()) {
		wait_event_interruptible(counter_wait,
					 READ_ONCE(to_count) || kthread_should_stop());
		if (!READ_ONCE(to_count))
			continue;
		WRITE_ONCE(to_count, false);
		figures.free_at_oom = count_free();
		complete(&counted);
	}
	return 0;
}

/*
 * Runs in the context of an allocation that waits for memory, which may hold locks that
 * counting needs: a thread counts, and is waited for with a timeout.
 */
static int on_oom(struct notifier_block *nb, unsigned long unused, void *freed)
{
	void **slub, **reserve, *page;

	if (figures.oom_calls++)
		return NOTIFY_OK;
	figures.oom_pages = free_pages_now();
	WRITE_ONCE(to_count, true);
	wake_up(&counter_wait);
	wait_for_completion_timeout(&counted, 60 * HZ);
	/* Hold SLUB's pages meanwhile: only the reserve is left then. */
	slub = alloc_all(NULL, &figures.slub_pages, &figures.slub_failed);
	reserve = alloc_all(pool, &figures.reserve_pages, &figures.reserve_failed);
	while ((page = pop(&reserve)))
		slabmod_pool_free_pages(pool, (unsigned long)page, 0);
	alloc_small();
	while ((page = pop(&slub)))
		kfree(page);
	return NOTIFY_OK;
}

static struct notifier_block oom_notifier = { .notifier_call = on_oom };

static int make_caches(void)
{
	char name[SLABMOD_CACHE_NAME_MAX + 1];
	unsigned int i;

	for (i = 0; i < CACHES; i++) {
		snprintf(name, sizeof(name), "edge-%u", CACHE_SIZE(i));
		caches[i] = slabmod_cache_create(name, CACHE_SIZE(i), 0, 0, NULL);
		if (!caches[i])
			return -ENOMEM;
	}
	return 0;
}

static int make_counter(void)
{
	struct task_struct *task = kthread_run(count_on_request, NULL, "slabmod_edge");

	if (!IS_ERR(task))
		counter = task;
	return PTR_ERR_OR_ZERO(task);
}

static int empty(void)
{
	unsigned int i;
	int err;

	unregister_oom_notifier(&oom_notifier);
	stop_wavers();
	if (counter)
		kthread_stop(counter);
	counter = NULL;
	for (i = 0; i < CACHES; i++) {
		slabmod_cache_destroy(caches[i]);
		caches[i] = NULL;
	}
	err = slabmod_pool_destroy(pool);
	pool = NULL;
	return err;
}

static int fill(void)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	int err;

	if (pool)
		return -EBUSY;
	memset(&figures, 0, sizeof(figures));
	hog_is_running = false;
	reinit_completion(&counted);
	params.reserve_bytes = RESERVE;
	pool = slabmod_pool_create("edge", &params);
	err = pool ? 0 : -ENOMEM;
	err = err ?: make_caches() ?: make_counter() ?: start_wavers() ?: wait_for_waves();
	if (!err) {
		figures.free_before = count_free();
		/* Until the OOM killer starts. */
		figures.free_at_oom = figures.free_before;
		err = register_oom_notifier(&oom_notifier);
	}
	if (err)
		empty();
	return err;
}

/* ---- no run of sixteen pages ---- */

#define BROKEN_ORDER	4
/* Do not wake kswapd or kcompactd, which would make runs. */
#define GFP_IN_NEED	((GFP_ATOMIC & ~__GFP_RECLAIM) | __GFP_NOWARN)

static struct page **hoard;
static unsigned long nr_hoard, max_hoard;

static unsigned long group_of(struct page *page)
{
	return page_to_pfn(page) >> BROKEN_ORDER;
}

static int by_frame(const void *a, const void *b)
{
	unsigned long one = page_to_pfn(*(struct page *const *)a);
	unsigned long other = page_to_pfn(*(struct page *const *)b);

	return one < other ? -1 : one > other;
}

/* Free the pages from @from on, but for the first of each group. */
static void free_most(unsigned long from)
{
	unsigned long i, to = from;

	sort(hoard + from, nr_hoard - from, sizeof(*hoard), by_frame, NULL);
	for (i = from; i < nr_hoard; i++) {
		if (to == from || group_of(hoard[i]) != group_of(hoard[to - 1]))
			hoard[to++] = hoard[i];
		else
			__free_page(hoard[i]);
	}
	nr_hoard = to;
}

static void alloc_runs(unsigned int order, gfp_t gfp)
{
	struct page *pages;
	unsigned long i;

	while (nr_hoard + (1ul << order) <= max_hoard) {
		pages = alloc_pages(gfp, order);
		if (!pages)
			break;
		split_page(pages, order);
		for (i = 0; i < 1ul << order; i++)
			hoard[nr_hoard++] = pages + i;
		cond_resched();
	}
}

/* The kernel's reserves and pages freed meanwhile may have runs. */
static unsigned long break_runs(void)
{
	unsigned long from = nr_hoard, pages;
	unsigned int order;

	for (order = SLABMOD_MAX_ORDER; order >= BROKEN_ORDER; order--)
		alloc_runs(order, GFP_IN_NEED);
	pages = nr_hoard - from;
	if (pages)
		free_most(from);
	return pages;
}

static int mend(void)
{
	while (nr_hoard)
		__free_page(hoard[--nr_hoard]);
	kvfree(hoard);
	hoard = NULL;
	max_hoard = 0;
	return 0;
}

static int break_up(void)
{
	unsigned int quiet;

	if (hoard)
		return -EBUSY;
	max_hoard = totalram_pages();
	hoard = kvcalloc(max_hoard, sizeof(*hoard), GFP_KERNEL);
	if (!hoard)
		return -ENOMEM;
	alloc_runs(0, GFP_WAVE);
	free_most(0);
	/* RCU frees some pages late. */
	for (quiet = 0; quiet < 10; quiet++) {
		if (break_runs())
			quiet = 0;
		if (msleep_interruptible(100))
			return -EINTR;
	}
	figures.broken_pages = nr_hoard;
	figures.broken_free = free_pages_now();
	return 0;
}

#define REQUESTS	1000000
#define PIECES		10000
#define BREAK_INTERVAL	1000

static void free_piece(struct piece *piece)
{
	figures.requests_wrong += !piece_intact(piece);
	slabmod_kfree(piece->memory);
	piece->memory = NULL;
}

static void request(struct piece *piece, struct rnd_state *rnd, unsigned long *live)
{
	u32 random = prandom_u32_state(rnd);
	size_t size = 1 + (random >> 1) % PAGE_SIZE;
	void *memory;

	if (piece->memory) {
		*live -= piece->size;
		free_piece(piece);
	}
	figures.requests++;
	memory = slabmod_kmalloc(size, random & 1 ? GFP_ATOMIC : GFP_KERNEL);
	if (!memory) {
		figures.requests_failed++;
		return;
	}
	piece_fill(piece, memory, size, figures.requests);
	*live += size;
	figures.requests_most = max(figures.requests_most, *live);
}

static int serve(void)
{
	struct piece *pieces = kvcalloc(PIECES, sizeof(*pieces), GFP_KERNEL);
	unsigned long live = 0;
	struct rnd_state rnd;
	unsigned int i;

	if (!pieces)
		return -ENOMEM;
	memset_startat(&figures, 0, runs_broken);
	prandom_seed_state(&rnd, REQUESTS);
	for (i = 0; i < REQUESTS; i++) {
		request(&pieces[prandom_u32_state(&rnd) % PIECES], &rnd, &live);
		if (i % BREAK_INTERVAL == 0)
			figures.runs_broken += break_runs();
		cond_resched();
	}
	for (i = 0; i < PIECES; i++)
		if (pieces[i].memory)
			free_piece(&pieces[i]);
	kvfree(pieces);
	figures.runs_broken += break_runs();
	return 0;
}

/* ---- files ---- */

/* Map an area, and free it after a grace period. */
static int map(void)
{
	u64 *area = slabmod_vmalloc(3 * PAGE_SIZE);

	if (!area)
		return -ENOMEM;
	area[0] = 1;
	slabmod_kvfree_rcu_mightsleep(area);
	slabmod_rcu_barrier();
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} commands[] = {
	{ "fill", fill }, { "empty", empty }, { "break", break_up }, { "serve", serve },
	{ "mend", mend }, { "map", map },
};

static DEFINE_MUTEX(command_lock);
static struct dentry *dir;

static ssize_t command_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	unsigned int i;
	int err = -ENOENT;
	char name[16];

	if (len >= sizeof(name))
		return -ENOENT;
	if (copy_from_user(name, from, len))
		return -EFAULT;
	name[len] = '\0';
	mutex_lock(&command_lock);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, strim(name)))
			err = commands[i].run();
	mutex_unlock(&command_lock);
	return err ?: len;
}

static const struct file_operations command_fops = {
	.owner = THIS_MODULE, .open = simple_open, .write = command_write, .llseek = noop_llseek,
};

#define FIGURE(name)	{ #name, &figures.name }

static const struct {
	const char *name;
	const unsigned long *value;
} names[] = {
	FIGURE(free_before), FIGURE(free_at_oom), FIGURE(used_at_oom), FIGURE(waves),
	FIGURE(oom_calls), FIGURE(oom_pages), FIGURE(slub_pages), FIGURE(slub_failed),
	FIGURE(reserve_pages), FIGURE(reserve_failed), FIGURE(reserve_small),
	FIGURE(broken_pages), FIGURE(broken_free), FIGURE(runs_broken), FIGURE(requests),
	FIGURE(requests_failed), FIGURE(requests_wrong), FIGURE(requests_most),
};

static int results_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		seq_printf(m, "%s %lu\n", names[i].name, *names[i].value);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(results);

static int __init edge_init(void)
{
	dir = debugfs_create_dir("slabmod_edge", NULL);
	debugfs_create_file("command", 0200, dir, NULL, &command_fops);
	debugfs_create_file("results", 0400, dir, NULL, &results_fops);
	return 0;
}

static void __exit edge_exit(void)
{
	debugfs_remove(dir);
	empty();
	mend();
}

module_init(edge_init);
module_exit(edge_exit);

SLABMOD_IMPORT();
MODULE_DESCRIPTION("A caller where memory has run out, for slabmod's tests");
MODULE_LICENSE("GPL");
