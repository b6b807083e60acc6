#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Run a program with several libraries as its malloc(), and compare what it costs.

usage: compare.py LIBRARY,... PROGRAM [ARGUMENT...]
  LIBRARY  glibc, or a strategy of which there is build/lab/lab-NAME.so

For each: the time of CPUs (not of the clock, so that other programs disturb less), the page faults,
with some hundred of starting a program, and the most memory that was resident. The best of some
runs, in turns. All must print the same.
"""
import os
import re
import subprocess
import sys

RUNS = 7
MEASURE = "build/lab/programs/measure"
SAID = re.compile(r"measure: [\d.]+ ([\d.]+) (\d+) 0$")


def library_of(name):
    if name == "glibc":
        return "-"
    path = os.path.abspath(f"build/lab/lab-{name}.so")
    if not os.path.exists(path):
        sys.exit(f"compare: there is no {path}")
    return path


def run(library, command):
    """Return what the program printed, seconds, faults and KiB."""
    process = subprocess.Popen([MEASURE, library, "100", "1000", *command], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    printed = process.stdout.read()
    said = SAID.search(process.stderr.read().rstrip())
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    if not said:
        sys.exit(f"compare: {command[0]} failed with {library}")
    return printed, float(said[1]), usage.ru_minflt, int(said[2])


def main():
    if len(sys.argv) < 3:
        print(__doc__.strip())
        return 2
    names, command = sys.argv[1].split(","), sys.argv[2:]
    runs = {name: [] for name in names}
    for _ in range(RUNS):
        for name in names:
            runs[name].append(run(library_of(name), command))
    if len({printed for each in runs.values() for printed, *_ in each}) != 1:
        sys.exit("compare: they do not all print the same")
    for name, each in runs.items():
        _, seconds, faults, kib = (min(column) for column in zip(*each))
        print(f"{name:18} {seconds * 1000:7.1f} ms {faults:6} faults {kib:7} KiB")
    return 0


sys.exit(main())
