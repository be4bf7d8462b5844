# SPDX-License-Identifier: BSD-2-Clause
"""What predictions are held against: workloads as they are, and with the change really made."""

import os

CORES = os.cpu_count()
UNDER_GIL, FREE = ["--gil", "new"], ["--gil", "off"]
OWN_LOCKS = [], ["--own-locks", "yes"]
NO_LOCKS = [], ["--no-locks", "yes"]
ONE_LOCK = ["--one-lock", "yes"], []
SLOW_HALVED = ["--slow-units", "16"], ["--slow-units", "8"]
UNITS_HALVED = ["--units", "50"], ["--units", "25"]


class Case:
    """A workload and a change: the options without and with it.

    also: options that both have; one that depends on the rounds is a function of them. cores: that it may use,
    where it binds itself. out: it is measured and printed, but not in the bar; README.md says why.
    """

    kind = ""                   # in the list's heads; of predictions as the report names them:
    change = ""
    beats_formula = False       # half of the cases must lie apart from what one would say without looking

    def __init__(self, program, threads=4, *, options, also=(), cores=CORES, least=64, out=False):
        self.program, self.threads = program, threads
        self.options, self.also = options, list(also)
        self.least = least      # rounds to begin with
        self.out = out
        self.trivial = min(threads, cores)
        self.name = " ".join([program, f"{threads} threads"] + [str(o) for o in also if not callable(o)])

    def command(self, options, rounds):
        also = [str(option(rounds)) if callable(option) else option for option in self.also]
        return [self.program, "--threads", str(self.threads), "--rounds", str(rounds)] + also + options

    def before(self, rounds):
        return self.command(self.options[0], rounds)

    def after(self, rounds):
        return self.command(self.options[1], rounds)

    def is_meant(self, prediction):
        return prediction["change"] == (self.change or self.kind)

    def predicted(self, run):
        """The first of a kind is of all GILs, of all locks; or of what cost most. None: nothing to gain."""
        return next((run.replay_ns / change["replay_ns"] for change in run.changes if self.is_meant(change)), 1)

    def took_ns(self, run):
        return run.own_ns

    def work_apart(self, before, after):
        return abs(before.units / after.units - 1) if after.units else 0


class GilRemoved(Case):
    kind = "gil_removed"
    beats_formula = True

    def __init__(self, program, threads=4, **more):
        super().__init__(program, threads, options=(UNDER_GIL, FREE), **more)


class DoneSooner(GilRemoved):
    """Of one thread, next to others that compute for as long as there is something to do for it."""

    def __init__(self, program, threads, thread, **more):
        super().__init__(program, threads, **more)
        self.thread = thread
        self.name += f", {thread}"

    def thread_of(self, run):
        return next(thread for thread in run.threads if thread["comm"] == self.thread)

    def predicted(self, run):
        wanted = self.thread_of(run)["id"]
        return next((row["replay_ns"] / row["without_ns"] for row in run.sooner if row["thread"] == wanted),
                    super().predicted(run))

    def took_ns(self, run):
        start_ns = min(thread["birth_ns"] for thread in run.threads)
        return (self.thread_of(run)["death_ns"] - start_ns) * run.own_ns / run.recorded_ns

    def work_apart(self, before, after):
        return 0


class LockRemoved(Case):
    kind = "lock_removed"
    beats_formula = True


class FreeLockRemoved(Case):
    """Nobody waits for these: there is nothing to gain."""

    kind = "free_lock_removed"
    change = "lock_removed"

    def __init__(self, program, threads=4, **more):
        super().__init__(program, threads, **more)
        self.trivial = 1


class OtherCores(Case):
    """From one core to two, or back."""

    kind = "cores"

    def __init__(self, program, threads=4, *, cores, **more):
        one, two = ["--cpus", "0"], ["--cpus", "0-1"]
        super().__init__(program, threads, options=(one, two) if cores == 2 else (two, one), **more)
        self.cores = cores
        self.trivial = 2 if cores == 2 else 0.5
        self.name += f", on {cores}"

    def is_meant(self, prediction):
        return super().is_meant(prediction) and prediction["cores"] == self.cores


class WorkHalved(Case):
    kind = "work_halved"

    def __init__(self, program, threads=4, **more):
        super().__init__(program, threads, **more)
        self.trivial = 2

    def work_apart(self, before, after):
        return 0


CASES = [
    GilRemoved("cpu_bound"),
    GilRemoved("cpu_bound", 2),
    GilRemoved("native_sections"),
    GilRemoved("sub_interpreters"),
    GilRemoved("processes"),
    GilRemoved("preempted_holder", also=["--hog-blocks", lambda rounds: rounds], cores=1),
    GilRemoved("io_bound"),
    GilRemoved("io_bound", 16),
    GilRemoved("convoy"),
    GilRemoved("udp_echo", 2, also=["--units", lambda rounds: 20 * rounds]),
    DoneSooner("udp_echo", 2, "udp_client", out=True),
    GilRemoved("lost_updates", also=["--loops", "100"]),
    GilRemoved("lost_updates", out=True),
    GilRemoved("locked_counter", also=["--loops", "100"]),
    GilRemoved("locked_counter", out=True),
    GilRemoved("producer_consumer"),
    GilRemoved("pipeline"),
    GilRemoved("event_fanout"),
    GilRemoved("condition_pingpong"),
    GilRemoved("letters_numbers", 2),
    GilRemoved("round_trip", 2),
    GilRemoved("idle_pool"),
    LockRemoved("lock_convoy", options=OWN_LOCKS),
    LockRemoved("lock_convoy", 2, options=OWN_LOCKS),
    LockRemoved("lock_convoy", 8, options=OWN_LOCKS),
    LockRemoved("lock_chain", 3, options=NO_LOCKS),
    LockRemoved("lock_chain", 3, options=NO_LOCKS, also=["--link-units", "500"]),
    LockRemoved("lock_chain", 5, options=NO_LOCKS, also=["--link-units", "500"]),
    LockRemoved("pipeline", 3, options=ONE_LOCK, also=FREE),
    LockRemoved("pipeline", options=ONE_LOCK, also=FREE),
    LockRemoved("pipeline", 8, options=ONE_LOCK, also=FREE),
    FreeLockRemoved("lock_convoy", 1, options=OWN_LOCKS),
    FreeLockRemoved("lock_convoy", options=(OWN_LOCKS[1], OWN_LOCKS[1])),
    FreeLockRemoved("pipeline", options=([], []), also=FREE),
] + [
    OtherCores(program, cores=cores, also=also)
    for program, also in (("cpu_bound", FREE), ("pipeline", FREE), ("barrier_imbalance", []), ("event_fanout", FREE),
                          ("lock_convoy", []), ("cpu_bound", UNDER_GIL))
    for cores in (2, 1)
] + [
    WorkHalved("pipeline", options=SLOW_HALVED, also=FREE),
    WorkHalved("pipeline", 8, options=SLOW_HALVED, also=FREE),
    WorkHalved("pipeline", options=SLOW_HALVED, also=UNDER_GIL),
    WorkHalved("barrier_imbalance", options=UNITS_HALVED),
    WorkHalved("barrier_imbalance", 8, options=UNITS_HALVED),
]
