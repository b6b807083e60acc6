/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod user copies: copies to and from user space that stay within one object.
 *
 * The kernel's hardened user copy knows SLUB's objects, and accepts any range of slabmod's pages.
 * These functions check the same for slabmod's objects: a copy stays within memory of
 * slabmod_kmalloc(), a block of pages, or the part of a typed object that its cache was created
 * with. Other memory is left to the kernel's check.
 */
#ifndef _SLABMOD_USERCOPY_H
#define _SLABMOD_USERCOPY_H

#include <linux/types.h>
#include <linux/uaccess.h>

/**
 * slabmod_usercopy_allowed() - return whether memory may be copied to or from user space
 * @p: the first byte
 * @n: number of bytes
 * @to_user: the direction, for the report
 *
 * A range that is not within one object in use, or not within the part for user space, is
 * reported.
 *
 * Context: any.
 * Return: true if the copy is allowed or the memory is not slabmod's.
 */
bool slabmod_usercopy_allowed(const void *p, size_t n, bool to_user);

/**
 * slabmod_copy_to_user() - copy memory to user space
 * @to: the user address
 * @from: the memory
 * @n: number of bytes
 *
 * Context: process context, may sleep.
 * Return: the number of bytes not copied: 0, as the kernel's copy_to_user(), or @n with a report
 * if the copy is not allowed.
 */
static inline unsigned long __must_check
slabmod_copy_to_user(void __user *to, const void *from, unsigned long n)
{
	return slabmod_usercopy_allowed(from, n, true) ? copy_to_user(to, from, n) : n;
}

/**
 * slabmod_copy_from_user() - copy memory from user space
 * @to: the memory
 * @from: the user address
 * @n: number of bytes
 *
 * Context: process context, may sleep.
 * Return: as slabmod_copy_to_user().
 */
static inline unsigned long __must_check
slabmod_copy_from_user(void *to, const void __user *from, unsigned long n)
{
	return slabmod_usercopy_allowed(to, n, false) ? copy_from_user(to, from, n) : n;
}

#endif /* _SLABMOD_USERCOPY_H */
