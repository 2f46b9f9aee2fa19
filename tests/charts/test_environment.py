"""scripts/python where there is no Python to find."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import support

TOOLS = ("sh", "sed", "dirname", "rm", "mkdir", "cmp", "cp", "tail")


class Environment(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.directory = Path(held.name)
        for tool in TOOLS:
            (self.directory / tool).symlink_to(shutil.which(tool))

    def run_python(self):
        environment = {"PATH": str(self.directory), "CARGO_TARGET_DIR": str(self.directory / "target")}
        return subprocess.run(
            [support.ROOT / "scripts" / "python", "-c", "pass"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def put(self, name, script):
        path = self.directory / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def test_no_python(self):
        done = self.run_python()
        self.assertEqual(done.returncode, 2)
        self.assertIn("no Python of version 3.11", done.stderr)
        self.assertIn("hint: install", done.stderr)
        self.assertIn("records are safe", done.stderr)

    def test_python_without_venv(self):
        self.put("python3", '[ "$1" = -c ] && exit 0; echo "No module named venv" >&2; exit 1')
        done = self.run_python()
        self.assertEqual(done.returncode, 2)
        self.assertIn("python3-venv", done.stderr)
        self.assertIn("No module named venv", done.stderr)
        self.assertFalse((self.directory / "target" / "python").exists())

    def test_a_named_interpreter_is_used_as_it_is(self):
        environment = os.environ | {"COPYBENCH_PYTHON": "/bin/echo"}
        done = subprocess.run(
            [support.ROOT / "scripts" / "python", "hello"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.stdout, "hello\n")

    @unittest.skipUnless(support.executable(), "nothing is built: cargo build")
    def test_the_executable_draws_by_itself(self):
        environment = os.environ | {"COPYBENCH_PYTHON": sys.executable}
        done = subprocess.run(
            [support.executable(), "chart", support.ROOT / "tests/golden/run.jsonl", "--out", self.directory],
            cwd=self.directory,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("vegaEmbed", (self.directory / "report.html").read_text(encoding="utf-8"))

    def test_the_version_is_the_same_in_both_places(self):
        pinned = next(
            line.split()[0]
            for line in (support.ROOT / "scripts" / "requirements.txt").read_text().splitlines()
            if "==" in line and not line.startswith("#")
        )
        self.assertIn(f'dependencies = ["{pinned}"]', support.SCRIPT.read_text())


if __name__ == "__main__":
    unittest.main()
