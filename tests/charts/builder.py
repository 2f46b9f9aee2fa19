"""Builds made-up chart data in the shape of `copybench export --format chart`, the same for the same seed."""

import random

KIB, MIB, GIB = 1024, 1024**2, 1024**3
BASE = "read-write-256k"
FAMILIES = {
    "read-write": ["read-write-64k", "read-write-4k", BASE, "read-write-1m", "read-write-8m"],
    "mmap-mmap": ["mmap-mmap", "mmap-mmap-populate", "mmap-mmap-sequential", "mmap-mmap-window"],
    "mmap-write": ["mmap-write", "mmap-write-1m", "mmap-write-populate", "mmap-write-sequential"],
    "mmap-private": ["mmap-private-mmap", "mmap-private-write"],
    "mmap-cow": ["mmap-cow-write"],
    "read-mmap": ["read-mmap", "read-mmap-populate"],
    "memmap2-slice": ["memmap2-slice"],
    "std": ["std-io-copy", "std-fs-copy"],
    "sendfile": ["sendfile"],
    "copy-file-range": ["copy-file-range"],
    "splice": ["splice-64k", "splice-256k", "splice-1m"],
    "clone": ["ficlone"],
}
SHARED, KEPT = {"ficlone", "copy-file-range"}, {"std-fs-copy"}


def size_label(size):
    for unit, word in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size % unit == 0:
            return f"{size // unit}{word}"
    return f"{size}B"


def run_line(index, kernel="6.12.115", host="zen4-2cpu"):
    return {
        "id": f"run{index}",
        "label": f"2026-01-{index + 2:02}-{host}",
        "started": f"2026-01-{index + 2:02}T03:04:05Z",
        "host": {"label": host, "hash": f"hash-{host}", "kernel": kernel},
        "commit": {"sha": "0123456789abcdef0123456789abcdef01234567", "dirty": False},
        "argv": ["copybench", "run", "--dir", "DIR"],
        "complete": True,
        "samples": 0,
        "skips": 0,
        "wall_seconds": 201.5,
        "steal": 0.004,
    }


def empty(runs=1):
    """A run that was cut off before its first sample."""
    return {
        "schema": "2.0",
        "clock": "wall",
        "base": BASE,
        "margin": 0.02,
        "runs": [run_line(index) for index in range(runs)],
        "families": [{"name": name, "summary": f"Copies by {name}."} for name in FAMILIES],
        "strategies": [
            {"name": name, "family": family, "summary": f"The variant {name}."}
            for family, names in FAMILIES.items()
            for name in names
        ],
        "cells": [],
        "answers": [],
        "rows": [],
        "skips": [],
        "history": [],
        "claims": [],
        "warnings": [],
    }


def widen(data, count):
    """More variants, spread over the families, until there are `count` strategies."""
    families = list(FAMILIES)
    number = 0
    while len(data["strategies"]) < count:
        family = families[number % len(families)]
        data["strategies"].append(
            {"name": f"{family}-variant-{number}", "family": family, "summary": f"Another {family}."}
        )
        number += 1
    order = {family: at for at, family in enumerate(families)}
    data["strategies"].sort(key=lambda strategy: order[strategy["family"]])


def kind_of(strategy, fs, layout):
    if strategy in SHARED and fs in ("xfs", "btrfs"):
        return "reflinked"
    if strategy in KEPT and layout == "sparse":
        return "holes"
    return "copied"


