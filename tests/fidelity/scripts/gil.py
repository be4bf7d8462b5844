# SPDX-License-Identifier: BSD-2-Clause
"""What all scripts share: the GIL's switch counter, placement, the start and the end of threads."""

import ctypes
import json
import os
import sys
import threading
import time

SWITCH_NUMBER_OFFSET = 24       # from the interval, in every version from 3.8 on
WORD_BYTES = 8


def _writable_end(address):
    """Where the writable mappings end that follow each other from address on."""
    end_of_all = address
    with open("/proc/self/maps") as maps:
        for line in maps:
            addresses, rights = line.split()[:2]
            start, end = (int(part, 16) for part in addresses.split("-"))
            if start <= end_of_all < end and rights.startswith("rw"):
                end_of_all = end
    return end_of_all


def _interval_address():
    """The GIL begins with the switch interval: the only word that follows when that is changed."""
    runtime = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))
    word_cnt = (_writable_end(runtime) - runtime) // WORD_BYTES
    words = (ctypes.c_ulong * word_cnt).from_address(runtime)
    usual_s = sys.getswitchinterval()
    candidates = range(word_cnt)
    for interval_us in (76543, 65437):
        sys.setswitchinterval((interval_us + 0.5) / 1e6)     # it is cut to microseconds
        candidates = [i for i in candidates if words[i] == interval_us]
    sys.setswitchinterval(usual_s)
    if len(candidates) != 1:
        raise RuntimeError("%d words follow the switch interval" % len(candidates))
    return runtime + candidates[0] * WORD_BYTES


def switch_counter():
    """Returns a function that tells how often the GIL has changed hands."""
    number = ctypes.c_ulong.from_address(_interval_address() + SWITCH_NUMBER_OFFSET)
    return lambda: number.value


def parameters():
    """What the harness wants, as one JSON object on the command line. Pins the process."""
    given = json.loads(sys.argv[1])
    pin(given["cpus"])
    if "interval_us" in given:
        sys.setswitchinterval((given["interval_us"] + 0.5) / 1e6)
    return given


def pin(cpus):
    """The calling thread, and those it will start."""
    os.sched_setaffinity(0, cpus)


def spin():
    """A few microseconds of work with the GIL."""
    x = 1
    for i in range(50):
        x = (x * 5 + i) & 0xffff
    return x


class Window:
    """The time that is measured: begins when all threads are there."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.deadline_ns = 0

    def run(self, functions):
        """Each function in a thread of its own; back when all have returned."""
        threads = [threading.Thread(target=function) for function in functions]
        for thread in threads:
            thread.start()
        self.deadline_ns = time.perf_counter_ns() + int(self.seconds * 1e9)
        for thread in threads:
            thread.join()

    def await_begin(self):
        while not self.deadline_ns:
            spin()

    def spin_until_over(self):
        self.await_begin()
        while time.perf_counter_ns() < self.deadline_ns:
            spin()


def report(result):
    json.dump(result, sys.stdout)
    print()
