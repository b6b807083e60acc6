/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kernel.h - the part of the kernel that slabmod calls, for one thread of user space.
 *
 * scripts/fuzz replaces kernel headers by this file if the kernel's tools/include lacks them
 * or differs; list.h, bitops.h, gfp_types.h and the like are the kernel's. CPUs are
 * simulated: one thread moves between them, and runs interrupts where they could come.
 *
 * Finds the errors that the kernel's checkers find, and ends the run: a lock taken twice or
 * in a wrong context, sleeping in an atomic context, per-CPU data used with preemption on.
 */
#ifndef SLABMOD_FUZZ_KERNEL_H
#define SLABMOD_FUZZ_KERNEL_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>
#include <linux/compiler.h>

/* There is no KCSAN. */
#define data_race(expr)	(expr)

/* A macro, so that tools see the caller: tools/include has functions. */
#undef READ_ONCE
#define READ_ONCE(x)		(*(const volatile typeof(x) *)&(x))
#undef WRITE_ONCE
#define WRITE_ONCE(x, value)	((void)(*(volatile typeof(x) *)&(x) = (value)))

#include <linux/kernel.h>
#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/const.h>
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/numa.h>
#include <linux/overflow.h>
#include <linux/gfp_types.h>
#include <asm/bug.h>

#include "points.h"

/* ---- errors ---- */

void shim_die(const char *fmt, ...) __printf(1, 2) __attribute__((noreturn));

#define shim_expect(condition)						\
do {									\
	if (unlikely(!(condition)))					\
		shim_die("%s:%d: %s", __FILE__, __LINE__, #condition);	\
} while (0)

#undef static_assert
#define static_assert(condition)	_Static_assert(condition, #condition)
#undef WARN_ON_ONCE
#define WARN_ON_ONCE(condition) ({ shim_expect(!(condition)); false; })

/* ---- compilers, modules ---- */

#define LINUX_VERSION_CODE	KERNEL_VERSION(6, 1, 0)
#define KERNEL_VERSION(a, b, c)	(((a) << 16) + ((b) << 8) + (c))

#define __percpu
#define __rcu
#define __exit
#undef __init
#define __init
#define __acquires(x)
#define __releases(x)
#define ____cacheline_aligned_in_smp	__attribute__((aligned(SMP_CACHE_BYTES)))
#undef SMP_CACHE_BYTES
#define SMP_CACHE_BYTES			64
#define cache_line_size()		SMP_CACHE_BYTES
#define sizeof_field(type, member)	sizeof(((type *)0)->member)

#ifndef U16_MAX
#define U16_MAX		((u16)~0u)
#define U32_MAX			(~0u)
#endif

struct module;

#define THIS_MODULE			((struct module *)&shim_online)
#define EXPORT_SYMBOL_NS_GPL(symbol, space)
#define MODULE_INFO(tag, info)
#define MODULE_PARM_DESC(name, text)
#define MODULE_DESCRIPTION(text)
#define MODULE_AUTHOR(text)
#define MODULE_VERSION(text)
#define MODULE_LICENSE(text)
#define module_init(fn)			int shim_module_init(void) { return fn(); }
#define module_exit(fn)			void shim_module_exit(void) { fn(); }
/* The fuzzer chooses their values. */
#define module_param(name, type, mode)	module_param_named(name, name, type, mode)
#define module_param_named(name, value, type, mode) void *const shim_param_##name = &(value)

int shim_module_init(void);
void shim_module_exit(void);

extern void *const shim_param_limit_mb;
extern void *const shim_param_chunk_order;
extern void *const shim_param_magazine_bytes;
extern void *const shim_param_debug;
extern void *const shim_param_kmemleak;
extern void *const shim_param_quarantine_kb;
extern void *const shim_param_strict;

enum { MODULE_STATE_GOING = 2 };

/* No address is on a stack. */
#define within_module(address, module)	((void)(address), false)

/* ---- contexts, CPUs, nodes ---- */

#define SHIM_CPUS	4
#define SHIM_NODES	2

extern unsigned int shim_nr_cpus, shim_nr_nodes, shim_cpu, shim_online;
extern bool shim_bare;
extern unsigned int shim_preempt, shim_irqs_off, shim_rcu, shim_nmi, shim_hardirq;

/* Called wherever an interrupt may come. */
void shim_tick(void);
void shim_might_sleep(void);

#define might_sleep()		shim_might_sleep()
#define barrier_data(p)		barrier()

static inline void preempt_disable(void)
{
	shim_point(SHIM_ENTER, NULL, 0);
	shim_preempt++;
	shim_tick();
}

static inline void preempt_enable(void)
{
	shim_expect(shim_preempt);
	shim_tick();
	shim_preempt--;
	shim_point(SHIM_LEFT, NULL, 0);
}

#define preemptible()		(!shim_preempt && !shim_irqs_off && !shim_hardirq && !shim_nmi)
#define in_nmi()		(!!shim_nmi)
#define irqs_disabled()		(!!shim_irqs_off)
#define in_hardirq()		(!!shim_hardirq)
#define interrupt_context_level() (shim_nmi ? 3 : shim_hardirq ? 2 : 0)
#define local_irq_save(flags)	(shim_point(SHIM_IRQS_OFF, NULL, 0), (flags) = shim_irqs_off++)
#define local_irq_restore(flags) (shim_irqs_off = (flags), shim_point(SHIM_LEFT, NULL, 0))

static inline unsigned int raw_smp_processor_id(void)
{
	return shim_cpu;
}

#define smp_processor_id()	raw_smp_processor_id()
#define nr_cpu_ids		shim_nr_cpus
#define num_possible_cpus()	shim_nr_cpus
#define cpu_possible_mask	NULL
#define cpu_online(cpu)		(!!(shim_online & BIT(cpu)))
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < shim_nr_cpus; (cpu)++)
#define for_each_online_cpu(cpu) for_each_possible_cpu(cpu) if (cpu_online(cpu))
#define for_each_cpu_wrap(cpu, mask, start)					\
	for (unsigned int __n = 0; (cpu) = ((start) + __n) % shim_nr_cpus,	\
	     __n < shim_nr_cpus; __n++)

