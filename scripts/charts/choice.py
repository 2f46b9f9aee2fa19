"""Which cells and strategies a chart shows when not all of them fit."""

from charts import words

MANY = 13


def prepare(data):
    """Gives every cell its panel and its names, and every row its cell."""
    names = words.run_names(data["runs"])
    panels = {}
    for cell in data["cells"]:
        cell["condition"] = words.condition(cell, names[cell["run"]])
        cell["panel"] = f"{cell['layout']} · {cell['condition']}"
        cell["panel_order"] = panels.setdefault((cell["run"], cell["panel"]), len(panels))
        cell["label"] = f"{cell['layout']} {cell['size_label']} · {cell['condition']}"
    alike = len({cell["condition"] for cell in data["cells"]}) == 1
    for cell in data["cells"]:
        # Where all conditions are the same, saying them once above is enough.
        cell["name"] = f"{cell['layout']} {cell['size_label']}" if alike else cell["label"]
    data["run_names"] = names
    cells = {(cell["run"], cell["cell"]): cell for cell in data["cells"]}
    for name in ("rows", "answers"):
        data[name] = [row for row in data[name] if (row["run"], row["cell"]) in cells]
    known = {item["name"] for item in data["strategies"]}
    for row in [*data["rows"], *(place for answer in data["answers"] for place in answer["places"])]:
        # Physical limits, and strategies of another version of the registry, come last.
        if row["strategy"] not in known:
            known.add(row["strategy"])
            data["strategies"].append(
                {"name": row["strategy"], "family": row.get("family") or "other", "summary": ""}
            )
    return cells


def representatives(data):
    """The first measured strategy of each family and the base; everything where that still fits."""
    measured = {row["strategy"] for row in data["rows"] if row["kind"] in ("copied", "limit")}
    listed = [item for item in data["strategies"] if item["name"] in measured]
    if len(listed) <= MANY:
        return [item["name"] for item in listed]
    first = {}
    for item in listed:
        first.setdefault(item["family"], item["name"])
    chosen = set(list(first.values())[: MANY - 1]) | {data["base"]}
    return [item["name"] for item in listed if item["name"] in chosen]


def ranked_cells(data, most=4):
    """One cell a panel, the one with most strategies; where there is one panel, its smallest size too."""
    counts = {}
    for row in data["rows"]:
        counts[row["run"], row["cell"]] = counts.get((row["run"], row["cell"]), 0) + 1
    by_panel = {}
    for cell in data["cells"]:
        by_panel.setdefault((cell["run"], cell["panel"]), []).append(cell)
    chosen = []
    for cells in by_panel.values():
        cells.sort(key=lambda cell: (-counts.get((cell["run"], cell["cell"]), 0), -cell["size"]))
        chosen.append(cells[0])
        if len(by_panel) == 1 and len(cells) > 1:
            fullest = counts.get((cells[0]["run"], cells[0]["cell"]), 0)
            full = [cell for cell in cells if counts.get((cell["run"], cell["cell"]), 0) == fullest]
            chosen += full[-1:] if full[-1] is not cells[0] else []
    return [cell for cell in chosen if counts.get((cell["run"], cell["cell"]))][:most]


def answered(data, most=4):
    """Answers of the cells that the ranking shows; of the first cells that have one where those have none."""
    shown = [(cell["run"], cell["cell"]) for cell in ranked_cells(data)]
    order = {"copied": 0, "reflinked": 1, "holes": 2}
    drawable = [answer for answer in data["answers"] if len(answer["places"]) > 1]
    found = [answer for answer in drawable if (answer["run"], answer["cell"]) in shown] or drawable
    return sorted(found, key=lambda answer: order.get(answer["kind"], 3))[:most]


def rows_of(data, cell, kinds=("copied",)):
    """Rows of one cell in the order of their ranks."""
    rows = [
        row
        for row in data["rows"]
        if row["run"] == cell["run"] and row["cell"] == cell["cell"] and row["kind"] in kinds
    ]
    return sorted(rows, key=lambda row: (row["kind"], row["rank"], row["strategy"]))
