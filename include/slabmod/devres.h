/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod memory that is freed with a device: the kernel's devm_kmalloc() and its relatives.
 *
 * The memory is freed when the driver is detached from the device, in reverse order of all
 * managed resources, or by devm_slabmod_kfree(). The record of the resource is the kernel's.
 * Each function has one with a pool, or NULL for the root pool, as its second argument.
 */
#ifndef _SLABMOD_DEVRES_H
#define _SLABMOD_DEVRES_H

#include <linux/device.h>
#include <linux/overflow.h>

#include <slabmod/pool.h>
#include <slabmod/string.h>

/**
 * devm_slabmod_manage() - free memory with a device
 * @dev: the device
 * @p: memory of slabmod_kmalloc(), or NULL
 *
 * Context: process context, may sleep.
 * Return: @p, or NULL after freeing it if memory is short.
 */
void *devm_slabmod_manage(struct device *dev, void *p);

static inline void *devm_slabmod_pool_kmalloc(struct device *dev, struct slabmod_pool *pool,
					      size_t size, gfp_t gfp)
{
	return devm_slabmod_manage(dev, slabmod_pool_kmalloc(pool, size, gfp));
}

static inline void *devm_slabmod_pool_kmemdup(struct device *dev, struct slabmod_pool *pool,
					      const void *src, size_t len, gfp_t gfp)
{
	return devm_slabmod_manage(dev, slabmod_pool_kmemdup(pool, src, len, gfp));
}

static inline char *devm_slabmod_pool_kstrdup(struct device *dev, struct slabmod_pool *pool,
					      const char *s, gfp_t gfp)
{
	return devm_slabmod_manage(dev, slabmod_pool_kstrdup(pool, s, gfp));
}

/**
 * devm_slabmod_kmalloc() - allocate memory that is freed with a device
 * @dev: the device
 * @size: as for slabmod_kmalloc()
 * @gfp: as for slabmod_kmalloc()
 *
 * Context: process context, may sleep.
 * Return: as slabmod_kmalloc().
 */
static inline void *devm_slabmod_kmalloc(struct device *dev, size_t size, gfp_t gfp)
{
	return devm_slabmod_pool_kmalloc(dev, NULL, size, gfp);
}

/**
 * devm_slabmod_kzalloc() - allocate zeroed memory that is freed with a device
 * @dev: the device
 * @size: as for slabmod_kmalloc()
 * @gfp: as for slabmod_kmalloc()
 *
 * Context: as devm_slabmod_kmalloc().
 * Return: as slabmod_kmalloc().
 */
static inline void *devm_slabmod_kzalloc(struct device *dev, size_t size, gfp_t gfp)
{
	return devm_slabmod_kmalloc(dev, size, gfp | __GFP_ZERO);
}

/**
 * devm_slabmod_kmalloc_array() - allocate an array that is freed with a device
 * @dev: the device
 * @n: number of elements
 * @size: bytes per element
 * @gfp: as for slabmod_kmalloc()
 *
 * Context: as devm_slabmod_kmalloc().
 * Return: as slabmod_kmalloc_array().
 */
static inline void *devm_slabmod_kmalloc_array(struct device *dev, size_t n, size_t size,
					       gfp_t gfp)
{
	return devm_slabmod_manage(dev, slabmod_kmalloc_array(n, size, gfp));
}

/**
 * devm_slabmod_kcalloc() - allocate a zeroed array that is freed with a device
 * @dev: the device
 * @n: number of elements
 * @size: bytes per element
 * @gfp: as for slabmod_kmalloc()
 *
 * Context: as devm_slabmod_kmalloc().
 * Return: as slabmod_kmalloc_array().
 */
static inline void *devm_slabmod_kcalloc(struct device *dev, size_t n, size_t size, gfp_t gfp)
{
	return devm_slabmod_kmalloc_array(dev, n, size, gfp | __GFP_ZERO);
}

/**
 * devm_slabmod_kmemdup() - duplicate memory; the copy is freed with a device
 * @dev: the device
 * @src: as for slabmod_kmemdup()
 * @len: as for slabmod_kmemdup()
 * @gfp: as for slabmod_kmalloc()
 *
 * Context: as devm_slabmod_kmalloc().
 * Return: as slabmod_kmemdup().
 */
static inline void *devm_slabmod_kmemdup(struct device *dev, const void *src, size_t len,
					 gfp_t gfp)
{
	return devm_slabmod_pool_kmemdup(dev, NULL, src, len, gfp);
}

/**
 * devm_slabmod_kstrdup() - duplicate a string; the copy is freed with a device
 * @dev: the device
 * @s: as for slabmod_kstrdup()
 * @gfp: as for slabmod_kmalloc()
 *
 * Context: as devm_slabmod_kmalloc().
 * Return: as slabmod_kstrdup().
 */
static inline char *devm_slabmod_kstrdup(struct device *dev, const char *s, gfp_t gfp)
{
	return devm_slabmod_pool_kstrdup(dev, NULL, s, gfp);
}

/**
 * devm_slabmod_kfree() - free memory before its device is released
 * @dev: the device that the memory was allocated with
 * @p: the memory, or NULL, which is ignored
 *
 * The kernel warns about memory that is not managed by @dev, and slabmod_kfree() then reports
 * any other misuse.
 *
 * Context: any but NMI.
 */
void devm_slabmod_kfree(struct device *dev, const void *p);

#endif /* _SLABMOD_DEVRES_H */
