# SPDX-License-Identifier: GPL-2.0
"""
Print security.rst with the table of errors from two files.

usage: rst.py SECURITY.RST SLABMOD.CSV SLUB.CSV

SLABMOD.CSV has lines "error;size;mode;outcome", SLUB.CSV lines
"error;size;outcome;outcome with slub_debug=FZPU". The table is between two
comments; sizes with the same outcomes share a line.
"""
import sys

MODES = ['default', 'strict', 'debug']
HEAD = ['error', 'size', *MODES, 'SLUB', 'with FZPU']
BEGIN = '.. scripts/table makes what follows\n'
END = '.. scripts/table has made what is above\n'


def read_lines(path):
    with open(path, encoding='utf-8') as file:
        return [line.rstrip('\n').split(';') for line in file if not line.startswith('#')]


def read_outcomes(slabmod, slub):
    """The cells of a line by error and size, in the order of the first file."""
    outcomes = {}
    for error, size, mode, outcome in read_lines(slabmod):
        outcomes.setdefault((error, size), {})[mode] = outcome
    kernel = {(error, size): cells for error, size, *cells in read_lines(slub)}
    return {key: [modes.get(mode, '') for mode in MODES] + kernel.get(key, ['', ''])
            for key, modes in outcomes.items()}


def merge_sizes(outcomes):
    """Lines of the table."""
    sizes = {}
    for error, size in outcomes:
        sizes.setdefault(error, []).append(size)
    for error, each in sizes.items():
        name = error
        while each:
            cells = outcomes[error, each[0]]
            same = [size for size in each if outcomes[error, size] == cells]
            each = [size for size in each if size not in same]
            size = 'all' if len(same) == len(sizes[error]) > 1 else ', '.join(same)
            yield [name, size, *cells]
            # An empty first column would continue the line above.
            name = '\\'


def simple_table(lines):
    lines = [HEAD, *lines]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    rule = '  '.join('=' * width for width in widths)
    text = ['  '.join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
            for line in lines]
    return '\n'.join([rule, text[0], rule, *text[1:], rule])


def main():
    rst, slabmod, slub = sys.argv[1:]
    table = simple_table(merge_sizes(read_outcomes(slabmod, slub)))
    with open(rst, encoding='utf-8') as file:
        before, rest = file.read().split(BEGIN)
    _, after = rest.split(END)
    print(f'{before}{BEGIN}\n{table}\n\n{END}{after}', end='')


main()
