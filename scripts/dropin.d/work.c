// SPDX-License-Identifier: GPL-2.0
/*
 * work.c - the work that scripts/dropin lets a module do, and the memory that it takes.
 *
 * work tree DIR FILES SEED [flat]    create, change, rename and delete files; compare them
 * work again DIR FILES SEED [flat]   compare what an earlier tree has left, after a new mount
 * work remove DIR FILES SEED [flat]  delete it
 * work plain DIR FILES SEED          create files without any change, for an image
 * work same DIR FILES SEED           compare those
 * work device FILE MIB SEED          write a pattern over a device, read it back, rewrite parts;
 *                                    MIB 0: up to its end
 * work still FILE MIB SEED           compare what an earlier device has left
 * work send ADDRESS PORT PACKETS FLOWS [CLASSES]  UDP with a pattern; classes by SO_PRIORITY
 * work receive PORT PACKETS          count and compare them
 * work used                          bytes that the kernel uses for itself
 * work peak FILE                     sample that until FILE exists, print the peak
 *
 * The seed determines all contents, so a second process can compare them. A difference ends the
 * program with a message and status 1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096
#define FILE_MAX (48 * 1024)
#define FILES_PER_DIR 40

static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "work: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, " (%s)\n", strerror(errno));
	va_end(args);
	exit(1);
}

/* ---- random numbers ---- */

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

static uint64_t state;

static unsigned int below(unsigned int n)
{
	state = mix(state);
	return (state >> 32) % n;
}

/* Fill n bytes of what begins at offset @at (a multiple of 8) in the stream @seed. */
static void fill(void *to, size_t n, uint64_t seed, uint64_t at)
{
	uint64_t word;
	size_t i;

	for (i = 0; i < n; i += 8) {
		word = mix(seed ^ (at + i));
		memcpy((char *)to + i, &word, n - i < 8 ? n - i : 8);
	}
}

/* ---- a tree of files: the model ---- */

struct entry {
	uint64_t seed;
	unsigned int length;
	unsigned int dir;
	unsigned int number;	/* part of its name; changes when it is renamed */
	bool link, dead;
	/* A part that was overwritten later, from a stream of its own */
	uint64_t patch_seed;
	unsigned int patch_at, patch_length;
};

static struct entry *entries;
static unsigned int files, dirs;
static bool flat;
static const char *top;
static char data[FILE_MAX + PAGE], seen[FILE_MAX + PAGE];

static char *path(const struct entry *e)
{
	static char names[2][512];
	static int turn;
	char *name = names[turn ^= 1];

	if (flat)
		snprintf(name, sizeof(names[0]), "%s/f%u", top, e->number);
	else
		snprintf(name, sizeof(names[0]), "%s/dir%u/%s%u", top, e->dir,
			 e->link ? "link" : "file", e->number);
	return name;
}

static void contents(const struct entry *e)
{
	fill(data, e->length, e->seed, 0);
	if (e->patch_length)
		fill(data + e->patch_at, e->patch_length, e->patch_seed, 0);
}

static void target(const struct entry *e, char *text)
{
	sprintf(text, "../dir%u/file%u-%016llx", e->dir, e->number / 2,
		(unsigned long long)e->seed);
}

static void plan(unsigned int nr, uint64_t seed)
{
	unsigned int i;

	state = seed;
	files = nr;
	dirs = flat ? 1 : (nr + FILES_PER_DIR - 1) / FILES_PER_DIR;
	entries = calloc(files, sizeof(*entries));
	for (i = 0; i < files; i++) {
		struct entry *e = &entries[i];

		e->seed = mix(seed ^ ((uint64_t)i << 32));
		/* Most are small, some have indirect blocks. */
		e->length = below(8) ? below(6000) : below(FILE_MAX);
		if (flat)
			e->length %= 2000;
		e->dir = i % dirs;
		e->number = i;
		e->link = !flat && i % 10 == 9;
	}
}

/* ---- a tree of files: what is done to it ---- */

static bool doing;	/* otherwise only the model changes */

