# SPDX-License-Identifier: GPL-2.0
"""A program for scripts/lab.d/programs.py to run: strings, lists and dictionaries, of which many
are freed again. With PYTHONMALLOC=malloc each object is a call of malloc().

Makes sentences of random words, counts words and pairs of words, keeps the last sentences, and
prints what it found.
"""
import sys

KEPT = 500

seed = 1


def chance(below):
    """Return a random number. The module random would take longer to load than all else."""
    global seed
    seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
    return (seed >> 33) % below


def word():
    return ''.join('aeiouklmnprst'[chance(13)] for _ in range(1 + chance(4)))


def main(sentences):
    counts, followers, kept = {}, {}, []
    for _ in range(sentences):
        sentence = [word() for _ in range(3 + chance(18))]
        for first, second in zip(sentence, sentence[1:]):
            counts[first] = counts.get(first, 0) + 1
            followers.setdefault(first, {}).setdefault(second, []).append(len(kept))
        kept.append(' '.join(sentence).capitalize())
        if len(kept) > KEPT:
            # Half of what is old goes, and leaves holes.
            kept = kept[1::2]
    most = sorted(counts, key=lambda each: (-counts[each], each))[:10]
    print(*(f'{each} {counts[each]} {len(followers[each])}' for each in most), sep='\n')
    print(len(counts), sum(map(len, followers.values())), sum(map(len, kept)))


main(int(sys.argv[1]))
