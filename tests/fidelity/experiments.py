# SPDX-License-Identifier: BSD-2-Clause
"""What is run, on the model and on interpreters, and which figures come of it."""

import figures as f

# Which interpreters an experiment is compared with.
WITH_GIL = lambda i: i.is_compared and not i.free_threaded
EVERY_OP = lambda i: WITH_GIL(i) and i.checks_every_op
LOOPS = lambda i: WITH_GIL(i) and not i.checks_every_op
FREE_THREADED = lambda i: i.is_compared and i.free_threaded
BEFORE_3_2 = lambda i: i.implementation == "CPython" and i.version < (3, 2)


class Figure:
    def __init__(self, label, value, bar=None, digits=1):
        self.label, self.value, self.bar, self.digits = label, value, bar, digits


class Experiment:
    """One program on the model and its script on interpreters, under the same pinning."""

    def __init__(self, group, program, script, seconds, figures, reference=WITH_GIL, cpus="both",
                 io_cpus=None, io_option=None, threads=None, model=(), **given):
        self.group, self.program, self.script = group, program, script
        self.seconds, self.figures, self.reference = seconds, figures, reference
        self.cpus, self.io_cpus, self.io_option = cpus, io_cpus, io_option
        self.threads, self.model, self.given = threads, list(model), given

    def command(self, build, cpus):
        """The model's command line. cpus: what the words first, second and both mean."""
        command = ["%s/%s" % (build, self.program), "--seconds", "%g" % self.seconds,
                   "--cpus", _cpu_list(cpus[self.cpus])]
        if self.io_option:
            command += [self.io_option, _cpu_list(cpus[self.io_cpus])]
        if self.threads:
            command += ["--threads", str(self.threads)]
        return command + self.model + ([] if self.program in RAW else ["--truth"])

    def client(self, build, cpus):
        """For a script that is a server: the client that the model's server would have."""
        return ["%s/%s" % (build, self.program), "--seconds", "%g" % self.seconds,
                "--cpus", _cpu_list(cpus[self.cpus])]

    def parameters(self, cpus):
        """The script's, as gil.parameters() reads them."""
        given = dict(self.given, seconds=self.seconds, cpus=cpus[self.cpus])
        if self.io_cpus:
            given["io_cpus"] = cpus[self.io_cpus]
        if self.threads:
            given["threads"] = self.threads
        return given


# These print what their scripts print; the others a workload's truth.
RAW = ("tests/fidelity/switching", "tests/fidelity/counting")


def _cpu_list(cpus):
    return ",".join(str(cpu) for cpu in cpus)


# Shares even out with the number of turns that a thread gets.
SWITCHING_SECONDS = {2: 0.8, 4: 0.8, 8: 1.4}


def switching(threads):
    name = ", %d threads" % threads
    return Experiment("switching", "tests/fidelity/switching", "switching", SWITCHING_SECONDS[threads], [
        Figure("switches/s" + name, f.switch_rate, f.within(0.08)),
        Figure("hold p50, ms" + name, f.hold_p50, f.within(0.03), 2),
        Figure("share, max-min" + name, f.share_spread, f.Difference(0.04), 3),
        Figure("waiting, share" + name, f.wait_share, f.Difference(0.04), 3),
    ], threads=threads)


def convoy(label, cpus, io_cpus, stall_bar, p50_bar, p99_bar):
    return Experiment("convoy", "workloads/convoy", "convoy", 0.6, [
        Figure("stalls/s, " + label, f.stall_rate, stall_bar),
        Figure("stall p50, ms, " + label, f.stall_p50, p50_bar, 2),
        Figure("read p99, ms, " + label, f.read_p99, p99_bar, 2),
        Figure("reads/s, " + label, f.read_rate, None, 0),
    ], cpus=cpus, io_cpus=io_cpus, io_option="--reader-cpus", threads=2)


# The more compete, the fewer requests, and the more they differ.
UDP_SECONDS = {0: 0.5, 1: 0.8, 2: 2.0, 4: 2.0}