static void write_part(const char *name, int flags, unsigned int at, unsigned int length)
{
	int fd = open(name, flags | O_WRONLY, 0644);
	unsigned int done = 0, part;

	if (fd < 0)
		die("open %s", name);
	while (done < length) {
		part = (mix(at + done) % 3000) + 1;
		if (part > length - done)
			part = length - done;
		if (pwrite(fd, data + at + done, part, at + done) != (ssize_t)part)
			die("write %s", name);
		done += part;
	}
	if (close(fd))
		die("close %s", name);
}

static void create(struct entry *e)
{
	char text[64];

	if (e->link) {
		target(e, text);
		if (symlink(text, path(e)))
			die("symlink %s", path(e));
		return;
	}
	contents(e);
	write_part(path(e), O_CREAT | O_EXCL, 0, e->length);
}

static void make_dirs(void)
{
	char name[512];
	unsigned int i;

	for (i = 0; i < dirs && !flat; i++) {
		snprintf(name, sizeof(name), "%s/dir%u", top, i);
		if (mkdir(name, 0755))
			die("mkdir %s", name);
	}
}

static void overwrite(struct entry *e)
{
	e->patch_seed = mix(e->seed);
	e->patch_at = below(e->length);
	e->patch_length = 1 + below(e->length - e->patch_at);
	if (!doing)
		return;
	contents(e);
	write_part(path(e), 0, e->patch_at, e->patch_length);
}

static void cut(struct entry *e)
{
	e->length = below(e->length + 1);
	if (doing && truncate(path(e), e->length))
		die("truncate %s", path(e));
}

/*
 * To another name, often in another directory; sometimes over an existing file, which bfs, the
 * flat one, does wrong: the name keeps the number of the file that was there.
 */
static void move(struct entry *e)
{
	struct entry to = *e, *over = &entries[below(files)];

	to.dir = below(dirs);
	to.number += files;
	if (!flat && !below(4) && over != e && !over->dead && over->link == e->link) {
		to.dir = over->dir;
		to.number = over->number;
		over->dead = true;
	}
	if (doing && rename(path(e), path(&to)))
		die("rename %s %s", path(e), path(&to));
	/* A link keeps its text, which is made of these. */
	if (e->link) {
		if (doing && unlink(path(&to)))
			die("unlink %s", path(&to));
		*e = to;
		if (doing)
			create(e);
		return;
	}
	*e = to;
}

static void delete(struct entry *e)
{
	e->dead = true;
	if (doing && unlink(path(e)))
		die("unlink %s", path(e));
}

static void change(void)
{
	unsigned int i;

	for (i = 0; i < files; i++) {
		struct entry *e = &entries[i];

		if (e->dead)
			continue;
		if (i % 3 == 2)
			delete(e);
		else if (i % 2)
			move(e);
		else if (!e->link && i % 4 == 0 && e->length)
			overwrite(e);
		else if (!e->link && !flat)
			cut(e);
	}
}

static void compare(const struct entry *e)
{
	char text[64] = "", found[64] = "";
	struct stat st;
	int fd;

	if (e->link) {
		target(e, text);
		if (readlink(path(e), found, sizeof(found) - 1) < 0 || strcmp(text, found))
			die("%s points to '%s' instead of '%s'", path(e), found, text);
		return;
	}
	contents(e);
	fd = open(path(e), O_RDONLY);
	if (fd < 0 || fstat(fd, &st))
		die("open %s", path(e));
	if (st.st_size != e->length)
		die("%s: %lu bytes instead of %u", path(e), (unsigned long)st.st_size, e->length);
	if (read(fd, seen, FILE_MAX) != (ssize_t)e->length || memcmp(seen, data, e->length))
		die("%s: wrong contents", path(e));
	close(fd);
}

static unsigned int names_in(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *name;
	unsigned int n = 0;

	if (!d)
		die("opendir %s", dir);
	while ((name = readdir(d)))
		n += strcmp(name->d_name, ".") && strcmp(name->d_name, "..") &&
		     strcmp(name->d_name, "lost+found") && strcmp(name->d_name, "rr_moved");
	closedir(d);
	return n;
}

