"""The static charts: what is in them is what is in the rows."""

import re
import unittest
import xml.etree.ElementTree as tree

import support
from charts import choice, draw, specs, style, words


class Images(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.data, cls.cells, cls.looks = support.prepared("default")
        cls.specs = {
            name: getattr(specs, name)(cls.data, cls.cells, cls.looks)
            for name in ("throughput", "ranking", "faults")
        }
        cls.svg = {name: draw.svg(spec) for name, spec in cls.specs.items()}

    def points(self, name):
        return sum(
            len(re.findall(r'aria-roledescription="point"', line)) for line in self.svg[name].splitlines()
        )

    def test_one_point_a_row(self):
        shown = choice.representatives(self.data)
        rows = [row for row in self.data["rows"] if row["strategy"] in shown and row["kind"] == "copied"]
        self.assertEqual(self.points("throughput"), len(rows))
        for name in ("ranking", "faults"):
            given = sum(len(rows) for rows in self.specs[name]["datasets"].values())
            self.assertGreater(given, 40)
            self.assertEqual(self.points(name), given, name)

    def test_every_point_has_its_interval(self):
        for name in ("throughput", "ranking"):
            rules = len(re.findall(r"<line[^>]*stroke-width=\"2(?:\.4)?\"", self.svg[name]))
            self.assertEqual(rules, self.points(name), name)

    def test_bars_begin_at_zero(self):
        bars = next(
            layer
            for layer in specs.template("faults")["spec"]["layer"]
            if isinstance(layer["mark"], dict) and layer["mark"]["type"] == "bar"
        )
        self.assertIs(bars["encoding"]["x"]["scale"]["zero"], True)
        for name in ("throughput", "ranking", "heat", "runs", "samples", "history"):
            self.assertNotIn('"bar"', str(specs.template(name)).replace("'", '"'))

    def test_the_subtitle_says_under_which_conditions(self):
        for name, drawn in self.svg.items():
            for text in ("zen4-2cpu", "kernel 6.12.115", "ext4", "warm cache", "new file", "n = 10"):
                self.assertIn(text, drawn, name)

    def test_kinds_are_apart(self):
        kinds = {}
        for name, rows in self.specs["ranking"]["datasets"].items():
            kinds[name] = {row["kind"] for row in rows}
            self.assertEqual(len(kinds[name]), 1)
        self.assertIn({"holes"}, kinds.values())
        self.assertEqual({row["kind"] for row in self.specs["throughput"]["datasets"]["rows"]}, {"copied"})

    def test_no_address_and_no_script(self):
        for drawn in self.svg.values():
            self.assertEqual(draw.ADDRESS.findall(drawn), [])
            self.assertNotIn("<script", drawn)
            tree.fromstring(drawn)

    def test_the_same_input_gives_the_same_bytes(self):
        data, cells, looks = support.prepared("default")
        again = draw.svg(specs.throughput(data, cells, looks))
        self.assertEqual(again, self.svg["throughput"])
        self.assertEqual(draw.png(again), draw.png(self.svg["throughput"]))

    def test_large_data_stays_readable(self):
        data, cells, looks = support.prepared("large")
        spec = specs.throughput(data, cells, looks)
        shown = {row["strategy"] for row in spec["datasets"]["rows"]}
        self.assertLessEqual(len(shown), choice.MANY)
        self.assertIn(data["base"], shown)
        self.assertIn("13 of 60 strategies", str(spec["params"]))

    def test_nothing_to_draw(self):
        for name in ("empty", "skips"):
            for chart in (specs.answer, specs.throughput, specs.ranking, specs.faults, specs.kernels):
                self.assertIsNone(chart(*support.prepared(name)))

    def test_the_answer_has_a_point_a_place_and_says_how_many_are_left(self):
        data, cells, looks = support.prepared("raced")
        spec = specs.answer(data, cells, looks)
        given = list(spec["datasets"].values())
        # Of holes there is one strategy, so nothing to compare.
        self.assertEqual([len(rows) for rows in given], [specs.MOST_PLACES, 2])
        drawn = draw.svg(spec)
        self.assertEqual(len(re.findall('aria-roledescription="point"', drawn)), sum(map(len, given)))
        self.assertEqual(draw.ADDRESS.findall(drawn), [])
        self.assertNotIn("NaN", drawn)
        for text in (
            data["answers"][0]["sentence"],
            f"and {len(data['answers'][0]['places']) - specs.MOST_PLACES} more",
            "kernel 6.12.115",
            "warm cache, new file; n = 10",
            "shares first place (-1.0 to +1.5 %)",
            "at least 5.0 times slower",
            "with set-up",
        ):
            self.assertIn(text, drawn)

    def test_a_range_without_an_upper_end_goes_on_to_the_edge(self):
        data, cells, looks = support.prepared("raced")
        data["answers"][0]["places"][3] |= {"low": 0.5, "middle": None, "high": None}
        arrows = [draw.svg(specs.answer(*given)).count('d="M') for given in (support.prepared("raced"), (data, cells, looks))]
        self.assertEqual(arrows[1], arrows[0] + 1)

    def test_what_has_no_range_has_no_place_on_the_axis(self):
        data, cells, looks = support.prepared("raced")
        data["answers"] = data["answers"][:1]
        data["answers"][0]["places"][1] |= {"words": "undecided", "low": None, "middle": None, "high": None}
        drawn = draw.svg(specs.answer(data, cells, looks))
        self.assertEqual(len(re.findall('aria-roledescription="point"', drawn)), specs.MOST_PLACES - 1)
        self.assertIn("undecided", drawn)
        self.assertIn(data["answers"][0]["places"][1]["strategy"], drawn)

    def test_colours_of_the_answer_are_those_of_the_other_charts(self):
        data, cells, looks = support.prepared("raced")
        drawn = draw.svg(specs.answer(data, cells, looks))
        fills = [
            re.search(r'fill="([^"]+)"', mark)[1]
            for mark in re.findall(r'<path[^>]*aria-roledescription="point"[^>]*>', drawn)
        ]
        shown = [place["strategy"] for place in data["answers"][0]["places"][: specs.MOST_PLACES]]
        self.assertEqual(fills[: len(shown)], [looks[name]["colour"] for name in shown])

    def test_kernels_stand_by_age_with_a_panel_for_each_cell(self):
        data, cells, looks = support.prepared("kernels")
        data["runs"].reverse()
        spec = specs.kernels(data, cells, looks)
        order = {row["kernel_order"]: row["kernel"] for row in spec["datasets"]["rows"]}
        self.assertEqual([order[at] for at in sorted(order)], ["5.10.0", "6.12.115", "7.3.1"])
        self.assertEqual(len({row["panel"] for row in spec["datasets"]["rows"]}), 2)
        drawn = draw.svg(spec)
        points = len(re.findall(r'aria-roledescription="point"', drawn))
        self.assertEqual(points, len(spec["datasets"]["rows"]))
        self.assertIsNone(specs.kernels(*support.prepared("default")))

    def test_as_little_as_a_run_can_hold(self):
        data, cells, looks = support.prepared("thin")
        drawn = draw.svg(specs.throughput(data, cells, looks))
        self.assertEqual(len(re.findall('aria-roledescription="point"', drawn)), 3)
        self.assertNotIn("NaN", drawn)
        self.assertIsNone(specs.ranking(data, cells, looks))
        self.assertIsNone(specs.faults(data, cells, looks))


class Looks(unittest.TestCase):
    def test_strategies_differ_in_more_than_colour(self):
        _, _, looks = support.prepared("large")
        self.assertEqual(len(looks), 60)
        self.assertEqual(
            len({(look["colour"], look["shape"], str(look["dash"])) for look in looks.values()}), 60
        )

    def test_a_family_has_one_colour_and_the_base_is_neutral(self):
        data, _, looks = support.prepared("default")
        for family in data["families"]:
            self.assertEqual(
                len(
                    {
                        looks[item["name"]]["colour"]
                        for item in data["strategies"]
                        if item["family"] == family["name"]
                    }
                ),
                1,
            )
        self.assertEqual(looks[data["base"]]["colour"], style.NEUTRAL)

    def test_looks_do_not_depend_on_what_was_measured(self):
        data, _, looks = support.prepared("default")
        data["rows"] = data["rows"][:3]
        self.assertEqual(style.looks(data), looks)

    def test_a_limit_outside_the_registry_is_drawn_too(self):
        data, _, looks = support.prepared("thin")
        self.assertEqual(data["strategies"][-1]["name"], "limit-memcpy")
        self.assertEqual(looks.pop("limit-memcpy")["colour"], style.LIMIT)
        _, _, usual = support.prepared("default")
        self.assertEqual(looks, usual)


class Instructions(unittest.TestCase):
    def test_counted_instructions_are_not_called_speed(self):
        data, cells, looks = support.prepared("counted")
        drawn = draw.svg(specs.throughput(data, cells, looks))
        self.assertIn("instructions per byte", drawn)
        self.assertNotIn("GiB/s", drawn)
        cell = data["cells"][0]
        self.assertIn("instructions/B", words.pace(data["rows"][0], cell, "instructions"))


if __name__ == "__main__":
    unittest.main()
