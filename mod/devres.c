// SPDX-License-Identifier: GPL-2.0
/*
 * devres.c - memory that is freed with a device.
 *
 * Contexts: process. Locks: none of its own.
 */
#include <linux/device.h>

#include <slabmod/devres.h>

#include "compat.h"

static void release(void *p)
{
	slabmod_kfree(p);
}

void *devm_slabmod_manage(struct device *dev, void *p)
{
	if (ZERO_OR_NULL_PTR(p) || !devm_add_action_or_reset(dev, release, p))
		return p;
	return NULL;
}
EXPORT_SYMBOL_SLABMOD(devm_slabmod_manage);

void devm_slabmod_kfree(struct device *dev, const void *p)
{
	if (ZERO_OR_NULL_PTR(p))
		return;
	devm_remove_action(dev, release, (void *)p);
	slabmod_kfree(p);
}
EXPORT_SYMBOL_SLABMOD(devm_slabmod_kfree);
