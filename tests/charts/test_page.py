"""The page as a file: whole, offline, and safe against what records say."""

import json
import unittest
from html.parser import HTMLParser

import support
import synthetic
from charts import draw, page, summary

LOADING = ("src", "srcset", "action", "formaction", "data", "poster")


class Outline(HTMLParser):
    """Elements with their attributes, and the text of scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self.inside = [], {}, None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.inside = dict(attributes).get("id") if tag == "script" else None

    def handle_data(self, text):
        if self.inside:
            self.texts[self.inside] = self.texts.get(self.inside, "") + text

    def handle_endtag(self, tag):
        self.inside = None


class Page(unittest.TestCase):
    def outline(self, name):
        return Outline(support.drawn_page(name).read_text(encoding="utf-8"))

    def test_every_row_is_in_the_page(self):
        outline = self.outline("default")
        content = json.loads(outline.texts["data"])
        self.assertEqual(len(content["rows"]), len(synthetic.default_run()["rows"]))
        self.assertEqual(set(json.loads(outline.texts["specs"])), set(page.CHARTS))
        self.assertEqual(
            {attributes["data-chart"] for tag, attributes in outline.elements if tag == "figure"},
            {"answer", "answer-reflinked", "answer-holes", "throughput", "copied", "reflinked", "holes", "faults", "heat", "runs", "samples", "history"},
        )

    def test_every_place_is_in_the_page_with_the_sentence(self):
        content = json.loads(self.outline("raced").texts["data"])
        given = synthetic.raced()["answers"]
        self.assertEqual([answer["sentence"] for answer in content["answers"]], [answer["sentence"] for answer in given])
        self.assertEqual([answer["places"] for answer in content["answers"]], [answer["places"] for answer in given])
        cells = [content["cells"][answer["cell"]]["cell"] for answer in content["answers"]]
        self.assertEqual(cells, [answer["cell"] for answer in given])

    def test_nothing_is_loaded_from_anywhere(self):
        for name in ("default", "hostile"):
            text = support.drawn_page(name).read_text(encoding="utf-8")
            self.assertEqual(draw.ADDRESS.findall(text), [])
            for tag, attributes in Outline(text).elements:
                self.assertFalse(set(LOADING) & set(attributes), tag)
                self.assertNotIn(tag, ("img", "iframe", "object", "embed", "base"))
                if tag == "link":
                    self.assertEqual(attributes["href"], "data:,")
            self.assertIn("default-src 'none'", text)

    def test_names_cannot_become_markup(self):
        outline = self.outline("hostile")
        shape = [tag for tag, _ in outline.elements]
        self.assertEqual(shape, [tag for tag, _ in self.outline("default").elements])
        content = json.loads(outline.texts["data"])
        self.assertIn(synthetic.HOSTILE, [strategy["name"] for strategy in content["strategies"]])

    def test_the_same_input_gives_the_same_bytes(self):
        again = page.html(*support.prepared("default"))
        self.assertEqual(again, support.drawn_page("default").read_text(encoding="utf-8"))

    def test_sizes(self):
        self.assertLess(support.drawn_page("default").stat().st_size, 1.5 * 2**20)
        self.assertLess(support.drawn_page("large").stat().st_size, 6 * 2**20)

    def test_an_empty_run_and_a_run_of_skips(self):
        for name in ("empty", "skips"):
            self.assertIn("schema", synthetic.SETS[name]())
            self.assertEqual(json.loads(self.outline(name).texts["data"])["rows"], [])
            data, _, _ = support.prepared(name)
            self.assertIn("nothing was measured", summary.table(data))

    def test_the_summary_has_ten_lines(self):
        for name in ("default", "large", "kernels"):
            data, _, _ = support.prepared(name)
            lines = summary.table(data).splitlines()
            self.assertLessEqual(len(lines), 10)
            self.assertIn(data["base"], lines[0])

    def test_control_characters_do_not_reach_the_terminal(self):
        data, _, _ = support.prepared("default")
        for row in data["rows"]:
            row["strategy"] += "\x1b[2J"
        self.assertNotIn("\x1b", summary.table(data))


if __name__ == "__main__":
    unittest.main()