def add_cell(data, rng, run, fs, layout, size, cache="warm", dst="new", skip=(), samples=0, speedup=1.0, setup=None):
    """One cell with a row for each strategy, ranked, and its answer."""
    cell = f"{fs}|{layout}|{size_label(size)}|{cache}|{dst}|none{'|fresh' if setup == 'fresh' else ''}"
    rows = []
    for strategy in data["strategies"]:
        name = strategy["name"]
        if name in skip:
            data["skips"].append(
                {
                    "run": run,
                    "cell": cell,
                    "strategy": name,
                    "call": name.replace("-", "_"),
                    "errno": "EOPNOTSUPP",
                    "reason": f"{name} does not work on {fs}",
                }
            )
            continue
        mapped = "mmap" in name
        skill = random.Random(name).uniform(0.55, 1.35) * (0.8 if mapped and size > 8 * MIB else 1)
        pace = (1.0 if name == BASE else skill * speedup) * {"tmpfs": 1.6, "btrfs": 0.7}.get(fs, 1.0)
        kind = kind_of(name, fs, layout)
        nanoseconds = 3000 + size / (6.2 * pace * (50 if kind != "copied" else 1))
        spread = rng.uniform(0.004, 0.05)
        median = nanoseconds * rng.uniform(0.99, 1.01)
        rows.append(
            {
                "run": run,
                "cell": cell,
                "strategy": name,
                "family": strategy["family"],
                "kind": kind,
                "n": 10,
                "copies": 40,
                "median": median,
                "low": median * (1 - spread),
                "high": median * (1 + spread),
                "base": name == BASE,
                "counters": {"minor_faults": size // 4096 if mapped else 3, "calls": 9},
                "faults_per_mib": 256.0 if mapped else 0.5,
                "calls_per_mib": 1.0 if mapped else 8.0,
                "user_ns": median * 0.3 if mapped else 900,
                "system_ns": median * 0.6,
            }
        )
        if samples:
            data.setdefault("samples", []).append(
                {
                    "run": run,
                    "cell": cell,
                    "strategy": name,
                    "elapsed": [int(median * rng.uniform(0.95, 1.1)) for _ in range(samples)],
                }
            )
    finish(data, rows, run, cell, size)
    data["cells"].append(
        {
            "run": run,
            "cell": cell,
            "fs": fs,
            "layout": layout,
            "size": size,
            "size_label": size_label(size),
            "cache": cache,
            "dst": dst,
            "end": "none",
            "setup": setup,
            "base": BASE,
            "answer": answer(rows),
        }
    )


def finish(data, rows, run, cell, size):
    base = next((row for row in rows if row["base"]), None)
    for row in rows:
        for key, source in (("", "median"), ("_low", "high"), ("_high", "low")):
            row["bytes_per_second" + key] = size / row[source] * 1e9
        ratio = base["median"] / row["median"] if base else None
        spread = (row["high"] - row["low"]) / row["median"] / 2
        row |= {
            "ratio": ratio,
            "ratio_low": ratio and ratio * (1 - spread),
            "ratio_high": ratio and ratio * (1 + spread),
        }
        row["verdict"] = verdict(row, data["margin"]) if base else None
    rows.sort(key=lambda row: (row["kind"], row["median"]))
    ranks = {}
    for row in rows:
        ranks[row["kind"]] = row["rank"] = ranks.get(row["kind"], 0) + 1
    data["rows"] += rows
    data["runs"][run]["samples"] += sum(row["n"] for row in rows)


def verdict(row, margin):
    if row["base"]:
        return "base"
    if row["ratio_low"] > 1 + margin:
        return "faster"
    if row["ratio_high"] < 1 - margin:
        return "slower"
    return "same" if row["ratio_low"] > 1 - margin and row["ratio_high"] < 1 + margin else "unclear"


def answer(rows):
    copied = [row for row in rows if row["kind"] == "copied"]
    if len(copied) < 2:
        return None
    first, second = copied[0], copied[1]
    return (
        f"{first['strategy']} is fastest: {second['median'] / first['median']:.2f} times as fast as "
        f"{second['strategy']} and {first['ratio']:.2f} times as fast as {BASE} "
        f"[{first['ratio_low']:.2f}, {first['ratio_high']:.2f}]."
    )


def race(data, cell, kind="copied", sharing=2):
    """A race of one kind of a cell: its two next share the first place of the fastest, and the last is far behind."""
    index, times = data["cells"].index(cell), {}
    for row in data["rows"]:
        if row["run"] == cell["run"] and row["kind"] == kind:
            times.setdefault(row["strategy"], {})[row["cell"]] = f"{row['median'] / 1000:.1f} µs"
    rows = sorted(
        (row for row in data["rows"] if row["run"] == cell["run"] and row["cell"] == cell["cell"] and row["kind"] == kind),
        key=lambda row: row["rank"],
    )
    places = []
    for at, row in enumerate(rows):
        behind = row["median"] / rows[0]["median"] - 1
        low, high = (-0.01, 0.015) if at <= sharing else (max(0.005, behind - 0.02), behind + 0.03)
        last = at > sharing and at == len(rows) - 1
        places.append(
            {
                "strategy": row["strategy"],
                "family": row["family"],
                "place": "first" if at == 0 else "shared" if at <= sharing else "out",
                "words": "first, within 1.5 %"
                if at == 0
                else "shares first place (-1.0 to +1.5 %)"
                if at <= sharing
                else "at least 5.0 times slower"
                if last
                else f"slower by {behind * 100:.0f} % ({low * 100:.0f} to {high * 100:.0f})",
                "low": None if at == 0 else 4.0 if last else low,
                "middle": None if at == 0 or last else (low + high) / 2,
                "high": None if at == 0 or last else high,
                "time": times[row["strategy"]].get(cell["cell"]),
                "fresh": times[row["strategy"]].get(f"{cell['cell']}|fresh"),
            }
        )
    cells = data["cells"]
    cells[index] = cell | {"answer": None}
    data["answers"].append(
        {
            "run": cell["run"],
            "cell": cell["cell"],
            "kind": kind,
            "sentence": f"{rows[0]['strategy']} is within 1.5 % of the best of {len(rows)} strategies (after 31 s, 4 processes).",
            "margin": 0.02,
            "places": places,
        }
    )
