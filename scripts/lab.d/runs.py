# SPDX-License-Identifier: GPL-2.0
"""What programs.csv and real.csv say: runs of programs with a malloc() of the lab, or another."""
import math
from collections import namedtuple

import results
from results import number

# These print how many objects they have allocated and freed, in two calls: see lab/programs.
COUNTED = ('threadtest', 'larson')
CHALLENGE = ('list', 'vector', 'collatz')
SYSTEM = ('glibc', 'libjemalloc', 'libtcmalloc', 'libmimalloc')

# result is a number, or the word for why there are no figures
Run = namedtuple('Run', 'program library threads seconds peak end rss takes result')


def is_ours(library):
    return library not in SYSTEM


def number_or_word(text):
    try:
        return number(text)
    except ValueError:
        return text


def of_programs(found):
    """All runs, in the order of the file"""
    return [Run(row['program'], row['library'], *(number(row[key]) for key in (
        'threads', 'seconds', 'peak', 'end', 'rss', 'takes')), number_or_word(row['result']))
        for row in found.rows('programs')]


def of_program(found, *names):
    """Those of these programs; raise Missing if there are none"""
    found.need('programs')
    runs = [run for run in of_programs(found) if run.program in names]
    if not runs:
        raise results.Missing(f"programs.csv has no runs of {', '.join(names)}.")
    return runs


def libraries(runs):
    """The strategies in their order, then the others"""
    names = list(dict.fromkeys(run.library for run in runs))
    return [n for n in names if is_ours(n)] + [n for n in names if not is_ours(n)]


def threads_of(runs):
    return sorted({run.threads for run in runs})


def named(threads):
    return f'{threads} thread' if threads == 1 else f'{threads} threads'


def busiest(found, of):
    """The most threads of these runs that have a CPU each, but 2 at least"""
    cpus = next((number(row['value']) for row in found.rows('facts')
                 if row['name'] == 'cpus'), None)
    several = [n for n in threads_of(of) if n > 1]
    return max([n for n in several if n <= max(cpus or math.inf, 2)] or several or threads_of(of))


def per_call(run):
    """Nanoseconds of the whole run for each call of it; None if that is not known"""
    if run.program not in COUNTED or not run.seconds or not isinstance(run.result, int):
        return None
    return run.seconds * 1e9 / (2 * run.result) if run.result else None


def memory(run):
    """The most bytes of pages; of an allocator of the system, and its process, what was resident"""
    return run.peak if run.peak is not None else run.rss and run.rss * 1024


def blowup(found, program):
    """{library: [(threads, memory by that with one thread), ...]}"""
    lines = {}
    for run in of_program(found, program):
        if memory(run):
            lines.setdefault(run.library, {})[run.threads] = memory(run)
    return {name: [(n, lines[name][n] / lines[name][1]) for n in sorted(lines[name])]
            for name in lines if 1 in lines[name]}


def rounds(found, program):
    """{library: memory with four times the rounds by that with the usual ones}"""
    usual = {(r.library, r.threads): memory(r) for r in of_program(found, program)}
    more = of_program(found, f'{program}-long')
    return {r.library: memory(r) / usual[r.library, r.threads] for r in more
            if memory(r) and usual.get((r.library, r.threads))}


def reals(found):
    """{(program, library): row} of real.csv"""
    return {(row['program'], row['library']): row for row in found.need('real')}


def value(row, key):
    return number(row[key]) if row and row['status'] in ('0', 'ok') else None
