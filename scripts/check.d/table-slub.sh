#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The columns of SLUB in that table are correct: each error in a guest of its own.
# host
# long

exec "${0%/*}/../table" --slub
