"""Vega-Lite specifications: the templates of this directory, filled in."""

import json
import textwrap
from pathlib import Path

from charts import choice, style, words

HERE = Path(__file__).resolve().parent
MOST_PANELS = 8
MOST_PLACES = 20
SIZE_WORDS = (
    "datum.value >= 1073741824 ? datum.value / 1073741824 + ' GiB' : datum.value >= 1048576 ? "
    "datum.value / 1048576 + ' MiB' : datum.value >= 1024 ? datum.value / 1024 + ' KiB' : datum.value + ' B'"
)
RATIO_WORDS = (
    "format(datum.ratio, datum.ratio >= 100 ? '.0f' : datum.ratio >= 10 ? '.1f' : '.2f') + '×' + (datum.base ? '  base' : isValid(datum.verdict) ? "
    "'  ' + datum.verdict : '')"
)
# Vega labels few ticks of a log scale that spans less than a decade; these it keeps where they fit.
RATIO_TICKS = [
    step * 10.0**power for power in range(-4, 5) for step in (1, 1.1, 1.2, 1.3, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)
]
# Factors whose excess over 1 reads well in per cent.
BEHIND_TICKS = [0.5, 0.7, 0.8, 0.9, 0.95, 1, 1.01, 1.02, 1.05, 1.1, 1.2, 1.3, 1.5, 1.7, 2, 2.5, 3, 4]
SPEED_TICKS = [step * 10.0**power for power in range(-5, 6) for step in (1, 1.5, 2, 3, 5, 7)]


def fill(template, values):
    """A copy of a template with every string `$name` replaced by the value of that name."""
    if isinstance(template, dict):
        return {key: fill(item, values) for key, item in template.items()}
    if isinstance(template, list):
        return [fill(item, values) for item in template]
    if isinstance(template, str) and template[:1] == "$" and template[1:] in values:
        return values[template[1:]]
    return template


def template(name):
    return json.loads((HERE / f"{name}.vl.json").read_text(encoding="utf-8"))


def common(data, looks, ink):
    """Values that every template may name."""
    wall = data["clock"] == "wall"
    speed = {
        "speed": "isValid(datum.bytes_per_second) ? datum.bytes_per_second / 1073741824 : null",
        "speed_low": "isValid(datum.bytes_per_second_low) ? datum.bytes_per_second_low / 1073741824 : null",
        "speed_high": "isValid(datum.bytes_per_second_high) ? datum.bytes_per_second_high / 1073741824 : null",
    }
    if not wall:
        speed = {
            "speed": "datum.median / datum.size",
            "speed_low": "isValid(datum.low) ? datum.low / datum.size : null",
            "speed_high": "isValid(datum.high) ? datum.high / datum.size : null",
        }
    unit = "GiB/s" if wall else "instructions per byte (fewer is better)"
    cause_words = {
        "speed": unit,
        "faults_per_mib": "page faults per MiB",
        "calls_per_mib": "system calls per MiB",
        "user_per_mib": "user CPU, µs per MiB",
        "system_per_mib": "system CPU, µs per MiB",
    }
    return speed | {
        "ink": ink,
        "strategies": list(looks),
        "colours": [look["colour"] for look in looks.values()],
        "shapes": [look["shape"] for look in looks.values()],
        "dashes": [look["dash"] for look in looks.values()],
        "speed_title": unit,
        "size_words": SIZE_WORDS,
        "ratio_words": RATIO_WORDS,
        "ratio_title": f"speed relative to {data['base']} (log scale, right is faster)"
        if wall
        else f"instructions of {data['base']} for each of its own (log scale, right is fewer)",
        "ratio_short": f"ratio to {data['base']} (log scale)",
        "cause_words": f"({json.dumps(cause_words)})[datum.value]",
        "margin": data["margin"],
        "ratio_ticks": RATIO_TICKS,
        "speed_ticks": SPEED_TICKS,
        "behind_ticks": BEHIND_TICKS,
        "tooltip": tooltip(wall),
        "width": 400,
        "shown": [],
        "sizes": [],
        "heading": "",
        "subheading": [""],
        "causes": list(cause_words),
    }


def tooltip(wall):
    unit = "speed, GiB/s" if wall else "instructions per byte"
    fields = [
        ("strategy", "strategy", None),
        ("label", "cell", None),
        ("speed", unit, ".3~r"),
        ("ratio", "ratio to the base", ".3~r"),
        ("ratio_low", "from", ".3~r"),
        ("ratio_high", "to", ".3~r"),
        ("verdict", "verdict", None),
        ("n", "samples", None),
    ]
    return [
        {"field": field, "title": title, "type": "quantitative", "format": shape}
        if shape
        else {"field": field, "title": title}
        for field, title, shape in fields
    ]


