# SPDX-License-Identifier: BSD-2-Clause
"""The model side by side with every CPython there is: `make fidelity`."""

import argparse
import gzip
import json
import os
import platform
import re
import subprocess
import sys

import calm
import experiments
import figures
import interpreters
import table

HERE = os.path.dirname(os.path.abspath(__file__))
README = os.path.join(HERE, "..", "..", "workloads", "README.md")
BEGIN, END = "<!-- make fidelity: from here -->\n", "<!-- make fidelity: to here -->\n"
MODEL = "model"
TIMEOUT_S = 60


class Result:
    """A figure after all rounds."""

    def __init__(self, figure, samples):
        self.label, self.digits, bar = figure.label, figure.digits, figure.bar
        self.model = figures.median(samples[MODEL])
        self.references = {label: figures.median(values) for label, values in samples.items()
                           if label != MODEL and figures.median(values) is not None}
        self.reference = figures.median(self.references.values())
        self.bar_text = bar.text if bar else ""
        self.verdict = ""
        if bar:
            holds = self.model is not None and bar.holds(self.model, self.reference)
            self.verdict = "ok" if holds else "missed"


# ---- running -----------------------------------------------------------------------------------

def run_json(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=TIMEOUT_S, **options)
    if done.returncode:
        sys.exit("fidelity: %s: status %d\n%s" % (" ".join(command), done.returncode,
                                                  done.stderr.decode(errors="replace")))
    return json.loads(done.stdout)