#define nr_node_ids		shim_nr_nodes
#define nr_online_nodes		shim_nr_nodes
#define num_online_nodes()	shim_nr_nodes
#define node_online(nid)	((unsigned int)(nid) < shim_nr_nodes)
#define for_each_node(nid)	for ((nid) = 0; (nid) < (int)shim_nr_nodes; (nid)++)
#define for_each_online_node(nid) for_each_node(nid)
#define cpu_to_mem(cpu)		((int)((cpu) % shim_nr_nodes))
/* The last node may have CPUs, but no memory. */
#define N_MEMORY		3
#define node_state(nid, state)	(!shim_bare || (nid) != (int)shim_nr_nodes - 1)
#define for_each_node_state(nid, state) for_each_node(nid) if (node_state(nid, state))
#define node_distance(a, b)	((a) == (b) ? 10 : 20)
#define numa_mem_id()		cpu_to_mem(shim_cpu)

typedef bool (*smp_cond_func_t)(int cpu, void *info);

void on_each_cpu_cond(smp_cond_func_t cond, void (*fn)(void *info), void *info, bool wait);

enum cpuhp_state {
	CPUHP_BP_PREPARE_DYN = 1,
	CPUHP_AP_ONLINE_DYN,
};

int cpuhp_setup_state_nocalls(int state, const char *name, int (*startup)(unsigned int cpu),
			      int (*teardown)(unsigned int cpu));
void cpuhp_remove_state_nocalls(int state);

struct task_struct {
	unsigned int flags;
	pid_t pid;
};

extern struct task_struct shim_task;