def joined(rows, cells):
    """Rows with what the templates need of their cells."""
    wanted = {"size": "size", "panel": "panel", "panel_order": "panel_order", "label": "name"}
    return [row | {key: cells[row["run"], row["cell"]][of] for key, of in wanted.items()} for row in rows]


def subtitle(data, cells, rows):
    """Host, kernel, file system, cache, target and n, always."""
    runs = [data["runs"][index] for index in sorted({cell["run"] for cell in cells})]
    conditions = dict.fromkeys(f"{cell['fs']}, {cell['cache']} cache, {words.target(cell)}" for cell in cells)
    where = (
        "; ".join(conditions)
        if len(conditions) <= 3
        else (
            f"file systems: {words.listing(cell['fs'] for cell in cells)}; cache: {words.listing(cell['cache'] for cell in cells)}; "
            f"target: {words.listing(words.target(cell) for cell in cells)}"
        )
    )
    clock = "" if data["clock"] == "wall" else "; counted instructions, which are not time"
    return [f"{words.hosts(runs)}; {where}; {words.samples(rows)}{clock}"]


def throughput(data, cells, looks):
    """Speed over size, one panel a layout and condition."""
    shown = choice.representatives(data)
    rows = [row for row in data["rows"] if row["strategy"] in shown and row["kind"] in ("copied", "limit")]
    panels = list(dict.fromkeys(cells[row["run"], row["cell"]]["panel_order"] for row in rows))
    kept = set(sorted(panels)[:MOST_PANELS])
    rows = [row for row in rows if cells[row["run"], row["cell"]]["panel_order"] in kept]
    if not rows:
        return None
    used = [cell for cell in cells.values() if cell["panel_order"] in kept]
    present = {row["strategy"] for row in rows}
    shown = [name for name in shown if name in present]
    told = subtitle(data, used, rows)
    told.append(
        "Only copies that moved data. Upright lines say where a typical copy lies, at 95 %; "
        "points of one size stand apart so that the intervals can be seen."
    )
    measured = len({row["strategy"] for row in data["rows"]})
    left = ([f"{len(shown)} of {measured} strategies"] if len(shown) < measured else []) + (
        [f"{len(kept)} of {len(panels)} panels"] if len(kept) < len(panels) else []
    )
    if left:
        told.append(f"Shown: {' and '.join(left)}; report.html has the rest.")
    values = common(data, looks, style.INK) | {
        "heading": "Copy speed over file size"
        if data["clock"] == "wall"
        else "Instructions per byte over file size",
        "subheading": told,
        "shown": shown,
        "sizes": sorted({cell["size"] for cell in used}),
    }
    return finish(template("throughput"), values, {"rows": joined(rows, cells)})


def kernels(data, cells, looks):
    """What copies cost on each kernel, oldest first, one panel a cell; nothing for a single kernel."""
    releases = sorted({run["host"]["kernel"] for run in data["runs"]}, key=words.kernel_age)
    if len(releases) < 2:
        return None
    shown = choice.representatives(data)
    rows = [row for row in data["rows"] if row["strategy"] in shown and row["kind"] == "copied"]
    # The same cell of every kernel is one panel.
    panels = {}
    for row in rows:
        panels.setdefault(row["cell"], len(panels))
    rows = [row for row in rows if panels[row["cell"]] < MOST_PANELS]
    if not rows:
        return None
    used = [cell for cell in cells.values() if panels.get(cell["cell"], MOST_PANELS) < MOST_PANELS]
    names = words.kernel_names(releases)

    def placed(row):
        cell, release = cells[row["run"], row["cell"]], data["runs"][row["run"]]["host"]["kernel"]
        return row | {
            "size": cell["size"],
            "label": cell["name"],
            "panel": f"{cell['layout']} {cell['size_label']} · {words.condition(cell, '')}",
            "panel_order": panels[row["cell"]],
            "kernel": names[release],
            "kernel_order": releases.index(release),
        }

    present = {row["strategy"] for row in rows}
    values = common(data, looks, style.INK) | {
        "heading": "Copy speed over kernels" if data["clock"] == "wall" else "Instructions per byte over kernels",
        "subheading": [
            *subtitle(data, used, rows),
            "Only copies that moved data. Upright lines say where a typical copy lies, at 95 %.",
        ],
        "shown": [name for name in shown if name in present],
    }
    return finish(template("kernels"), values, {"rows": [placed(row) for row in rows]})


