#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Judge what four lecture notes claim by what was measured.

usage: claims.py [--strict] OUT

Reads the results of scripts/lab in the directory OUT, and writes OUT/claims.csv, with a row for
each of the claims 210 to 300 of the checklist: number,claim,measured,holds,why. holds is yes, no,
partly, or "not measured" if a figure is missing; why then says which one. Prints how many there are
of each.

The exit status is 1 if a claim names a test or a file that does not exist, and with --strict if a
figure is missing that this machine could have given.
"""
import csv
import os
import sys

from claims_data import (CLAIMS, NO, NOT_MEASURED, PARTLY, YES, BadEvidence, Data, Missing, Unknown,
                         Verdict)
# They register their claims.
import claims_fixed
import claims_lists
import claims_memory
import claims_sharing
import claims_systems
import claims_threads

NUMBERS = range(210, 301)
COLUMNS = ('number', 'claim', 'measured', 'holds', 'why')


def evaluate(data, n):
    """Return the Verdict of a claim, and whether a figure is missing that should be there."""
    try:
        return CLAIMS[n].judge(data), False
    except Unknown as error:
        return Verdict('-', NOT_MEASURED, f'This machine does not give the figure: {error}.'), False
    except Missing as error:
        return Verdict('-', NOT_MEASURED, f'A figure is missing: {error}.'), True


def write(path, rows):
    """Replace the file at once: one that is not complete is worse than none."""
    with open(path + '.new', 'w', encoding='utf-8', newline='') as file:
        csv.writer(file, lineterminator='\n').writerows([COLUMNS, *rows])
    os.replace(path + '.new', path)


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != '--strict']
    if len(arguments) != 1 or arguments[0].startswith('-') or not os.path.isdir(arguments[0]):
        sys.exit(__doc__)
    assert set(CLAIMS) == set(NUMBERS), set(CLAIMS) ^ set(NUMBERS)
    data, rows, missing = Data(arguments[0]), [], []
    for n in NUMBERS:
        verdict, lacks = evaluate(data, n)
        rows.append((n, CLAIMS[n].text, *verdict))
        if lacks:
            missing.append(f'{n}: {verdict.why}')
    write(os.path.join(arguments[0], 'claims.csv'), rows)
    for line in missing:
        print(f'claims: {line}', file=sys.stderr)
    held = [row[3] for row in rows]
    words = (YES, PARTLY, NO, NOT_MEASURED)
    print('claims: ' + ', '.join(f'{held.count(each)} {each}' for each in words))
    sys.exit(1 if missing and '--strict' in sys.argv[1:] else 0)


if __name__ == '__main__':
    try:
        main()
    except BadEvidence as error:
        sys.exit(f'claims: {error}')
