#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Check that claims.py judges by the figures: an opposite outcome must have an opposite verdict.

usage: claims_test.py

Prints "ok WHAT" and "not ok WHAT: WHY" lines. The exit status is 1 if a check failed.
"""
import contextlib
import io
import os
import random
import sys
import tempfile

import claims
from claims_data import (CLAIMS, NO, NOT_MEASURED, PARTLY, YES, BadEvidence, Data, Growth, Real,
                         Run, Unknown, Use, exists, kunit)

# These are judged by tests of the kernel alone: the flip side is a test that is gone.
BY_TESTS = (232, 233, 234)
WORLDS = 4000

failed = []


def say(what, wrong):
    print(f'not ok {what}: {wrong}' if wrong else f'ok {what}')
    if wrong:
        failed.append(what)


# ---- files with made-up figures

def table(header, *lines):
    return '\n'.join([header, *lines]) + '\n'


def facts(**values):
    return {'facts.csv': table('name,value,unit', *(f'{k},{v},x' for k, v in values.items()))}


def experiments(**values):
    return {'experiments.csv': table('name,value,unit', *(f'{k},{v},x' for k, v in values.items()))}


def uses(*rows):
    """Rows are (strategy, workload, {column: value}); what is not given is 1."""
    usual = {**dict.fromkeys(Use._fields, 1), 'failed': 0}
    lines = [','.join(map(str, (strategy, workload, *{**usual, **given}.values())))
             for strategy, workload, given in rows]
    return {'table.csv': table('strategy,workload,' + ','.join(Use._fields), *lines)}


def steps(**exponents):
    """Calls as strategy__call, which cost 10 * n^exponent; cells as __call"""
    names = {name: name.rpartition('__') for name in exponents}
    lines = [f"{names[name][0] or '-'},{names[name][2]},{n},{10 * n ** e:.0f}"
             for name, e in exponents.items() for n in (100, 1000, 10000)]
    return {'steps.csv': table('strategy,call,n,cycles', *lines)}


def grow(*rows):
    header = 'strategy,adversary,n,asked,taken,bound,cycles'
    return {'grow.csv': table(header, *(f'{row},1' for row in rows))}


def runs(*rows):
    """Rows are (program, library, threads, seconds, peak, result)."""
    lines = [f'{program},{library},{threads},{seconds},{peak},{peak},1000,3,{result}'
             for program, library, threads, seconds, peak, result in rows]
    header = 'program,library,threads,seconds,peak,end,rss,takes,result'
    return {'programs.csv': table(header, *lines)}


def threadtest(**seconds):
    """Libraries with the seconds of one thread and of two"""
    return runs(*(('threadtest', name, n, took[n - 1], 1, 1600)
                  for name, took in seconds.items() for n in (1, 2)))


def lists(mix):
    odd = {'asked': 100, 'taken': 110}
    return {**uses(('list_lifo', 'odd', {**odd, 'taken': mix}), ('list_address', 'odd', odd)),
            **grow(f'list_lifo,crumble,4096,100,{mix},inf', 'list_address,crumble,4096,100,110,1')}


def aside(sum_, rss):
    return facts(lazy_pages=1000, dontneed_mapped=1000, dontneed_sum=sum_, dontneed_rss=rss,
                 dontneed_before_rss=4096000, dontneed_before_sum=1000)


def huge(after):
    return facts(huge_whole_rss_before=2 ** 25, huge_whole_rss_after=after, huge_whole_errno=0,
                 huge_part_rss_before=2 ** 25, huge_part_rss_after=2 ** 25 - 65536,
                 huge_part_split_later=16)


def hoard(last):
    return grow('hoard,half,1,100,200,2.5', f'hoard,half,64,6400,{last},2.1',
                'hoard,handover,16,100,150,3')


def drift(long):
    rows = [(program, library, 2, 1, peak, 1) for library, peaks in (
        ('local', (5000, long)), ('global_mutex', (1000, 1000)))
        for program, peak in zip(('drift', 'drift-long'), peaks)]
    return {**runs(*rows), **grow('local,drift,1,100,100,inf',
                                  f'local,drift,16,100,{long // 10},inf')}


def splits(whole, split):
    return experiments(whole_asked=100, whole_taken=200, whole_slack=whole,
                       split_asked=100, split_taken=150, split_slack=split)


def sharing(atomic, plain):
    return facts(cpus=2, atomic_line_1=10, plain_line_1=10, atomic_line_2=atomic,
                 plain_line_2=plain)


def contention(one_lock, lock, local, cpus=2):
    return {**facts(cpus=cpus, lock_own_1=50, lock_own_2=52, lock_one_1=50, lock_one_2=one_lock,
                    lock_pair=20, lock_pair_alone=20, clock_rate=10 ** 9),
            **threadtest(global_mutex=(1, lock), local=(1, local))}


def tiny(exponent):
    return {**steps(tree_double__alloc=exponent, tree_double__free=exponent),
            **grow('tree_double,tiny,1,100,4800,48'),
            'examples.out': 'ok tree_double.smallest_block\n'}


def insertion(push, insert):
    return steps(list_lifo__free=push, list_address__free=insert, __insert_front=push,
                 __insert_sorted=insert)


def by_size(whole, alloc, free):
    return steps(list_size__alloc_whole=whole, list_size__alloc=alloc, list_size__free=free)


def invariant(broken):
    return experiments(hoard_checks=9, hoard_broken=broken, hoard_moved=5, hoard_violations=0)


def walks(linked, near):
    return facts(walk_random=linked, walk_array=2, walk_address=3, walk_random_cached=near)


def reuse(first):
    return facts(reuse_lifo=5, reuse_fifo=first, reuse_fifo_cached=6)


# What is measured, and the verdict
CASES = [
    (212, splits(80, 5), YES), (212, splits(5, 5), NO),
    (213, lists(1600), YES), (213, lists(111), NO),
    (214, steps(pool__alloc_fixed=0, pool__free_fixed=0), YES),
    (214, steps(pool__alloc_fixed=1, pool__free_fixed=0), NO),
    (216, walks(100, 3), YES), (216, walks(2, 2), NO),
    (218, reuse(100), YES), (218, reuse(5), NO),
    (222, contention(1, 1.2, .5), YES), (222, contention(1, .5, .5), NO),
    (222, contention(1, 1.2, .5, cpus=1), NOT_MEASURED),
    (226, sharing(70, 50), YES), (226, sharing(70, 12), PARTLY), (226, sharing(12, 12), NO),
    (241, steps(list_lifo__alloc=1, list_lifo__free=1), YES),
    (241, steps(list_lifo__alloc=1, list_lifo__free=0), PARTLY),
    (241, steps(list_lifo__alloc=0, list_lifo__free=0), NO),
    (242, by_size(0, 0, 1), YES), (242, by_size(0, 1, 1), PARTLY), (242, by_size(1, 1, 1), NO),
    (243, insertion(0, 1), YES), (243, insertion(1, 0), NO),
    (244, steps(__coalesce_unsorted=2, __coalesce_sorted=1), YES),
    (244, steps(__coalesce_unsorted=1, __coalesce_sorted=1), NO),
    (246, steps(tree_address__alloc=1, tree_address__free=.2), YES),
    (246, steps(tree_address__alloc=.2, tree_address__free=1), NO),
    (248, tiny(.2), YES), (248, tiny(1), NO),
    (258, contention(900, 1.2, .5), YES), (258, contention(52, .5, .5), NO),
    (262, drift(20000), YES), (262, drift(5000), NO),
    (268, hoard(6500), YES), (268, hoard(12000), PARTLY), (268, hoard(99999), NO),
    (270, invariant(0), YES), (270, invariant(1), NO),
    (273, steps(buckets__alloc_fixed=0, buckets__free_fixed=0), YES),
    (273, steps(buckets__alloc_fixed=0, buckets__free_fixed=1), NO),
    (292, aside(0, 0), YES), (292, aside(1000, 4096000), NO),
    (294, huge(0), NO), (294, huge(2 ** 25), YES), (294, huge('-'), NOT_MEASURED),
]


def write(directory, files):
    for name, text in files.items():
        with open(os.path.join(directory, name), 'w', encoding='utf-8') as file:
            file.write(text)


def check_cases():
    for n, files, expected in CASES:
        with tempfile.TemporaryDirectory() as directory:
            write(directory, files)
            verdict, _ = claims.evaluate(Data(directory), n)
        say(f'claim {n} is {expected}', verdict.holds != expected and f'{verdict}')


# ---- any figures

class Made(Data):
    """A world in which each figure is made up, and the same whenever it is asked for"""

    def __init__(self, seed):
        super().__init__('/nonexistent')
        self.seed = seed

    def made(self, *key):
        """Mostly about a thousand, so that figures may be close; or none, or far away"""
        dice = random.Random(f'{self.seed} {key}')
        kind = dice.random()
        if kind < 0.15:
            return 0
        if kind < 0.6:
            return round(1000 * dice.choice((0.5, 0.9, 1, 1, 1.3, 2)))
        return max(1, round(10 ** dice.uniform(0, 7)))

    def number_of(self, *key):
        return max(1, self.made(*key))

    def choice(self, values, *key):
        return random.Random(f'{self.seed} {key}').choice(values)

    def fact(self, name):
        if name == 'cpus':
            return 2
        groups = ('dontneed', 'double', 'zero', 'lazy', 'huge_whole', 'gigantic', 'start')
        return self.made(name) if name.startswith(groups) else self.number_of(name)

    def experiment(self, name):
        above_none = name.endswith(('asked', '_all', 'kernel_stack'))
        return self.number_of(name) if above_none else self.made(name)

    def use(self, strategy, workload, file='table', **where):
        or_none = ('slack', 'free', 'end', 'overhead')
        return Use(*((self.made if c in or_none else self.number_of)(strategy, workload, c)
                     for c in Use._fields))

    def trace(self, strategy, column):
        return self.number_of(strategy, column)

    def steps(self, strategy, call):
        e = self.choice((0, 0, .2, 1, 1, 2), strategy, call)
        return [(n, self.number_of(strategy, call) * n ** e) for n in (100, 1000, 10000)]

    def grow(self, strategy, adversary):
        e = self.choice((0, 0.5, 1), strategy, adversary)
        first = self.choice((1000, 1500, 2000, 16000, 45000), strategy, adversary, 'first')
        return [Growth(n, 1000, first * n ** e, 2.0) for n in (1, 4, 9)]

    def madvise(self, way, huge_, column):
        return self.number_of(way, huge_, column)

    def run(self, program, library, threads=1):
        lines = self.choice((0, 4), program, library) if 'sharing' in program else 1600
        return Run(*(self.number_of(program, library, threads, what)
                     for what in Run._fields[:-1]), lines)

    def real(self):
        return {('gcc', library): Real(self.number_of(library), self.number_of(library, 'rss'),
                                       self.choice(('ok', 'ok', 'failed:1'), library))
                for library in ('glibc', 'libjemalloc', 'list_lifo')}

    def libraries(self, file='programs'):
        return ['glibc', 'local', 'buckets']

    def lines_of(self, strategy):
        return self.number_of(strategy)

    def example(self, name):
        return self.choice((True, False), name.partition('.')[2])

    def example_figures(self, name, pattern):
        return [self.number_of(name, i) for i in range(3)]

    def conforms(self, strategy, check):
        return self.choice((True, True, False), strategy, check)


def verdicts(n):
    """The verdicts of a claim in all worlds, until there is one for it and one against"""
    found = set()
    for seed in range(WORLDS):
        with contextlib.suppress(Unknown, ZeroDivisionError):
            found.add(claims.evaluate(Made(seed), n)[0].holds)
        if NO in found and found & {YES, PARTLY}:
            break
    return found


def check_reach():
    for n in sorted(set(CLAIMS) - set(BY_TESTS)):
        found = verdicts(n)
        both = NO in found and found & {YES, PARTLY}
        say(f'claim {n} can hold and can fail', not both and f'it is always {found}')


# ---- without figures

def check_empty():
    with tempfile.TemporaryDirectory() as directory:
        for n in sorted(set(CLAIMS) - set(BY_TESTS)):
            verdict, lacks = claims.evaluate(Data(directory), n)
            wrong = verdict.holds != NOT_MEASURED or not lacks
            say(f'claim {n} is not measured without figures', wrong and verdict)


def refuses(path, name=None, test=False):
    try:
        (kunit if test else exists)(path, name)
    except BadEvidence:
        return False
    return True


def check_evidence():
    say('a file that does not exist is no evidence', refuses('kunit/no.c') and 'accepted')
    wrong = refuses('kunit/lab.c', 'test_of_nothing')
    say('nor is a name that is not in a file', wrong and 'accepted')
    wrong = refuses('kunit/lab.c', 'expect_nothing_wrong', True)
    say('nor is a function that no suite runs', wrong and 'accepted')


def check_program():
    with tempfile.TemporaryDirectory() as directory, contextlib.redirect_stdout(io.StringIO()), \
            contextlib.redirect_stderr(io.StringIO()):
        for option, expected in (([], 0), (['--strict'], 1)):
            sys.argv = ['claims.py', *option, directory]
            try:
                claims.main()
            except SystemExit as end:
                status = end.code
            with open(os.path.join(directory, 'claims.csv'), encoding='utf-8') as file:
                lines = len(file.readlines())
            wrong = status != expected and f'status {status}' or lines != 92 and f'{lines} lines'
            with contextlib.redirect_stdout(sys.__stdout__):
                say(f"91 rows without figures, status {expected} {' '.join(option)}".strip(), wrong)


def main():
    check_cases()
    check_reach()
    check_empty()
    check_evidence()
    check_program()
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