#define current			(&shim_task)
#define PF_MEMALLOC		0x800
#define task_pid_nr(task)	((task)->pid)
#define cond_resched()		might_sleep()
#define schedule_timeout_uninterruptible(timeout) shim_wait(__func__)

void shim_wait(const char *what);

/* ---- bits and strings that tools/include lacks ---- */

#define DIV_ROUND_CLOSEST(n, d)	(((n) + (d) / 2) / (d))
#define min3(a, b, c)		min(min(a, b), c)
#define clamp_t(type, n, low, high)	min_t(type, max_t(type, n, low), high)
#define fallthrough		__attribute__((__fallthrough__))
#define __no_kcsan
#ifndef __no_sanitize_address
#define __no_sanitize_address	__attribute__((no_sanitize("address")))
#endif
#define order_base_2(n)		((int)((n) > 1 ? ilog2((unsigned long)(n) - 1) + 1 : 0))

static inline u64 ror64(u64 word, unsigned int shift)
{
	return (word >> (shift & 63)) | (word << ((-shift) & 63));
}

#undef hweight64
#define hweight64		__builtin_popcountll

static inline void bitmap_set(unsigned long *map, unsigned int start, unsigned int nr)
{
	for (; nr; nr--, start++)
		__set_bit(start, map);
}

static inline void bitmap_zero(unsigned long *map, unsigned int bits)
{
	memset(map, 0, BITS_TO_LONGS(bits) * sizeof(long));
}

static inline unsigned int find_first_bit(const unsigned long *map, unsigned int bits)
{
	unsigned int i;

	for (i = 0; i < bits && !test_bit(i, map); i++)
		;
	return i;
}

static inline unsigned int find_next_bit(const unsigned long *map, unsigned int bits,
					 unsigned int from)
{
	while (from < bits && !test_bit(from, map))
		from++;
	return from;
}

static inline void memset_p(void **to, void *value, size_t nr)
{
	while (nr--)
		*to++ = value;
}

static inline unsigned int bitmap_weight(const unsigned long *map, unsigned int bits)
{
	unsigned int i, n = 0;

	for (i = 0; i < bits; i++)
		n += test_bit(i, map);
	return n;
}

static inline bool bitmap_intersects(const unsigned long *a, const unsigned long *b,
				     unsigned int bits)
{
	unsigned int i;

	for (i = 0; i < bits; i++)
		if (test_bit(i, a) && test_bit(i, b))
			return true;
	return false;
}

static inline long strscpy(char *to, const char *from, size_t size)
{
	size_t length = strnlen(from, size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
	return length;
}

/* Return the first differing byte, or NULL. */
static inline void *memchr_inv(const void *p, int c, size_t size)
{
	const u8 *byte = p, *end = byte + size;

	/* Mostly there is none. */
	if (!size || (*byte == (u8)c && !memcmp(byte, byte + 1, size - 1)))
		return NULL;
	while (byte < end && *byte == (u8)c)
		byte++;
	return (void *)byte;
}

#define memzero_explicit(p, size)	memset(p, 0, size)
#define isgraph(c)			((unsigned char)(c) > ' ' && (unsigned char)(c) < 0x7f)

/* ---- locks: a held lock must not be taken again ---- */

typedef struct {
	bool held;
} raw_spinlock_t;

typedef raw_spinlock_t spinlock_t;

struct mutex {
	bool held;
};

#define DEFINE_RAW_SPINLOCK(name)	raw_spinlock_t name
#define __RAW_SPIN_LOCK_UNLOCKED(name)	{ .held = false }
#define DEFINE_SPINLOCK(name)		spinlock_t name
#define DEFINE_MUTEX(name)		struct mutex name
#define raw_spin_lock_init(lock)	((void)((lock)->held = false))

void shim_lock(raw_spinlock_t *lock);
void shim_unlock(raw_spinlock_t *lock);
bool raw_spin_trylock(raw_spinlock_t *lock);
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

#define spin_lock(lock)			shim_lock(lock)
#define spin_unlock(lock)		shim_unlock(lock)
#define raw_spin_lock_irqsave(lock, flags)	(local_irq_save(flags), shim_lock(lock))
#define raw_spin_unlock_irqrestore(lock, flags)		\
do {							\
	shim_unlock(lock);				\
	local_irq_restore(flags);			\
	shim_tick();					\
} while (0)

/* ---- RCU: a grace period ends when an operation of the interpreter does ---- */

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head));
void rcu_barrier(void);
/* As in the kernel: a small number is not a function, but the offset of the head in @p. */
#define kfree_rcu(p, head)	\
	call_rcu(&(p)->head, (void (*)(struct rcu_head *))offsetof(typeof(*(p)), head))

