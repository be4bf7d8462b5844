# SPDX-License-Identifier: BSD-2-Clause
"""The harness's own sums, before they are trusted."""

import os
import stat
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import calm
import figures
import interpreters
import table


def interpreter(version, origin="/opt", free_threaded=False, implementation="CPython"):
    return interpreters.Interpreter({
        "implementation": implementation, "version": version, "free_threaded": free_threaded,
        "origin": origin, "path": "%s/%s/bin/python" % (origin, ".".join(map(str, version))),
    })


class Figures(unittest.TestCase):
    def test_quantile(self):
        self.assertEqual(figures.quantile(list(range(1, 101)), 0.99), 99)
        self.assertEqual(figures.quantile(list(range(1, 101)), 0.5), 50)
        self.assertEqual(figures.quantile([7], 0.5), 7)

    def test_median_of_what_there_is(self):
        self.assertEqual(figures.median([3, None, 1, 2]), 2)
        self.assertIsNone(figures.median([None]))

    def test_shares(self):
        raw = {"threads": [{"holds_ns": [4, 2], "gaps_ns": [6]},
                           {"holds_ns": [2], "gaps_ns": [6]}]}
        self.assertAlmostEqual(figures.share_spread(raw), 0.5)
        self.assertAlmostEqual(figures.wait_share(raw), (0.5 + 0.75) / 2)

    def test_p99_from_the_slow_ones(self):
        raw = {"reads": 1000, "slow_ns": [2e6] * 11, "window_ns": 1e9}
        self.assertEqual(figures.read_p99(raw), 2)
        self.assertEqual(figures.stall_rate(raw), 11)
        raw["slow_ns"].pop()
        self.assertEqual(figures.read_p99(raw), 0)

    def test_bars(self):
        self.assertTrue(figures.within(0.08).holds(108, 100))
        self.assertFalse(figures.within(0.08).holds(109, 100))
        self.assertFalse(figures.within(0.08).holds(91, 100))
        self.assertFalse(figures.within(0.08).holds(100, None))
        self.assertTrue(figures.factor(1.5).holds(70, 100))
        self.assertFalse(figures.factor(1.5).holds(151, 100))
        self.assertTrue(figures.Difference(0.04).holds(0.51, 0.54))
        self.assertFalse(figures.Difference(0.04).holds(0.49, 0.54))
        self.assertFalse(figures.Absolute(0.9, 2, "").holds(0.89, 0.89))


class Interpreters(unittest.TestCase):
    def test_newest_of_one_build(self):
        chosen = interpreters.select([
            interpreter((3, 11, 2), "/"), interpreter((3, 11, 7)), interpreter((3, 11, 4)),
            interpreter((3, 13, 0)), interpreter((3, 13, 0), free_threaded=True),
            interpreter((3, 10, 1), implementation="PyPy"),
        ])
        self.assertEqual([i.full_name for i in chosen],
                         ["3.10.1", "3.11.2", "3.11.7", "3.13.0", "3.13.0t"])
        interpreters.set_labels(chosen)
        self.assertEqual([i.label for i in chosen],
                         ["3.10", "3.11.2", "3.11.7", "3.13", "3.13t"])

    def test_missing_are_named(self):
        names = interpreters.missing([interpreter((3, 8, 1)), interpreter((3, 7, 1)),
                                      interpreter((3, 9, 1), implementation="PyPy"),
                                      interpreter((3, 13, 1), free_threaded=True)])
        self.assertNotIn("3.8", names)
        self.assertNotIn("3.7", names)
        self.assertIn("3.9", names)
        self.assertIn("3.13", names)
        self.assertNotIn("3.13t", names)

    def test_launchers_lead_to_the_interpreter(self):
        with tempfile.TemporaryDirectory() as folder:
            script = os.path.join(folder, "launcher")
            with open(script, "w") as file:
                file.write('#!/bin/sh\nexec "%s" "$@"\n' % sys.executable)
            os.chmod(script, stat.S_IRWXU)
            for name in ("python3", "python3.9"):
                os.symlink(script, os.path.join(folder, name))
            os.symlink("/bin/false", os.path.join(folder, "python3.8"))
            self.assertEqual(interpreters.describe(os.path.join(folder, "python3")).path,
                             os.path.realpath(sys.executable))
            self.assertIsNone(interpreters.describe(os.path.join(folder, "python3.8")))
            paths = [i.path for i in interpreters.find((folder,))]
            self.assertEqual(paths.count(os.path.realpath(sys.executable)), 1)


class CalmRuns(unittest.TestCase):
    def test_takes_the_calmest(self):
        others = iter([0.5, 0.05, 0.3, 0.2, 0.25, 0.9])
        runs = calm.Calm(3)
        runs._measure = lambda function: (next(others), function())
        number = iter(range(10))
        self.assertEqual(runs.run(lambda: next(number)), 1)     # the first was disturbed
        self.assertEqual(runs.run(lambda: next(number)), 3)     # all were: the calmest
        self.assertEqual(runs.run(lambda: next(number)), 5)     # nothing left to try again with
        self.assertEqual((runs.run_cnt, runs.disturbed_cnt), (3, 2))


class Table(unittest.TestCase):
    def test_aligned(self):
        text = table.render([("", "model", ""), ("a figure", "1.0", "ok"),
                             ("b", "12.0", "missed")], 4)
        self.assertEqual(text, "         model\n"
                               "a figure   1.0     ok\n"
                               "b         12.0 missed")


if __name__ == "__main__":
    unittest.main()
