#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# PREEMPT_RT: scripts/latency on Debian's kernels, briefly. The figures have no verdict.
# host
# long
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/host.lib"

out=$top/build/latency

# woken KERNEL MODE LOAD: whether all runs ended, the task was woken, and the load ran
woken() {
	((!status)) && awk -F, -v of="$1,$2,$3" '$1 "," $2 "," $3 == of && $4 && ($3 == "idle" || $10) { good = 1 }
		END { exit !good }' "$out/results.csv"
}

status=0
"$top/scripts/latency" ROUNDS=1 >"$out.said" || status=$?
sed 's/^/table: /' "$out.said"
for kernel in debian-rt debian-6.12-rt debian-7.2-rt; do
	for mode in count time; do
		for load in idle slub slabmod; do
			check "$kernel: a real-time task is woken, $mode, $load" \
				woken "$kernel" "$mode" "$load"
		done
	done
done
