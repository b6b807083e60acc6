#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A part of scripts/dropin: the kernel's minix and its test of the XArray on slabmod, also in debug
# mode, and bugs planted in a copy of minix.
# host

exec "${0%/*}/../dropin" MODULES=minix,test_xarray VARIANTS=slabmod MODES=plain,debug BUGS=all