void shim_synchronize_rcu(void);

#define rcu_read_lock()			(shim_point(SHIM_ENTER, NULL, 0), (void)shim_rcu++)
#define rcu_read_unlock()		((void)shim_rcu--, shim_point(SHIM_LEFT, NULL, 0))
#undef synchronize_rcu
#define synchronize_rcu()		shim_synchronize_rcu()
#define list_add_rcu			list_add
#define list_add_tail_rcu		list_add_tail
#define list_for_each_entry_rcu		list_for_each_entry

/* Readers may continue from a deleted entry. */
static inline void list_del_rcu(struct list_head *entry)
{
	__list_del_entry(entry);
	entry->prev = LIST_POISON2;
}

/* ---- lists without locks ---- */

struct llist_node {
	struct llist_node *next;
};

struct llist_head {
	struct llist_node *first;
};

#define LLIST_HEAD_INIT(name)		{ NULL }
#define LLIST_HEAD(name)		struct llist_head name = LLIST_HEAD_INIT(name)
#define init_llist_head(head)		((void)((head)->first = NULL))
#define llist_for_each_entry_safe(pos, n, node, member)				\
	for (struct llist_node *__node = (node), *__next;			\
	     __node && (__next = __node->next,					\
	     pos = container_of(__node, typeof(*pos), member), n = pos, true);	\
	     __node = __next)

#define llist_empty(head)		(!READ_ONCE((head)->first))

static inline bool llist_add(struct llist_node *node, struct llist_head *head)
{
	struct llist_node *first;

	do {
		first = READ_ONCE(head->first);
		node->next = first;
	} while (cmpxchg(&head->first, first, node) != first);
	return !first;
}

static inline struct llist_node *llist_del_all(struct llist_head *head)
{
	return xchg(&head->first, NULL);
}

/* ---- deferred work ---- */

struct irq_work {
	void (*func)(struct irq_work *work);
	struct irq_work *next;
	bool pending;
	unsigned int cpu;
};

#define IRQ_WORK_INIT(fn)		(struct irq_work){ .func = (fn) }
#define IRQ_WORK_INIT_HARD(fn)		IRQ_WORK_INIT(fn)

static inline void init_irq_work(struct irq_work *work, void (*fn)(struct irq_work *work))
{
	*work = IRQ_WORK_INIT(fn);
}

void irq_work_queue(struct irq_work *work);
void irq_work_sync(struct irq_work *work);

struct work_struct {
	void (*func)(struct work_struct *work);
	struct work_struct *next;
	bool pending;
	bool delayed;
};

struct delayed_work {
	struct work_struct work;
};

#define DECLARE_WORK(name, fn)		struct work_struct name = { .func = (fn) }
#define DECLARE_DELAYED_WORK(name, fn)	\
	struct delayed_work name = { .work = { .func = (fn), .delayed = true } }
#define queue_work(wq, work)		shim_queue(work)
#define schedule_work(work)		shim_queue(work)
#define queue_delayed_work(wq, delayed, delay) shim_queue(&(delayed)->work)
#define cancel_delayed_work_sync(delayed) cancel_work_sync(&(delayed)->work)

