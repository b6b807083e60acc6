#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Check strategies with wait.h, and print in how many runs several threads went wrong.
#
# usage: waiting.sh RUNS STRATEGY...
set -euo pipefail
cd "$(dirname "$0")/../.."

runs=$1
shift
for name; do
	gcc -O2 -std=gnu11 -fno-strict-aliasing -include lab/solutions/wait.h "-DLAB_STRATEGIES(X)=X($name)" \
		-o "build/lab/waiting-$name" lab/{conform,world}.c mod/lab/{conform,lab,arena}.c \
		"mod/lab/strategies/$name.c" -lpthread
	failed=0
	for ((i = 0; i < runs; i++)); do
		said=$("build/lab/waiting-$name" || true)
		# A crash has no such line at all.
		if [[ $said == *"ok $name.threads_at_once # SKIP"* ]]; then
			echo "$name is not for several threads"
			exit 1
		fi
		grep -q "^ok $name.threads_at_once" <<<"$said" || failed=$((failed + 1))
	done
	echo "$name: $failed of $runs runs failed"
done
