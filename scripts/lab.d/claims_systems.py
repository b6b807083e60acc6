# SPDX-License-Identifier: GPL-2.0
"""Claims on the allocators of systems, and on what an allocator of one's own can reach."""
import math
import statistics

from claims_data import (GLIBC, JEMALLOC, SYSTEM, Missing, Unknown, claim, judge, seconds, times)

CHALLENGE = ('list', 'vector', 'collatz')
# The allocator of the homework, with the lock that lab/malloc.c puts around it
HOMEWORK = 'list_lifo'
# Less may be noise.
CLEARLY = 1.05
# It frees nothing, so it is no general allocator.
NOT_GENERAL = ('bump',)


def programs(data):
    """The programs that measure an allocator, with as many threads as there are CPUs"""
    threads = 2 if data.cpus() > 1 else 1
    return [('list', 1), ('vector', 1), ('collatz', threads), ('threadtest', threads),
            ('larson', threads)]


def system_times(data):
    """{library: {program: seconds}} of the system's allocators that are there"""
    found = {}
    for library in SYSTEM:
        try:
            found[library] = {name: data.run(name, library, n).seconds
                              for name, n in programs(data)}
            found[library].update({program: run.seconds for (program, other), run in
                                   data.real().items() if (other, run.status) == (library, 'ok')})
        except Unknown:
            pass
    if len(found) < 2:
        raise Unknown('no other allocators are installed')
    return found


def beside_best(found):
    """{library: [its time by that of the fastest, for each program]}"""
    names = set.intersection(*(set(each) for each in found.values()))
    best = {name: min(each[name] for each in found.values()) for name in names}
    return {library: [each[name] / best[name] for name in sorted(names)]
            for library, each in found.items()}


@claim(290, 'The aim of ptmalloc is that the worst case is not too bad')
def worst_case(data):
    ratios = beside_best(system_times(data))
    worst = {library: max(each) for library, each in ratios.items()}
    text = ', '.join(f'{library} {times(value)}' for library, value in worst.items())
    others = [value for library, value in worst.items() if library != GLIBC]
    return judge(
        f'the worst of {len(ratios[GLIBC])} programs, by the fastest allocator of each: {text}',
        yes=(worst[GLIBC] <= min(others), 'Its worst case is the best one here. An aim cannot be '
             'measured, and a few programs are not all.'),
        partly=(worst[GLIBC] <= 1.2 * max(others), 'Another allocator has a case as bad. An aim '
                'cannot be measured, and a few programs are not all.'),
        no='Its worst case is the worst one here, so if that was the aim, these programs do not '
           'show it.')


@claim(291, 'jemalloc is commonly the fastest, and not by much')
def jemalloc_fastest(data):
    found = system_times(data)
    if JEMALLOC not in found:
        raise Unknown('jemalloc is not installed')
    ratios = beside_best(found)
    wins = {library: sum(value == 1 for value in each) for library, each in ratios.items()}
    names = sorted(set(found[GLIBC]) & set(found[JEMALLOC]))
    gain = statistics.median(found[GLIBC][name] / found[JEMALLOC][name] for name in names)
    text = ', '.join(f'{library} {n}' for library, n in wins.items())
    return judge(
        f'fastest of {len(ratios[GLIBC])} programs: {text}; glibc takes {times(gain)} times the '
        'time of jemalloc in the median',
        yes=(wins[JEMALLOC] == max(wins.values()) and 1 < gain < 2, 'It leads most often, by less '
             'than a factor of two.'),
        partly=(1 < gain < 2, 'It is a bit faster than glibc in the median, but others lead more '
                'often. A few programs on one machine do not decide which is commonly the '
                'fastest.'),
        no='It does not lead here, or by more than the notes say. A few programs on one machine do '
           'not decide which is commonly the fastest.')


def challenge(data):
    """[(program, threads, fastest of the lab, seconds of it, of the homework, of glibc)]"""
    names = [name for name in data.libraries() if name not in SYSTEM + NOT_GENERAL + (HOMEWORK,)]
    found = []
    for program, threads in programs(data):
        if program not in CHALLENGE:
            continue
        taken = {name: data.run(program, name, threads).seconds for name in names}
        best = min(taken, key=taken.get)
        found.append((program, threads, best, taken[best],
                      *(data.run(program, name, threads).seconds for name in (HOMEWORK, GLIBC))))
    return found


@claim(297, "An allocator of one's own can beat the homework, and even the system's")
def beats_system(data):
    found = challenge(data)
    text = '; '.join(f'{program}: {best} {seconds(own)}, {HOMEWORK} {seconds(homework)}, glibc '
                     f'{seconds(glibc)}'
                     for program, _, best, own, homework, glibc in found)
    homework = sum(CLEARLY * each[3] < each[4] for each in found)
    system = sum(CLEARLY * each[3] < each[5] for each in found)
    return judge(
        text,
        yes=(homework == system == len(found), 'Fixed sizes without a search are enough for '
             'programs with few sizes. Such a strategy leaves out much of what glibc has to do.'),
        partly=(homework + system > 0, f'Some strategy is faster than the homework in {homework} '
                f'of {len(found)} programs, and than glibc in {system}.'),
        no='No strategy is faster than either.')


@claim(298, 'Free lists are enough for simple programs')
def simple_programs(data):
    plain = {name: data.run(name, HOMEWORK).seconds / data.run(name, GLIBC).seconds
             for name in ('list', 'collatz')}
    real = data.real()
    ratios = [run.seconds / real[program, GLIBC].seconds if run.seconds else math.inf
              for (program, library), run in real.items() if library == HOMEWORK]
    if not ratios:
        raise Missing(f'real.csv has no rows of {HOMEWORK}')
    worst = max(ratios)
    lines = data.lines_of(HOMEWORK)
    return judge(
        f"{HOMEWORK}, {lines} lines, takes {times(plain['list'])} (list) and "
        f"{times(plain['collatz'])} (collatz) times the time of glibc; of real programs, "
        f"{'one was stopped as too slow' if math.isinf(worst) else times(worst)} at worst",
        yes=(max(plain.values()) < 2.5, 'With one size, the first block of the list fits, and '
             'nothing has to merge. With many sizes the search takes over. Which programs count as '
             'simple, no figure decides.'),
        no='The list costs even programs with one size a multiple of the time.')
