#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What user space can see: only root opens a file, no file that root can read and no log
# message after any kind of misuse has a raw address; and the kernel's hardened usercopy
# accepts slabmod's memory.
# vm: --kernel debian --smp 2 --mem 512M --timeout 300 --allow-reports

. /check.lib

sys=/sys/kernel/debug
victim=$sys/slabmod_victim

# A user without privileges, and its files
mkdir -p /etc
echo 'root:x:0:0::/:/bin/sh
nobody:x:65534:65534::/:/bin/sh' >/etc/passwd
cat >/tmp/try <<'END'
n=0
while read -r file; do
	[ -e "$file" ] || echo "$file is out of sight"
	(: <"$file") 2>/dev/null && echo "$file can be read"
	(: >>"$file") 2>/dev/null && echo "$file can be written"
	n=$((n + 1))
done </tmp/files
echo "tried $n"
END

as_nobody() {
	su -s /bin/sh nobody -c "$1"
}

all_files() {
	find $sys/slabmod* -type f
}

# Print what the user nobody can do with the files, and their number
try() {
	chmod 644 /tmp/files /tmp/try
	as_nobody 'sh /tmp/try' >/tmp/tried
	cat /tmp/tried
}

is_nobody() {
	[ "$(as_nobody 'id -u')" = 65534 ] && as_nobody 'cat /etc/passwd' >/dev/null
}

out_of_reach() {
	! as_nobody "ls $sys/slabmod" 2>/dev/null
}

# Even with visible names, files cannot be opened.
opens_nothing() {
	all_files >/tmp/files
	try && [ "$(cat /tmp/tried)" = "tried $(all_files | wc -l)" ] &&
		[ "$(all_files | wc -l)" -gt 100 ]
}

# The test itself works.
opens_what_it_may() {
	ls $sys/slabmod/summary $sys/slabmod/slabinfo >/tmp/files
	chmod 444 $sys/slabmod/summary
	chmod 422 $sys/slabmod/slabinfo
	try
	chmod 400 $sys/slabmod/summary $sys/slabmod/slabinfo
	[ "$(grep -c . /tmp/tried)" = 3 ] && grep -q 'summary can be read' /tmp/tried &&
		grep -q 'slabinfo can be written' /tmp/tried
}

sees_addresses() {
	grep -i ' t ' /proc/kallsyms | head -n 1000 >/tmp/kallsyms
	[ "$(addresses /tmp/kallsyms | wc -l)" -gt 900 ]
}

# The files of the victim contain its memory.
files_show_no_address() {
	find $sys/slabmod* -type f -perm -400 ! -path "$victim/*" >/tmp/files
	while read -r file; do
		echo "== $file"
		cat "$file"
	done </tmp/files >/tmp/content
	no_address_in /tmp/content
}

log_shows_no_address() {
	dmesg | sed -n '/security: from here/,$p' >/tmp/log
	grep -o 'slabmod: misuse: [a-z_]*' /tmp/log | sort | uniq -c
	[ "$(grep -o 'slabmod: misuse: [a-z_]*' /tmp/log | sort -u | wc -l)" -ge 10 ] &&
		grep -q 'slabmod:   victim object' /tmp/log &&
		grep -q 'slabmod:   leaky object' /tmp/log &&
		no_address_in /tmp/log
}

misuse() {
	echo 'security: from here' >/dev/kmsg
	echo 1 >$victim/misuse && insmod /modules/slabmod_leaky.ko && rmmod slabmod_leaky
}

forges_nothing() {
	! grep '^[^:]*bad name' /tmp/log
}

# copies NAME SIZE: at once, and in pieces that cross page boundaries
copies() {
	head -c "$2" /dev/urandom >/tmp/in
	dd if=/tmp/in of="$victim/$1" bs="$2" 2>/dev/null &&
		dd if="$victim/$1" of=/tmp/out bs="$2" 2>/dev/null && cmp /tmp/in /tmp/out &&
		dd if="$victim/$1" of=/tmp/out bs=5000 2>/dev/null && cmp /tmp/in /tmp/out
}

accepts_any_write() {
	head -c 1000000 /dev/urandom >$sys/slabmod/shrink &&
		head -c 1000000 /dev/urandom >$sys/slabmod/validate &&
		head -c 1000000 /dev/urandom >$sys/slabmod/caches/kmalloc-64/shrink
}

load() {
	insmod /modules/slabmod.ko "$@" && insmod /modules/slabmod_victim.ko
}

copy_all() {
	copies object 8192 && copies block 65536 && copies pages 16384
}

check 'loads' load
check 'loads a client with files' insmod /modules/slabmod_words.ko
check 'loads the benchmark' insmod /modules/slabmod_bench.ko
check 'there is a user without privileges' is_nobody
check 'debugfs is inaccessible' out_of_reach
check 'names can be made visible' mount -o remount,mode=755 $sys
check 'only root opens a file' opens_nothing
check 'accessible files would be found' opens_what_it_may
check 'a write of any length is accepted' accepts_any_write
check 'all kinds of misuse' misuse
check 'addresses would be found' sees_addresses
check 'no file shows an address' files_show_no_address
check 'the log shows no address' log_shows_no_address
check 'a name cannot forge a log line' forges_nothing
check 'this kernel checks copies' grep -q ' __check_object_size$' /proc/kallsyms
check 'copies cross pages' copy_all
check 'unloads' rmmod slabmod_words slabmod_bench slabmod_victim slabmod
check 'loads with the smallest chunks' load chunk_order=0
check 'copies cross pages there too' copy_all
check 'unloads again' rmmod slabmod_victim slabmod
