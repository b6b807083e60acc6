#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The use of every page in debugfs, while memory is allocated and at rest; then the picture
# that scripts/framemap draws of it.
# host
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

out=$top/build/check
here=$top/scripts/check.d

"$top/scripts/vm" --kernel debian --smp 2 --mem 512M --timeout 180 --log "$out/framemap.log" \
	--add "$top/scripts/guest.lib" --add "$here/check.lib" --add "$here/framemap.guest" \
	--get /tmp/frames:"$out/framemap.frames" -- sh /framemap.guest
"$here/framemap.py" "$out/framemap.frames"
