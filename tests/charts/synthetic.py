"""Sets of made-up chart data that the tests draw: `python synthetic.py NAME` prints one."""

import json
import random
import sys

from builder import GIB, MIB, add_cell, empty, race, run_line, widen


def default_run():
    """What a default `cargo bench` gives: four cells on one file system."""
    data, rng = empty(), random.Random(1)
    for layout, size in (("sparse", MIB), ("sparse", 32 * MIB), ("dense", 32 * MIB), ("sparse", GIB)):
        skip = {"ficlone", "copy-file-range"} if layout == "dense" else {"ficlone"}
        add_cell(data, rng, 0, "ext4", layout, size, skip=skip)
    return data


def raced():
    """60 strategies raced at 1 MiB, with set-up kept and once more with it inside the clock."""
    data, rng = empty(), random.Random(7)
    widen(data, 60)
    for setup in ("kept", "fresh"):
        add_cell(data, rng, 0, "xfs", "sparse", MIB, setup=setup)
    for kind in ("copied", "reflinked", "holes"):
        race(data, data["cells"][0], kind, sharing=2 if kind == "copied" else 0)
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
    for index, (kernel, host) in enumerate(
        (("5.10.0-32", "zen4-2cpu"), ("6.12.115", "zen4-2cpu"), ("7.3.1", "alder-8cpu"))
    ):
        data["runs"].append(run_line(index, kernel, host))
        for size in (MIB, 32 * MIB):
            add_cell(data, rng, index, "tmpfs", "dense", size, speedup=1 + index / 10, samples=10)
    return data


def thin():
    """As little as a run can hold: no base, one sample each, no intervals, no counters, a file of no bytes, a limit."""
    data, rng = empty(), random.Random(6)
    add_cell(data, rng, 0, "ext4", "dense", MIB)
    data["rows"] = [row for row in data["rows"] if row["strategy"] in ("mmap-write", "sendfile")]
    none = dict.fromkeys(
        (
            "low",
            "high",
            "bytes_per_second_low",
            "bytes_per_second_high",
            "ratio",
            "ratio_low",
            "ratio_high",
            "verdict",
            "counters",
            "faults_per_mib",
            "calls_per_mib",
            "user_ns",
            "system_ns",
        )
    )
    data["rows"] = [row | none | {"n": 1} for row in data["rows"]]
    data["rows"].append(
        data["rows"][0] | {"strategy": "limit-memcpy", "family": "limit", "kind": "limit", "rank": 1}
    )
    nothing = data["cells"][0] | {
        "cell": "ext4|dense|0B|warm|new|none",
        "size": 0,
        "size_label": "0B",
        "answer": None,
    }
    data["cells"] = [data["cells"][0] | {"answer": None, "base": None}, nothing]
    data["rows"].append(data["rows"][0] | {"cell": nothing["cell"], "bytes_per_second": 0})
    return data


def counted():
    """The clock of a guest that counts instructions."""
    data = default_run() | {"clock": "instructions"}
    for row in data["rows"]:
        row["bytes_per_second"] = row["bytes_per_second_low"] = row["bytes_per_second_high"] = None
    return data


def skips_only():
    data = empty()
    data["runs"][0] |= {"complete": False, "skips": 1}
    data["skips"].append(
        {
            "run": 0,
            "cell": "ext4|dense|1MiB|warm|new|none",
            "strategy": "ficlone",
            "call": "ioctl(FICLONE)",
            "errno": "EOPNOTSUPP",
            "reason": "no reflinks on ext4",
        }
    )
    return data


def history():
    """Nights of one cell on two machines, a change in the middle of one's, claims, and raw samples."""
    data, rng = kernels(), random.Random(5)
    cell = data["cells"][-1]["cell"]
    hosts = [data["runs"][at]["host"]["hash"] for at in (0, -1)]
    for host, nights in zip(hosts, (20, 7)):
        for strategy, drop in (("mmap-write", 0.8), ("std-io-copy", 1.0)):
            points = []
            for night in range(nights):
                ratio = 1.2 * (drop if night >= 12 else 1) * rng.uniform(0.99, 1.01)
                points.append(
                    {
                        "run": f"night{night}",
                        "started": f"2026-02-{night + 1:02}T02:00:00Z",
                        "sha": f"{night:040x}",
                        "time": 1e6 / ratio,
                        "ratio": ratio,
                        "low": ratio * 0.98,
                        "high": ratio * 1.02,
                    }
                )
            changes = [{"at": 12, "before": 1.2, "after": 0.96}] if nights > 12 and drop < 1 else []
            data["history"].append(
                {"cell": cell, "strategy": strategy, "host": host, "points": points, "changes": changes}
            )
    data["claims"] = [
        {
            "id": "mmap-slower-small",
            "fs": "tmpfs",
            "source": "a mailing list",
            "verdict": "refuted",
            "ratio": 1.4,
            "low": 1.3,
            "high": 1.5,
        },
        {
            "id": "sendfile-one-call",
            "fs": "tmpfs",
            "source": "a manual page",
            "verdict": "can't tell",
            "ratio": None,
            "low": None,
            "high": None,
        },
    ]
    return data


HOSTILE = '</script><img src=x onerror="window.hit=1">\'&amp;<!--'


def hostile():
    """Names that would run as a script if any of them reached the page as HTML."""
    data, rng = empty(), random.Random(4)
    data["strategies"].append({"name": HOSTILE, "family": "std", "summary": HOSTILE})
    data["runs"][0]["label"] = data["runs"][0]["host"]["kernel"] = HOSTILE
    data["runs"][0]["argv"].append(HOSTILE)
    add_cell(data, rng, 0, HOSTILE, "dense", MIB, skip={"ficlone"})
    race(data, data["cells"][0])
    data["answers"][0]["sentence"] = data["answers"][0]["places"][1]["words"] = data["skips"][0]["reason"] = HOSTILE
    data["claims"].append(
        {
            "id": HOSTILE,
            "fs": "ext4",
            "source": HOSTILE,
            "verdict": "holds",
            "ratio": 1.2,
            "low": 1.1,
            "high": 1.3,
        }
    )
    data["warnings"].append(HOSTILE)
    return data


SETS = {
    "default": default_run,
    "raced": raced,
    "large": large,
    "kernels": kernels,
    "history": history,
    "skips": skips_only,
    "thin": thin,
    "counted": counted,
    "empty": empty,
    "hostile": hostile,
}

if __name__ == "__main__":
    json.dump(SETS[sys.argv[1]](), sys.stdout)
