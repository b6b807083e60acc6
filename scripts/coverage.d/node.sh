#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Suites of what has less to check on a machine with one node.
# vm: --smp 2 --mem 1G --timeout 1200 --allow-reports
# ktap

SUITES=${SUITES:-home,magazine,cache,kmalloc,pages,blocks}
# shellcheck source=suites.sh
. /suites.sh
