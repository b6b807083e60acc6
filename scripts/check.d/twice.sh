#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Two CPUs free the same objects: see twice.lib. twice-long.sh repeats it more often.
# vm: --kernel debian --smp 2 --mem 1G --timeout 300 --allow-reports
# vm: --add "$top/scripts/check.d/twice.lib"

# shellcheck source=twice.lib
. /twice.lib

twice rounds=10 delay_us=20
twice rounds=10
