// SPDX-License-Identifier: GPL-2.0
/*
 * kit.c - shared by all suites. Tests run one after another, so one source and one
 * capture serve all of them.
 */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/page_ref.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>
#include <trace/events/printk.h>

#include "beyond.h"
#include "cache.h"
#include "cache_list.h"
#include "cache_setup.h"
#include "chunk.h"
#include "compat.h"
#include "home.h"
#include "home_check.h"
#include "home_walk.h"
#include "kit.h"
#include "pool_check.h"
#include "slab.h"
#include "source.h"

static unsigned long seed;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "seed of random runs, to repeat one; 0: a new one each time");

/* ---- the source ---- */

struct kit_source kit_source = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(kit_source.lock),
	.out = LIST_HEAD_INIT(kit_source.out),
};

struct kit_pool {
	struct list_head node;
	struct slabmod_pool *pool;
};

static LIST_HEAD(kit_pools);
static LIST_HEAD(kit_caches);	/* by cache->node: they are not in the list of caches */

static bool source_refuses(unsigned int order)
{
	bool refuse = kit_source.fail_all || order > kit_source.max_order;

	if (kit_source.fail_after != ULONG_MAX) {
		if (kit_source.fail_after)
			kit_source.fail_after--;
		else
			refuse = true;
	}
	return refuse;
}

/* The next node that is not full. */
static int source_node(gfp_t gfp, int nid)
{
	int other;

	if (!(kit_source.full_nodes & BIT(nid)))
		return nid;
	if (!(gfp & __GFP_THISNODE))
		for_each_online_node(other)
			if (!(kit_source.full_nodes & BIT(other)))
				return other;
	return NUMA_NO_NODE;
}

static struct page *kit_source_alloc(struct chunk_source *source, gfp_t gfp, unsigned int order,
				     int nid)
{
	struct page *page = NULL;
	unsigned long flags;
	bool refuse;

	raw_spin_lock_irqsave(&kit_source.lock, flags);
	kit_source.requests++;
	refuse = source_refuses(order);
	if (kit_source.full_nodes) {
		nid = source_node(gfp, nid == NUMA_NO_NODE ? numa_mem_id() : nid);
		gfp |= __GFP_THISNODE;
		refuse |= nid == NUMA_NO_NODE;
	}
	raw_spin_unlock_irqrestore(&kit_source.lock, flags);

	if (!refuse)
		page = alloc_pages_node(nid, gfp, order);

	raw_spin_lock_irqsave(&kit_source.lock, flags);
	if (page) {
		list_add(&page->lru, &kit_source.out);
		kit_source.pages += 1ul << order;
	} else {
		kit_source.refused++;
	}
	raw_spin_unlock_irqrestore(&kit_source.lock, flags);
	return page;
}

static void kit_source_free(struct chunk_source *source, struct page *page, unsigned int order)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&kit_source.lock, flags);
	list_del(&page->lru);
	kit_source.pages -= 1ul << order;
	raw_spin_unlock_irqrestore(&kit_source.lock, flags);
	__free_pages(page, order);
}

void kit_source_reset(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&kit_source.lock, flags);
	kit_source.max_order = UINT_MAX;
	kit_source.fail_after = ULONG_MAX;
	kit_source.full_nodes = 0;
	kit_source.fail_all = false;
	kit_source.requests = 0;
	kit_source.refused = 0;
	raw_spin_unlock_irqrestore(&kit_source.lock, flags);
}

/* Free the pages that a pool leaked. */
static void source_sweep(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &kit_source.out, lru) {
		unsigned int order = compound_order(page);

		list_del(&page->lru);
		/* A leaked chunk still has slabmod's references. */
		set_page_count(page, 1);
		__free_pages(page, order);
	}
	kit_source.pages = 0;
}

/* ---- pools and caches of a test ---- */

