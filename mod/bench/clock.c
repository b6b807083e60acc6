// SPDX-License-Identifier: GPL-2.0
/*
 * clock.c - starts the cycle counters of arm64.
 *
 * The counter belongs to the performance monitors. perf, while it counts, sets them up for itself:
 * it must not run beside a benchmark.
 */
#include <linux/bitfield.h>
#include <linux/errno.h>
#include <linux/smp.h>

#include <asm/sysreg.h>

#include "clock.h"

/* PMCR_EL0: enabled, the cycle counter reset, and 64 bits long */
#define PMCR_E		BIT(0)
#define PMCR_C		BIT(2)
#define PMCR_LC		BIT(6)
/* PMCNTENSET_EL0: the cycle counter */
#define COUNT_CYCLES	BIT(31)
/* ID_AA64DFR0_EL1.PMUVer: absent, or not of the architecture's kind */
#define PMUVER		GENMASK(11, 8)
#define PMUVER_OTHER	0xf

static void start(void *unused)
{
	write_sysreg(0, pmccfiltr_el0);
	write_sysreg(COUNT_CYCLES, pmcntenset_el0);
	write_sysreg(PMCR_E | PMCR_C | PMCR_LC, pmcr_el0);
	isb();
}

int bench_clock_start(void)
{
	u64 version = FIELD_GET(PMUVER, read_sysreg(id_aa64dfr0_el1));

	if (!version || version == PMUVER_OTHER)
		return -ENODEV;
	on_each_cpu(start, NULL, 1);
	return 0;
}
