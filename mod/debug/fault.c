// SPDX-License-Identifier: GPL-2.0
/*
 * fault.c - fault injection, by the kernel's fault_attr (fault-injection.rst), or by a
 * deterministic order of the suites.
 *
 * Contexts: any for fault_hits(); process for debugfs and orders. In NMI only an order can make
 * a site fail, because should_fail() may wait for a lock. Locks: none.
 */
#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/dcache.h>
#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "compat.h"
#include "debug/fault.h"
#include "gfp.h"

static const char *const names[] = {
#define X(id, name, text) #name,
	FAULTS_IN_USE(X)
	FAULTS_AT_LOAD(X)
#undef X
};

static_assert(ARRAY_SIZE(names) == NR_FAULTS);

/* /proc/<pid>/fail-nth also counts the hits of these. */
static struct fault_attr attrs[] = {
#define X(id, name, text) FAULT_ATTR_INITIALIZER,
	FAULTS_IN_USE(X)
	FAULTS_AT_LOAD(X)
#undef X
};

static_assert(ARRAY_SIZE(attrs) == NR_FAULTS);
static_assert(NR_FAULTS <= BITS_PER_LONG);

/* ---- orders ---- */

static struct {
	struct fault_order order;	/* none if @sites is 0 */
	atomic_long_t hits;
	atomic_long_t at[NR_FAULTS];
} orders;

static bool is_ordered(enum fault_site site)
{
	const struct fault_order *order = &orders.order;
	unsigned long hit;

	/* Pairs with the release in fault_begin(). */
	if (!(smp_load_acquire(&order->sites) & BIT(site)))
		return false;
	if (order->task && (order->task != current || !in_task()))
		return false;
	hit = atomic_long_inc_return(&orders.hits);
	if (hit < order->nth || (hit > order->nth && !order->on))
		return false;
	atomic_long_inc(&orders.at[site]);
	return true;
}

void fault_begin(const struct fault_order *order)
{
	int site;

	atomic_long_set(&orders.hits, 0);
	for (site = 0; site < NR_FAULTS; site++)
		atomic_long_set(&orders.at[site], 0);
	orders.order.nth = order->nth;
	orders.order.on = order->on;
	orders.order.task = order->task;
	/* Publish the other fields. Pairs with the acquire in is_ordered(). */
	smp_store_release(&orders.order.sites, order->sites);
}
EXPORT_SYMBOL_FOR_TEST(fault_begin);

struct fault_outcome fault_end(void)
{
	struct fault_outcome outcome = { 0 };
	int site;

	WRITE_ONCE(orders.order.sites, 0);
	outcome.hits = atomic_long_read(&orders.hits);
	for (site = 0; site < NR_FAULTS; site++) {
		outcome.at[site] = atomic_long_read(&orders.at[site]);
		outcome.failed += outcome.at[site];
	}
	return outcome;
}
EXPORT_SYMBOL_FOR_TEST(fault_end);

bool fault_hits(enum fault_site site)
{
	return is_ordered(site) || (!must_not_lock() && should_fail(&attrs[site], 1));
}

/* ---- debugfs ---- */

void fault_show(struct dentry *parent)
{
	struct dentry *dir = debugfs_create_dir("fail", parent);
	int site;

	for (site = 0; site < NR_FAULTS_IN_USE; site++) {
		/* The stack is printed only on request. */
		attrs[site].verbose = 0;
		fault_create_debugfs_attr(names[site], dir, &attrs[site]);
	}
}

/* The directory has been removed; drop the names that the attributes refer to. */
void fault_hide(void)
{
	int site;

	for (site = 0; site < NR_FAULTS_IN_USE; site++) {
		dput(attrs[site].dname);
		attrs[site].dname = NULL;
	}
}
