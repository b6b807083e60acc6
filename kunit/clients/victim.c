// SPDX-License-Identifier: GPL-2.0
/*
 * slabmod_victim.ko - a caller with bugs, and with files through which user space accesses its
 * memory: /sys/kernel/debug/slabmod_victim, for root only.
 *
 * For scripts/check.d/security.sh and shadow.sh. NAME is object, block or pages:
 *
 *	NAME	read and write memory of several pages, with one copy per system call
 *	misuse	write anything: cause every kind of report
 *	peek	write a number: read the byte at that offset of an object of 100 bytes in debug
 *		mode; with b before it, of 40001 bytes from kmalloc; with f, after it was freed
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <slabmod/slabmod.h>

static const struct memory {
	const char *name;
	size_t size;
} memories[] = { { "object", SZ_8K }, { "block", SZ_64K }, { "pages", SZ_16K } };

static void *memory[ARRAY_SIZE(memories)];
static struct dentry *dir;

/* ---- copies ---- */

static ssize_t memory_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	long i = (long)file->private_data;

	return simple_read_from_buffer(to, count, pos, memory[i], memories[i].size);
}

static ssize_t memory_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	long i = (long)file->private_data;

	return simple_write_to_buffer(memory[i], memories[i].size, pos, from, count);
}

static const struct file_operations memory_fops = {
	.owner = THIS_MODULE, .open = simple_open, .llseek = default_llseek,
	.read = memory_read, .write = memory_write,
};

#define WRITE_ONLY_FOPS(name)							\
static const struct file_operations name##_fops = {				\
	.owner = THIS_MODULE, .open = simple_open, .llseek = noop_llseek,	\
	.write = name##_write,							\
}

/* ---- misuse ---- */

/* Bad frees and second frees; everything is free afterwards. */
static void misuse_memory(struct slabmod_cache *cache)
{
	void *object = slabmod_cache_alloc(cache, GFP_KERNEL);
	void *foreign = kmalloc(64, GFP_KERNEL);
	void *block = slabmod_kmalloc(SZ_64K, GFP_KERNEL);
	unsigned long page = slabmod_get_free_page(GFP_KERNEL);

	slabmod_kfree(&object);
	slabmod_kfree(foreign);
	slabmod_kfree(memories);
	slabmod_kfree((void *)8);
	if (object && block && page) {
		slabmod_kfree(object + 8);
		slabmod_kfree(block + PAGE_SIZE);
		slabmod_kfree((void *)page);
		slabmod_cache_free(cache, block);
		slabmod_free_pages_exact(block, SZ_32K);
		/* Lists the live objects. */
		slabmod_cache_destroy(cache);
	}
	slabmod_free_page(page);
	slabmod_cache_free(cache, object);
	slabmod_cache_free(cache, object);
	slabmod_kfree(block);
	slabmod_kfree(block);
	kfree(foreign);
}

static ssize_t misuse_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	struct slabmod_cache *cache = slabmod_cache_create("victim", 100, 0, 0, NULL);
	size_t huge = SIZE_MAX / (1 + !!dir);	/* not a constant */

	if (!cache)
		return -ENOMEM;
	misuse_memory(cache);
	slabmod_kfree(slabmod_kmalloc_array(huge, SZ_8K, GFP_KERNEL));
	slabmod_kfree(slabmod_kmalloc(huge, GFP_KERNEL));
	slabmod_kfree(slabmod_kmalloc(64, GFP_KERNEL | __GFP_DMA));
	slabmod_kfree(slabmod_kmalloc_node(64, GFP_KERNEL, MAX_NUMNODES));
	slabmod_cache_create("a\nbad name", 64, 0, 0, NULL);
	slabmod_cache_create("victim", 64, 0, 0, NULL);
	slabmod_cache_destroy(cache);
	return count;
}

WRITE_ONLY_FOPS(misuse);

/* ---- reads, which only KASAN detects ---- */

static noinline u8 victim_peek(const u8 *object, long offset)
{
	OPTIMIZER_HIDE_VAR(object);
	return READ_ONCE(object[offset]);
}

static int peek(bool block, bool freed, long offset)
{
	struct slabmod_cache *cache = slabmod_cache_create("peeked", 100, 0, SLABMOD_DEBUG, NULL);
	void *p;

	if (!cache)
		return -ENOMEM;
	p = block ? slabmod_kmalloc(40001, GFP_KERNEL) : slabmod_cache_alloc(cache, GFP_KERNEL);
	if (p && freed)
		slabmod_kfree(p);
	if (p)
		victim_peek(p, offset);
	if (!freed)
		slabmod_kfree(p);
	slabmod_cache_destroy(cache);
	return p ? 0 : -ENOMEM;
}

static ssize_t peek_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	char text[16] = "", *number = text;
	bool block, freed;
	long offset;
	int err;

	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, count))
		return -EFAULT;
	block = *number == 'b';
	number += block;
	freed = *number == 'f';
	number += freed;
	err = kstrtol(number, 10, &offset);
	if (!err)
		err = peek(block, freed, offset);
	return err ?: count;
}

WRITE_ONLY_FOPS(peek);

/* ---- init and exit ---- */

static void free_memory(void)
{
	slabmod_kfree(memory[0]);
	slabmod_kfree(memory[1]);
	slabmod_free_pages_exact(memory[2], memories[2].size);
}

static int __init victim_init(void)
{
	long i;

	memory[0] = slabmod_kzalloc(memories[0].size, GFP_KERNEL);
	memory[1] = slabmod_kzalloc(memories[1].size, GFP_KERNEL);
	memory[2] = slabmod_alloc_pages_exact(memories[2].size, GFP_KERNEL | __GFP_ZERO);
	if (!memory[0] || !memory[1] || !memory[2]) {
		free_memory();
		return -ENOMEM;
	}
	dir = debugfs_create_dir("slabmod_victim", NULL);
	for (i = 0; i < ARRAY_SIZE(memories); i++)
		debugfs_create_file(memories[i].name, 0600, dir, (void *)i, &memory_fops);
	debugfs_create_file("misuse", 0200, dir, NULL, &misuse_fops);
	debugfs_create_file("peek", 0200, dir, NULL, &peek_fops);
	return 0;
}

static void __exit victim_exit(void)
{
	debugfs_remove(dir);
	free_memory();
}

module_init(victim_init);
module_exit(victim_exit);

SLABMOD_IMPORT();
MODULE_DESCRIPTION("A caller with bugs, for slabmod's tests");
MODULE_LICENSE("GPL");
