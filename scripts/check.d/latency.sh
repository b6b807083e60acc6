#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# PREEMPT_RT: scripts/latency on Debian's kernels, briefly. The figures have no verdict.
# host
# long
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

out=$top/build/latency

# woken KERNEL MODE LOAD: whether the task was woken, and the load ran
woken() {
	awk -F, -v of="$1,$2,$3" '$1 "," $2 "," $3 == of && $4 && ($3 == "idle" || $10) { good = 1 }
		END { exit !good }' "$out/results.csv"
}

status=0
"$top/scripts/latency" ROUNDS=1 >"$out.said" || status=$?
sed 's/^/table: /' "$out.said"
for kernel in debian-rt debian-6.12-rt debian-7.2-rt; do
	for mode in count time; do
		for load in idle slub slabmod; do
			if ((!status)) && woken "$kernel" "$mode" "$load"; then
				echo "ok $kernel: a real-time task is woken, $mode, $load"
			else
				echo "not ok $kernel: a real-time task is woken, $mode, $load"
			fi
		done
	done
done
