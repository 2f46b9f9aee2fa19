"""What readers from Python's index make of exports and records; each function prints what it shows.

read.py CHECK FOLDER: the folder has run.csv, run.jsonl, report.xml and queries.sql as the check needs them.
"""

import json
import re
import sys
from pathlib import Path


def pandas(folder):
    import pandas as library

    table = library.read_csv(folder / "run.csv")
    records = library.read_json(folder / "run.jsonl", lines=True)
    samples = records[(records.t == "sample") & (records.elapsed.str.len() > 0)]
    times = samples.elapsed.apply(lambda times: library.Series(times).median())
    own = times.groupby([samples.cell, samples.strategy]).median()
    for row in table.itertuples():
        assert abs(own[row.cell, row.strategy] / row.median - 1) < 1e-9, row
        assert row.low <= row.median <= row.high, row
    return f"{len(table)} rows; medians of {len(samples)} samples of the record are those of the CSV"


def duckdb(folder):
    import os

    import duckdb as library

    os.chdir(folder)
    database = library.connect()
    rows = []
    for query in Path("queries.sql").read_text().split(";"):
        if query.strip():
            found = database.sql(query)
            if query.strip().startswith(("select", "with")):
                rows.append((found.columns, found.fetchall()))
    assert len(rows) == 5 and all(found for _, found in rows), [len(found) for _, found in rows]
    columns, found = rows[0]
    medians = {row[:2]: row[columns.index("median")] for row in found}
    for line in (folder / "run.csv").read_text().splitlines()[1:]:
        words = line.split(",")
        own = medians[words[0], words[1]]
        assert abs(own / float(words[5]) - 1) < 1e-9, (line, own)
    return f"the five queries below; medians of {len(found)} series are those of the CSV"


def junitparser(folder):
    import junitparser as library

    report = library.JUnitXml.fromfile(str(folder / "report.xml"))
    failed = [case.name for suite in report for case in suite if any(isinstance(of, library.Failure) for of in case.result)]
    assert report.tests == sum(len(suite) for suite in report) and report.failures == len(failed), report
    assert failed == ["sendfile"], failed
    return f"{report.tests} tests, {report.failures} failed: the strategy that was slowed"


def matplotlib(folder):
    """The axes that hyperfine's scripts drew, as they stand in an SVG with text."""
    drawn = []
    for name in ("whisker", "parametrized"):
        text = (folder / f"{name}.svg").read_text()
        drawn.append(re.findall(r"<text[^>]*>([^<]+)</text>", text))
    assert "Time [s]" in drawn[0] and "Time [s]" in drawn[1] and "size" in drawn[1], drawn
    results = json.loads((folder / "whisker.json").read_text())["results"]
    names = {result["command"] for result in results}
    assert names <= set(drawn[0]), names - set(drawn[0])
    return f"{len(names)} boxes on one axis in seconds; time over size of two strategies"


def versions(_):
    from importlib.metadata import version

    return "\n".join(f"{name} {version(name)}" for name in ("duckdb", "junitparser", "matplotlib", "pandas"))


if __name__ == "__main__":
    print(globals()[sys.argv[1]](Path(sys.argv[2])))
