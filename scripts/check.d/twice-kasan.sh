#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The same as twice-long.sh, under KASAN.
# vm: --kernel kasan --smp 2 --mem 1G --timeout 9000 --allow-reports
# vm: --add "$top/scripts/check.d/twice.lib"
# long

# shellcheck source=twice.lib
. /twice.lib

twice rounds=1000 delay_us=20
twice rounds=1000
