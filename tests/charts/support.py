"""What the tests of the charts share: the scripts on the path, and data drawn once."""

import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "chart.py"
sys.path.insert(0, str(ROOT / "scripts"))

import synthetic  # noqa: E402
from charts import choice, page, source, style  # noqa: E402

_directory = tempfile.TemporaryDirectory(prefix="copybench-charts-")
DIRECTORY = Path(_directory.name)


def axe():
    """axe-core, where it is installed: `python3 -m venv target/axe`, then its pip with tests/axe.txt."""
    named = os.environ.get("COPYBENCH_AXE")
    found = [Path(named)] if named else sorted(ROOT.glob("target/axe/lib/*/site-packages/*/axe.min.js"))
    return found[0] if found else None


def prepared(name):
    """Data, cells and looks of a made-up set, as chart.py has them before it draws."""
    data = source.checked(json.dumps(synthetic.SETS[name]()), name)
    return data, choice.prepare(data), style.looks(data)


@functools.cache
def drawn_page(name):
    """Path of the page of a made-up set."""
    path = DIRECTORY / f"{name}.html"
    path.write_text(page.html(*prepared(name)), encoding="utf-8")
    return path


def executable():
    """The copybench that chart.py would ask; none where nothing is built."""
    try:
        return source.executable()
    except source.ChartError:
        return None


@functools.cache
def committed_page():
    """Path of the page of all results in the repository, as a user has it drawn."""
    records = sorted(ROOT.glob("results/runs/*/run.jsonl"))
    claims = [f"--claims={path}" for path in sorted(ROOT.glob("results/claims/*-2cpu.jsonl"))]
    done = chart(*records, *claims, "--only", "page", "--out", DIRECTORY / "committed")
    assert done.returncode == 0, done.stderr
    return DIRECTORY / "committed" / "report.html"


def chart(*arguments, environment=None):
    """chart.py as a user runs it."""
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
