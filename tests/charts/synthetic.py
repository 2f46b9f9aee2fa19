"""Made-up chart data in the shape of `copybench export --format chart`, the same for the same seed."""

import json
import random
import sys

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
    return {"id": f"run{index}", "label": f"2026-01-{index + 2:02}-{host}",
            "started": f"2026-01-{index + 2:02}T03:04:05Z",
            "host": {"label": host, "hash": f"hash-{host}", "kernel": kernel},
            "commit": {"sha": "0123456789abcdef0123456789abcdef01234567", "dirty": False},
            "argv": ["copybench", "run", "--dir", "DIR"], "complete": True, "samples": 0, "skips": 0,
            "wall_seconds": 201.5, "steal": 0.004}


def empty(runs=1):
    """A run that was cut off before its first sample."""
    return {"schema": "1.0", "clock": "wall", "base": BASE, "margin": 0.02,
            "runs": [run_line(index) for index in range(runs)],
            "families": [{"name": name, "summary": f"Copies by {name}."} for name in FAMILIES],
            "strategies": [{"name": name, "family": family, "summary": f"The variant {name}."}
                           for family, names in FAMILIES.items() for name in names],
            "cells": [], "rows": [], "skips": [], "history": [], "claims": [], "warnings": []}


def widen(data, count):
    """More variants, spread over the families, until there are `count` strategies."""
    families = list(FAMILIES)
    number = 0
    while len(data["strategies"]) < count:
        family = families[number % len(families)]
        data["strategies"].append({"name": f"{family}-variant-{number}", "family": family,
                                   "summary": f"Another {family}."})
        number += 1
    order = {family: at for at, family in enumerate(families)}
    data["strategies"].sort(key=lambda strategy: order[strategy["family"]])


def kind_of(strategy, fs, layout):
    if strategy in SHARED and fs in ("xfs", "btrfs"):
        return "shared"
    if strategy in KEPT and layout == "sparse":
        return "kept"
    return "copied"


