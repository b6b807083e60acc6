#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Report the lines of slabmod that the guests of scripts/coverage reached.

usage: report.py BUILD OUT COUNTS...
    BUILD   the directory that slabmod.ko was built in, with its *.gcno
    OUT     where coverage.csv and coverage.info go, and what gcov reads
    COUNTS  what each guest gave out: an archive of its *.gcda

Prints a table by file, and each line that was not reached. The exit status is 1 when
Documentation/uncovered.csv does not give the reason for one of them, or when less than
95 % of the lines of mod/ were reached. A line of an inline function counts as reached
if it was reached in any of the places that it is compiled into.
"""
import csv
import json
import os
import re
import subprocess
import sys
import tarfile
from collections import defaultdict

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
REASONS = 'Documentation/uncovered.csv'
LEAST = 95.0

# The sources of slabmod.ko
SOURCE = re.compile(r'(mod(/debug)?|include/slabmod)/[a-z_]+\.[ch]')


class Source:
    """The lines of a file with code, and how often each was run."""

    def __init__(self, path):
        self.path = path
        self.counts = defaultdict(int)
        with open(os.path.join(TOP, path), encoding='utf-8') as file:
            self.text = file.read().split('\n')
        self.functions = list(self.find_functions())

    def find_functions(self):
        """(name, first line, last line) of each, by the kernel's style: braces at column 0."""
        head = []
        for number, line in enumerate(self.text, 1):
            if line == '{':
                # Annotations follow the name: static int __init f(void) __releases(lock)
                name = re.search(r'(\w+)\(', ' '.join(text for _, text in head))
                start = head[0][0] if head else number
            elif line == '}' and name:
                yield name.group(1), start, number
                name = None
            if re.match(r'[A-Za-z_]', line) and not line.endswith((';', ':')):
                head = [(number, line)]
            elif head and line.startswith(('\t', ' ')):
                head.append((number, line))
            elif line in ('', '}'):
                head = []

    def function_of(self, number):
        for name, first, last in self.functions:
            if first <= number <= last:
                return name
        return '-'

    def missed(self):
        """Numbers of lines that were not run, by function."""
        missed = defaultdict(list)
        for number, count in sorted(self.counts.items()):
            if not count:
                missed[self.function_of(number)].append(number)
        return missed

    def covered(self):
        return sum(1 for count in self.counts.values() if count)


def unpack(build, into, archive):
    """Put the counts of a guest beside links to the .gcno file of each object."""
    os.makedirs(into, exist_ok=True)
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            # The guest's names are the objects', with # for /
            path = '/' + os.path.basename(member.name).replace('#', '/')
            if not path.startswith(build + '/'):
                continue
            stem = os.path.splitext(os.path.relpath(path, build))[0]
            target = os.path.join(into, stem)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target + '.gcda', 'wb') as file:
                file.write(tar.extractfile(member).read())
            if not os.path.lexists(target + '.gcno'):
                os.symlink(os.path.join(build, stem + '.gcno'), target + '.gcno')
            yield target + '.gcda'


def count(build, sources, counts):
    """Add the counts of one object of one guest."""
    out = subprocess.run(['gcov', '--json-format', '--stdout', counts], check=True,
                         capture_output=True, text=True)
    if 'stamp mismatch' in out.stderr:
        sys.exit(f'{counts} is of another build: {out.stderr}')
    report = json.loads(out.stdout)
    for file in report['files']:
        path = os.path.join(report['current_working_directory'], file['file'])
        path = os.path.relpath(os.path.normpath(path), build)
        if not SOURCE.fullmatch(path):
            continue
        source = sources.setdefault(path, None) or Source(path)
        sources[path] = source
        for line in file['lines']:
            source.counts[line['line_number']] += line['count']


def read(build, out, archives):
    sources = {}
    for archive in archives:
        guest = os.path.basename(archive).split('.')[0]
        for counts in unpack(build, os.path.join(out, 'data', guest), archive):
            count(build, sources, counts)
    if not sources:
        sys.exit('the guests gave out no counts of slabmod')
    return [sources[path] for path in sorted(sources)]


