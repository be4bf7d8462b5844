# SPDX-License-Identifier: BSD-2-Clause
"""A thread of short reads next to threads that compute."""

import os
import tempfile
import time

import gil

SLOW_NS = 100000        # reads that took longer are kept one by one


class Reader:
    def __init__(self, window, cpus):
        self.window = window
        self.cpus = cpus
        self.read_cnt = 0
        self.slow_ns = []

    def run(self):
        clock = time.perf_counter_ns
        pread = os.pread
        gil.pin(self.cpus)
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
            file.flush()
            fd = file.fileno()
            self.window.await_begin()
            deadline_ns = self.window.deadline_ns
            first_ns = last_ns = clock()
            while last_ns < deadline_ns:
                pread(fd, 1, 0)
                now_ns = clock()
                if now_ns - last_ns > SLOW_NS:
                    self.slow_ns.append(now_ns - last_ns)
                self.read_cnt += 1
                last_ns = now_ns
        self.window_ns = last_ns - first_ns


def main():
    given = gil.parameters()
    window = gil.Window(given["seconds"])
    reader = Reader(window, given["io_cpus"])
    window.run([reader.run] + [window.spin_until_over] * (given["threads"] - 1))
    gil.report({
        "window_ns": reader.window_ns,
        "reads": reader.read_cnt,
        "slow_ns": reader.slow_ns,
    })


main()
