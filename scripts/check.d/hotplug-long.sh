#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# CPU hotplug under load, two hundred times.
# vm: --kernel kunit --smp 4 --nodes 2 --mem 2G --timeout 3000 --allow-reports
# vm: --add "$top/scripts/check.d/hotplug.lib"
# ktap
# long

# shellcheck source=hotplug.lib
. /hotplug.lib

hotplug 200