struct slabmod_pool *kit_pool_create_orders(struct kunit *test, unsigned long limit,
					    unsigned int min_order, unsigned int max_order)
{
	const struct chunk_source source = {
		.alloc = kit_source_alloc,
		.free = kit_source_free,
		.min_order = min_order,
		.max_order = max_order,
		.limit = limit,
		.nid = NUMA_NO_NODE,
	};
	struct kit_pool *kit = kunit_kzalloc(test, sizeof(*kit), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, kit);
	kit->pool = pool_create(test->name, &source);
	KUNIT_ASSERT_NOT_NULL(test, kit->pool);
	list_add(&kit->node, &kit_pools);
	return kit->pool;
}

struct page_use *kit_use(unsigned int order)
{
	static struct page_use uses[SLABMOD_MAX_ORDER + 1][NR_BLOCK_USES];

	if (!uses[order]->nr_pages)
		frame_set_uses(uses[order], NULL, 1u << order);
	return &uses[order][USE_CLAIMED];
}

struct slabmod_pool *kit_pool_create(struct kunit *test, unsigned long limit)
{
	return kit_pool_create_orders(test, limit, UNIT_ORDER, SLABMOD_MAX_ORDER);
}

void kit_pool_destroy(struct kunit *test, struct slabmod_pool *pool, unsigned long stay)
{
	struct kit_pool *kit, *next;

	list_for_each_entry_safe(kit, next, &kit_pools, node) {
		if (kit->pool != pool)
			continue;
		list_del(&kit->node);
		KUNIT_EXPECT_TRUE(test, pool_check(pool));
		KUNIT_EXPECT_EQ(test, pool_destroy(pool), stay);
		if (stay)
			source_sweep();
		return;
	}
	KUNIT_FAIL(test, "no pool of this test");
}

struct slabmod_cache *kit_cache_create(struct kunit *test, struct slabmod_pool *pool,
				       unsigned int size, unsigned int align,
				       void (*ctor)(void *object))
{
	struct slabmod_cache *cache;
	int i;

	cache = kzalloc(home_cache_size(), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	INIT_LIST_HEAD(&cache->node);
	snprintf(cache->name, sizeof(cache->name), "kit-%u", size);
	cache->pool = pool;
	cache->buddies = pool->buddies;
	cache->source = &pool->source;
	cache->stats = pool->source.stats;
	cache->ctor = ctor;
	cache->object_size = size;
	cache->align = align;
	for (i = 0; i < nr_node_ids; i++)
		home_init(&cache->node_homes[i]);
	cache->homes = alloc_percpu(struct slab_home);
	list_add(&cache->node, &kit_caches);
	KUNIT_ASSERT_TRUE(test, !!cache->homes);
	for_each_possible_cpu(i)
		home_init(per_cpu_ptr(cache->homes, i));
	KUNIT_ASSERT_TRUE(test, slab_layout(cache, size, align));
	home_set_keep(cache, false);
	return cache;
}

void kit_cache_destroy(struct kunit *test, struct slabmod_cache *cache)
{
	list_del(&cache->node);
	if (cache->homes && cache->size) {
		KUNIT_EXPECT_TRUE(test, home_check(cache));
		home_shrink(cache);
		KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
		KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 0);
		KUNIT_EXPECT_EQ(test, home_totals(cache).small_slabs, 0);
	}
	free_percpu(cache->homes);
	kfree(cache);
}

void kit_cache_quicken(struct kunit *test, struct slabmod_cache *cache)
{
	KUNIT_ASSERT_FALSE(test, !!cache->homes);
	KUNIT_ASSERT_FALSE(test, cache->flags & CACHE_SHARES_LINES);
	cache->flags &= ~CACHE_CHECK_HOME;
	cache_setup_free_path(cache);
}

int kit_init(struct kunit *test)
{
	kit_source_reset();
	return 0;
}

