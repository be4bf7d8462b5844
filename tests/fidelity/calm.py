# SPDX-License-Identifier: BSD-2-Clause
"""How much of the machine other programs took during a run."""

import os
import resource
import time

DISTURBED = 0.1         # CPUs; a run in which others took more is made again, if there is time
ATTEMPTS = 3


def _busy_s():
    """Of all CPUs since the start of the machine: user, nice, system, stolen."""
    with open("/proc/stat") as stat:
        fields = [int(field) for field in stat.readline().split()[1:]]
    return (sum(fields[:3]) + fields[7]) / os.sysconf("SC_CLK_TCK")


def _own_s():
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class Calm:
    """Makes runs until one was not disturbed, or takes the calmest."""

    def __init__(self, retry_cnt):
        self.retry_cnt = retry_cnt      # that may still be made
        self.run_cnt = self.disturbed_cnt = 0

    def run(self, function):
        attempts = [self._measure(function)]
        while attempts[-1][0] > DISTURBED and len(attempts) < ATTEMPTS and self.retry_cnt:
            self.retry_cnt -= 1
            attempts.append(self._measure(function))
        others, result = min(attempts, key=lambda attempt: attempt[0])
        self.run_cnt += 1
        self.disturbed_cnt += others > DISTURBED
        return result

    @staticmethod
    def _measure(function):
        others_s, start_s = _busy_s() - _own_s(), time.monotonic()
        result = function()
        others_s = _busy_s() - _own_s() - others_s
        return others_s / (time.monotonic() - start_s), result