def run_server(command, client):
    """A server says its port and runs until its input ends; the client's figures are the result."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        try:
            port = server.stdout.readline().decode().strip()
            return run_json(client + ["--connect", port])
        finally:
            server.stdin.close()


def run_script(experiment, interpreter, build, cpus):
    command = [interpreter.path, os.path.join(HERE, "scripts", experiment.script + ".py"),
               json.dumps(experiment.parameters(cpus))]
    if experiment.script == "udp_echo":
        return run_server(command, experiment.client(build, cpus))
    return run_json(command)


def run_one(experiment, interpreter, build, cpus):
    if interpreter:
        return run_script(experiment, interpreter, build, cpus)
    return run_json(experiment.command(build, cpus))


def plan_rounds(wanted, found, round_cnt):
    """All runs in their order: (experiment, interpreter or None). Who is first changes by round."""
    for number in range(round_cnt):
        for experiment in wanted:
            columns = [None] + [i for i in found if experiment.reference(i)]
            shift = number % len(columns)
            for interpreter in columns[shift:] + columns[:shift]:
                yield experiment, interpreter


def run_rounds(plan, build, cpus):
    """Returns {experiment: {column: [what each round printed]}}, and how calm the machine was."""
    raw = {}
    runs = calm.Calm(len(plan) // 2)
    for done, (experiment, interpreter) in enumerate(plan):
        show_progress(done, len(plan))
        result = runs.run(lambda: run_one(experiment, interpreter, build, cpus))
        label = interpreter.label if interpreter else MODEL
        raw.setdefault(experiment, {}).setdefault(label, []).append(result)
    return raw, runs


def show_progress(done, total):
    if sys.stderr.isatty():
        print("\r%3d %%" % (100 * done // total), end="\r", file=sys.stderr, flush=True)


def evaluate(raw):
    return [Result(figure, {label: [figure.value(one) for one in rounds]
                            for label, rounds in columns.items()})
            for experiment, columns in raw.items() for figure in experiment.figures]


# ---- saying ------------------------------------------------------------------------------------

def kernel_hz():
    paths = ["/proc/config.gz", "/boot/config-" + platform.release()]
    for path in paths:
        try:
            with (gzip.open(path, "rt") if path.endswith(".gz") else open(path)) as config:
                match = re.search(r"^CONFIG_HZ=(\d+)$", config.read(), re.M)
                if match:
                    return match.group(1)
        except OSError:
            continue
    return "unknown"


def describe_machine(found):
    others = [i for i in found if not i.is_compared]
    lines = [
        "%s, Linux %s, HZ %s, %d CPUs" % (platform.machine(), platform.release().split("-")[0],
                                          kernel_hz(), os.cpu_count()),
        "compared: CPython " + (", ".join(i.full_name for i in found if i.is_compared) or "none"),
        "missing: " + (", ".join(interpreters.missing(found)) or "none"),
    ]
    old = [i for i in others if experiments.BEFORE_3_2(i)]
    if old:
        lines.append("for the old GIL: CPython " + ", ".join(i.full_name for i in old))
    rest = [i for i in others if i not in old]
    if rest:
        lines.append("not compared: " + ", ".join("%s %s" % (i.implementation, i.full_name)
                                                  for i in rest))
    return lines


def verdict(results):
    barred = [r for r in results if r.verdict]
    missed = [r for r in barred if r.verdict == "missed"]
    if missed:
        return "%d of %d bars are missed." % (len(missed), len(barred))
    return "All %d bars hold." % len(barred)


def say(results, found, round_cnt, runs):
    labels = [i.label for i in found if i.is_compared]
    return "\n".join([
        verdict(results),
        "Medians of %d rounds; CPython: the median of the interpreters." % round_cnt,
        "Other programs took more than %g of a CPU in %d of %d runs." % (
            calm.DISTURBED, runs.disturbed_cnt, runs.run_cnt), "",
        table.render(table.verdict_rows(results)), "",
        table.render(table.interpreter_rows(results, labels)), "",
    ] + describe_machine(found)) + "\n"


def write_readme(path, text):
    with open(path) as readme:
        before, _, rest = readme.read().partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        sys.exit("fidelity: %s has no lines %s and %s" % (path, BEGIN.strip(), END.strip()))
    with open(path, "w") as readme:
        readme.write(before + BEGIN + "```\n" + text + "```\n" + END + after)


# ---- the command line --------------------------------------------------------------------------

def parse_arguments():
    groups = list(dict.fromkeys(e.group for e in experiments.all_experiments()))
    parser = argparse.ArgumentParser(prog="tests/fidelity/run", description=__doc__)
    parser.add_argument("--build", default="build", help="where the programs are (build)")
    parser.add_argument("--rounds", type=int, default=5, help="how often all is run (5)")
    parser.add_argument("--seconds", type=float, default=1, metavar="FACTOR",
                        help="makes every run so many times as long (1)")
    parser.add_argument("--only", default=",".join(groups), metavar="GROUPS",
                        help="some of " + ",".join(groups) + "; leaves the README as it is")
    arguments = parser.parse_args()
    arguments.only = arguments.only.split(",")
    arguments.all = set(arguments.only) == set(groups)
    unknown = set(arguments.only) - set(groups)
    if unknown or arguments.rounds < 1:
        parser.error("--only: no group " + ", ".join(unknown) if unknown else "--rounds: at least 1")
    return arguments


def choose_cpus():
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        print("SKIP: make fidelity: two CPUs are needed, %d may be used" % len(usable))
        sys.exit(77)
    return {"first": usable[:1], "second": usable[1:2], "both": usable[:2]}


def main():
    arguments = parse_arguments()
    cpus = choose_cpus()
    found = interpreters.find()
    interpreters.set_labels(found)
    if not any(i.is_compared for i in found):
        print("SKIP: make fidelity: no CPython from 3.8 on; looked in PATH and "
              + ", ".join(interpreters.FOLDERS))
        sys.exit(77)
    print("\n".join(describe_machine(found)) + "\n", flush=True)

    wanted = [e for e in experiments.all_experiments() if e.group in arguments.only]
    for experiment in wanted:
        experiment.seconds *= arguments.seconds
    plan = list(plan_rounds(wanted, found, arguments.rounds))
    raw, runs = run_rounds(plan, arguments.build, cpus)
    results = evaluate(raw)
    text = say(results, found, arguments.rounds, runs)
    print(text)
    if arguments.all:
        write_readme(README, text)
    sys.exit(any(r.verdict == "missed" for r in results))


if __name__ == "__main__":
    main()