def add_cell(data, rng, run, fs, layout, size, cache="warm", dst="new", skip=(), samples=0, speedup=1.0):
    """One cell with a row for each strategy, ranked, and its answer."""
    cell = f"{fs}|{layout}|{size_label(size)}|{cache}|{dst}|none"
    rows = []
    for strategy in data["strategies"]:
        name = strategy["name"]
        if name in skip:
            data["skips"].append({"run": run, "cell": cell, "strategy": name, "call": name.replace("-", "_"),
                                  "errno": "EOPNOTSUPP", "reason": f"{name} does not work on {fs}"})
            continue
        mapped = "mmap" in name
        skill = random.Random(name).uniform(0.55, 1.35) * (0.8 if mapped and size > 8 * MIB else 1)
        pace = (1.0 if name == BASE else skill * speedup) * {"tmpfs": 1.6, "btrfs": 0.7}.get(fs, 1.0)
        kind = kind_of(name, fs, layout)
        nanoseconds = 3000 + size / (6.2 * pace * (50 if kind != "copied" else 1))
        spread = rng.uniform(0.004, 0.05)
        median = nanoseconds * rng.uniform(0.99, 1.01)
        rows.append({"run": run, "cell": cell, "strategy": name, "family": strategy["family"], "kind": kind,
                     "n": 10, "copies": 40, "median": median, "low": median * (1 - spread),
                     "high": median * (1 + spread), "base": name == BASE,
                     "counters": {"minor_faults": size // 4096 if mapped else 3, "calls": 9},
                     "faults_per_mib": 256.0 if mapped else 0.5, "calls_per_mib": 1.0 if mapped else 8.0,
                     "user_ns": median * 0.3 if mapped else 900, "system_ns": median * 0.6})
        if samples:
            data.setdefault("samples", []).append(
                {"run": run, "cell": cell, "strategy": name,
                 "elapsed": [int(median * rng.uniform(0.95, 1.1)) for _ in range(samples)]})
    finish(data, rows, run, cell, size)
    data["cells"].append({"run": run, "cell": cell, "fs": fs, "layout": layout, "size": size,
                          "size_label": size_label(size), "cache": cache, "dst": dst, "end": "none",
                          "base": BASE, "answer": answer(rows)})


def finish(data, rows, run, cell, size):
    base = next((row for row in rows if row["base"]), None)
    for row in rows:
        for key, source in (("", "median"), ("_low", "high"), ("_high", "low")):
            row["bytes_per_second" + key] = size / row[source] * 1e9
        ratio = base["median"] / row["median"] if base else None
        spread = (row["high"] - row["low"]) / row["median"] / 2
        row |= {"ratio": ratio, "ratio_low": ratio and ratio * (1 - spread), "ratio_high": ratio and ratio * (1 + spread)}
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
    return (f"{first['strategy']} is fastest: {second['median'] / first['median']:.2f} times as fast as "
            f"{second['strategy']} and {first['ratio']:.2f} times as fast as {BASE} "
            f"[{first['ratio_low']:.2f}, {first['ratio_high']:.2f}].")


def default_run():
    """What a default `cargo bench` gives: four cells on one file system."""
    data, rng = empty(), random.Random(1)
    for layout, size in (("sparse", MIB), ("sparse", 32 * MIB), ("dense", 32 * MIB), ("sparse", GIB)):
        skip = {"ficlone", "copy-file-range"} if layout == "dense" else {"ficlone"}
        add_cell(data, rng, 0, "ext4", layout, size, skip=skip)
    return data


def large():
    """60 strategies × 11 sizes × 4 file systems, about 100,000 samples."""
    data, rng = empty(), random.Random(2)
    widen(data, 60)
    for fs in ("ext4", "xfs", "btrfs", "tmpfs"):
        for power in range(11):
            add_cell(data, rng, 0, fs, "dense", MIB << power, samples=38)
    return data


def kernels():
    """The same two cells on three kernels, of which one ran on another host."""
    data, rng = empty(0), random.Random(3)
    for index, (kernel, host) in enumerate((("5.10.0-32", "zen4-2cpu"), ("6.12.115", "zen4-2cpu"), ("7.3.1", "alder-8cpu"))):
        data["runs"].append(run_line(index, kernel, host))
        for size in (MIB, 32 * MIB):
            add_cell(data, rng, index, "tmpfs", "dense", size, speedup=1 + index / 10, samples=10)
    return data


def skips_only():
    data = empty()
    data["runs"][0] |= {"complete": False, "skips": 1}
    data["skips"].append({"run": 0, "cell": "ext4|dense|1MiB|warm|new|none", "strategy": "ficlone",
                          "call": "ioctl(FICLONE)", "errno": "EOPNOTSUPP", "reason": "no reflinks on ext4"})
    return data


def history():
    """Twenty nights of one cell with a change in the middle, claims, and raw samples."""
    data, rng = kernels(), random.Random(5)
    cell = data["cells"][-1]["cell"]
    for strategy, drop in (("mmap-write", 0.8), ("std-io-copy", 1.0)):
        points = []
        for night in range(20):
            ratio = 1.2 * (drop if night >= 12 else 1) * rng.uniform(0.99, 1.01)
            points.append({"run": f"night{night}", "started": f"2026-02-{night + 1:02}T02:00:00Z", "sha": f"{night:040x}",
                           "ratio": ratio, "low": ratio * 0.98, "high": ratio * 1.02})
        changes = [{"at": 12, "before": 1.2, "after": 0.96}] if drop < 1 else []
        data["history"].append({"cell": cell, "strategy": strategy, "points": points, "changes": changes})
    data["claims"] = [{"id": "mmap-slower-small", "fs": "tmpfs", "source": "a mailing list", "verdict": "refuted", "ratio": 1.4, "low": 1.3, "high": 1.5},
                      {"id": "sendfile-one-call", "fs": "tmpfs", "source": "a manual page", "verdict": "can't tell", "ratio": None, "low": None, "high": None}]
    return data


HOSTILE = "</script><img src=x onerror=\"window.hit=1\">'&amp;<!--"


def hostile():
    """Names that would run as a script if any of them reached the page as HTML."""
    data, rng = empty(), random.Random(4)
    data["strategies"].append({"name": HOSTILE, "family": "std", "summary": HOSTILE})
    data["runs"][0]["label"] = data["runs"][0]["host"]["kernel"] = HOSTILE
    data["runs"][0]["argv"].append(HOSTILE)
    add_cell(data, rng, 0, HOSTILE, "dense", MIB, skip={"ficlone"})
    data["cells"][0]["answer"] = data["skips"][0]["reason"] = HOSTILE
    data["claims"].append({"id": HOSTILE, "fs": "ext4", "source": HOSTILE, "verdict": "holds", "ratio": 1.2, "low": 1.1, "high": 1.3})
    data["warnings"].append(HOSTILE)
    return data


SETS = {"default": default_run, "large": large, "kernels": kernels, "history": history, "skips": skips_only, "empty": empty, "hostile": hostile}

if __name__ == "__main__":
    json.dump(SETS[sys.argv[1]](), sys.stdout)