def udp(others):
    name = ", %d others" % others
    return Experiment("udp", "workloads/udp_echo", "udp_echo", UDP_SECONDS[others], [
        Figure("UDP requests/s" + name, f.request_rate, f.factor(1.5), 0),
        Figure("UDP p50, ms" + name, f.p50_ms, f.within(0.05) if others == 1 else None, 2),
    ], cpus="second", io_cpus="first", io_option="--server-cpus", threads=others + 1)


def round_trip(primitive):
    return Experiment("round-trip", "workloads/round_trip", "round_trip", 0.3, [
        Figure("%s round trip, µs" % primitive, f.p50_us, f.factor(1.5)),
    ], cpus="first", io_cpus="second", io_option="--other-cpus",
        model=("--primitive", primitive), primitive=primitive)


def stream():
    return Experiment("round-trip", "tests/fidelity/stream", "stream", 0.3, [
        Figure("items/s, Queue(1)", f.item_rate, f.factor(1.5), 0),
    ], cpus="second", io_cpus="first", io_option="--producer-cpus")


def with_lock(label, reference, model, bar, cpus, io_cpus):
    return Experiment("with-lock", "tests/fidelity/counting", "counting", 0.4, [
        Figure("with Lock, 4 : 1, " + label, f.lock_ratio, bar, 2),
    ], reference, cpus=cpus, io_cpus=io_cpus, io_option="--other-cpus", threads=4, model=model)


def interval(milliseconds):
    return Experiment("interval", "workloads/convoy", "convoy", 0.6, [
        Figure("stall p50, ms, at %d ms" % milliseconds, f.stall_p50, f.within(0.05), 2),
    ], cpus="second", io_cpus="first", io_option="--reader-cpus", threads=2,
        model=("--switch-interval", str(1000 * milliseconds)), interval_us=1000 * milliseconds)


def old_compute(threads):
    return Experiment("old", "tests/fidelity/counting", "old_gil", 0.4, [
        Figure("work, old GIL, %d threads : 1" % threads, f.lock_ratio,
               f.Absolute(0, 0.9, "≤0.9"), 2),
    ], BEFORE_3_2, cpus="first", io_cpus="second", io_option="--other-cpus", threads=threads,
        model=("--gil", "old", "--lock", "no"), reads=False)


def old_convoy():
    return Experiment("old", "workloads/convoy", "old_gil", 0.6, [
        Figure("reads/s, old GIL, two CPUs", f.read_rate, None, 0),
        Figure("stalls/s, old GIL, two CPUs", f.stall_rate),
    ], BEFORE_3_2, cpus="second", io_cpus="first", io_option="--reader-cpus", threads=2,
        model=("--gil", "old"), reads=True)


def free_switching():
    return Experiment("off", "tests/fidelity/switching", "switching", 0.5, [
        Figure("switches/s, off, 4 threads", f.switch_rate, f.Absolute(0, 0, "0")),
    ], FREE_THREADED, threads=4, model=("--gil", "off"))


def free_convoy():
    return Experiment("off", "workloads/convoy", "convoy", 0.8, [
        Figure("stalls/s, off, two CPUs", f.stall_rate, f.Absolute(0, 10, "≤10")),
        Figure("reads/s, off, two CPUs", f.read_rate, None, 0),
    ], FREE_THREADED, cpus="second", io_cpus="first", io_option="--reader-cpus", threads=2,
        model=("--gil", "off"))


def all_experiments():
    return [
        switching(2), switching(4), switching(8),
        convoy("one CPU", "first", "first", f.within(0.08), None, f.Absolute(0, 0.1, "<0.1")),
        convoy("two CPUs", "second", "first", f.within(0.08), f.within(0.05), f.within(0.05)),
        convoy("free", "both", "both", None, None, None),
        udp(0), udp(1), udp(2), udp(4),
        round_trip("event"), round_trip("lock"), round_trip("queue"),
        round_trip("simple-queue"), stream(),
        with_lock("every op", EVERY_OP, ("--checkpoints", "every-op"),
                  f.Absolute(0.05, 0.2, "0.05–0.2"), "first", "second"),
        with_lock("loops", LOOPS, (), f.Absolute(0.9, 2, "≥0.9"), "both", "both"),
        interval(1), interval(20),
        old_compute(2), old_compute(4), old_convoy(),
        free_switching(), free_convoy(),
    ]
