#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Print a sequence after which first fit has more than twice the pages that it ever needed.
#
# usage: first_fit.sh | build/lab/script list_address
#
# Blocks of 256 bytes fill memory. Each fourth one stays, so that no hole has room for 1,024
# bytes, and as many bytes are asked for in blocks of 1,024. Again each fourth one of both stays,
# and no hole has room for 4,096.
set -euo pipefail

declare -a used=()	# by number: y if the object is allocated
declare -a filled=()	# the numbers of the last fill, in the order of their addresses
declare -a kept=()

# fill COUNT SIZE: allocate. As in the tool, an object gets the lowest number that is not in use.
fill() {
	local n=0 count=$1
	filled=()
	while ((count--)); do
		while [[ ${used[n]-} ]]; do
			n=$((n + 1))
		done
		used[n]=y
		filled+=("$n")
		echo "alloc $2"
	done
}

# thin NUMBER...: free all but each fourth one
thin() {
	local i=0 n
	kept=()
	for n; do
		if ((i++ % 4)); then
			unset "used[$n]"
			echo "free $n"
		else
			kept+=("$n")
		fi
	done
}

fill 1000 248
thin "${filled[@]}"
small=("${kept[@]}")
fill 183 1016
medium=("${filled[@]}")
thin "${small[@]}"
thin "${medium[@]}"
fill 45 4088
echo result
