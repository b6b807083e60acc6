#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The lab in a process: the checks of all strategies, the worked examples, and a program with each strategy as
# its malloc(). Then whether the verdict on a claim follows the figures, with made-up ones.
# host
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

# Threads and chains that other threads free
try_library() {
	local name=${1##*/lab-} said
	said=$(LD_PRELOAD=$1 timeout $((60 * patience)) "$top/build/lab/programs/collatz" 2 500) || true
	if [[ $said == 144 ]]; then
		echo "ok a program runs with ${name%.so}"
	else
		echo "not ok a program runs with ${name%.so}: it prints '$said'"
	fi
}

"$top/scripts/lab" SHORT=1 | grep -E '^(not )?ok' || true
"$top/scripts/lab" --libraries
for each in "$top"/build/lab/lab-*.so; do
	try_library "$each"
done
python3 "$top/scripts/lab.d/claims_test.py" | grep -E '^(not )?ok' || true
