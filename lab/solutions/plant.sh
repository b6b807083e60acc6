#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Plant bugs in the repaired suspect, one at a time, and print which checks tell.
#
# usage: lab/solutions/plant.sh
#
# The copies are in build/lab/plant.
set -euo pipefail
cd "$(dirname "$0")/../.."

out=build/lab/plant
original=$out/original.c

compile() {
	gcc -O2 -std=gnu11 -fno-strict-aliasing -Imod/lab/strategies '-DLAB_STRATEGIES(X)=X(suspect)' "$@"
}

# The parts that are the same for all
prepare() {
	rm -rf "$out"
	mkdir -p "$out"
	sed 's/^\tmerge(before);/\tmerge(block);\n&/' lab/solutions/suspect.c >"$original"
	(cd "$out" && compile -c ../../../{lab/conform.c,lab/world.c,mod/lab/lab.c,mod/lab/arena.c} &&
		compile -c -o checks.o ../../../mod/lab/conform.c)
}

# plant WHAT SED-PROGRAM
plant() {
	local said status=0
	sed "$2" "$original" >"$out/suspect.c"
	[[ ! $2 ]] || ! cmp -s "$original" "$out/suspect.c" || { echo "the bug '$1' is not there"; exit 1; }
	compile -o "$out/conform" "$out/suspect.c" "$out"/*.o -lpthread
	said=$(SEED=1 timeout 60 "$out/conform") || status=$?
	said=$(sed -n 's/^not ok suspect\.\([a-z_]*\):.*/  \1/p' <<<"$said")
	((status <= 1)) || said+="${said:+$'\n'}  (it crashes)"
	printf '%s\n' "$1" "${said:-  (none)}"
}

prepare
plant 'no bug' ''
plant 'free() does nothing' 's/^\t\tinsert(lab->state.*/\t\t;/'
plant 'what is left after a split is lost' 's/rest ? rest : block->next/block->next/'
plant 'a fit forgets the size of the header' 's/^\tneed = list_need(.*/\tneed = ALIGN(size, 16) + 16 * !size;/'
plant 'blocks that do not touch merge' 's/ && list_after(block) == next//'
plant 'very large requests are not refused' 's/size >= LIST_LARGE/size >= LIST_LARGE \&\& size < SIZE_MAX \/ 4/'
plant 'memory begins four bytes too late' 's/return list_memory(block)/return (char *)list_memory(block) + 4/'
plant 'walk() does not visit the lowest block' 's/list_walk(suspect->head.next, /if (suspect->head.next)\n\t\tlist_walk(suspect->head.next->next, /'
plant 'a search passes over a block that fits exactly' 's/->size >= need/->size >= need + 8/'
