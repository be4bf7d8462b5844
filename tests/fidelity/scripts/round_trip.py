# SPDX-License-Identifier: BSD-2-Clause
"""Two threads that hand a turn to and fro through a primitive."""

import queue
import threading
import time

import gil


class EventBaton:
    def __init__(self):
        self.event = threading.Event()

    def give(self):
        self.event.set()

    def take(self):
        self.event.wait()
        self.event.clear()


class LockBaton:
    def __init__(self):
        lock = threading.Lock()
        lock.acquire()
        self.give = lock.release
        self.take = lock.acquire


class QueueBaton:
    def __init__(self, kind=queue.Queue):
        items = kind()
        self.give = lambda: items.put(1)
        self.take = items.get


class SimpleQueueBaton(QueueBaton):
    def __init__(self):
        QueueBaton.__init__(self, queue.SimpleQueue)


BATONS = {
    "event": EventBaton,
    "lock": LockBaton,
    "queue": QueueBaton,
    "simple-queue": SimpleQueueBaton,
}


class Game:
    def __init__(self, given, kind):
        self.window = gil.Window(given["seconds"])
        self.there, self.back = BATONS[kind](), BATONS[kind]()
        self.cpus, self.io_cpus = given["cpus"], given["io_cpus"]
        self.trips_ns = []
        self.over = False

    def serve(self):
        clock = time.perf_counter_ns
        gil.pin(self.cpus)
        self.window.await_begin()
        last_ns = clock()
        while last_ns < self.window.deadline_ns:
            self.there.give()
            self.back.take()
            now_ns = clock()
            self.trips_ns.append(now_ns - last_ns)
            last_ns = now_ns
        self.over = True
        self.there.give()

    def answer(self):
        gil.pin(self.io_cpus)
        while True:
            self.there.take()
            if self.over:
                break
            self.back.give()


def main():
    given = gil.parameters()
    game = Game(given, given["primitive"])
    game.window.run([game.answer, game.serve])
    trips_ns = sorted(game.trips_ns)
    gil.report({"trips": len(trips_ns), "p50_ns": trips_ns[len(trips_ns) // 2]})


main()