void kit_exit(struct kunit *test)
{
	struct slabmod_cache *cache, *next_cache;
	struct kit_pool *kit, *next;

	list_for_each_entry_safe(cache, next_cache, &kit_caches, node)
		kit_cache_destroy(test, cache);
	list_for_each_entry_safe(kit, next, &kit_pools, node)
		kit_pool_destroy(test, kit->pool, 0);
	chunk_sync();
	beyond_end();
	KUNIT_EXPECT_EQ_MSG(test, kit_source.pages, 0, "pages were not freed");
	source_sweep();
}

/* ---- seeds ---- */

void kit_seed(struct kunit *test, struct rnd_state *rnd)
{
	unsigned long use = seed ? seed : get_random_long() | 1;

	kunit_info(test, "seed=%lu\n", use);
	prandom_seed_state(rnd, use);
}

/* ---- reports ---- */

#define X(id, name, text) #name,
static const char *const kinds[] = { MISUSES(X) };
#undef X

/* The lines printed since kit_capture_begin(). */
static struct {
	raw_spinlock_t lock;
	bool on;
	size_t len;
	char text[32768];
	unsigned long count[NR_MISUSES];	/* before */
} capture = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(capture.lock),
};

static void capture_line(void *ignore, const char *line, size_t len)
{
	unsigned long flags;

	if (in_nmi())
		return;
	raw_spin_lock_irqsave(&capture.lock, flags);
	if (capture.on) {
		len = min(len, sizeof(capture.text) - capture.len - 2);
		memcpy(capture.text + capture.len, line, len);
		capture.len += len;
		capture.text[capture.len++] = '\n';
		if (capture.len > sizeof(capture.text) - 2)
			capture.on = false;
	}
	raw_spin_unlock_irqrestore(&capture.lock, flags);
}

static struct tracepoint *console;

void kit_capture_begin(void)
{
	unsigned long flags;
	int kind;

	/* Only while needed: in an NMI this tracepoint itself warns. */
	check_trace_callback_type_console(capture_line);
	WARN_ON(tracepoint_probe_register(console, capture_line, NULL));
	report_unlimit();
	for (kind = 0; kind < NR_MISUSES; kind++)
		capture.count[kind] = report_count(kind);
	raw_spin_lock_irqsave(&capture.lock, flags);
	capture.len = 0;
	capture.on = true;
	raw_spin_unlock_irqrestore(&capture.lock, flags);
}

void kit_capture_end(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&capture.lock, flags);
	capture.on = false;
	capture.text[capture.len] = '\0';
	raw_spin_unlock_irqrestore(&capture.lock, flags);
	tracepoint_probe_unregister(console, capture_line, NULL);
}

unsigned int kit_captured(const char *text)
{
	unsigned int n = 0;
	const char *p;

	for (p = capture.text; (p = strstr(p, text)); p++)
		n++;
	return n;
}

/* Whether the line that begins with @head has @text. */
static bool line_has(const char *head, const char *text)
{
	const char *line = strstr(capture.text, head);

	return line && strnstr(line, text, strcspn(line, "\n"));
}

bool kit_captured_stack(const char *head, const char *function)
{
	const char *p = strstr(capture.text, head);
	size_t len = strlen(function);

	while (p && (p = strstr(p, function))) {
		if (p[-1] == ' ' && p[len] == '+')
			return true;
		p += len;
	}
	return false;
}

static void expect_counts(struct kunit *test, int line, int reported)
{
	int kind;

	for (kind = 0; kind < NR_MISUSES; kind++)
		KUNIT_EXPECT_EQ_MSG(test, report_count(kind) - capture.count[kind],
				    (unsigned long)(kind == reported),
				    "line %d: how often %s was counted", line, kinds[kind]);
}

