// SPDX-License-Identifier: GPL-2.0
/*
 * rcu_free.c - frees after a grace period: kfree_rcu().
 *
 * Each CPU has a list, without a lock, of the memory passed on it, linked by the rcu_head in the
 * memory. When no batch of the CPU is under way, the whole list becomes a batch and waits for a
 * grace period (queue_rcu_work()). A work item then frees the batch, and starts the next one. So no
 * timer is needed, an idle CPU has no batch, and a free is late by two grace periods at most.
 *
 * The member @func of a waiting rcu_head is the address of the memory, encoded by a random number.
 * The encoded address cannot be there by chance, so a second call for the same memory finds it and
 * is refused: a head that is linked twice would make the list a circle. It is removed before the
 * memory is freed. A free without a head has a small record with a head, from the root pool.
 *
 * An NMI adds to the list too; an irq_work then starts the batch. A CPU that is offline or not yet
 * online does not handle interrupts: the hotplug callbacks start its batch.
 *
 * Modules are unloaded after what waits has been freed: the notifier here runs before those of
 * caches and pools, which report what a module leaves behind.
 *
 * Contexts: any. Locks: barrier_mutex between waiters, outside of all others. Memory: the lists,
 * and a record for each waiting free without a head.
 */
#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/kasan.h>
#include <linux/llist.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <slabmod/kvmalloc.h>
#include <slabmod/rcu.h>

#include "debug/fault.h"
#include "events.h"
#include "kmalloc.h"
#include "pool.h"
#include "rcu_free.h"
#include "report.h"
#include "source.h"
#include "vmalloc.h"

/* The frees of one CPU. */
struct rcu_frees {
	struct llist_head waiting;	/* rcu_heads, newest first; added by any context */
	atomic_t busy;			/* there is a batch; the CPU that sets it owns @batch */
	struct llist_node *batch;	/* waits for its grace period, or is being freed */
	unsigned int batches;		/* ever freed; changed by the work item */
	unsigned int target;		/* of @batches, for a waiter; barrier_mutex */
	local_t passed;			/* allocations ever added; this CPU */
	unsigned long freed;		/* allocations ever freed; changed by the work item */
	struct rcu_work work;
	struct irq_work kick;
};

/* A free without a head. */
struct rcu_record {
	struct rcu_head head;
	void *memory;
};

/* In the address in a head: it is that of a record. Memory has an even address. */
#define IS_RECORD	1ul

/* A head is closer than this to the beginning of its memory. */
#define MAX_OFFSET	BIT(40)

static struct rcu_frees __percpu *frees;
static struct workqueue_struct *queue;
static unsigned long secret;
static DECLARE_WAIT_QUEUE_HEAD(batch_freed);
static DEFINE_MUTEX(barrier_mutex);

/* ---- heads ---- */

static unsigned long *word_of(struct rcu_head *head)
{
	return (unsigned long *)&head->func;
}

static unsigned long encode(unsigned long address)
{
	return address ^ secret;
}

/* Remove the address from a head and return it; 0 if there is none, because it was overwritten. */
static unsigned long remove_address(struct rcu_head *head)
{
	unsigned long address = encode(xchg(word_of(head), 0));

	return (unsigned long)head - (address & ~IS_RECORD) < MAX_OFFSET ? address : 0;
}

/* ---- freeing ---- */

static void free_now(void *p)
{
	slabmod_kvfree(p);
}

static void free_address(unsigned long address)
{
	struct rcu_record *record = (void *)(address & ~IS_RECORD);

	if (address & IS_RECORD)
		free_now(record->memory);
	free_now(record);
}

/* Free a list. Return how many were on it. */
static unsigned long free_list(struct llist_node *node)
{
	unsigned long address, n;

	for (n = 0; node; n++) {
		struct rcu_head *head = (struct rcu_head *)node;

		node = READ_ONCE(node->next);
		address = remove_address(head);
		if (!address) {
			/* The link may be overwritten too. */
			report_misuse(MISUSE_WRITE_FREE,
				      "kfree_rcu: the rcu_head at %p was overwritten before the grace period ended; this memory and what was passed before is not freed",
				      head);
			break;
		}
		free_address(address);
		cond_resched();
	}
	return n;
}

