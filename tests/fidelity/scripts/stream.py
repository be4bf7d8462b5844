# SPDX-License-Identifier: BSD-2-Clause
"""Items from one thread to another through a queue that holds one."""

import queue
import time

import gil


class Stream:
    def __init__(self, given):
        self.window = gil.Window(given["seconds"])
        self.queue = queue.Queue(1)
        self.cpus, self.io_cpus = given["cpus"], given["io_cpus"]
        self.item_cnt = 0

    def produce(self):
        gil.pin(self.cpus)
        self.window.await_begin()
        while time.perf_counter_ns() < self.window.deadline_ns:
            self.queue.put(1)
        self.queue.put(None)

    def consume(self):
        gil.pin(self.io_cpus)
        self.queue.get()
        first_ns = time.perf_counter_ns()
        while self.queue.get():
            self.item_cnt += 1
        self.window_ns = time.perf_counter_ns() - first_ns


def main():
    stream = Stream(gil.parameters())
    stream.window.run([stream.consume, stream.produce])
    gil.report({"items": stream.item_cnt, "window_ns": stream.window_ns})


main()
