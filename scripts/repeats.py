"""What the scripts share that ask the same thing many times over: a table that grows by a line a repeat, and copybench."""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path


def parser(name, text):
    """Options that all have."""
    options = argparse.ArgumentParser(
        prog=name, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--repeats", type=int, default=20, help="default: %(default)s")
    options.add_argument("--copybench", default=shutil.which("copybench"), help="default: the one in PATH")
    options.add_argument("--out", required=True, metavar="DIR", help="folder for the table")
    return options


def parse(options):
    """The arguments. Wrong ones are exit 2."""
    given = options.parse_args()
    if given.repeats < 1:
        options.error("there must be a repeat")
    if not given.copybench or not os.access(given.copybench, os.X_OK):
        options.error("no copybench in PATH; name one with --copybench")
    given.copybench = os.path.abspath(given.copybench)
    return given


def run(*words, allowed=(0,), **more):
    """A program that ends with one of the `allowed` codes; another one ends this one with 1."""
    words = [str(word) for word in words]
    done = subprocess.run(words, capture_output=True, text=True, **more)
    if done.returncode not in allowed:
        sys.exit(f"{Path(sys.argv[0]).name}: {' '.join(words)}: exit {done.returncode}\n{done.stderr}")
    return done


class Table:
    """Tab-separated lines of a file, written as they come, so that a series which was stopped is not lost."""

    def __init__(self, path, columns):
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            self.write(*columns)

    def write(self, *values):
        line = "\t".join(str(value) for value in values)
        with open(self.path, "a", encoding="utf-8") as table:
            table.write(line + "\n")
        print(line, flush=True)