/* ---- batches ---- */

/* Make the list a batch, unless there is one. Any context but NMI. */
static void start_batch(struct rcu_frees *f)
{
	if (llist_empty(&f->waiting) || atomic_read(&f->busy) || atomic_xchg(&f->busy, 1))
		return;
	f->batch = llist_del_all(&f->waiting);
	queue_rcu_work(queue, &f->work);
}

static void free_batch(struct work_struct *work)
{
	struct rcu_frees *f = container_of(to_rcu_work(work), struct rcu_frees, work);

	WRITE_ONCE(f->freed, f->freed + free_list(f->batch));
	f->batch = NULL;
	WRITE_ONCE(f->batches, f->batches + 1);
	atomic_set_release(&f->busy, 0);
	/*
	 * Pairs with the barrier of llist_add(): either what was added meanwhile is seen here, or
	 * the CPU that added it sees that there is no batch.
	 */
	smp_mb();
	start_batch(f);
	wake_up_all(&batch_freed);
}

static void start_after_nmi(struct irq_work *work)
{
	start_batch(container_of(work, struct rcu_frees, kick));
}

static void add(struct rcu_head *head)
{
	struct rcu_frees *mine;

	preempt_disable();
	mine = this_cpu_ptr(frees);
	local_inc(&mine->passed);
	llist_add((struct llist_node *)head, &mine->waiting);
	if (!in_nmi())
		start_batch(mine);
	else if (cpu_online(raw_smp_processor_id()))
		irq_work_queue(&mine->kick);
	preempt_enable();
}

/* ---- calls ---- */

/* Report memory that free_now() would refuse, or a head that is not in it. Any context. */
static bool refused(const struct rcu_head *head, const void *p)
{
	unsigned long offset = (unsigned long)head - (unsigned long)p;
	size_t size;

	if (is_vmalloc_addr(p))
		size = vmalloc_memory_at("kfree_rcu", p);
	else
		size = kmalloc_memory_at("kfree_rcu", p);
	if (!size || !head)
		return !size;
	if (IS_ALIGNED((unsigned long)head, sizeof(void *)) && size >= sizeof(*head) &&
	    offset <= size - sizeof(*head))
		return false;
	report_misuse(MISUSE_BAD_FREE,
		      "kfree_rcu: the rcu_head at %p is misaligned, or not in the %zu bytes at %p",
		      head, size, p);
	return true;
}

static void free_with_head(struct rcu_head *head, void *p)
{
	unsigned long encoded = encode((unsigned long)p);

	/* Of concurrent calls only one finds another value. */
	if (xchg(word_of(head), encoded) == encoded) {
		report_misuse(MISUSE_DOUBLE_FREE, "kfree_rcu: %p waits to be freed already", p);
		return;
	}
	kmalloc_note_free(p);
	add(head);
}

static void free_without_head(void *p)
{
	struct rcu_record *record = NULL;

	might_sleep();
	kmalloc_note_free(p);
	/* Not worth any effort: there is another way. */
	if (!fault_hits(FAULT_RECORD))
		record = slabmod_kmalloc(sizeof(*record), GFP_NOWAIT | __GFP_NOWARN);
	if (!record) {
		synchronize_rcu();
		free_now(p);
		return;
	}
	record->memory = p;
	*word_of(&record->head) = encode((unsigned long)record | IS_RECORD);
	add(&record->head);
}

void slabmod_kvfree_call_rcu(struct rcu_head *head, void *ptr)
{
	void *p = kasan_reset_tag(ptr);

	/* ZERO_SIZE_PTR has no member, so @head is not used. */
	if (!p || p == ZERO_SIZE_PTR)
		return;
	head = kasan_reset_tag(head);
	if (refused(head, p))
		return;
	if (head)
		free_with_head(head, p);
	else
		free_without_head(p);
}
EXPORT_SYMBOL_SLABMOD(slabmod_kvfree_call_rcu);

