/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod copies: memory, strings and user memory duplicated, and strings formatted, into memory
 * of slabmod_kmalloc(). Free them with slabmod_kfree().
 *
 * Each function that allocates from the root pool has one with a pool as its first argument. Its
 * name has "pool_" in front, and NULL is the root pool.
 */
#ifndef _SLABMOD_STRING_H
#define _SLABMOD_STRING_H

#include <linux/gfp.h>
#include <linux/parser.h>
#include <linux/stdarg.h>
#include <linux/types.h>

#include <slabmod/kmalloc.h>

void *slabmod_pool_kmemdup(struct slabmod_pool *pool, const void *src, size_t len, gfp_t gfp);
char *slabmod_pool_kmemdup_nul(struct slabmod_pool *pool, const char *s, size_t len, gfp_t gfp);
char *slabmod_pool_kstrdup(struct slabmod_pool *pool, const char *s, gfp_t gfp);
char *slabmod_pool_kstrndup(struct slabmod_pool *pool, const char *s, size_t max, gfp_t gfp);
char *slabmod_pool_kvasprintf(struct slabmod_pool *pool, gfp_t gfp, const char *fmt,
			      va_list args) __printf(3, 0);
char *slabmod_pool_kasprintf(struct slabmod_pool *pool, gfp_t gfp, const char *fmt, ...)
	__printf(3, 4);
void *slabmod_pool_memdup_user(struct slabmod_pool *pool, const void __user *src, size_t len);
void *slabmod_pool_memdup_user_nul(struct slabmod_pool *pool, const void __user *src, size_t len);
char *slabmod_pool_strndup_user(struct slabmod_pool *pool, const char __user *s, long max);
char *slabmod_pool_match_strdup(struct slabmod_pool *pool, const substring_t *s, gfp_t gfp);

/**
 * slabmod_kmemdup() - duplicate memory
 * @src: memory to copy
 * @len: bytes, 0 to SLABMOD_KMALLOC_MAX
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_kmalloc().
 * Return: the copy, or NULL as slabmod_kmalloc().
 */
static inline void *slabmod_kmemdup(const void *src, size_t len, gfp_t gfp)
{
	return slabmod_pool_kmemdup(NULL, src, len, gfp);
}

/**
 * slabmod_kmemdup_nul() - duplicate memory as a string
 * @s: memory to copy, or NULL
 * @len: bytes, 0 to SLABMOD_KMALLOC_MAX - 1; a NUL is appended
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_kmalloc().
 * Return: the copy, or NULL if @s is NULL or as slabmod_kmalloc().
 */
static inline char *slabmod_kmemdup_nul(const char *s, size_t len, gfp_t gfp)
{
	return slabmod_pool_kmemdup_nul(NULL, s, len, gfp);
}

/**
 * slabmod_kstrdup() - duplicate a string
 * @s: the string, or NULL
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_kmalloc().
 * Return: the copy, or NULL if @s is NULL or as slabmod_kmalloc().
 */
static inline char *slabmod_kstrdup(const char *s, gfp_t gfp)
{
	return slabmod_pool_kstrdup(NULL, s, gfp);
}

/**
 * slabmod_kstrndup() - duplicate the beginning of a string
 * @s: the string, or NULL
 * @max: maximum number of characters; a NUL is appended
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_kmalloc().
 * Return: the copy, or NULL if @s is NULL or as slabmod_kmalloc().
 */
static inline char *slabmod_kstrndup(const char *s, size_t max, gfp_t gfp)
{
	return slabmod_pool_kstrndup(NULL, s, max, gfp);
}

/**
 * slabmod_kstrdup_const() - duplicate a string that may be a constant
 * @s: the string, or NULL
 * @gfp: as for slabmod_cache_alloc()
 *
 * Always copies: a module cannot tell the constants of the kernel from other memory. Free the
 * copy with slabmod_kfree_const() or slabmod_kfree().
 *
 * Context: as slabmod_kmalloc().
 * Return: as slabmod_kstrdup().
 */
static inline const char *slabmod_kstrdup_const(const char *s, gfp_t gfp)
{
	return slabmod_kstrdup(s, gfp);
}

/**
 * slabmod_kfree_const() - free a string of slabmod_kstrdup_const()
 * @s: the string, or NULL, which is ignored
 *
 * Context: as slabmod_kfree().
 */
static inline void slabmod_kfree_const(const void *s)
{
	slabmod_kfree(s);
}

/**
 * slabmod_kvasprintf() - format a string into allocated memory
 * @gfp: as for slabmod_cache_alloc()
 * @fmt: as for vsnprintf()
 * @args: as for vsnprintf()
 *
 * Context: as slabmod_kmalloc(), except NMI.
 * Return: the string, or NULL as slabmod_kmalloc().
 */
static inline __printf(2, 0) char *slabmod_kvasprintf(gfp_t gfp, const char *fmt, va_list args)
{
	return slabmod_pool_kvasprintf(NULL, gfp, fmt, args);
}

/**
 * slabmod_kasprintf() - format a string into allocated memory
 * @gfp: as for slabmod_cache_alloc()
 * @fmt: as for snprintf()
 * @...: as for snprintf()
 *
 * Context: as slabmod_kmalloc(), except NMI.
 * Return: the string, or NULL as slabmod_kmalloc().
 */
#define slabmod_kasprintf(gfp, fmt, ...) slabmod_pool_kasprintf(NULL, gfp, fmt, ##__VA_ARGS__)

/**
 * slabmod_memdup_user() - duplicate memory of user space
 * @src: the user address
 * @len: bytes, 0 to SLABMOD_KMALLOC_MAX
 *
 * Context: process context, may sleep.
 * Return: the copy, or ERR_PTR() of -ENOMEM if memory is short or, with a report, @len is above
 * the limit, or of -EFAULT if the user memory cannot be read.
 */
static inline void *slabmod_memdup_user(const void __user *src, size_t len)
{
	return slabmod_pool_memdup_user(NULL, src, len);
}

/**
 * slabmod_memdup_user_nul() - duplicate memory of user space as a string
 * @src: the user address
 * @len: bytes, 0 to SLABMOD_KMALLOC_MAX - 1; a NUL is appended
 *
 * Context: process context, may sleep.
 * Return: as slabmod_memdup_user().
 */
static inline void *slabmod_memdup_user_nul(const void __user *src, size_t len)
{
	return slabmod_pool_memdup_user_nul(NULL, src, len);
}

/**
 * slabmod_strndup_user() - duplicate a string of user space
 * @s: the user address
 * @max: maximum number of bytes, the NUL included
 *
 * Context: process context, may sleep.
 * Return: as slabmod_memdup_user(); also ERR_PTR(-EINVAL) if the string is longer.
 */
static inline char *slabmod_strndup_user(const char __user *s, long max)
{
	return slabmod_pool_strndup_user(NULL, s, max);
}

/**
 * slabmod_match_strdup() - duplicate what match_token() found
 * @s: the part of a string
 *
 * Context: process context, may sleep.
 * Return: the copy, or NULL as slabmod_kmalloc().
 */
static inline char *slabmod_match_strdup(const substring_t *s)
{
	return slabmod_pool_match_strdup(NULL, s, GFP_KERNEL);
}

#endif /* _SLABMOD_STRING_H */
