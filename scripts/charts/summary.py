"""The ten lines that end a drawing: the best strategies of each cell."""

from charts import choice, words

LINES = 10


def table(data):
    """A heading and at most nine rows; cells share them evenly, data copied only."""
    cells = [cell for cell in data["cells"] if choice.rows_of(data, cell)]
    if not cells:
        return "nothing was measured" + (
            f"; {len(data['skips'])} skips, with their reasons on the page" if data["skips"] else ""
        )
    each, extra = divmod(LINES - 1, len(cells))
    lines = [
        (
            "cell",
            "strategy",
            "speed" if data["clock"] == "wall" else "cost",
            f"against {data['base']}",
            "verdict",
        )
    ]
    for at, cell in enumerate(cells[: LINES - 1]):
        for row in choice.rows_of(data, cell)[: max(1, each + (at < extra))]:
            lines.append(
                (
                    cell["name"],
                    row["strategy"],
                    words.pace(row, cell, data["clock"]),
                    words.ratio(row),
                    row.get("verdict") or "–",
                )
            )
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    shown = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    left = len(cells) - (LINES - 1)
    if left > 0:
        shown[-1] = f"… and {left + 1} more cells on the page"
    return "\n".join(map(words.printable, shown))
