#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.11"
# dependencies = ["vl-convert-python==1.9.0.post1"]
# ///
"""Draws what `copybench export --format chart` says of record files.

Writes report.html, one page that needs no network, and answer, throughput, ranking, faults and, of
several kernels, kernels as SVG and PNG. It computes no statistics. The executable is $COPYBENCH, else target/release/copybench, else
target/debug/copybench. `copybench chart` runs it, with a Python of its own.
"""

import argparse
import sys
from pathlib import Path

from charts import choice, draw, page, source, specs, style, summary, words

STATIC = {
    "answer": specs.answer,
    "throughput": specs.throughput,
    "ranking": specs.ranking,
    "faults": specs.faults,
    "kernels": specs.kernels,
}


def arguments(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "records", nargs="*", type=Path, metavar="RUN.jsonl", help="record files, drawn together"
    )
    parser.add_argument(
        "--data", type=Path, metavar="FILE.json", help="draw saved chart data instead of records"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where to write (default: beside the first file)"
    )
    parser.add_argument(
        "--claims",
        action="append",
        default=[],
        type=Path,
        metavar="F.jsonl",
        help="add what `copybench claims --json` said",
    )
    parser.add_argument("--samples", action="store_true", help="ask the executable for raw samples too")
    parser.add_argument(
        "--only", choices=["page", "images"], help="write the page alone, or the images alone"
    )
    given = parser.parse_args(argv)
    if bool(given.records) == bool(given.data):
        parser.error("name record files, or one file of chart data with --data")
    return given


def main(argv):
    given = arguments(argv)
    draw.converter()
    data = source.saved(given.data) if given.data else source.exported(given.records, given.samples, given.claims)
    out = given.out or (given.data or given.records[0]).parent
    cells, looks = choice.prepare(data), style.looks(data)
    try:
        out.mkdir(parents=True, exist_ok=True)
        if given.only != "page":
            images(data, cells, looks, out)
        if given.only != "images":
            (out / "report.html").write_text(
                page.html(data, cells, looks), encoding="utf-8", errors="replace"
            )
    except OSError as error:
        raise source.ChartError(f"cannot write in {out}: {error.strerror}") from error
    print(summary.table(data))
    if given.only != "images":
        print(f"page: {out / 'report.html'}")


def images(data, cells, looks, out):
    """Each chart that there is data for; an older image of one that there is none for is removed."""
    for name, make in STATIC.items():
        spec = make(data, cells, looks)
        for suffix in ("svg", "png"):
            (out / f"{name}.{suffix}").unlink(missing_ok=True)
        if spec is not None:
            drawn = draw.svg(spec)
            (out / f"{name}.svg").write_text(drawn, encoding="utf-8", errors="replace")
            (out / f"{name}.png").write_bytes(draw.png(drawn))


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")
    try:
        main(sys.argv[1:])
    except source.ChartError as error:
        refused = str(error)
    except (KeyError, TypeError, IndexError) as error:
        refused = f"the chart data lacks something that its schema has: {error!r}; the records are safe"
    except ValueError as error:
        refused = f"vl-convert could not draw: {error}; the records are safe"
    else:
        sys.exit(0)
    print("\n".join(map(words.printable, f"chart.py: {refused}".split("\n"))), file=sys.stderr)
    sys.exit(2)