def percent(covered, lines):
    return 100.0 * covered / lines if lines else 100.0


def row(name, sources):
    lines = sum(len(source.counts) for source in sources)
    covered = sum(source.covered() for source in sources)
    return name, lines, covered, f'{percent(covered, lines):.1f}'


def write_table(path, sources):
    def below(top):
        return [source for source in sources if source.path.startswith(top)]

    rows = [row(source.path, [source]) for source in sources]
    rows += [row('mod/', below('mod/')), row('include/slabmod/', below('include/')),
             row('total', sources)]
    with open(path, 'w', encoding='utf-8', newline='') as file:
        csv.writer(file, lineterminator='\n').writerows([('file', 'lines', 'covered', 'percent')]
                                                        + rows)
    print(f'{"file":28} {"lines":>6} {"covered":>8} {"percent":>8}')
    for name, lines, covered, share in rows:
        print(f'{name:28} {lines:6} {covered:8} {share:>8}')
    return rows


def write_info(path, sources):
    """For genhtml."""
    with open(path, 'w', encoding='utf-8') as file:
        for source in sources:
            print(f'SF:{os.path.join(TOP, source.path)}', file=file)
            for name, first, last in source.functions:
                within = [n for line, n in source.counts.items() if first <= line <= last]
                if within:
                    print(f'FN:{first},{name}', file=file)
                    print(f'FNDA:{max(within)},{name}', file=file)
            for number, times in sorted(source.counts.items()):
                print(f'DA:{number},{times}', file=file)
            print('end_of_record', file=file)


class Reasons:
    """Documentation/uncovered.csv: a function, the number of lines that are not reached, and why."""

    def __init__(self):
        with open(os.path.join(TOP, REASONS), encoding='utf-8', newline='') as file:
            self.entries = {(entry['file'], entry['function']): entry
                            for entry in csv.DictReader(file)}
        self.unused = set(self.entries)

    def of(self, path, function, lines):
        """The number of lines without a reason, and a remark."""
        entry = self.entries.get((path, function))
        if not entry or not entry['reason'].strip():
            return lines, f'NOT IN {REASONS}'
        self.unused.discard((path, function))
        beyond = max(0, lines - int(entry['lines']))
        more = f' ({entry["lines"]} lines; THESE ARE {lines})' if beyond else ''
        return beyond, entry['reason'] + more

    def stale(self):
        """Functions reached nevertheless; a race may end either way."""
        return sorted(key for key in self.unused
                      if not self.entries[key]['reason'].startswith('race'))


def check(sources):
    """Print unreached lines with the reasons; return the number of lines without one."""
    reasons, unexplained = Reasons(), 0
    for source in sources:
        for function, numbers in source.missed().items():
            beyond, text = reasons.of(source.path, function, len(numbers))
            unexplained += beyond
            print(f'{source.path}:{function}: {text}')
            for number in numbers:
                print(f'    {number}: {source.text[number - 1].strip()}')
    for path, function in reasons.stale():
        print(f'{path}:{function}: all of it was reached: it need not be in {REASONS}')
    return unexplained


def main():
    if len(sys.argv) < 4:
        print(__doc__)
        return 2
    build, out = (os.path.realpath(path) for path in sys.argv[1:3])
    sources = read(build, out, sys.argv[3:])
    rows = write_table(os.path.join(out, 'coverage.csv'), sources)
    write_info(os.path.join(out, 'coverage.info'), sources)
    print()
    unexplained = check(sources)
    share = next(float(share) for name, _, _, share in rows if name == 'mod/')
    print()
    if unexplained:
        print(f'{unexplained} lines were not reached, and {REASONS} does not say why')
    if share < LEAST:
        print(f'only {share} % of the lines of mod/ were reached, less than {LEAST:g} %')
    return 1 if unexplained or share < LEAST else 0


if __name__ == '__main__':
    sys.exit(main())
