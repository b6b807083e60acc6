#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Fault injection: each fault site of slabmod, by its files in debugfs; then loading, while
# one request after another fails, slabmod's own and those to the kernel.
# vm: --kernel kunit --smp 2 --mem 512M --timeout 1800

. /check.lib

debug=/sys/kernel/debug/slabmod
failing=/sys/module/slabmod_failing/parameters

# ---- in use

use() {
	insmod /modules/slabmod_words.ko && cat /proc/modules >/sys/kernel/debug/slabmod_words/text
}

# A pool with a reserve, and many caches
make_pool() {
	insmod /modules/slabmod_edge.ko && echo fill >/sys/kernel/debug/slabmod_edge/command
}

# An area of vmalloc, freed after a grace period
make_area() {
	insmod /modules/slabmod_edge.ko && echo map >/sys/kernel/debug/slabmod_edge/command
}

# refuses COMMAND: it fails for lack of memory
refuses() {
	if "$@" 2>/tmp/error; then
		echo "it did not fail"
		return 1
	fi
	grep 'Cannot allocate memory' /tmp/error || { cat /tmp/error; return 1; }
}

lacks_folder() {
	use && [ ! -e $debug/caches/words_node ] && grep -q words_node $debug/slabinfo
}

# The expected effect of one failure at a site
suffers() {
	case $1 in
	cache | tracks) refuses use ;;
	pool | stats) refuses make_pool ;;
	area | vmap) refuses make_area ;;
	record) make_area ;;
	debugfs) lacks_folder ;;
	callsites) refuses cat $debug/callsites ;;
	*) use ;;
	esac
}

unload() {
	for module in slabmod_words slabmod_edge slabmod; do
		[ ! -e /sys/module/$module ] || rmmod $module || return
	done
}

# (insmod tries a second time if the kernel refuses a module.)
fail_once() {
	case $1 in
	cache | tracks) times=2 ;;
	*) times=1 ;;
	esac
	echo $times >"$debug/fail/$1/times"
	echo 100 >"$debug/fail/$1/probability"
	suffers "$1" || return
	[ "$(cat "$debug/fail/$1/times")" = 0 ] || { echo "it did not fail"; return 1; }
	[ ! -e /sys/module/slabmod_words ] || rmmod slabmod_words || return
	use && echo 1 >$debug/validate
}

# site_fails NAME: it fails once, and slabmod works afterwards. Chunks are small so that some
# are unmapped, and everything is debugged.
site_fails() {
	case $1 in
	stray) with=chunk_order=0 ;;
	tracks) with=debug=1 ;;
	*) with= ;;
	esac
	# shellcheck disable=SC2086
	insmod /modules/slabmod.ko kmemleak=0 $with || return
	fail_once "$1"
	failed=$?
	unload && [ $failed = 0 ]
}

# ---- while it is loaded

# Let the kernel's two fault injectors count all requests silently.
arm_kernel() {
	for kind in failslab fail_page_alloc; do
		echo 0 >/sys/kernel/debug/$kind/verbose
		echo N >/sys/kernel/debug/$kind/ignore-gfp-wait
	done
	echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
}

is_gone() {
	[ -e /sys/module/slabmod ] || [ -e $debug ] || return 0
	echo "$1: partly loaded"
	return 1
}

# try_load N: load with the N-th request failing, and count the result
try_load() {
	echo "$1" >$failing/nth
	if insmod /modules/slabmod.ko kmemleak=0 2>/tmp/error; then
		loads=$((loads + 1))
		cat /sys/module/slabmod/initstate >/dev/null && rmmod slabmod && is_gone "$1"
		return
	fi
	refusals=$((refusals + 1))
	is_gone "$1" || return
	grep -qE 'Cannot allocate memory|No space left' /tmp/error || { cat /tmp/error; return 1; }
}

# all_loads STEP LONG LEAST: load with each STEP-th request failing. After a dozen loads in a
# row that succeed nevertheless (a directory in debugfs is missing, say), try only each
# LONG-th until one fails again, and go back for those left out.
all_loads() {
	n=1 step=$1 row=0 loads=0 refusals=0
	while before=$refusals && try_load $n && [ "$(cat $failing/hits)" = $n ]; do
		row=$((row + 1))
		if [ "$refusals" != "$before" ]; then
			[ "$step" = "$1" ] || n=$((n - step))
			row=0 step=$1
		elif [ $row -ge 12 ]; then
			step=$2
		fi
		n=$((n + step))
	done
	echo "# refused: $refusals, loaded nevertheless: $loads, requests: $(cat $failing/hits)"
	[ "$(cat $failing/hits)" -lt $n ] && [ $refusals -ge "$3" ]
}

gives_back() {
	rm -f /tmp/*
	pages_back "$free" 256
}

insmod /modules/slabmod.ko kmemleak=0 && use
sites=$(ls $debug/fail)
unload
forget_leaks
check 'has fault sites' [ "$(echo "$sites" | wc -l)" -ge 12 ]
for site in $sites; do
	check "$site fails by its files" site_fails "$site"
done
check 'the module that makes requests fail loads' insmod /modules/slabmod_failing.ko
free=$(free_pages)
check 'each of its own sites keeps it from loading' all_loads 1 1 50
arm_kernel
check 'and so do those to the kernel' all_loads 3 32 10
check 'no leaks' no_leaks
check 'frees every page' gives_back
check 'it loads' insmod /modules/slabmod.ko kmemleak=0
check 'and unloads' rmmod slabmod slabmod_failing
