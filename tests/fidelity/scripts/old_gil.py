# SPDX-License-Identifier: BSD-2-Clause
"""The GIL before 3.2: threads that compute, and a thread of short reads next to them.

For Python 2.7, which has neither the scripts' common module nor what that uses.
"""

from __future__ import print_function

import ctypes
import json
import os
import sys
import threading
import time

STALL_S = 0.001


def pin(cpus):
    mask = ctypes.c_ulong(sum(1 << cpu for cpu in cpus))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.sched_setaffinity(0, ctypes.sizeof(mask), ctypes.byref(mask)):
        raise OSError(ctypes.get_errno(), "sched_setaffinity")


class Run(object):
    def __init__(self, seconds):
        self.seconds = seconds
        self.deadline = 0
        self.loop_cnts = []
        self.read_cnt = self.stall_cnt = 0

    def compute(self, cpus):
        loop_cnt = 0
        pin(cpus)
        while not self.deadline:
            pass
        while time.time() < self.deadline:
            x = 1
            for i in range(50):
                x = (x * 5 + i) & 0xffff
            loop_cnt += 1
        self.loop_cnts.append(loop_cnt)

    def read(self, cpus):
        pin(cpus)
        fd = os.open("/dev/zero", os.O_RDONLY)
        while not self.deadline:
            pass
        last = time.time()
        while last < self.deadline:
            os.read(fd, 1)
            now = time.time()
            self.read_cnt += 1
            if now - last > STALL_S:
                self.stall_cnt += 1
            last = now

    def run(self, functions):
        threads = [threading.Thread(target=function) for function in functions]
        for thread in threads:
            thread.start()
        self.deadline = time.time() + self.seconds
        for thread in threads:
            thread.join()

    def compute_rate(self, thread_cnt, cpus, other_cpus):
        both = [lambda: self.compute(cpus), lambda: self.compute(other_cpus)]
        self.run([both[i % 2] for i in range(thread_cnt)])
        return sum(self.loop_cnts) / (self.seconds * 1e9)


def main():
    given = json.loads(sys.argv[1])
    seconds, cpus, io_cpus = given["seconds"], given["cpus"], given["io_cpus"]
    if given["reads"]:
        run = Run(seconds)
        run.run([lambda: run.read(io_cpus), lambda: run.compute(cpus)])
        result = {"reads": run.read_cnt, "stalls": run.stall_cnt, "window_ns": seconds * 1e9}
    else:
        result = {"alone_per_ns": Run(seconds).compute_rate(1, cpus, io_cpus),
                  "together_per_ns": Run(seconds).compute_rate(given["threads"], cpus, io_cpus)}
    print(json.dumps(result))


main()