void shim_queue(struct work_struct *work);
void flush_work(struct work_struct *work);
void cancel_work_sync(struct work_struct *work);

struct workqueue_struct;

#define WQ_MEM_RECLAIM			8
#define alloc_workqueue(name, flags, max)	((struct workqueue_struct *)&shim_online)
#define destroy_workqueue(wq)		((void)(wq))

struct rcu_work {
	struct work_struct work;
	struct rcu_head rcu;
};

#define INIT_RCU_WORK(rwork, fn)	((void)(*(rwork) = (struct rcu_work){ .work.func = (fn) }))
#define to_rcu_work(item)		container_of(item, struct rcu_work, work)

static inline void shim_rcu_work_due(struct rcu_head *head)
{
	shim_queue(&container_of(head, struct rcu_work, rcu)->work);
}

static inline void queue_rcu_work(struct workqueue_struct *wq, struct rcu_work *rwork)
{
	call_rcu(&rwork->rcu, shim_rcu_work_due);
}

/* ---- waiting ---- */

/* Let others run: callbacks of RCU and work items. */
void shim_wait_event(void);

#define DECLARE_WAIT_QUEUE_HEAD(name)	int name
#define wake_up_all(queue)		((void)(queue))
#define wait_event(queue, condition)	\
do {					\
	while (!(condition))		\
		shim_wait_event();	\
} while (0)

/* ---- notifiers ---- */

struct notifier_block {
	int (*notifier_call)(struct notifier_block *block, unsigned long event, void *data);
	struct notifier_block *next;
	int priority;
};

struct blocking_notifier_head {
	struct notifier_block *first;
};

#define BLOCKING_NOTIFIER_HEAD(name)	struct blocking_notifier_head name
#define NOTIFY_DONE			0
#define NOTIFY_OK			1

/* The notifiers of slabmod have no listeners. */
#define blocking_notifier_call_chain(head, event, data)	((void)(head)->first)

int register_module_notifier(struct notifier_block *block);
int unregister_module_notifier(struct notifier_block *block);

/* ---- messages, time ---- */

struct va_format {
	const char *fmt;
	va_list *va;
};

void shim_printk(const char *fmt, ...);

#define pr_err(fmt, ...)		shim_printk(fmt, ##__VA_ARGS__)
#define pr_info(fmt, ...)		shim_printk(fmt, ##__VA_ARGS__)
#define pr_warn(fmt, ...)		shim_printk(fmt, ##__VA_ARGS__)
#define dump_stack()			((void)0)
#define stack_trace_print(entries, nr, spaces)	((void)(entries), (void)(nr))

extern unsigned long jiffies;

#define HZ				250
#define time_after(a, b)		((long)((b) - (a)) < 0)
#define time_before(a, b)		time_after(b, a)
#define jiffies_to_msecs(n)		((n) * (1000 / HZ))

struct ratelimit_state {
	int burst;
};

#define DEFAULT_RATELIMIT_INTERVAL	0
#define DEFAULT_RATELIMIT_BURST		10
#define RATELIMIT_STATE_INIT_FLAGS(name, interval, burst, flags)	{ burst }
#define DEFINE_RATELIMIT_STATE(name, interval, burst)	struct ratelimit_state name = { burst }
#define ratelimit_default_init(state)	((void)((state)->burst = DEFAULT_RATELIMIT_BURST))
#define ratelimit_set_flags(state, flags)	((void)(state))
#define __ratelimit(state)		((state)->burst > 0 && (state)->burst--)

/* A few made-up stacks of up to four entries, in turn. */
unsigned int stack_trace_save(unsigned long *entries, unsigned int nr, unsigned int skip);

/* Check the arguments. */
void kmemleak_alloc(const void *p, size_t size, int references, gfp_t gfp);
void kmemleak_free(const void *p);
#define kmemleak_ignore(p)		((void)(p))
#define kmemleak_no_scan(p)		((void)(p))

