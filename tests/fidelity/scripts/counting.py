# SPDX-License-Identifier: BSD-2-Clause
"""Threads that count under one lock: what one alone achieves, and what several do together."""

import threading
import time

import gil

BATCH = 100     # iterations between two looks at the clock

lock = threading.Lock()
count = 0


def count_until(window, cpus):
    global count
    gil.pin(cpus)
    window.await_begin()
    while time.perf_counter_ns() < window.deadline_ns:
        for _ in range(BATCH):
            with lock:
                count += 1


def rate(thread_cnt, given):
    global count
    count = 0
    window = gil.Window(given["seconds"])
    both = [lambda: count_until(window, given["cpus"]), lambda: count_until(window, given["io_cpus"])]
    window.run([both[i % 2] for i in range(thread_cnt)])
    return count / (given["seconds"] * 1e9)


def main():
    given = gil.parameters()
    gil.report({
        "alone_per_ns": rate(1, given),
        "together_per_ns": rate(given["threads"], given),
    })


main()
