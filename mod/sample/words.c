// SPDX-License-Identifier: GPL-2.0
/*
 * slabmod_words: a word index, as an example of a module that allocates from slabmod.
 *
 * The files are in /sys/kernel/debug/slabmod_words, for root only:
 *
 *   text	write text in pieces of any size. A word may be split between two writes, but not
 *		between two files.
 *   words	read "COUNT WORD" lines, the most frequent word first, words of equal count in
 *		byte order. An open file shows the index at the time of its open.
 *   stats	read the numbers of words, distinct words and bytes of text written, and of words
 *		lost at the close of a file because memory was short
 *   clear	write anything to empty the index
 *
 * A word is a sequence of the bytes A-Z, a-z, 0-9, _ and 0x80-0xff, of any length; after every
 * 255 bytes a new word begins.
 *
 * Memory. From slabmod: for each distinct word a node of one cache line and the text with a NUL,
 * rounded up to a size class (16 bytes for up to 15); the hash table, 8 to 16 bytes per word up
 * to half a million words, then 4 MiB; 2.5 KiB for each open "text". From the kernel: for each
 * open "words" 16 bytes per word and all texts. Without words: nothing but the empty cache.
 *
 * When memory is short, or there are max_words distinct words (a module parameter, default a
 * million), a write returns how many bytes it consumed, or -ENOMEM if none. No byte is lost or
 * counted twice: continue where the write stopped.
 *
 * Contexts: process, may sleep.
 *
 * Locks: writer->lock, one per open file, then index.lock. The first may be held over a page fault
 * of the caller, so the second is not.
 */
#include <linux/cache.h>
#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/jhash.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <slabmod/slabmod.h>

#define WORD_MAX	255
#define PIECE_SIZE	SZ_2K

/* The table has a power of two of buckets, and room in one slabmod_kcalloc(). */
#define BUCKETS_MIN	SZ_1K
#define BUCKETS_MAX	(SLABMOD_KMALLOC_MAX / sizeof(struct hlist_head))

/* Sizes depend on the text: fail, but do not invoke the OOM killer. */
#define GFP_WORDS	(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)
/* A larger table is optional. */
#define GFP_TABLE	(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

static unsigned int max_words = 1000000;
module_param(max_words, uint, 0400);
MODULE_PARM_DESC(max_words, "maximum number of distinct words in the index (default 1000000)");

/* A distinct word. All but @count is constant while the node is in the index. */
struct words_node {
	struct hlist_node link;
	u64 count;
	char *text;
	u32 hash;
	u8 len;
};

/* State of an open "text". */
struct writer {
	struct mutex lock;		/* protects all below */
	size_t len;			/* of the unfinished word */
	char word[WORD_MAX];
	char piece[PIECE_SIZE];
};

/* State of an open "words"; constant. The texts follow the lines. */
struct snapshot {
	size_t nr;
	struct line {
		u64 count;
		const char *text;
	} lines[];
};

/*
 * The index.
 *
 * Invariant: @table has @buckets heads, or is NULL when that is 0; @distinct is the
 * number of nodes in it, @words the sum of their counts, @text_bytes the size of
 * their texts with the NULs.
 */
static struct {
	struct mutex lock;		/* protects all below, and the nodes */
	struct hlist_head *table;
	size_t buckets;
	size_t distinct;
	size_t text_bytes;
	u64 words;
	u64 bytes;
	u64 lost;
} index = {
	.lock = __MUTEX_INITIALIZER(index.lock),
};

/* Constant while the module is loaded. */
static struct slabmod_cache *node_cache __ro_after_init;
static struct dentry *debugfs_dir __ro_after_init;
static u32 hash_seed __ro_after_init;

static struct words_node *index_find(const char *text, size_t len, u32 hash)
{
	struct words_node *node;

	if (!index.buckets)
		return NULL;
	hlist_for_each_entry(node, &index.table[hash & (index.buckets - 1)], link)
		if (node->hash == hash && node->len == len && !memcmp(node->text, text, len))
			return node;
	return NULL;
}

/* Double the table. If that fails, chains just grow longer. */
static void index_grow(void)
{
	size_t i, buckets = max_t(size_t, BUCKETS_MIN, 2 * index.buckets);
	struct hlist_head *table;
	struct words_node *node;
	struct hlist_node *next;

	if (buckets > BUCKETS_MAX)
		return;
	table = slabmod_kcalloc(buckets, sizeof(*table), GFP_TABLE);
	if (!table)
		return;

	for (i = 0; i < index.buckets; i++)
		hlist_for_each_entry_safe(node, next, &index.table[i], link)
			hlist_add_head(&node->link, &table[node->hash & (buckets - 1)]);
	slabmod_kfree(index.table);
	index.table = table;
	index.buckets = buckets;
}