static void compare_all(void)
{
	unsigned int i, live = 0, names = 0;
	char name[512];

	for (i = 0; i < files; i++) {
		if (entries[i].dead)
			continue;
		compare(&entries[i]);
		live++;
	}
	for (i = 0; i < dirs; i++) {
		snprintf(name, sizeof(name), "%s/dir%u", top, i);
		names += names_in(flat ? top : name);
	}
	if (names != live)
		die("%u names instead of %u", names, live);
	printf("%u files and links compared, in %u directories\n", live, dirs);
}

static void remove_all(void)
{
	char name[512];
	unsigned int i;

	for (i = 0; i < files; i++)
		if (!entries[i].dead)
			delete(&entries[i]);
	for (i = 0; i < dirs && !flat; i++) {
		snprintf(name, sizeof(name), "%s/dir%u", top, i);
		if (rmdir(name))
			die("rmdir %s", name);
	}
}

static void tree(const char *verb)
{
	bool still = !strcmp(verb, "plain") || !strcmp(verb, "same");
	unsigned int i;

	doing = !strcmp(verb, "tree") || !strcmp(verb, "plain");
	if (doing) {
		make_dirs();
		for (i = 0; i < files; i++)
			create(&entries[i]);
		compare_all();
	}
	if (!still)
		change();
	if (!still || !doing)
		compare_all();
	if (!strcmp(verb, "remove")) {
		doing = true;
		remove_all();
	}
}

/* ---- a device ---- */

static char *page, *other;
static uint64_t device_seed;
static unsigned char *versions;

/* Pages of one value, of a repeated line, and random ones, for devices that compress */
static void page_contents(unsigned long nr)
{
	uint64_t seed = mix(device_seed ^ nr << 8 ^ versions[nr]);
	size_t i;

	if (nr % 4 == 0) {
		memset(page, seed & 0xff, PAGE);
		return;
	}
	fill(page, nr % 4 == 1 ? PAGE : 64, seed, 0);
	for (i = 64; nr % 4 != 1 && i < PAGE; i += 64)
		memcpy(page + i, page, 64);
	memcpy(page + PAGE - 8, &seed, 8);
}

static void write_page(int fd, unsigned long nr)
{
	page_contents(nr);
	if (pwrite(fd, page, PAGE, nr * PAGE) != PAGE)
		die("write page %lu", nr);
}

static void compare_page(int fd, unsigned long nr)
{
	page_contents(nr);
	if (pread(fd, other, PAGE, nr * PAGE) != PAGE)
		die("read page %lu", nr);
	if (memcmp(page, other, PAGE))
		die("page %lu differs", nr);
}

static void device(const char *name, unsigned long pages, bool write)
{
	unsigned long i, rewrites;
	uint64_t bytes;
	int fd = open(name, O_RDWR | O_DIRECT);

	if (fd < 0)
		die("open %s", name);
	if (!pages && !ioctl(fd, BLKGETSIZE64, &bytes))
		pages = bytes / PAGE;
	rewrites = pages / 2;
	page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	other = page + PAGE;
	versions = calloc(pages, 1);
	for (i = 0; write && i < pages; i++)
		write_page(fd, i);
	for (i = 0; write && i < pages; i++)
		compare_page(fd, i);
	for (i = 0; i < rewrites; i++) {
		unsigned long nr = below(pages);

		versions[nr]++;
		if (write)
			write_page(fd, nr);
	}
	if (fsync(fd))
		die("fsync %s", name);
	for (i = 0; i < pages; i++)
		compare_page(fd, i);
	/* Through the page cache */
	close(fd);
	fd = open(name, O_RDWR);
	for (i = 0; i < pages; i += 7)
		compare_page(fd, i);
	if (close(fd))
		die("close %s", name);
	printf("%lu pages and %lu rewritten ones compared\n", pages, rewrites);
}

/* ---- packets ---- */

#define PACKET 512

