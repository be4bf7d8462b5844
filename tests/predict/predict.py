# SPDX-License-Identifier: BSD-2-Clause
"""Predictions against reality: the same work recorded as it is and with the change made.

Both runs are recorded, so that the recorder's cost is in both, and of both the time counts that they take
without the share of the cores that other programs had (own_ns in the report). A case's prediction is the
median of its rounds, and so is what really happened.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

CORES = os.cpu_count()
UNDER_GIL, FREE = ["--gil", "new"], ["--gil", "off"]
GIL = UNDER_GIL, FREE
OWN_LOCKS = [], ["--own-locks", "yes"]
NO_LOCKS = [], ["--no-locks", "yes"]
ONE_LOCK = ["--one-lock", "yes"], []
ONE_CORE_MORE = ["--cpus", "0"], ["--cpus", "0-1"]
ONE_CORE_LESS = ["--cpus", "0-1"], ["--cpus", "0"]
SLOW_HALVED = ["--slow-units", "16"], ["--slow-units", "8"]
UNITS_HALVED = ["--units", "50"], ["--units", "25"]
# For kinds that are not named as in the report.
CHANGES = {"free_lock_removed": "lock_removed"}


class Case:
    def __init__(self, kind, program, threads=4, change=GIL, extra=(), least=64, **having):
        self.kind, self.program, self.threads = kind, program, threads
        self.before, self.after = change
        self.extra = list(extra)
        self.least = least      # rounds to begin with
        # What the prediction in the report has.
        self.having = {"change": CHANGES.get(kind, kind), **having}
        self.name = " ".join([program, f"{threads} threads"] + self.extra
                             + (self.before if change is not GIL else []))

        # What one would say without looking.
        self.trivial = {"cores": 2 if having.get("cores") == 2 else 0.5, "work_halved": 2,
                        "free_lock_removed": 1}.get(kind, min(threads, CORES))

    def is_meant(self, prediction):
        return all(prediction[key] == value for key, value in self.having.items())

    def command(self, build, options, rounds):
        return ([f"{build}/workloads/{self.program}", "--threads", str(self.threads), "--rounds", str(rounds)]
                + self.extra + options)


CASES = [
    Case("gil_removed", "cpu_bound"),
    Case("gil_removed", "cpu_bound", threads=2),
    Case("gil_removed", "native_sections"),
    Case("gil_removed", "sub_interpreters"),
    Case("gil_removed", "io_bound"),
    Case("gil_removed", "io_bound", threads=16),
    Case("gil_removed", "convoy"),
    Case("gil_removed", "udp_echo", threads=2),
    Case("gil_removed", "lost_updates"),
    Case("gil_removed", "locked_counter"),
    Case("gil_removed", "producer_consumer"),
    Case("gil_removed", "pipeline"),
    Case("gil_removed", "event_fanout"),
    Case("gil_removed", "condition_pingpong"),
    Case("gil_removed", "letters_numbers", threads=2),
    Case("gil_removed", "round_trip", threads=2),
    Case("gil_removed", "idle_pool"),
    Case("lock_removed", "lock_convoy", change=OWN_LOCKS),
    Case("lock_removed", "lock_convoy", threads=2, change=OWN_LOCKS),
    Case("lock_removed", "lock_convoy", threads=8, change=OWN_LOCKS),
    Case("lock_removed", "lock_chain", threads=3, change=NO_LOCKS),
    Case("lock_removed", "lock_chain", threads=3, change=NO_LOCKS, extra=["--link-units", "500"]),
    Case("lock_removed", "lock_chain", threads=5, change=NO_LOCKS, extra=["--link-units", "500"]),
    Case("lock_removed", "pipeline", threads=3, change=ONE_LOCK, extra=FREE),
    Case("lock_removed", "pipeline", change=ONE_LOCK, extra=FREE),
    Case("lock_removed", "pipeline", threads=8, change=ONE_LOCK, extra=FREE),
    # Nobody waits for these: there is nothing to gain.
    Case("free_lock_removed", "lock_convoy", threads=1, change=OWN_LOCKS),
    Case("free_lock_removed", "lock_convoy", change=(OWN_LOCKS[1], OWN_LOCKS[1])),
    Case("free_lock_removed", "pipeline", change=([], []), extra=FREE),
    Case("cores", "cpu_bound", change=ONE_CORE_MORE, extra=FREE, cores=2),
    Case("cores", "cpu_bound", change=ONE_CORE_LESS, extra=FREE, cores=1),
    Case("cores", "pipeline", change=ONE_CORE_MORE, extra=FREE, cores=2),
    Case("cores", "pipeline", change=ONE_CORE_LESS, extra=FREE, cores=1),
    Case("cores", "barrier_imbalance", change=ONE_CORE_MORE, cores=2),
    Case("cores", "barrier_imbalance", change=ONE_CORE_LESS, cores=1),
    Case("cores", "event_fanout", change=ONE_CORE_MORE, extra=FREE, cores=2),
    Case("cores", "event_fanout", change=ONE_CORE_LESS, extra=FREE, cores=1),
    Case("cores", "lock_convoy", change=ONE_CORE_MORE, cores=2),
    Case("cores", "lock_convoy", change=ONE_CORE_LESS, cores=1),
    Case("cores", "cpu_bound", change=ONE_CORE_MORE, extra=UNDER_GIL, cores=2),
    Case("cores", "cpu_bound", change=ONE_CORE_LESS, extra=UNDER_GIL, cores=1),
    Case("work_halved", "pipeline", change=SLOW_HALVED, extra=FREE),
    Case("work_halved", "pipeline", threads=8, change=SLOW_HALVED, extra=FREE),
    Case("work_halved", "pipeline", change=SLOW_HALVED, extra=UNDER_GIL),
    Case("work_halved", "barrier_imbalance", change=UNITS_HALVED),
    Case("work_halved", "barrier_imbalance", threads=8, change=UNITS_HALVED),
]


class Harness:
    def __init__(self, build, seconds):
        self.build, self.seconds = build, seconds
        self.dir = tempfile.TemporaryDirectory()

    def record(self, command):
        trace = f"{self.dir.name}/run.plx"
        subprocess.run([f"{self.build}/trace-run", "--no-report", "--force", "-o", trace, "--"] + command,
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        report = subprocess.run([f"{self.build}/trace-report", "--json", trace], check=True,
                                stdout=subprocess.PIPE).stdout
        return json.loads(report)["predictions"]

    def rounds(self, case):
        """So many that the run takes as long as it shall."""
        rounds = case.least
        while True:
            made = self.record(case.command(self.build, case.before, rounds))
            if made["own_ns"] >= self.seconds * 0.3e9:
                return max(int(rounds * self.seconds * 1e9 / made["own_ns"]), 1)
            rounds *= 4

    def measure(self, case, rounds):
        before = self.record(case.command(self.build, case.before, rounds))
        after = self.record(case.command(self.build, case.after, rounds))
        # The first of a kind is of all GILs, of all locks; or of what cost most. None: nothing to gain.
        found = [change for change in before["changes"] if case.is_meant(change)]
        replay_ns = found[0]["replay_ns"] if found else before["replay_ns"]
        return {
            "predicted": before["replay_ns"] / replay_ns,
            "real": before["own_ns"] / after["own_ns"],
            "self": before["replay_ns"] / before["own_ns"] - 1,
            "gave": before["own_ns"] / before["recorded_ns"],
        }


def middle(results, key):
    return statistics.median(result[key] for result in results)


def run(harness, case, round_cnt):
    rounds = harness.rounds(case)
    results = [harness.measure(case, rounds) for _ in range(round_cnt)]
    row = {key: middle(results, key) for key in results[0]}
    row["name"], row["kind"] = case.name, case.kind
    row["error"] = row["predicted"] / row["real"] - 1
    row["trivial"] = case.trivial
    print(f"{row['name']:44} {row['predicted']:9.2f} {row['real']:7.2f} {row['error'] * 100:+6.1f} % "
          f"{row['trivial']:7} {row['self'] * 100:+6.1f} % {row['gave'] * 100:6.0f} %", flush=True)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=3, help="of each case")
    parser.add_argument("--seconds", type=float, default=1, help="that a run takes, about")
    parser.add_argument("--only", default="", help="cases whose kinds or names contain one of these, with commas")
    options = parser.parse_args()
    harness = Harness(options.build, options.seconds)
    missed = False
    for kind in dict.fromkeys(case.kind for case in CASES):
        cases = [case for case in CASES if case.kind == kind and any(
            name in f"{kind} {case.name}" for name in options.only.split(","))]
        if not cases:
            continue
        print(f"{kind:44} predicted    real    error trivial  replay  cores ours")
        rows = [run(harness, case, options.rounds) for case in cases]
        errors = sorted(abs(row["error"]) for row in rows)
        median, worst = statistics.median(errors), errors[-1]
        apart = sum(not 0.9 <= row["real"] / row["trivial"] <= 1.1 for row in rows)
        ok = median <= 0.10 and worst <= 0.25
        missed |= not ok
        print(f"median error {median * 100:.1f} % (bar: 10), worst {worst * 100:.1f} % (bar: 25); "
              f"{apart} of {len(rows)} lie outside 0.9-1.1 of the trivial formula: {'ok' if ok else 'missed'}\n")
    sys.exit(missed)


if __name__ == "__main__":
    main()
