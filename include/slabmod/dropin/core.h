/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions of the core that free what a module passes to them. Documentation/dropin-core.csv has
 * the whole table. Read <slabmod/dropin.h> first.
 */
#ifndef _SLABMOD_DROPIN_CORE_H
#define _SLABMOD_DROPIN_CORE_H

#include <linux/debugfs.h>
#include <linux/seq_file.h>
#if IS_ENABLED(CONFIG_USB)
#include <linux/usb.h>
#endif

/* ---- by owner: the same function, with the kfree() of this file ---- */

static inline void slabmod_dropin_kfree_link(void *p)
{
	kfree(p);
}

static inline int slabmod_dropin_seq_release_private(struct inode *inode, struct file *file)
{
	struct seq_file *seq = file->private_data;

	kfree(seq->private);
	seq->private = NULL;
	return seq_release(inode, file);
}

#undef kfree_link
#define kfree_link slabmod_dropin_kfree_link
#undef seq_release_private
#define seq_release_private slabmod_dropin_seq_release_private

/* ---- refused at run time: only some of the callers pass memory of slabmod ---- */

static inline bool slabmod_dropin_core_frees(const void *p)
{
	return WARN_ONCE(slabmod_owns(p),
			 "slabmod: the core frees an skb's data: see slabmod-keep in Documentation/dropin.rst\n");
}

static inline struct sk_buff *slabmod_dropin_build_skb(void *data, unsigned int frag_size)
{
	return slabmod_dropin_core_frees(data) ? NULL : build_skb(data, frag_size);
}

static inline struct sk_buff *slabmod_dropin_napi_build_skb(void *data, unsigned int frag_size)
{
	return slabmod_dropin_core_frees(data) ? NULL : napi_build_skb(data, frag_size);
}

#undef build_skb
#define build_skb slabmod_dropin_build_skb
#undef napi_build_skb
#define napi_build_skb slabmod_dropin_napi_build_skb

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
static inline struct sk_buff *slabmod_dropin_slab_build_skb(void *data)
{
	return slabmod_dropin_core_frees(data) ? NULL : slab_build_skb(data);
}

#undef slab_build_skb
#define slab_build_skb slabmod_dropin_slab_build_skb
#endif

/* ---- refused at compile time ---- */

SLABMOD_REFUSE("debugfs frees the string, so its allocation and this are to stay the kernel's")
void slabmod_dropin_debugfs_create_str(const char *name, umode_t mode, struct dentry *parent,
				       char **value);
SLABMOD_REFUSE("USB frees the buffer, so its allocation and this flag are to stay the kernel's")
unsigned int slabmod_dropin_urb_free_buffer(void);

#ifndef SLABMOD_KEEP_debugfs_create_str
#undef debugfs_create_str
#define debugfs_create_str slabmod_dropin_debugfs_create_str
#endif
#if IS_ENABLED(CONFIG_USB) && !defined(SLABMOD_KEEP_URB_FREE_BUFFER)
#undef URB_FREE_BUFFER
#define URB_FREE_BUFFER slabmod_dropin_urb_free_buffer()
#endif

#endif /* _SLABMOD_DROPIN_CORE_H */
