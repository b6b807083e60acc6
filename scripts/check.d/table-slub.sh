#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What that table says of SLUB is what SLUB does: each error in a guest of its own.
# host
# long

exec "${0%/*}/../table" --slub
