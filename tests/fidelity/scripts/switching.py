# SPDX-License-Identifier: BSD-2-Clause
"""CPU-bound threads: who holds the GIL for how long, by their own clock readings."""

import time

import gil

GAP_NS = 1000000        # a longer time between two readings was spent without the GIL


class Worker:
    def __init__(self, window, switches):
        self.window = window
        self.switches = switches
        self.holds_ns = []
        self.gaps_ns = []

    def run(self):
        clock = time.perf_counter_ns
        self.window.await_begin()
        deadline_ns = self.window.deadline_ns
        self.first_ns = begin_ns = last_ns = clock()
        self.first_switch = self.switches()
        while last_ns < deadline_ns:
            gil.spin()
            now_ns = clock()
            if now_ns - last_ns > GAP_NS:
                self.holds_ns.append(last_ns - begin_ns)
                self.gaps_ns.append(now_ns - last_ns)
                begin_ns = now_ns
            last_ns = now_ns
        self.last_ns = last_ns
        self.last_switch = self.switches()


def main():
    given = gil.parameters()
    switches = gil.switch_counter()
    window = gil.Window(given["seconds"])
    workers = [Worker(window, switches) for _ in range(given["threads"])]
    window.run([worker.run for worker in workers])
    gil.report({
        "switches": workers[0].last_switch - workers[0].first_switch,
        "window_ns": workers[0].last_ns - workers[0].first_ns,
        "threads": [{"holds_ns": w.holds_ns, "gaps_ns": w.gaps_ns} for w in workers],
    })


main()
