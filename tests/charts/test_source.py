"""Where the data comes from, and what is said when it does not come."""

import json
import os
import stat
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

import support
import synthetic


class Source(unittest.TestCase):
    def setUp(self):
        held = TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.directory = Path(held.name)
        self.record = self.directory / "run.jsonl"
        self.record.write_text("{}\n")

    def program(self, script):
        path = self.directory / "copybench"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return os.environ | {"COPYBENCH": str(path)}

    def refused(self, done, *said):
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        for text in said:
            self.assertIn(text, done.stderr)

    def test_the_executable_is_asked_for_chart_data(self):
        answer = self.directory / "answer.json"
        answer.write_text(json.dumps(synthetic.default_run()))
        environment = self.program(f'echo "$@" > {self.directory}/asked; cat {answer}')
        done = support.chart(self.record, "--samples", environment=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(
            (self.directory / "asked").read_text().split(),
            ["export", "--format", "chart", "--samples", str(self.record)],
        )
        made = {path.name for path in self.directory.iterdir()} - {
            "run.jsonl",
            "copybench",
            "asked",
            "answer.json",
        }
        self.assertEqual(
            made,
            {
                "report.html",
                *(
                    f"{name}.{kind}"
                    for name in ("throughput", "ranking", "faults")
                    for kind in ("svg", "png")
                ),
            },
        )
        self.assertLessEqual(len(done.stdout.splitlines()), 11)
        self.assertIn(str(self.directory / "report.html"), done.stdout)

    def test_no_executable_names_the_cure(self):
        environment = {key: value for key, value in os.environ.items() if key != "COPYBENCH"} | {
            "CARGO_TARGET_DIR": str(self.directory)
        }
        self.refused(support.chart(self.record, environment=environment), "cargo build --release")
        self.refused(
            support.chart(self.record, environment=os.environ | {"COPYBENCH": "/nowhere/copybench"}),
            "/nowhere/copybench",
        )

    def test_what_the_executable_says_is_passed_on(self):
        environment = self.program("echo 'copybench: two clocks cannot share a chart' >&2; exit 2")
        self.refused(support.chart(self.record, environment=environment), "two clocks cannot share a chart")

    def test_an_answer_that_is_no_chart_data(self):
        self.refused(support.chart(self.record, environment=self.program("echo '{'")), "is not JSON")
        self.refused(support.chart(self.record, environment=self.program("echo '[]'")), "is not chart data")

    def test_missing_record_and_missing_data(self):
        self.refused(support.chart(self.directory / "none.jsonl"), "none.jsonl")
        self.refused(support.chart("--data", self.directory / "none.json"), "none.json")

    def test_a_newer_schema_is_named(self):
        saved = self.directory / "data.json"
        saved.write_text(json.dumps(synthetic.empty() | {"schema": "3.0"}))
        self.refused(support.chart("--data", saved), "schema 3.0")

    def test_data_that_lacks_a_field(self):
        data = synthetic.default_run()
        del data["cells"][0]["layout"]
        saved = self.directory / "data.json"
        saved.write_text(json.dumps(data))
        self.refused(support.chart("--data", saved), "layout", "records are safe")

    def test_data_that_is_nested_too_deeply(self):
        saved = self.directory / "data.json"
        saved.write_text('{"schema": ' + "[" * 200_000)
        self.refused(support.chart("--data", saved), "data.json", "nested deeper")

    def test_characters_that_no_image_can_hold(self):
        def nasty(value):
            if isinstance(value, list):
                return [nasty(one) for one in value]
            if isinstance(value, dict):
                return {key: one if key in ("schema", "clock", "kind", "place") else nasty(one) for key, one in value.items()}
            return value + "\0\1\x1b[31m\x7f\x85\ud800\ufffe\u202e\nFORGED" if isinstance(value, str) else value

        for make in (synthetic.default_run, synthetic.raced, synthetic.kernels):
            saved = self.directory / "data.json"
            saved.write_text(json.dumps(nasty(make())))
            done = support.chart("--data", saved)
            self.assertEqual(done.returncode, 0, done.stderr)
            for text in (done.stdout, (self.directory / "report.html").read_text()):
                self.assertNotRegex(text, "[\0-\x08\x0b-\x1f\x7f-\x9f\u202e]|\nFORGED")

    def test_neither_records_nor_data(self):
        done = support.chart()
        self.assertEqual(done.returncode, 2)
        self.assertIn("--data", done.stderr)


if __name__ == "__main__":
    unittest.main()
