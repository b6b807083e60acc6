#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Two CPUs free the same objects a thousand times, on the distribution's kernel.
# vm: --kernel debian --smp 2 --mem 1G --timeout 3000 --allow-reports
# vm: --add "$top/scripts/check.d/twice.lib"
# long

# shellcheck source=twice.lib
. /twice.lib

twice rounds=1000 delay_us=20
twice rounds=1000