static struct words_node *index_insert(const char *text, size_t len, u32 hash)
{
	struct words_node *node;

	if (index.distinct >= max_words)
		return NULL;
	if (index.distinct >= index.buckets)
		index_grow();
	if (!index.buckets)
		return NULL;

	node = slabmod_cache_alloc(node_cache, GFP_WORDS);
	if (!node)
		return NULL;
	node->text = slabmod_kstrndup(text, len, GFP_WORDS);
	if (!node->text) {
		slabmod_cache_free(node_cache, node);
		return NULL;
	}
	node->count = 0;
	node->hash = hash;
	node->len = len;
	hlist_add_head(&node->link, &index.table[hash & (index.buckets - 1)]);
	index.distinct++;
	index.text_bytes += len + 1;
	return node;
}

/* Count an occurrence of a word. On failure nothing has changed. */
static int index_count(const char *text, size_t len)
{
	u32 hash = jhash(text, len, hash_seed);
	struct words_node *node;

	node = index_find(text, len, hash) ?: index_insert(text, len, hash);
	if (!node)
		return -ENOMEM;
	node->count++;
	index.words++;
	return 0;
}

static void index_clear(void)
{
	struct words_node *node;
	struct hlist_node *next;
	size_t i;

	mutex_lock(&index.lock);
	for (i = 0; i < index.buckets; i++) {
		hlist_for_each_entry_safe(node, next, &index.table[i], link) {
			slabmod_kfree(node->text);
			slabmod_cache_free(node_cache, node);
		}
		cond_resched();
	}
	slabmod_kfree(index.table);
	index.table = NULL;
	index.buckets = 0;
	index.distinct = 0;
	index.text_bytes = 0;
	index.words = 0;
	index.bytes = 0;
	index.lost = 0;
	mutex_unlock(&index.lock);
}

/* text: a stream of bytes, split into words */

static bool is_word_byte(u8 c)
{
	return c == '_' || c >= 0x80 || isalnum(c);
}

/*
 * Consume the first @nr bytes of the writer's piece. A word is counted before the byte that ends it
 * is consumed, so a word for which memory is short stays unfinished.
 *
 * Return: how many bytes were consumed: all, unless memory is short.
 */
static size_t consume_piece(struct writer *writer, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		char c = writer->piece[i];
		bool inside = is_word_byte(c);

		if (writer->len && (!inside || writer->len == WORD_MAX)) {
			if (index_count(writer->word, writer->len))
				break;
			writer->len = 0;
		}
		if (inside)
			writer->word[writer->len++] = c;
	}
	index.bytes += i;
	return i;
}

static int text_open(struct inode *inode, struct file *file)
{
	struct writer *writer = slabmod_kmalloc(sizeof(*writer), GFP_WORDS);

	if (!writer)
		return -ENOMEM;
	mutex_init(&writer->lock);
	writer->len = 0;
	file->private_data = writer;
	return stream_open(inode, file);
}

