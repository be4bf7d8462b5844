# SPDX-License-Identifier: BSD-2-Clause
"""Predictions against reality: the same work recorded as it is and with the change made.

Both runs are recorded, so that the recorder's cost is in both, and of both the time counts that they take
without the share of the cores that other programs had (own_ns in the report). A case's prediction is the
median of its rounds. What really happened is the fastest round of each: what disturbs a run and is not
recorded, as a hypervisor, makes it longer and never shorter.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

from cases import CASES

MEDIAN_MAX, WORST_MAX = 0.10, 0.25
# A round counts in which the cores were ours for so much of what was ready; of so many tries for each.
GAVE_MIN, TRIES = 0.9, 3
# Work that differs by more is not the same work. What is chance is little: which thread was first.
WORK_APART_MAX = 0.03


class Run:
    """What a report says of a recording, and the program of itself."""

    def __init__(self, report, truth):
        predictions = report["predictions"]
        self.own_ns, self.recorded_ns = predictions["own_ns"], predictions["recorded_ns"]
        self.replay_ns, self.changes = predictions["replay_ns"], predictions["changes"]
        self.sooner = predictions["sooner_without_gil"]
        self.threads = report["threads"]
        self.units = sum(thread["units"] for thread in truth["per_thread"])


class Harness:
    def __init__(self, build, seconds):
        self.build, self.seconds = build, seconds
        self.dir = tempfile.TemporaryDirectory()
        self.report_options = []

    def record(self, command):
        trace = f"{self.dir.name}/run.plx"
        truth = subprocess.run([f"{self.build}/trace-run", "--no-report", "--force", "-o", trace, "--",
                                f"{self.build}/workloads/{command[0]}", "--truth"] + command[1:],
                               check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        report = subprocess.run([f"{self.build}/trace-report", "--json"] + self.report_options + [trace],
                                check=True, stdout=subprocess.PIPE).stdout
        return Run(json.loads(report), json.loads(truth))

    def rounds(self, case):
        """So many that the run takes as long as it shall."""
        rounds = case.least
        while True:
            own_ns = self.record(case.before(rounds)).own_ns
            if own_ns >= self.seconds * 0.3e9:
                return max(int(rounds * self.seconds * 1e9 / own_ns), 1)
            rounds *= 4

    def measure(self, case, rounds):
        before, after = self.record(case.before(rounds)), self.record(case.after(rounds))
        return {
            "predicted": case.predicted(before),
            "before_ns": case.took_ns(before),
            "after_ns": case.took_ns(after),
            "self": before.replay_ns / before.own_ns - 1,
            "gave": min(run.own_ns / run.recorded_ns for run in (before, after)),
            "work": case.work_apart(before, after),
        }

    def gil_cost(self):
        """What the runtime's work costs more without a GIL, in per cent: one thread alone, both ways."""
        command = ["cpu_bound", "--threads", "1", "--rounds", str(int(self.seconds * 20000))]
        pairs = [(self.record(command + ["--gil", "new"]).own_ns, self.record(command + ["--gil", "off"]).own_ns)
                 for _ in range(7)]
        return max((min(pair[1] for pair in pairs) / min(pair[0] for pair in pairs) - 1) * 100, 0)


def least(results, key):
    return min(result[key] for result in results)


def middle(results, key):
    return statistics.median(result[key] for result in results)


class Lines:
    """What is printed, kept to be written down."""

    def __init__(self):
        self.lines = []

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line.rstrip())


def errors_of(rows):
    """Number of cases, median and worst error; of those in the bar."""
    errors = [abs(row["error"]) for row in rows if not row["case"].out]
    return (len(errors), statistics.median(errors), max(errors)) if errors else (0, 0, 0)


HEAD = " predicted    real    error trivial  replay  cores ours"


def undisturbed(harness, case, round_cnt):
    """So many rounds that other programs left alone; or, if there are none, all that were tried."""
    rounds, quiet, loud = harness.rounds(case), [], []
    while len(quiet) < round_cnt and len(quiet) + len(loud) < TRIES * round_cnt:
        result = harness.measure(case, rounds)
        (quiet if result["gave"] >= GAVE_MIN else loud).append(result)
    return quiet or loud


