"""Colour, shape and dash of each strategy: the same in every chart made from one registry."""

# After Okabe and Ito, without their yellow and black, which vanish on white and on dark paper.
PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"]
# The family of the base is neutral, so that colour always means "something other than the base".
NEUTRAL = "#6B7280"
LIMIT = "#9CA3AF"
SHAPES = [
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "triangle-down",
    "cross",
    "triangle-right",
    "triangle-left",
]
# Five dashes against eight shapes: coprime, so that 40 strategies of one colour differ.
DASHES = [[1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [4, 2]]
INK, FONT = "#1F2328", "Liberation Sans, Arial, Helvetica, sans-serif"


def looks(data):
    """Name of a strategy → colour, shape and dash."""
    listed = [(item["name"], item["family"]) for item in data["strategies"]]
    base_family = dict(listed).get(data["base"])
    colours, used, table = {base_family: NEUTRAL, "limit": LIMIT}, {}, {}
    slots = [NEUTRAL, *PALETTE, LIMIT]
    for _, family in listed:
        if family not in colours:
            colours[family] = PALETTE[(len(colours) - 2) % len(PALETTE)]
    for name, family in representatives_first(listed, data["base"]):
        colour = colours[family]
        # Starting elsewhere for each colour gives representatives different shapes too, for print without colour.
        at = used.get(colour, 0) + slots.index(colour)
        used[colour] = used.get(colour, 0) + 1
        table[name] = {"colour": colour, "shape": SHAPES[at % len(SHAPES)], "dash": DASHES[at % len(DASHES)]}
    return {name: table[name] for name, _ in listed}


def representatives_first(listed, base):
    """The base, the first of each family, then the rest, so that new variants leave those looks alone."""
    first = {}
    for name, family in listed:
        first.setdefault(family, name)
    leading = set(first.values())
    return sorted(listed, key=lambda item: (item[0] != base, item[0] not in leading))


def config(ink, background):
    """Vega configuration shared by all charts; `currentColor` as ink follows the page's theme."""
    grey = "#808080"
    axis = {
        "labelColor": ink,
        "titleColor": ink,
        "domainColor": grey,
        "tickColor": grey,
        "gridColor": grey,
        "gridOpacity": 0.22,
        "labelFontSize": 11,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    return {
        "background": background,
        "font": FONT,
        "axis": axis,
        "header": {"labelColor": ink, "titleColor": ink},
        "legend": {"labelColor": ink, "titleColor": ink, "labelFontSize": 11, "symbolSize": 70},
        "title": {
            "color": ink,
            "subtitleColor": ink,
            "fontSize": 15,
            "subtitleFontSize": 11.5,
            "subtitlePadding": 5,
            "subtitleLineHeight": 15,
        },
        "text": {"color": ink},
        "view": {"stroke": None},
    }