#define sort(base, nr, size, cmp, swap)	qsort(base, nr, size, cmp)

/* ---- memory: see memory.c ---- */

#define PAGE_SHIFT		12
#define PAGE_SIZE		(1ul << PAGE_SHIFT)
#define PAGE_MASK		(~(PAGE_SIZE - 1))
#define PAGE_ALIGN(n)		ALIGN(n, PAGE_SIZE)
#define PAGE_OFFSET		0x200000000000ul
#define MAX_ORDER		11
/* Of each node. */
#ifndef SHIM_NODE_PAGES
#define SHIM_NODE_PAGES		16384ul
#endif
#define SHIM_PAGES		(SHIM_NODES * SHIM_NODE_PAGES)

struct page {
	unsigned long private;
	u8 order;			/* of the run that begins here, plus 1 */
	atomic_t refs;			/* of that run */
};

extern struct page shim_pages[SHIM_PAGES];

#define totalram_pages()	(shim_nr_nodes * SHIM_NODE_PAGES)
#define high_memory		((void *)(PAGE_OFFSET + (totalram_pages() << PAGE_SHIFT)))
#define TASK_SIZE_MAX		0x100000000000ul
#define MODULES_VADDR		0xffffffffa0000000ul
#define MODULES_END		0xffffffffff000000ul
/* One tag, like KASAN's on arm64. Tagged addresses cannot be read. */
#define SHIM_TAG		0xa5ul
#define __pa(p)			((unsigned long)kasan_reset_tag(p) - PAGE_OFFSET)
#define PHYS_PFN(pa)		((pa) >> PAGE_SHIFT)
#define offset_in_page(p)	((unsigned long)(p) & ~PAGE_MASK)
#define virt_addr_valid(p)	((unsigned long)(p) >= PAGE_OFFSET && (void *)(p) < high_memory)
#define is_vmalloc_addr(p)	((unsigned long)(p) >= 0xffff000000000000ul)
#define object_is_on_stack(p)	false
#define PageSlab(page)		false
#define page_private(page)	((page)->private)
#define set_page_private(page, value) ((void)((page)->private = (value)))

#define page_ref_count(page)		atomic_read(&(page)->refs)
#define page_ref_add(page, n)		((void)atomic_add(n, &(page)->refs))
#define set_page_count(page, n)		((void)((page)->refs.counter = (n)))

static inline bool page_ref_freeze(struct page *page, int count)
{
	if (page_ref_count(page) != count)
		return false;
	set_page_count(page, 0);
	return true;
}

static inline void *kasan_reset_tag(const void *p)
{
	unsigned long addr = (unsigned long)p;

	return (void *)(addr >> 56 == SHIM_TAG ? addr & ~(0xfful << 56) : addr);
}

struct page *virt_to_page(const void *p);
#define virt_to_head_page(p)	virt_to_page(p)

static inline void *page_address(const struct page *page)
{
	return (void *)(PAGE_OFFSET + ((page - shim_pages) << PAGE_SHIFT));
}

static inline int page_to_nid(const struct page *page)
{
	return (page - shim_pages) / SHIM_NODE_PAGES;
}