void kit_expect_misuse(struct kunit *test, int line, enum misuse kind, const char *text,
		       const char *function)
{
	char head[64];

	scnprintf(head, sizeof(head), "slabmod: misuse: %s: ", kinds[kind]);
	expect_counts(test, line, kind);
	KUNIT_EXPECT_EQ_MSG(test, kit_captured("slabmod: misuse: "), 1,
			    "line %d: how many reports", line);
	KUNIT_EXPECT_TRUE_MSG(test, line_has(head, text), "line %d: no '%s... %s' in:\n%s",
			      line, head, text, capture.text);
	if (function)
		KUNIT_EXPECT_TRUE_MSG(test, kit_captured_stack(head, function),
				      "line %d: %s is not in the stack:\n%s", line, function,
				      capture.text);
}

void kit_expect_no_misuse(struct kunit *test, int line)
{
	expect_counts(test, line, NR_MISUSES);
	KUNIT_EXPECT_EQ_MSG(test, kit_captured("slabmod: misuse: "), 0,
			    "line %d: a report:\n%s", line, capture.text);
}

/* ---- other CPUs ---- */

unsigned int kit_cpu(unsigned int n)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (n-- == 0)
			return cpu;
	return nr_cpu_ids;
}

struct run_on {
	void (*fn)(void *arg);
	void *arg;
};

static long run_on(void *arg)
{
	struct run_on *run = arg;

	run->fn(run->arg);
	return 0;
}

bool kit_run_on(unsigned int n, void (*fn)(void *arg), void *arg)
{
	struct run_on run = { fn, arg };
	unsigned int cpu = kit_cpu(n);

	return cpu < nr_cpu_ids && !work_on_cpu(cpu, run_on, &run);
}

struct runner {
	struct task_struct *task;
	struct completion *go;
	struct completion done;
	unsigned int n;
	void (*fn)(unsigned int n, void *arg);
	void *arg;
};

static int runner_main(void *data)
{
	struct runner *runner = data;

	wait_for_completion(runner->go);
	runner->fn(runner->n, runner->arg);
	complete(&runner->done);
	/* Do not exit before kthread_stop(), which needs the task. */
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

static bool runner_start(struct runner *runner, unsigned int n)
{
	unsigned int cpu = kit_cpu(n);

	if (cpu >= nr_cpu_ids)
		return false;
	runner->n = n;
	init_completion(&runner->done);
	runner->task = kthread_create(runner_main, runner, "kit/%u", cpu);
	if (IS_ERR(runner->task))
		return false;
	kthread_bind(runner->task, cpu);
	wake_up_process(runner->task);
	return true;
}

unsigned int kit_run_on_cpus(struct kunit *test, unsigned int nr,
			     void (*fn)(unsigned int n, void *arg), void *arg)
{
	struct runner *runners = kcalloc(nr, sizeof(*runners), GFP_KERNEL);
	DECLARE_COMPLETION_ONSTACK(go);
	unsigned int i, n;

	KUNIT_ASSERT_NOT_NULL(test, runners);
	for (n = 0; n < nr; n++) {
		runners[n].go = &go;
		runners[n].fn = fn;
		runners[n].arg = arg;
		if (!runner_start(&runners[n], n))
			break;
	}
	complete_all(&go);
	for (i = 0; i < n; i++) {
		wait_for_completion(&runners[i].done);
		kthread_stop(runners[i].task);
	}
	kfree(runners);
	return n;
}

/* ---- reclaim ---- */

bool kit_kernel_asks(void)
{
	struct file *file = filp_open("/proc/sys/vm/drop_caches", O_WRONLY, 0);
	loff_t pos = 0;
	ssize_t written;

	if (IS_ERR(file))
		return false;
	written = kernel_write(file, "2", 1, &pos);
	filp_close(file, NULL);
	return written == 1;
}

/* ---- the module ---- */

/* The tracepoint of the console is not exported: find it by name. */
static void find_console(struct tracepoint *tp, void *ignore)
{
	if (!strcmp(tp->name, "console"))
		console = tp;
}

int kit_module_init(void)
{
	for_each_kernel_tracepoint(find_console, NULL);
	return console ? 0 : -ENOENT;
}

void kit_module_exit(void)
{
	tracepoint_synchronize_unregister();
}