def run(harness, case, round_cnt, out):
    results = undisturbed(harness, case, round_cnt)
    row = {key: middle(results, key) for key in results[0]}
    row["case"] = case
    row["real"] = least(results, "before_ns") / least(results, "after_ns")
    row["error"] = row["predicted"] / row["real"] - 1
    row["trivial"] = case.trivial
    notes = "  not in the bar" if case.out else ""
    if row["gave"] < GAVE_MIN:
        notes += "  DISTURBED"
    if row["work"] > WORK_APART_MAX:
        notes += f"  NOT THE SAME WORK: {row['work'] * 100:.0f} % apart"
    out.say(f"{case.name:44} {row['predicted']:9.2f} {row['real']:7.2f} {row['error'] * 100:+6.1f} % "
            f"{row['trivial']:7} {row['self'] * 100:+6.1f} % {row['gave'] * 100:6.0f} %{notes}")
    return row


def judge(kind, rows, out):
    """Whether those of a kind keep its bar."""
    rows = [row for row in rows if not row["case"].out]
    if not rows:
        return True
    _, median, worst = errors_of(rows)
    apart = sum(not 0.9 <= row["real"] / row["trivial"] <= 1.1 for row in rows)
    needed = len(rows) / 2 if rows[0]["case"].beats_formula else 0
    ok = (median <= MEDIAN_MAX and worst <= WORST_MAX and apart >= needed and
          all(row["work"] <= WORK_APART_MAX for row in rows))
    out.say(f"{kind}: median error {median * 100:.1f} % (bar: {MEDIAN_MAX * 100:.0f}), worst {worst * 100:.1f} % "
            f"(bar: {WORST_MAX * 100:.0f});")
    out.say(f"{apart} of {len(rows)} lie outside 0.9-1.1 of the trivial formula (bar: {needed:g}): "
            f"{'ok' if ok else 'missed'}")
    return ok


TABLE = """/* SPDX-License-Identifier: BSD-2-Clause */
/* Written by tests/predict/predict.py --write. */
#include "analyzer/analyses/measured.h"
#include "analyzer/analyses/predict.h"

const struct measured measured[] = {
%s};
"""
KINDS = {"gil_removed": "GIL", "lock_removed": "LOCK", "cores": "CORES", "work_halved": "HALF"}
BEGIN, END = "<!-- make predict: from here -->\n", "<!-- make predict: to here -->\n"


def write_down(rows_of, lines):
    """The table that reports quote, and what was printed."""
    here = os.path.dirname(os.path.abspath(__file__))
    entries = ""
    for kind, name in KINDS.items():
        cnt, median, worst = errors_of(rows_of.get(kind, []))
        entries += f"\t[PREDICTION_{name}] = {{ {cnt}, {round(median * 1000)}, {round(worst * 1000)} }},\n"
    with open(f"{here}/../../analyzer/analyses/measured.c", "w", encoding="utf-8") as file:
        file.write(TABLE % entries)
    with open(f"{here}/README.md", encoding="utf-8") as file:
        text = file.read()
    head, tail = text[:text.index(BEGIN) + len(BEGIN)], text[text.index(END):]
    with open(f"{here}/README.md", "w", encoding="utf-8") as file:
        file.write(head + "```\n" + "\n".join(lines) + "\n```\n" + tail)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=3, help="of each case")
    parser.add_argument("--seconds", type=float, default=1, help="that a run takes, about")
    parser.add_argument("--only", default="", help="cases whose kinds or names contain one of these, with commas")
    parser.add_argument("--write", action="store_true", help="write the result down, for reports to quote")
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("--write: of all cases, or not at all")
    harness, out = Harness(options.build, options.seconds), Lines()
    cost = harness.gil_cost()
    harness.report_options = ["--gil-cost", f"{cost:.1f}"]
    out.say(f"Without a GIL, work of the runtime takes {cost:.1f} % longer (one thread alone): --gil-cost")
    ok, rows_of = True, {}
    for kind in dict.fromkeys(case.kind for case in CASES):
        cases = [case for case in CASES if case.kind == kind and any(
            name in f"{kind} {case.name}" for name in options.only.split(","))]
        if not cases:
            continue
        out.say()
        out.say(f"{kind:44}{HEAD}")
        rows_of[kind] = [run(harness, case, options.rounds, out) for case in cases]
        ok &= judge(kind, rows_of[kind], out)
    if options.write:
        write_down(rows_of, out.lines)
    sys.exit(not ok)


if __name__ == "__main__":
    main()
