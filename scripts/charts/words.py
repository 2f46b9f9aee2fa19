"""Numbers and conditions in words. Formatting only: no number here is an estimate."""

import re
import unicodedata

UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
KIND_WORDS = {
    "copied": "data copied",
    "reflinked": "extents shared, no data moved",
    "holes": "holes kept, only data moved",
    "limit": "physical limits",
}


def size(value):
    """`1 MiB` of 1048576."""
    for unit, word in UNITS:
        if value >= unit:
            return f"{value / unit:.4g} {word}"
    return f"{value} B"


def rate(value):
    """`5.31 GiB/s` of a number of bytes a second."""
    return "–" if value is None else f"{size_of_rate(value)}/s"


def size_of_rate(value):
    for unit, word in UNITS:
        if value >= unit:
            return f"{value / unit:.3g} {word}" if value < 1000 * unit else f"{value / unit:.0f} {word}"
    return f"{value:.0f} B"


def ratio(row):
    """`1.23× [1.20, 1.26]`, or a dash where there is nothing to compare with."""
    if row.get("ratio") is None:
        return "–"
    text = f"{factor(row['ratio'])}×"
    if row.get("ratio_low") is not None and row.get("ratio_high") is not None:
        text += f" [{factor(row['ratio_low'])}, {factor(row['ratio_high'])}]"
    return text


def factor(value):
    """Two decimals of a ratio, fewer of a large one."""
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f}"


def pace(row, cell, clock):
    """Speed of a row in the unit of its clock."""
    if clock == "wall":
        return rate(row.get("bytes_per_second"))
    return (
        f"{row['median'] / cell['size']:.3g} instructions/B"
        if cell["size"]
        else f"{row['median']:.4g} instructions"
    )


def target(cell):
    """The state of the target, what ends the copy and the set-up inside the clock, as a reader says it."""
    dst = {"new": "new file", "overwrite": "overwriting", "preallocated": "preallocated"}.get(
        cell["dst"], cell["dst"]
    )
    end = None if cell.get("end") == "none" else cell.get("end")
    # Kept is the usual one; records before schema 2 have none.
    setup = "set-up fresh" if cell.get("setup") == "fresh" else None
    return ", ".join(filter(None, (dst, end, setup)))


def condition(cell, run_name):
    """Everything about a cell but layout and size."""
    return " · ".join(filter(None, (run_name, cell["fs"], cell["cache"], target(cell))))


def run_names(runs):
    """Shortest names that tell runs apart: none, the kernel, the label with the commit, else a number too."""

    def names(of):
        made = [of(run) for run in runs]
        return made if len(set(made)) == len(made) else None

    if len(runs) < 2:
        return [""] * len(runs)
    return (
        names(lambda run: run["host"]["kernel"])
        or names(lambda run: f"{run['label']}")
        or names(lambda run: f"{run['label']} {run['commit']['sha'][:7]}")
        or [f"{run['label']} #{index + 1}" for index, run in enumerate(runs)]
    )


def hosts(runs):
    """Hosts and kernels of some runs, each named once."""
    seen = dict.fromkeys(f"{run['host']['label']}, kernel {run['host']['kernel']}" for run in runs)
    return "; ".join(seen) if len(seen) <= 3 else f"{len(seen)} hosts or kernels"


def kernel_age(release):
    """A key that sorts releases from old to new."""
    version = re.split(r"[-+~]", release)[0]
    return [int(number) if number.isdigit() else 0 for number in version.split(".")], release


def kernel_names(releases):
    """`6.12.95` of `6.12.95+deb12-cloud-amd64`, unless two would be called alike."""
    short = {release: re.split(r"[-+~]", release)[0] for release in releases}
    return short if len(set(short.values())) == len(short) else {release: release for release in releases}


def samples(rows):
    """`n = 10` or `n = 10–48`."""
    counts = sorted({row["n"] for row in rows})
    if not counts:
        return "n = 0"
    return f"n = {counts[0]}" if len(counts) == 1 else f"n = {counts[0]}–{counts[-1]}"


def listing(values, most=4):
    """Words in a row, or how many there are."""
    values = list(dict.fromkeys(values))
    return ", ".join(values) if len(values) <= most else f"{len(values)} of them"


def printable(text):
    """Text from a record without what a terminal would obey, and what XML cannot hold."""

    def shows(character):
        return character.isprintable() or unicodedata.category(character) == "Zs"

    return "".join(character if shows(character) else "�" for character in text)
