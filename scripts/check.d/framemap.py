#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Check scripts/framemap with a file "frames" of a real machine.

usage: framemap.py FILE

Prints "ok NAME" or "not ok NAME" for each test.
"""
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree

FRAMEMAP = pathlib.Path(__file__).resolve().parent.parent / "framemap"
SVG = "{http://www.w3.org/2000/svg}"

# What is wrong with the input, the input, and a part of the error
HEAD = "page_size 4096\n"
CHUNK = HEAD + "chunk 64 64 0 root\n"
BAD = [
    ("empty", "", "stdin:1: the file is empty"),
    ("of another kind", "slabinfo - version: 2.1\n", "stdin:1: the first line is not"),
    ("no text", b"page_size 4096\n\xff\xfe\n", "stdin: this is no text"),
    ("with another size of pages", "page_size 3\n", "stdin:1: a page cannot have 3 bytes"),
    ("without a chunk", HEAD + "0 64 block -\n", "stdin:2: a run before the first chunk"),
    ("with half a line", HEAD + "chunk 64 64\n", "stdin:2: a chunk has a page frame number"),
    ("with a chunk that is not aligned", HEAD + "chunk 65 64 0 root\n", "stdin:2: a chunk of 64"),
    ("cut off", CHUNK + "0 63 block -\n", "stdin:4: the chunk before ends at page 63 of 64"),
    ("with a gap", CHUNK + "0 1 block -\n2 62 free 3\n", "stdin:4: the run begins at page 2"),
    ("with a run that is too long", CHUNK + "0 65 block -\n", "stdin:3: 65 pages at 0 are not"),
    ("with an unknown state", CHUNK + "0 64 lost -\n", "stdin:3: there is no state 'lost'"),
    ("with an order that is no number", CHUNK + "0 64 free x\n", "stdin:3: 'x' is no number"),
    ("with a chunk twice", 2 * "chunk 0 1 0 root\n0 1 block -\n", "two chunks have the page 0"),
]


def run(*args, text=None, seed="0"):
    data = text.encode("ascii") if isinstance(text, str) else text
    return subprocess.run([FRAMEMAP, *args], input=data, capture_output=True, check=False,
                          env={**os.environ, "PYTHONHASHSEED": seed})


def draw(*args, **more):
    done = run(*args, **more)
    assert not done.returncode and not done.stderr, done.stderr.decode()
    return done.stdout.decode()


def pages_in(file):
    return sum(int(line.split()[2]) for line in open(file, encoding="ascii")
               if line.startswith("chunk "))


def states_in(file):
    lines = (line.split() for line in open(file, encoding="ascii"))
    return {tuple(fields[2:]) for fields in lines if len(fields) == 4}


# ---- the tests

def each_page_is_one_cell(file):
    root = xml.etree.ElementTree.fromstring(draw("--pages", "1", file))
    area, cells = int(next(root.iter(f"{SVG}pattern")).get("width")) ** 2, 0
    for path in root.iter(f"{SVG}path"):
        if path.find(f"{SVG}title") is not None:
            cells += sum(int(w) * int(h) // area
                         for w, h in re.findall(r"h(\d+)v(\d+)", path.get("d")))
    assert cells == pages_in(file), f"{cells} cells for {pages_in(file)} pages"


def legend_has_every_owner(file):
    root = xml.etree.ElementTree.fromstring(draw(file))
    texts = {text.text for text in root.iter(f"{SVG}text")}
    for state, owner in states_in(file):
        if state == "slab":
            assert owner in texts, owner
        elif state == "free":
            assert f"free, order {owner}" in texts, owner


def percentages_are_of_all(file):
    shares = re.findall(r">([0-9.]+) %<", draw(file))
    assert abs(sum(map(float, shares)) - 100) < 0.051 * len(shares), shares


def same_picture_again(file):
    assert draw(file, seed="1") == draw(file, seed="2")


def text_has_a_character_for_each_page(file):
    lines = draw("--text", "--pages", "1", file).split("\n")
    cells = [line[16:] for line in lines if re.match(r" *0x[0-9a-f]+ [ |]", line)]
    seen = sum(len(line.replace(" ", "")) for line in cells)
    assert seen == pages_in(file), f"{seen} characters for {pages_in(file)} pages"


def every_scale_is_drawn(file):
    for shift in range(10):
        for form in [], ["--text"]:
            assert f"a cell is {size(4 << shift)}" in draw(*form, "--pages", str(1 << shift), file)


def size(kib):
    return f"{kib} KiB" if kib < 1000 else f"{kib / 1024:.1f} MiB"


def large_machine_fits(_):
    chunks = [f"chunk {1024 * i} 1024 0 root\n0 1000 slab a-{i % 9}\n1000 24 block -\n"
              for i in range(2048)]
    svg = draw("-", text=HEAD + "".join(chunks))
    height = int(re.search(r'<svg [^>]*height="(\d+)"', svg)[1])
    assert "8.0 GiB in 2048 chunks" in svg and height < 4000, height
    assert draw("--text", "-", text=HEAD + "".join(chunks)).count("\n") < 300


def nothing_held_is_no_error(_):
    assert "0 chunks" in draw("-", text=HEAD) and "0 chunks" in draw("--text", "-", text=HEAD)


def bad_input_is_refused(_):
    for what, text, error in BAD:
        head = HEAD if what == "with a chunk twice" else ""
        done = run("-", text=head + text if head else text)
        said = done.stderr.decode()
        assert done.returncode == 1 and said.startswith("framemap: ") and error in said, (what, said)
        assert said.count("\n") == 1 and not done.stdout, said


def bad_arguments_are_refused(file):
    for args, error in (["/nowhere"], "cannot read /nowhere: No such file"), \
            (["--pages", "3", file], "--pages must be a power of two"), \
            (["--pages", "many", file], "'many' is no number"), \
            (["--colour", file], "unknown argument '--colour'"), \
            (["-o"], "-o needs an argument"), \
            (["-o", "/nowhere/x", file], "cannot write /nowhere/x"):
        done = run(*args)
        assert done.returncode == 1 and error in done.stderr.decode(), (args, done.stderr)


TESTS = [each_page_is_one_cell, legend_has_every_owner, percentages_are_of_all, same_picture_again,
         text_has_a_character_for_each_page, every_scale_is_drawn, large_machine_fits,
         nothing_held_is_no_error, bad_input_is_refused, bad_arguments_are_refused]


def main(file):
    for test in TESTS:
        name = "framemap: " + test.__name__.replace("_", " ")
        try:
            test(file)
            print(f"ok {name}")
        except (AssertionError, xml.etree.ElementTree.ParseError) as error:
            print(f"{error}\nnot ok {name}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    main(sys.argv[1])
