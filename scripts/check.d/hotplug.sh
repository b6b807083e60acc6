#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# CPU hotplug under load, a few times; hotplug-long.sh repeats it often.
# vm: --kernel kunit --smp 4 --nodes 2 --mem 2G --timeout 600 --allow-reports
# vm: --add "$top/scripts/check.d/hotplug.lib"
# ktap

# shellcheck source=hotplug.lib
. /hotplug.lib

hotplug 20
