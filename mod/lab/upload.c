// SPDX-License-Identifier: GPL-2.0
/*
 * upload.c - the file `trace` of slabmod_lab: a recorded trace, for the workload of that name.
 *
 * Open the file, write the trace, and close the file. While it is open there is no trace, and
 * close() checks what was written; if it is refused, the log says why, and there is still none.
 * One process at a time has the file open.
 *
 * Contexts: process, may sleep. Locks: lab_mutex. Memory: LAB_TRACE_MAX while there is a trace.
 */
#include <linux/fs.h>
#include <linux/uaccess.h>

#include <slabmod/slabmod.h>

#include "replay.h"
#include "upload.h"

static char *bytes;
static size_t got;
static bool is_open;

static void drop(void)
{
	lab_trace_use(NULL, 0);
	slabmod_vfree(bytes);
	bytes = NULL;
	got = 0;
}

static int begin(void)
{
	if (is_open)
		return -EBUSY;
	drop();
	bytes = slabmod_vmalloc(LAB_TRACE_MAX);
	is_open = bytes;
	return bytes ? 0 : -ENOMEM;
}

static int upload_open(struct inode *inode, struct file *file)
{
	int err;

	mutex_lock(&lab_mutex);
	err = begin();
	mutex_unlock(&lab_mutex);
	return err ? err : stream_open(inode, file);
}

static ssize_t upload_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	ssize_t ret = count;

	mutex_lock(&lab_mutex);
	if (count > LAB_TRACE_MAX - got)
		ret = -EFBIG;
	else if (copy_from_user(bytes + got, from, count))
		ret = -EFAULT;
	else
		got += count;
	mutex_unlock(&lab_mutex);
	return ret;
}

static int upload_release(struct inode *inode, struct file *file)
{
	const char *wrong;

	mutex_lock(&lab_mutex);
	is_open = false;
	wrong = lab_trace_use(bytes, got);
	if (wrong) {
		pr_err("slabmod_lab: trace refused: %s\n", wrong);
		drop();
	}
	mutex_unlock(&lab_mutex);
	return 0;
}

const struct file_operations lab_upload_fops = {
	.owner = THIS_MODULE,
	.open = upload_open,
	.write = upload_write,
	.release = upload_release,
};

void lab_upload_drop(void)
{
	drop();
}
