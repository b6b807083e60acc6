#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Failures to order: each site of slabmod's, by its files in debugfs; then loading,
# where one request after another fails, slabmod's own and those it makes of the kernel.
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

# refuses COMMAND: it fails for want of memory
refuses() {
	if "$@" 2>/tmp/error; then
		echo "it has not failed"
		return 1
	fi
	grep 'Cannot allocate memory' /tmp/error || { cat /tmp/error; return 1; }
}

lacks_folder() {
	use && [ ! -e $debug/caches/words_node ] && grep -q words_node $debug/slabinfo
}

# What has to happen when the site fails once
suffers() {
	case $1 in
	cache | tracks) refuses use ;;
	pool | stats) refuses make_pool ;;
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

# (insmod tries a second time when the kernel refuses a module.)
fail_once() {
	case $1 in
	cache | tracks) times=2 ;;
	*) times=1 ;;
	esac
	echo $times >"$debug/fail/$1/times"
	echo 100 >"$debug/fail/$1/probability"
	suffers "$1" || return
	[ "$(cat "$debug/fail/$1/times")" = 0 ] || { echo "it has not failed"; return 1; }
	[ ! -e /sys/module/slabmod_words ] || rmmod slabmod_words || return
	use && echo 1 >$debug/validate
}

# site_fails NAME: once, by its files, and then all is well. So that there are strays,
# chunks are small, and so that there is something to debug, all is.
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

# The kernel's two: all requests count, none is said.
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
	echo "$1: it is half there"
	return 1
}

# try_load N: with the N-th request failing; counts what came of it
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

# all_loads STEP LONG LEAST: with one request failing after another, each STEP-th. Where it
# has loaded in spite of that a dozen times in a row (without a folder in debugfs, say),
# each LONG-th, until it is refused again: then those that were left out come first.
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
	echo "# refused: $refusals, loaded in spite of it: $loads, requests: $(cat $failing/hits)"
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
check 'there are sites' [ "$(echo "$sites" | wc -l)" -ge 12 ]
for site in $sites; do
	check "$site fails by its files" site_fails "$site"
done
check 'what fails loading comes' insmod /modules/slabmod_failing.ko
free=$(free_pages)
check 'each of its own sites keeps it from loading' all_loads 1 1 50
arm_kernel
check 'and so do those to the kernel' all_loads 3 32 10
check 'nothing is leaked' no_leaks
check 'every page came back' gives_back
check 'it loads' insmod /modules/slabmod.ko kmemleak=0
check 'and unloads' rmmod slabmod slabmod_failing
