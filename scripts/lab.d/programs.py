#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Run programs with each strategy of the lab as their malloc(), and with the system's allocators.

usage: programs.py OUT [LIBRARY,...]
    LIBRARY  only these strategies, beside glibc (all of OUT/lab-*.so, and the system's)

The libraries are OUT/lab-NAME.so and the programs OUT/programs/NAME, of scripts/lab --libraries.
libjemalloc, libtcmalloc and libmimalloc are Debian's, which are not the strategies of these names.

OUT/programs.csv  program,library,threads,seconds,peak,end,rss,takes,result
    One program of lab/programs a row. seconds: of the fastest run. peak, end: bytes that were taken
    from the arena, at most and at the end; takes: calls that took pages; rss: KiB. result: what
    the program prints, or slow, out_of_memory or failed:REASON, and then there are no figures.
    drift-long and producer-long are as drift and producer with four times the rounds.
OUT/real.csv      program,library,seconds,rss,status
    python3, gcc and sqlite3. status: ok, slow, out_of_memory or failed:REASON.
OUT/programs.notes  what was left out, and what to know about the figures

REASON is the exit status or the signal; "output" if that is not what it is with glibc; "preload" if
the library was not used; or "stuck" if the program waited for two minutes, as long as
$SLABMOD_PATIENCE is 10. A run is slow if it uses 20 times as much time of CPUs as with glibc, and a
second more, in whole seconds. A program is run 3 times if that is quick: first once with each
library, and so on. One that fails with glibc is not run with others. Exits with 1 if a run failed.
"""
import csv
import glob
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import namedtuple

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REAL = os.path.join(TOP, 'scripts/lab.d/real')

# Name and file of the system's allocators, and Debian's package
SYSTEM = [('libjemalloc', 'libjemalloc.so.2', 'libjemalloc2'),
          ('libtcmalloc', 'libtcmalloc_minimal.so.4', 'libtcmalloc-minimal4'),
          ('libmimalloc', 'libmimalloc.so.2', 'libmimalloc2.0')]

TIMES, GRACE = 20, 1    # the limit of a run: so many times that of glibc, and these seconds
GLIBC_LIMIT = 60
WAIT = 12 * int(os.environ.get('SLABMOD_PATIENCE', '10'))
QUICK = 0.1             # a run that takes longer is not repeated

# same: what it prints must be what it prints with glibc
Program = namedtuple('Program', 'name threads command repeats same')
Library = namedtuple('Library', 'name path is_lab')
Run = namedtuple('Run', 'seconds cpu rss status output errors')
# Bytes of the arena, as the library prints them
Stats = namedtuple('Stats', 'name peak end takes')

NO_MEMORY = re.compile(r'no memory|out of memory|memory exhausted|memory allocation failed'
                       r'|cannot allocate memory|MemoryError', re.IGNORECASE)
TOO_LONG = 'CPU time limit exceeded'    # as gcc says of its compiler
STATS = re.compile(r'^lab: (\S+) peak (\d+) end (\d+) takes (\d+)', re.MULTILINE)


class Absent(Exception):
    """Something that is needed does not exist."""


# ---- what is run ----

def programs(out):
    """Return the programs of the lab, with the numbers of threads."""
    def add(name, threads, arguments, repeats=3, same=True):
        command = [os.path.join(out, 'programs', arguments[0])] + [str(a) for a in arguments[1:]]
        found.append(Program(name, threads, command, repeats, same))

    found = []
    add('list', 1, ['list', 1])
    add('vector', 1, ['vector', 1])
    for threads in (1, 2):
        add('collatz', threads, ['collatz', threads])
    for name in ('threadtest', 'larson'):
        for threads in (1, 2, 4, 8):
            add(name, threads, [name, threads])
    for threads in (1, 2, 4, 8):
        add('drift', threads, ['drift', 'pairs', threads], 1)
    add('drift-long', 2, ['drift', 'pairs', 2, 16], 1)
    for threads in (1, 2, 4, 8):
        add('drift-ring', threads, ['drift', 'ring', threads], 1)
    for threads in (1, 2, 4):
        add('producer', threads, ['producer', threads], 1)
    add('producer-long', 2, ['producer', 2, 400000], 1)
    for kind in ('active', 'passive'):
        for threads in (1, 2, 4):
            add(f'sharing-{kind}', threads, ['sharing', kind, threads], same=False)
    for program in found:
        if not os.access(program.command[0], os.X_OK):
            raise Absent(f'there is no {program.command[0]}; make it with scripts/lab --libraries')
    return found


def real_programs(directory, notes):
    """Return the real programs that exist."""
    python = '/usr/bin/python3' if os.path.exists('/usr/bin/python3') else sys.executable
    found = []
    for command in ([python, '-S', f'{REAL}/words.py', '800'],
                    ['gcc', '-O2', '-c', '-o', f'{directory}/object', f'{REAL}/expression.c'],
                    ['sqlite3', '-batch', '-bail', ':memory:']):
        name = 'python3' if command[0] == python else command[0]
        if shutil.which(command[0]):
            found.append(Program(name, 1, command, 2, True))
        else:
            notes.append(f'{name} is not installed: it was not run')
    return found


# ---- libraries ----

def strategies():
    """Return the names in the order of the tables."""
    with open(os.path.join(TOP, 'mod/lab/strategies.h'), encoding='utf-8') as file:
        return re.findall(r'^\tX\((\w+)\)', file.read(), re.MULTILINE)


def lab_libraries(out, wanted, notes):
    """Return those of strategies that exist, or those that are wanted."""
    known = strategies()
    exist = {os.path.basename(path)[4:-3] for path in glob.glob(f'{glob.escape(out)}/lab-*.so')}
    for name in wanted:
        if name not in exist:
            raise Absent(f'there is no {out}/lab-{name}.so; make it with scripts/lab --libraries')
    if not exist:
        raise Absent(f'there is no {out}/lab-*.so; make them with scripts/lab --libraries')
    missing = [] if wanted else [name for name in known if name not in exist]
    if missing:
        notes.append('strategies without a library, so not run (a malloc() cannot return handles): '
                     + ' '.join(missing))
    names = wanted or [n for n in known if n in exist] + sorted(exist - set(known))
    return [Library(name, os.path.join(out, f'lab-{name}.so'), True) for name in names]


def system_files(file):
    """Return the paths that a system's library may have, the likely ones first."""
    path = os.pathsep.join([os.environ.get('PATH', ''), '/usr/sbin', '/sbin'])
    ldconfig = shutil.which('ldconfig', path=path)
    known = subprocess.run([ldconfig, '-p'], capture_output=True, text=True,
                           check=False).stdout if ldconfig else ''
    found = re.findall(rf'^\s*{re.escape(file)} .*=> (/\S+)$', known, re.MULTILINE)
    return found + [path for at in ('lib/*', 'lib', 'lib64', 'local/lib')
                    for path in sorted(glob.glob(f'/usr/{at}/{file}'))]


def loads(out, path):
    """Whether the loader of programs takes a library. It only warns if it does not."""
    result = subprocess.run([os.path.join(out, 'programs/measure'), path, '10', '60', 'true'],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return 'cannot be preloaded' not in result.stderr


def system_libraries(out, notes):
    found = []
    for name, file, package in SYSTEM:
        path = next((path for path in system_files(file) if loads(out, path)), None)
        if path:
            found.append(Library(name, path, False))
        else:
            notes.append(f'{name} was left out: there is no {file} (package {package})')
    return found


# ---- one run ----

def clean_environment(home):
    """Nothing of the caller's may change an allocator."""
    return {'PATH': os.environ.get('PATH', os.defpath), 'HOME': home, 'TMPDIR': home,
            'LC_ALL': 'C', 'LAB_STATS': '1', 'PYTHONMALLOC': 'malloc', 'PYTHONHASHSEED': '0',
            'PYTHONDONTWRITEBYTECODE': '1'}


def execute(out, library, program, limit, home):
    """Run once, and return a Run."""
    target = os.path.join(home, 'object')
    if os.path.exists(target):
        os.unlink(target)
    name = f'{REAL}/orders.sql' if program.name == 'sqlite3' else os.devnull
    with open(name, 'rb') as source:
        result = subprocess.run(
            [os.path.join(out, 'programs/measure'), library.path or '-', str(limit),
             str(WAIT)] + program.command, stdin=source, capture_output=True, check=False,
            env=clean_environment(home))
    errors = result.stderr.decode(errors='replace')
    figures = re.search(r'^measure: (\S+) (\S+) (\d+) (\S+)\n\Z', errors, re.MULTILINE)
    if not figures:
        raise Absent(f'{program.command[0]} was not measured: {errors.strip()}')
    output = result.stdout
    if os.path.exists(target):
        with open(target, 'rb') as file:
            output += hashlib.sha256(file.read()).hexdigest().encode()
    return Run(float(figures[1]), float(figures[2]), int(figures[3]), figures[4],
               output.decode(errors='replace').strip(), errors)


def stats_of(run):
    found = STATS.findall(run.errors)
    return Stats(found[-1][0], *map(int, found[-1][1:])) if found else None


def verdict(library, program, run, expected):
    """Return ok, slow, out_of_memory or failed:REASON."""
    if run.status == 'stuck':
        return 'failed:stuck'
    if run.status != '0':
        number = int(run.status)
        if number == -signal.SIGXCPU or TOO_LONG in run.errors:
            return 'slow'
        # SIGKILL is from the kernel, which has no memory left.
        if NO_MEMORY.search(run.errors) or number == -signal.SIGKILL:
            return 'out_of_memory'
        return f'failed:{number if number > 0 else signal.Signals(-number).name}'
    if 'cannot be preloaded' in run.errors:
        return 'failed:preload'
    stats = stats_of(run)
    if library.is_lab and (not stats or stats.name != library.name):
        return 'failed:preload'
    if program.same and run.output != expected:
        return 'failed:output'
    return 'ok'


# ---- all of them ----

class Progress:
    def __init__(self, total):
        self.total, self.done, self.last, self.start = total, 0, 0.0, time.monotonic()
        self.live = sys.stderr.isatty()

    def next(self, program, library):
        now = time.monotonic()
        if now - self.last >= (0.1 if self.live else 5):
            self.last = now
            text = (f'programs: {self.done}/{self.total} runs, {now - self.start:.0f} s: '
                    f'{program.name}, {program.threads} threads, {library.name}')
            print(f'\r{text:<78.78}' if self.live else text, end='' if self.live else '\n',
                  file=sys.stderr, flush=True)
        self.done += 1

    def end(self):
        print(f'\r{"":78}\r' if self.live else '', end='', file=sys.stderr)
        print(f'programs: done in {time.monotonic() - self.start:.0f} s', file=sys.stderr)


def measure(out, libraries, program, home, progress):
    """Run a program with all libraries. Return {library: (verdict, fastest run)}."""
    results, limit, expected = {}, GLIBC_LIMIT, None
    for turn in range(program.repeats):
        for library in libraries:
            progress.next(program, library)
            said, best = results.get(library, (None, None))
            if turn and (said != 'ok' or best.seconds > QUICK):
                continue
            run = execute(out, library, program, limit, home)
            if library.name == 'glibc' and not turn:
                limit, expected = round(TIMES * run.cpu + GRACE), run.output
            said = verdict(library, program, run, expected)
            if library.name == 'glibc' and said != 'ok' and not turn:
                # There is nothing to compare the others with.
                return {library: (said, run)}
            if said != 'ok' or not best or run.seconds < best.seconds:
                results[library] = said, run
    return results


def program_row(program, library, said, run):
    stats = stats_of(run)
    figures = ['-'] * 5
    if said == 'ok':
        figures = [f'{run.seconds:.4f}', stats.peak if stats else '-', stats.end if stats else '-',
                   run.rss, stats.takes if stats else '-']
    return [program.name, library.name, program.threads, *figures,
            run.output if said == 'ok' else said]


def real_row(program, library, said, run):
    figures = [f'{run.seconds:.4f}', run.rss] if said == 'ok' else ['-', '-']
    return [program.name, library.name, *figures, said]


def write(path, header, rows):
    """Replace the file at once: one that is not complete is worse than none."""
    with open(path + '.new', 'w', encoding='utf-8', newline='') as file:
        csv.writer(file, lineterminator='\n').writerows([header.split(',')] + rows)
    os.replace(path + '.new', path)


def machine_notes(own):
    cpus, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    most = max(program.threads for program in own)
    if most > cpus:
        yield f'this machine has {cpus} CPUs: more threads (there are up to {most}) share them'
    if cpus == 1:
        yield 'threads that never run at the same time: false sharing costs nothing on this machine'
    if load > cpus / 2:
        yield f'this machine had other work (load {load:.1f}): times are longer than they would be'


def run_all(out, libraries, own, real, home):
    """Run everything and write the tables. Return lines about runs that failed."""
    progress = Progress(len(libraries) * sum(program.repeats for program in own + real))
    tables, failures = {program_row: [], real_row: []}, []
    for program in own + real:
        to_row = program_row if program in own else real_row
        for library, (said, run) in measure(out, libraries, program, home, progress).items():
            tables[to_row].append(to_row(program, library, said, run))
            if said.startswith('failed'):
                failures.append(f'{program.name}, {program.threads} threads, with {library.name}: '
                                f'{said}')
    progress.end()
    write(os.path.join(out, 'programs.csv'),
          'program,library,threads,seconds,peak,end,rss,takes,result', tables[program_row])
    write(os.path.join(out, 'real.csv'), 'program,library,seconds,rss,status', tables[real_row])
    return failures


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith('-'):
        sys.exit(__doc__)
    out = os.path.abspath(sys.argv[1])
    wanted = [name for name in ''.join(sys.argv[2:]).split(',') if name not in ('', 'glibc')]
    notes = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in ('programs.csv', 'real.csv', 'programs.notes'):
        if os.path.exists(os.path.join(out, name)):
            os.unlink(os.path.join(out, name))
    with tempfile.TemporaryDirectory() as home:
        own, real = programs(out), real_programs(home, notes)
        libraries = [Library('glibc', None, False)]
        if not wanted:
            libraries += system_libraries(out, notes)
        libraries += lab_libraries(out, wanted, notes)
        notes += machine_notes(own)
        for note in notes:
            print(f'programs: {note}', file=sys.stderr)
        failures = run_all(out, libraries, own, real, home)
    with open(os.path.join(out, 'programs.notes'), 'w', encoding='utf-8') as file:
        file.writelines(f'{line}\n' for line in notes + failures)
    for line in failures:
        print(f'programs: failed: {line}', file=sys.stderr)
    sys.exit(1 if failures else 0)


if __name__ == '__main__':
    try:
        main()
    except Absent as error:
        sys.exit(f'programs: {error}')
    except KeyboardInterrupt:
        sys.exit(130)