static inline int get_order(unsigned long size)
{
	return order_base_2((size + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

static inline bool gfpflags_allow_blocking(gfp_t gfp)
{
	return !!(gfp & __GFP_DIRECT_RECLAIM);
}

static inline void might_alloc(gfp_t gfp)
{
	if (gfpflags_allow_blocking(gfp))
		might_sleep();
}

#undef current_gfp_context
#define current_gfp_context(gfp)	(gfp)

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order);
void __free_pages(struct page *page, unsigned int order);
void *alloc_pages_exact(size_t size, gfp_t gfp);
void free_pages_exact(void *p, size_t size);
unsigned long __get_free_page(gfp_t gfp);
void free_page(unsigned long addr);

#define ZERO_SIZE_PTR		((void *)16)
#define ZERO_OR_NULL_PTR(p)	((unsigned long)(p) <= 16)

/* The same in each run. */
#define get_random_long()	0xa24baed4963ee407ul

void *kzalloc(size_t size, gfp_t gfp);
void kfree(const void *p);
size_t ksize(const void *p);
#define kmalloc(size, gfp)	kzalloc(size, gfp)
#define kvcalloc(n, size, gfp)	kzalloc((n) * (size), gfp)
#define kvzalloc(size, gfp)	kzalloc(size, gfp)
#define kvfree(p)		kfree(p)

extern bool init_on_alloc, init_on_free;

#define static_branch_maybe(config, key)	(*(key))
#define DECLARE_STATIC_KEY_FALSE(name)	extern int name
#define DEFINE_STATIC_KEY_FALSE(name)	int name
#define static_branch_unlikely(key)	unlikely(*(key))
#define static_branch_enable(key)	((void)(*(key) = true))
#define static_branch_disable(key)	((void)(*(key) = false))
#define static_branch_inc(key)		((void)(*(key) += 1))
#define static_branch_dec(key)		((void)(*(key) -= 1))
#define want_init_on_alloc(gfp)		(init_on_alloc || (gfp) & __GFP_ZERO)
#define want_init_on_free()		init_on_free

/* The distance between the per-CPU memory of two CPUs. */
#ifndef SHIM_PERCPU
#define SHIM_PERCPU		20480ul
#endif

void *__alloc_percpu_gfp(size_t size, size_t align, gfp_t gfp);
void free_percpu(void *p);

#define alloc_percpu_gfp(type, gfp)	\
	((type *)__alloc_percpu_gfp(sizeof(type), __alignof__(type), gfp))
#define alloc_percpu(type)	alloc_percpu_gfp(type, GFP_KERNEL)
#define __alloc_percpu(size, align)	__alloc_percpu_gfp(size, align, GFP_KERNEL)
#define per_cpu_ptr(p, cpu)	((typeof(*(p)) *)((char *)(p) + (cpu) * SHIM_PERCPU))
#define this_cpu_ptr(p) ({						\
	shim_expect(!preemptible());					\
	per_cpu_ptr(p, shim_cpu); })

/* Static per-CPU variables */
#define DECLARE_PER_CPU(type, name)	extern type name[SHIM_CPUS]
#define DEFINE_PER_CPU(type, name)	type name[SHIM_CPUS]
#define __ffs64			__ffs
#define raw_cpu_read(name)	((name)[shim_cpu])
#define raw_cpu_write(name, value) ((name)[shim_cpu] = (value))

/* User memory is the process's own. */
#define __user
#define copy_from_user(to, from, n)	(memcpy(to, from, n), 0ul)
#define copy_to_user(to, from, n)	(memcpy(to, from, n), 0ul)
#define strnlen_user(s, max)	((long)strnlen(s, max) + 1)

typedef struct {
	char *from;
	char *to;
} substring_t;

static inline size_t size_add(size_t a, size_t b)
{
	return a + b < a ? SIZE_MAX : a + b;
}

struct shrink_control {
	unsigned long nr_to_scan;
};

struct shrinker {
	unsigned long (*count_objects)(struct shrinker *shrinker, struct shrink_control *sc);
	unsigned long (*scan_objects)(struct shrinker *shrinker, struct shrink_control *sc);
	int seeks;
};

#define DEFAULT_SEEKS		2
#define SHRINK_STOP		(~0ul)
#define SHRINK_EMPTY		(~0ul - 1)

int register_shrinker(struct shrinker *shrinker, const char *name);
void unregister_shrinker(struct shrinker *shrinker);

#include "hash.h"
#include "map.h"
#include "shim.h"

#endif /* SLABMOD_FUZZ_KERNEL_H */
