#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The exercises of the lab and their solutions: all commands of both documents do what is shown, in a
# copy of the lab, and what the solutions claim holds.
#
# usage: lab-exercises.sh [--update]
#   --update  write what the commands print into the documents
#
# (The two commands that build the lab for all strategies are those of lab-user.sh. Here it is built for
# the strategies of the documents.)
# host
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/host.lib"

dir=$top/build/check/lab-exercises
tree=$dir/tree
log=$dir/log
strategies='list_lifo list_address list_best_fit list_worst_fit buddy global_mutex global_lockfree local owner hoard'

# A student's copy, and what `make lab` leaves there
prepare() {
	rm -rf "$tree" "$dir/lab"
	mkdir -p "$tree"
	cp -r "$top"/{Makefile,scripts,mod,lab} "$tree/"
	make -s -j"$(nproc)" -C "$tree/lab" STRATEGIES="$strategies" tools libraries programs
	cp -a "$tree/build/lab" "$dir/lab"
}

# ---- the tool for sequences

# refuses LINE MESSAGE: as the third line of a sequence
refuses() {
	local said status=0
	said=$(printf 'alloc 50\n\n%b\nmap\n' "$1" | "$dir/lab/script" list_lifo 2>&1) || status=$?
	if ((status != 1)) || [[ $said != "script: line 3: $2" ]]; then
		echo "# '$1': status $status, $said"
		return 1
	fi
}

refuses_all() {
	refuses alloc 'alloc what? Write: alloc SIZE' &&
		refuses 'alloc x' "'x' is no number" &&
		refuses 'alloc -1' "'-1' is no number" &&
		refuses 'alloc 99999999999999999999' "'99999999999999999999' is no number" &&
		refuses 'alloc 1 2' 'there is more than a line needs: alloc SIZE' &&
		refuses 'alloc 99999999' 'list_lifo has no memory for 99999999 bytes' &&
		refuses 'free 1' 'there is no object 1' &&
		refuses 'free 4000000000' 'there is no object 4000000000' &&
		refuses 'map 1' 'there is more than a line needs: map' &&
		refuses 'a\0b' 'it is no text' &&
		refuses 'fre 0' "'fre' is none of alloc, free, reset, map, objects, holes, result"
}

refuses_more_objects() {
	local said
	said=$(yes 'alloc 1' | head -n 1001 | "$dir/lab/script" list_lifo 2>&1) || true
	[[ $said == 'script: line 1001: there are 1000 objects already' ]]
}

refuses_usage() {
	local status=0
	"$dir/lab/script" </dev/null >/dev/null 2>&1 || status=$?
	((status == 2)) || return 1
	status=0
	"$dir/lab/script" nonsense </dev/null >/dev/null 2>&1 || status=$?
	((status == 2))
}

# ---- what the solutions claim, and the documents show in figures that vary

# peak LIBRARY PROGRAM...: print the most bytes of the arena
peak() {
	LAB_STATS=1 LD_PRELOAD=$dir/lab/lab-$1.so "$dir/lab/programs/$2" "${@:3}" 2>&1 |
		sed -n 's/^lab: .* peak \([0-9]*\) .*/\1/p'
}

drifts() {
	(($(peak local drift pairs 2 16) > 3 * $(peak local drift pairs 2 4))) &&
		(($(peak local drift pairs 2 16) > 10 * $(peak owner drift pairs 2 16))) &&
		(($(peak owner drift pairs 2 16) == $(peak owner drift pairs 2 4)))
}

has_bound_of_threads() {
	(($(peak owner drift ring 4 4) > 3 * $(peak owner drift pairs 2 4))) &&
		(($(peak hoard drift ring 4 4) < 2 * $(peak hoard drift pairs 2 4)))
}

is_short() {
	(($(wc -l <"$top/lab/solutions/mine.c") < 60))
}

# In ten runs with the tag, and as many as it takes without it
finds_aba() {
	local left=5
	cd "$tree"
	[[ $(lab/solutions/waiting.sh 10 global_lockfree) == 'global_lockfree: 0 of 10 runs failed' ]] || return 1
	while ((left--)); do
		lab/solutions/waiting.sh 10 untagged | grep -q ': 0 of' || return 0
	done
	return 1
}

main() {
	"$top/scripts/deps" lab
	mkdir -p "$dir"
	check_quiet 'the tools and libraries of the exercises build' prepare
	python3 "$top/scripts/check.d/lab-exercises.py" "$@" "$tree" "$dir/lab" "$top"/Documentation/lab-{exercises,solutions}.rst
	check 'script refuses bad input, with the number of the line' refuses_all
	check 'script refuses more objects than there can be' refuses_more_objects
	check 'script refuses bad usage' refuses_usage
	check 'local drifts without a bound, and owner does not' drifts
	check 'owner needs the memory of each thread, and hoard does not' has_bound_of_threads
	check 'mine.c has less than 60 lines' is_short
	if (($(nproc) > 1)); then
		check 'the waiting checks find ABA, and none with the tag' finds_aba
	else
		echo 'ok the waiting checks find ABA # SKIP it takes two CPUs'
	fi
}

main "$@"; exit
