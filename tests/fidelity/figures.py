# SPDX-License-Identifier: BSD-2-Clause
"""Figures from samples, and the bars that they are held against."""

import math
import statistics

NS_PER_MS = 1e6
NS_PER_S = 1e9
STALL_NS = 1000000


def quantile(sorted_values, q):
    """What the share q of all does not exceed."""
    return sorted_values[max(0, math.ceil(q * len(sorted_values)) - 1)]


def median(values):
    """None where there is nothing."""
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


# ---- what a run measured, from what it printed ------------------------------------------------------

def switch_rate(raw):
    return raw["switches"] / raw["window_ns"] * NS_PER_S


def hold_p50(raw):
    holds = sorted(ns for thread in raw["threads"] for ns in thread["holds_ns"])
    return quantile(holds, 0.5) / NS_PER_MS if holds else None


def _held(raw):
    return [sum(thread["holds_ns"]) for thread in raw["threads"]]


def share_spread(raw):
    held = _held(raw)
    return (max(held) - min(held)) / sum(held) if sum(held) else None


def wait_share(raw):
    """Of a thread's time, on average."""
    shares = [sum(thread["gaps_ns"]) / (sum(thread["gaps_ns"]) + held)
              for thread, held in zip(raw["threads"], _held(raw)) if held]
    return statistics.mean(shares) if shares else None


def _stalls(raw):
    """A script lists its slow reads, the workload has counted them."""
    return sorted(ns for ns in raw["slow_ns"] if ns > STALL_NS)


def stall_rate(raw):
    count = raw["stalls"] if "stalls" in raw else len(_stalls(raw))
    return count / raw["window_ns"] * NS_PER_S


def stall_p50(raw):
    if "stall_p50_ns" in raw:
        return raw["stall_p50_ns"] / NS_PER_MS if raw["stalls"] else None
    stalls = _stalls(raw)
    return quantile(stalls, 0.5) / NS_PER_MS if stalls else None


def read_p99(raw):
    """Reads that were not slow are counted, but not listed: 0 stands for any of them."""
    if "p99_ns" in raw:
        return raw["p99_ns"] / NS_PER_MS
    rank_from_top = raw["reads"] - math.ceil(0.99 * raw["reads"])
    slow = sorted(raw["slow_ns"], reverse=True)
    return slow[rank_from_top] / NS_PER_MS if rank_from_top < len(slow) else 0.0


def read_rate(raw):
    return raw["reads"] / raw["window_ns"] * NS_PER_S


def request_rate(raw):
    return raw["requests"] / raw["window_ns"] * NS_PER_S


def item_rate(raw):
    return raw["items"] / raw["window_ns"] * NS_PER_S


def p50_ms(raw):
    return raw["p50_ns"] / NS_PER_MS


def p50_us(raw):
    return raw["p50_ns"] / 1e3


def lock_ratio(raw):
    return raw["together_per_ns"] / raw["alone_per_ns"]


# ---- bars ------------------------------------------------------------------------------------------

class Ratio:
    """The model's figure divided by the interpreters' median lies in low..high."""

    def __init__(self, low, high, text):
        self.low, self.high, self.text = low, high, text

    def holds(self, model, reference):
        return bool(reference) and self.low <= model / reference <= self.high


def within(share):
    return Ratio(1 - share, 1 + share, "±%g %%" % (100 * share))


def factor(limit):
    return Ratio(1 / limit, limit, "×%g" % limit)


class Difference:
    def __init__(self, limit):
        self.limit, self.text = limit, "±%g" % limit

    def holds(self, model, reference):
        return reference is not None and abs(model - reference) <= self.limit


class Absolute:
    """The model's figure lies in low..high, whatever the interpreters do."""

    def __init__(self, low, high, text):
        self.low, self.high, self.text = low, high, text

    def holds(self, model, reference):
        del reference
        return self.low <= model <= self.high
