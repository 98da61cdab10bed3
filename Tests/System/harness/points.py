# SPDX-License-Identifier: Apache-2.0
"""The points that are shown, in their order, and the table of how they came out."""
import time
import traceback

POINTS = []


class Refuted(Exception):
    """What was expected is not so."""


def point(title):
    """Registers a function that takes the machine and raises where the title is not true of it."""
    def register(function):
        POINTS.append((title, function))
        return function
    return register


def expect(truth, told):
    """Refutes the point where this is not true; `told` is what is so instead."""
    if not truth:
        raise Refuted(str(told))


def show(machine, wanted):
    """Runs the points whose title has one of the wanted words (all, where none is given). How many failed."""
    failed = 0
    for title, function in POINTS:
        if wanted and not any(word in title for word in wanted):
            continue
        start = time.monotonic()
        try:
            function(machine)
            verdict, told = "ok", ""
        except Refuted as refuted:
            verdict, told = "FAIL", str(refuted)
        except Exception:  # a fault of the test itself is a failed point, not the end of the others
            verdict, told = "FAIL", traceback.format_exc(limit=3)
        failed += verdict != "ok"
        print(f"{verdict:4}  {time.monotonic() - start:6.1f} s  {title}", flush=True)
        for line in told.splitlines():
            print(f"                 {line}", flush=True)
    return failed