static void send_packets(const char *address, int port, unsigned int packets, unsigned int flows,
			 unsigned int classes)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	int *fds = calloc(flows, sizeof(*fds));
	unsigned int i, priority;
	uint64_t text[PACKET / 8];

	to.sin_addr.s_addr = inet_addr(address);
	for (i = 0; i < flows; i++) {
		fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
		if (fds[i] < 0 || connect(fds[i], (void *)&to, sizeof(to)))
			die("socket");
	}
	for (i = 0; i < packets; i++) {
		int fd = fds[i % flows];

		priority = classes ? 0x10000 | (1 + i % classes) : 0;
		if (classes && setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority)))
			die("SO_PRIORITY");
		text[0] = i;
		fill(text + 1, PACKET - 8, i, 0);
		if (send(fd, text, PACKET, 0) != PACKET)
			die("send packet %u", i);
		/* Let the receiver run: UDP drops what does not fit into its buffer. */
		if (i % 32 == 31)
			usleep(2000);
	}
	printf("%u packets sent\n", packets);
}

static void receive_packets(int port, unsigned int packets)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20;
	unsigned char *got = calloc(packets, 1);
	uint64_t text[PACKET / 8 + 1], want[PACKET / 8];
	unsigned int n = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (fd < 0 || bind(fd, (void *)&at, sizeof(at)))
		die("bind to port %d", port);
	puts("listening");
	fflush(stdout);
	while (n < packets) {
		if (recv(fd, text, sizeof(text), 0) != PACKET)
			die("a packet of the wrong size after %u", n);
		fill(want, PACKET - 8, text[0], 0);
		if (text[0] >= packets || got[text[0]]++ || memcmp(want, text + 1, PACKET - 8))
			die("a wrong packet after %u", n);
		n++;
	}
	printf("%u packets compared\n", n);
}

/* ---- memory ---- */

static char text[1 << 17];

static char *slurp(const char *name)
{
	int fd = open(name, O_RDONLY);
	ssize_t n = 0, part;

	if (fd < 0)
		die("open %s", name);
	while ((part = read(fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += part;
	text[n] = '\0';
	close(fd);
	return text;
}

static long value(const char *in, const char *name)
{
	const char *at = strstr(in, name);

	return at ? atol(at + strlen(name)) : 0;
}

/*
 * What is neither free nor in a list of pages of user space and files: slabs, pages and vmalloc
 * areas of all allocators, page tables, stacks. The counters of all CPUs are summed up first.
 */
static long used(void)
{
	static const char *const lists[] = {
		"\nnr_zone_inactive_anon ", "\nnr_zone_active_anon ", "\nnr_zone_inactive_file ",
		"\nnr_zone_active_file ", "\nnr_zone_unevictable ",
	};
	long total, rest = 0;
	unsigned int i;
	char *at;

	slurp("/proc/sys/vm/stat_refresh");
	total = value(slurp("/proc/meminfo"), "MemTotal:") / 4;
	/* The first line has no newline in front. */
	at = slurp("/proc/vmstat");
	rest += value(at, "nr_free_pages ");
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		rest += value(at, lists[i]);
	for (at = slurp("/proc/zoneinfo"); (at = strstr(at, " count:")); at++)
		rest += value(at, " count:");
	return (total - rest) * PAGE;
}

static void peak(const char *until)
{
	long most = 0, now;

	do {
		now = used();
		if (now > most)
			most = now;
		usleep(3000);
	} while (access(until, F_OK));
	printf("%ld\n", most);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

#define NUMBER(i) (argc > (i) ? strtoul(argv[i], NULL, 0) : 0)
	if (argc > 2)
		top = argv[2];
	if (!strcmp(verb, "used")) {
		printf("%ld\n", used());
	} else if (!strcmp(verb, "peak") && argc > 2) {
		peak(argv[2]);
	} else if (!strcmp(verb, "send") && argc > 5) {
		send_packets(top, NUMBER(3), NUMBER(4), NUMBER(5), NUMBER(6));
	} else if (!strcmp(verb, "receive") && argc > 3) {
		receive_packets(NUMBER(2), NUMBER(3));
	} else if ((!strcmp(verb, "device") || !strcmp(verb, "still")) && argc > 4) {
		device_seed = state = NUMBER(4);
		device(top, NUMBER(3) * 256, !strcmp(verb, "device"));
	} else if (argc > 4 && strstr(" tree again remove plain same ", verb)) {
		flat = argc > 5;
		plan(NUMBER(3), NUMBER(4));
		tree(verb);
	} else {
		fprintf(stderr, "usage: see the head of work.c\n");
		return 2;
	}
	return 0;
}
