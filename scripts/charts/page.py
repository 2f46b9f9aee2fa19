"""One HTML page that needs nothing else: data, charts, Vega's runtime, styles and scripts inside."""

import json
from pathlib import Path

from charts import choice, draw, specs, style

HERE = Path(__file__).resolve().parent / "page"
SCRIPTS = ("data.js", "state.js", "chart.js", "views.js", "runs.js", "tables.js", "main.js")
CHARTS = ("answer", "throughput", "ranking", "faults", "heat", "runs", "samples", "history")
ROW_FIELDS = (
    "run",
    "cell",
    "strategy",
    "kind",
    "rank",
    "n",
    "copies",
    "median",
    "low",
    "high",
    "bytes_per_second",
    "bytes_per_second_low",
    "bytes_per_second_high",
    "ratio",
    "ratio_low",
    "ratio_high",
    "verdict",
    "base",
    "faults_per_mib",
    "calls_per_mib",
    "user_ns",
    "system_ns",
    "counters",
)


def html(data, cells, looks):
    parts = {
        "CSS": (HERE / "page.css").read_text(encoding="utf-8"),
        "DATA": embedded(content(data, cells, looks)),
        "CHARTS": embedded(charts(data, looks)),
        "VEGA": draw.runtime(),
        "SCRIPT": "\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS),
    }
    page = (HERE / "page.html").read_text(encoding="utf-8")
    for name, text in parts.items():
        before, after = page.split(f"/*{name}*/")
        parts[name], page = before + text, after
    return "".join(parts.values()) + page


def embedded(value):
    """JSON that cannot end or comment out the script element around it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def content(data, cells, looks):
    """What the page's scripts read. Cells and rows are told by number, so that no long id is repeated."""
    numbers = {key: at for at, key in enumerate(cells)}
    strategies = {name: at for at, name in enumerate(looks)}
    ranked = choice.ranked_cells(data, 1)
    return {
        **{
            key: data[key]
            for key in (
                "clock",
                "base",
                "margin",
                "runs",
                "run_names",
                "families",
                "skips",
                "history",
                "claims",
                "warnings",
            )
        },
        "cells": list(cells.values()),
        "strategies": [item | looks[item["name"]] for item in data["strategies"]],
        "representatives": choice.representatives(data),
        "first_cell": numbers[ranked[0]["run"], ranked[0]["cell"]] if ranked else None,
        "answers": [answer | {"cell": numbers[answer["run"], answer["cell"]]} for answer in data["answers"]],
        "row_fields": ROW_FIELDS,
        "rows": [
            [
                numbers[row["run"], row["cell"]]
                if field == "cell"
                else strategies[row["strategy"]]
                if field == "strategy"
                else short(row.get(field))
                for field in ROW_FIELDS
            ]
            for row in data["rows"]
        ],
        "samples": [
            [numbers[item["run"], item["cell"]], strategies[item["strategy"]], item["elapsed"]]
            for item in data["samples"]
            if (item["run"], item["cell"]) in numbers and item["strategy"] in strategies
        ],
    }


def short(value):
    """Six digits of a number: more than any chart or table of the page shows."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def charts(data, looks):
    """Each template as Vega, without data and in the ink of the page."""
    values = specs.common(data, looks, "currentColor") | {
        "sample_title": "microseconds" if data["clock"] == "wall" else "instructions"
    }
    config = style.config("currentColor", None)
    made = {}
    for name in CHARTS:
        spec = specs.fill(specs.template(name), values) | {
            "datasets": {"rows": []},
            "config": config,
            "padding": 4,
        }
        made[name] = adaptable(draw.vega(spec))
    return made


def adaptable(spec):
    """The legend goes below, and the page says how many columns it and the panels have."""
    del spec["$schema"]
    for legend in spec.get("legends", ()):
        if "shape" in legend:
            legend |= {"orient": "bottom", "columns": {"signal": "legend_columns"}}
            spec["signals"].append({"name": "legend_columns", "value": 4})
    if isinstance(spec.get("layout", {}).get("columns"), int):
        spec["layout"]["columns"] = {"signal": "panel_columns"}
        spec["signals"].append({"name": "panel_columns", "value": 2})
        # Vega-Lite writes the number of columns into the data sets of the axes beside and below the panels.
        for data in spec["data"]:
            if data["name"] in ("facet_domain_row", "facet_domain_column"):
                stop = data["transform"][0]["stop"]
                stop["signal"] = stop["signal"].replace(" 2)", " panel_columns)")
    return spec