/* ---- waiting ---- */

/* Whether the list that was there when @target was set has been freed. */
static bool is_freed(struct rcu_frees *f)
{
	bool empty = llist_empty(&f->waiting);

	/* In this order: @busy is set before the list is emptied. */
	smp_rmb();
	return (empty && !atomic_read_acquire(&f->busy)) ||
	       (int)(READ_ONCE(f->batches) - f->target) >= 0;
}

void slabmod_rcu_barrier(void)
{
	unsigned int cpu;

	might_sleep();
	mutex_lock(&barrier_mutex);
	/* What is on a list is in the batch after the present one, at the latest. */
	for_each_possible_cpu(cpu) {
		struct rcu_frees *f = per_cpu_ptr(frees, cpu);

		f->target = READ_ONCE(f->batches) + 2;
		start_batch(f);
	}
	for_each_possible_cpu(cpu)
		wait_event(batch_freed, is_freed(per_cpu_ptr(frees, cpu)));
	mutex_unlock(&barrier_mutex);
}
EXPORT_SYMBOL_SLABMOD(slabmod_rcu_barrier);

unsigned long rcu_free_waiting(void)
{
	unsigned long freed = 0, passed = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		freed += READ_ONCE(per_cpu_ptr(frees, cpu)->freed);
	/* In this order, so that the difference is not negative. */
	smp_rmb();
	for_each_possible_cpu(cpu)
		passed += local_read(&per_cpu_ptr(frees, cpu)->passed);
	return passed - freed;
}
EXPORT_SYMBOL_FOR_TEST(rcu_free_waiting);

/* ---- initialization ---- */

static int start_batch_of(unsigned int cpu)
{
	start_batch(per_cpu_ptr(frees, cpu));
	return 0;
}

static int rcu_module_event(struct notifier_block *nb, unsigned long event, void *data)
{
	if (event == MODULE_STATE_GOING)
		slabmod_rcu_barrier();
	return NOTIFY_DONE;
}

static struct event_hooks hooks = {
	/* Runs before those of caches and pools. */
	.module = { .notifier_call = rcu_module_event, .priority = 1 },
	.dead_name = "slabmod:rcu-dead",
	.cpu_dead = start_batch_of,
	.online_name = "slabmod:rcu-online",
	.cpu_online = start_batch_of,
};

static long metadata(void)
{
	return num_possible_cpus() * sizeof(struct rcu_frees);
}

static int create_lists(void)
{
	unsigned int cpu;

	/* Memory may depend on the frees. */
	queue = fault_hits(FAULT_RCU) ? NULL : alloc_reclaim_queue("slabmod_rcu");
	if (!queue)
		return -ENOMEM;
	frees = fault_alloc_percpu(FAULT_RCU, sizeof(struct rcu_frees),
				   __alignof__(struct rcu_frees), GFP_KERNEL);
	if (!frees) {
		destroy_workqueue(queue);
		return -ENOMEM;
	}
	for_each_possible_cpu(cpu) {
		struct rcu_frees *f = per_cpu_ptr(frees, cpu);

		memset(f, 0, sizeof(*f));
		init_llist_head(&f->waiting);
		INIT_RCU_WORK(&f->work, free_batch);
		f->kick = IRQ_WORK_INIT_HARD(start_after_nmi);
	}
	source_count_metadata(&root_pool->source, metadata());
	return 0;
}

static void destroy_lists(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		irq_work_sync(&per_cpu_ptr(frees, cpu)->kick);
	slabmod_rcu_barrier();
	/* Waits for work items that are about to return. */
	destroy_workqueue(queue);
	free_percpu(frees);
	source_count_metadata(&root_pool->source, -metadata());
}

int rcu_free_init(void)
{
	int err = create_lists();

	if (err)
		return err;
	/* Without the upper bit, so that 0 encodes no address of the kernel. */
	secret = get_random_long() >> 1;
	err = events_register(&hooks);
	if (err)
		destroy_lists();
	return err;
}

void rcu_free_exit(void)
{
	events_unregister(&hooks);
	destroy_lists();
}
