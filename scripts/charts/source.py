"""Where chart data comes from: the export of the copybench executable, or a saved file."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from charts import words

SCHEMA_MAJORS = ("1", "2")
LISTS = (
    "runs",
    "families",
    "strategies",
    "cells",
    "answers",
    "rows",
    "samples",
    "skips",
    "history",
    "claims",
    "warnings",
)
ROOT = Path(__file__).resolve().parents[2]


class ChartError(Exception):
    """What stops the drawing, in words for the user, with the hint where there is one."""


def executable():
    """The copybench to ask: $COPYBENCH, else the newest kind of build that is there."""
    named = os.environ.get("COPYBENCH")
    if named:
        found = shutil.which(named)
        if found is None:
            raise ChartError(f"COPYBENCH names {named}, which is not an executable file")
        return found
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    for build in ("release", "debug"):
        candidate = target / build / "copybench"
        if os.access(candidate, os.X_OK):
            return str(candidate)
    raise ChartError(
        "no copybench executable under target; build it with `cargo build --release`, "
        "or name one in COPYBENCH (the records are untouched)"
    )


def exported(records, samples, claims=()):
    """Chart data of record files and of what claims came to. Statistics are the executable's work, not ours."""
    for record in records:
        if not os.path.exists(record):
            raise ChartError(f"cannot read {record}: no such file")
    command = [
        executable(),
        "export",
        "--format",
        "chart",
        *(["--samples"] if samples else []),
        *(f"--claims={file}" for file in claims),
        *map(str, records),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False
        )
    except OSError as error:
        raise ChartError(f"cannot run {command[0]}: {error.strerror}") from error
    if done.returncode != 0:
        said = done.stderr.strip() or f"exit code {done.returncode}"
        raise ChartError(f"`copybench export --format chart` failed: {said}")
    return checked(done.stdout, "the output of `copybench export --format chart`")


def saved(path):
    """Chart data that an earlier export wrote."""
    try:
        return checked(Path(path).read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ChartError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def checked(text, origin):
    """Parsed chart data with every list present, or a message that names what is wrong with it."""
    try:
        # What is not a number is nothing that could be drawn.
        data = shown(json.loads(text, parse_constant=lambda _: None))
    except json.JSONDecodeError as error:
        raise ChartError(f"{origin} is not JSON: {error}") from error
    except RecursionError as error:
        raise ChartError(f"{origin} is nested deeper than any chart data") from error
    if not isinstance(data, dict) or "schema" not in data:
        raise ChartError(f"{origin} is not chart data: it has no `schema`")
    schema = str(data["schema"])
    if schema.split(".")[0] not in SCHEMA_MAJORS:
        raise ChartError(
            f"{origin} has schema {schema}, these scripts know {' and '.join(f'{major}.x' for major in SCHEMA_MAJORS)}; "
            "use the scripts that came with the executable that wrote it"
        )
    for name in LISTS:
        if not isinstance(data.setdefault(name, []) or [], list):
            raise ChartError(f"{origin} is not chart data: `{name}` is not a list")
        data[name] = data[name] or []
    data.setdefault("clock", "wall")
    data.setdefault("margin", 0.02)
    data.setdefault("base", None)
    return data


def shown(value):
    """A value of JSON whose texts hold nothing that a terminal or a page would obey, and that XML, which images are
    made from, can hold: vl-convert ends the process at some characters."""
    if isinstance(value, str):
        return words.printable(value)
    if isinstance(value, list):
        return [shown(one) for one in value]
    if isinstance(value, dict):
        return {words.printable(key): shown(one) for key, one in value.items()}
    return value