def ranking(data, cells, looks):
    """Ratios to the base with intervals, one part a cell and kind."""
    chosen = choice.ranked_cells(data)
    parts, datasets, used = [], {}, []
    values = common(data, looks, style.INK) | {"width": 300}
    for kind in ("copied", "reflinked", "holes"):
        for cell in chosen:
            rows = [row for row in choice.rows_of(data, cell, (kind,)) if row.get("ratio")]
            if rows and not (kind == "copied" and len(rows) < 2):
                datasets[f"rows{len(parts)}"] = joined(rows, cells)
                parts.append(
                    part("ranking", values, f"rows{len(parts)}", f"{cell['label']}: {words.KIND_WORDS[kind]}")
                )
                used += rows
    told = subtitle(data, chosen, used) + [
        f"Lines are intervals; the grey band is the margin of ±{data['margin'] * 100:g} %."
    ]
    return concat(values, parts, datasets, f"Strategies against {data['base']}", told, 2)


def faults(data, cells, looks):
    """Page faults and system calls beside speed."""
    chosen = [
        cell
        for cell in choice.ranked_cells(data)
        if any(row.get("faults_per_mib") is not None for row in choice.rows_of(data, cell))
    ][:2]
    causes = [
        cause
        for cause in ("faults_per_mib", "calls_per_mib")
        if any(row.get(cause) is not None for row in data["rows"])
    ]
    values = common(data, looks, style.INK) | {"width": 190, "causes": ["speed", *causes]}
    parts, datasets, used = [], {}, []
    for cell in chosen:
        rows = choice.rows_of(data, cell)
        datasets[f"rows{len(parts)}"] = joined([row | {"order": at} for at, row in enumerate(rows)], cells)
        parts.append(part("faults", values, f"rows{len(parts)}", cell["label"]))
        used += rows
    return concat(
        values,
        parts,
        datasets,
        "What the copies cost, beside their speed",
        subtitle(data, chosen, used) + ["Only copies that moved data, fastest first."],
        1,
    )


def answer(data, cells, looks):
    """Who is first, who shares the place and how far off the others are, one part a cell and kind."""
    chosen = choice.answered(data)
    parts, datasets, used = [], {}, []
    values = common(data, looks, style.INK) | {"width": 330, "wide": True}
    for found in chosen:
        cell = cells[found["run"], found["cell"]]
        left = len(found["places"]) - MOST_PLACES
        more = f"; and {left} more in report.html" if left > 0 else ""
        datasets[f"rows{len(parts)}"] = [
            place | {"order": at} for at, place in enumerate(found["places"][:MOST_PLACES])
        ]
        parts.append(
            part(
                "answer",
                values | {"margin": found["margin"]},
                f"rows{len(parts)}",
                f"{cell['label']}: {words.KIND_WORDS[found['kind']]}{more}",
            )
        )
        used += choice.rows_of(data, cell, (found["kind"],))
    several = len({(found["run"], found["cell"]) for found in chosen}) > 1
    told = []
    for found in chosen:
        of = f"{cells[found['run'], found['cell']]['label']}: " if several else ""
        told += textwrap.wrap(of + found["sentence"], 120)
    told += subtitle(data, [cells[found["run"], found["cell"]] for found in chosen], used)
    told.append(
        "How much longer a copy takes than one by the first, as ranges; the grey band is the margin; "
        "an arrow points to what lies beyond the chart."
    )
    return concat(
        values | {"margin": chosen[0]["margin"]} if chosen else values,
        parts,
        datasets,
        "Which way of copying is fastest",
        told,
        1,
        {"wide": True},
    )


def part(name, values, dataset, heading):
    """A template as one part of several: parameters and subtitle belong to the whole."""
    made = fill(template(name), values)
    made.pop("params")
    made["data"] = {"name": dataset}
    made["title"] = {"text": heading, "anchor": "start", "fontSize": 12.5, "frame": "bounds", "offset": 8}
    return made


def concat(values, parts, datasets, heading, told, columns, params=()):
    if not parts:
        return None
    whole = {
        "title": {"text": heading, "subtitle": told, "anchor": "start", "offset": 18},
        "params": [
            {"name": name, "value": value} for name, value in {"margin": values["margin"], **dict(params)}.items()
        ],
        "concat": parts,
        "columns": columns,
        "spacing": 40,
    }
    return finish(whole, values, datasets)


def finish(spec, values, datasets):
    return fill(spec, values) | {
        "datasets": datasets,
        "config": style.config(style.INK, "white"),
        "padding": 14,
    }