static ssize_t text_write(struct file *file, const char __user *from, size_t count,
			  loff_t *unused)
{
	struct writer *writer = file->private_data;
	size_t nr, consumed, done = 0;
	int err = 0;

	if (mutex_lock_interruptible(&writer->lock))
		return -ERESTARTSYS;
	while (done < count && !err) {
		nr = min_t(size_t, count - done, PIECE_SIZE);
		if (copy_from_user(writer->piece, from + done, nr)) {
			err = -EFAULT;
			break;
		}
		mutex_lock(&index.lock);
		consumed = consume_piece(writer, nr);
		mutex_unlock(&index.lock);
		done += consumed;
		if (consumed < nr)
			err = -ENOMEM;
		else if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	mutex_unlock(&writer->lock);
	return done ?: err;
}

static int text_release(struct inode *inode, struct file *file)
{
	struct writer *writer = file->private_data;

	mutex_lock(&index.lock);
	if (writer->len && index_count(writer->word, writer->len))
		index.lost++;
	mutex_unlock(&index.lock);
	slabmod_kfree(writer);
	return 0;
}

static const struct file_operations text_fops = {
	.owner = THIS_MODULE,
	.open = text_open,
	.write = text_write,
	.release = text_release,
};

/* words: a copy of the index, sorted */

static int compare_lines(const void *a, const void *b)
{
	const struct line *left = a, *right = b;

	cond_resched();		/* sort() itself never does */
	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	return strcmp(left->text, right->text);
}

static void snapshot_fill(struct snapshot *snapshot)
{
	char *text = (char *)&snapshot->lines[index.distinct];
	struct line *line = snapshot->lines;
	struct words_node *node;
	size_t i;

	for (i = 0; i < index.buckets; i++) {
		hlist_for_each_entry(node, &index.table[i], link) {
			line->count = node->count;
			line->text = text;
			memcpy(text, node->text, node->len + 1);
			text += node->len + 1;
			line++;
		}
		cond_resched();
	}
	snapshot->nr = index.distinct;
}

/* Megabytes that are short-lived and need not be contiguous: for kvmalloc(), not for slabmod. */
static struct snapshot *snapshot_create(void)
{
	struct snapshot *snapshot;
	size_t size;

	if (mutex_lock_interruptible(&index.lock))
		return ERR_PTR(-ERESTARTSYS);
	size = struct_size(snapshot, lines, index.distinct) + index.text_bytes;
	snapshot = kvmalloc(size, GFP_WORDS);
	if (snapshot)
		snapshot_fill(snapshot);
	mutex_unlock(&index.lock);

	if (!snapshot)
		return ERR_PTR(-ENOMEM);
	sort(snapshot->lines, snapshot->nr, sizeof(snapshot->lines[0]), compare_lines, NULL);
	return snapshot;
}

static void *words_start(struct seq_file *m, loff_t *pos)
{
	struct snapshot *snapshot = m->private;

	return *pos < snapshot->nr ? &snapshot->lines[*pos] : NULL;
}

static void *words_next(struct seq_file *m, void *line, loff_t *pos)
{
	++*pos;
	return words_start(m, pos);
}

static void words_stop(struct seq_file *m, void *line)
{
}

static int words_show(struct seq_file *m, void *p)
{
	struct line *line = p;

	seq_printf(m, "%llu %s\n", line->count, line->text);
	return 0;
}

static const struct seq_operations words_seq_ops = {
	.start = words_start,
	.next = words_next,
	.stop = words_stop,
	.show = words_show,
};

static int words_open(struct inode *inode, struct file *file)
{
	struct snapshot *snapshot = snapshot_create();
	int err;

	if (IS_ERR(snapshot))
		return PTR_ERR(snapshot);
	err = seq_open(file, &words_seq_ops);
	if (err) {
		kvfree(snapshot);
		return err;
	}
	((struct seq_file *)file->private_data)->private = snapshot;
	return 0;
}

static int words_release(struct inode *inode, struct file *file)
{
	kvfree(((struct seq_file *)file->private_data)->private);
	return seq_release(inode, file);
}

static const struct file_operations words_fops = {
	.owner = THIS_MODULE,
	.open = words_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = words_release,
};

/* stats and clear */

static int stats_show(struct seq_file *m, void *unused)
{
	mutex_lock(&index.lock);
	seq_printf(m, "words %llu\n", index.words);
	seq_printf(m, "distinct %zu\n", index.distinct);
	seq_printf(m, "bytes %llu\n", index.bytes);
	seq_printf(m, "lost %llu\n", index.lost);
	mutex_unlock(&index.lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static ssize_t clear_write(struct file *file, const char __user *from, size_t count,
			   loff_t *ppos)
{
	index_clear();
	slabmod_cache_shrink(node_cache);
	return count;
}

static const struct file_operations clear_fops = {
	.owner = THIS_MODULE,
	.write = clear_write,
};

static int __init words_init(void)
{
	node_cache = SLABMOD_CACHE(words_node, SLABMOD_HWCACHE_ALIGN);
	if (!node_cache)
		return -ENOMEM;
	hash_seed = get_random_u32();

	debugfs_dir = debugfs_create_dir("slabmod_words", NULL);
	debugfs_create_file("text", 0200, debugfs_dir, NULL, &text_fops);
	debugfs_create_file("words", 0400, debugfs_dir, NULL, &words_fops);
	debugfs_create_file("stats", 0400, debugfs_dir, NULL, &stats_fops);
	debugfs_create_file("clear", 0200, debugfs_dir, NULL, &clear_fops);
	return 0;
}

/* No file is open, because open files pin the module. */
static void __exit words_exit(void)
{
	debugfs_remove(debugfs_dir);
	index_clear();
	slabmod_cache_destroy(node_cache);
}

module_init(words_init);
module_exit(words_exit);

SLABMOD_IMPORT();
MODULE_DESCRIPTION("A word index, as an example of a module that uses slabmod");
MODULE_AUTHOR("The slabmod developers");
MODULE_VERSION(SLABMOD_VERSION);
MODULE_LICENSE("GPL");
