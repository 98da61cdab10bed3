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
    """Refutes the point where this is not true; `told` is what is so instead.

    What has to be looked up or put together is given as a function, which is called only where the point fails:
    a look that goes wrong must not fail a point that holds. `packaging/house-rules` sees to it.
    """
    if not truth:
        raise Refuted(str(explained(told)))


def explained(told):
    """The explanation as it is, or what the function gives; never an error, which would hide what was refuted."""
    if not callable(told):
        return told
    try:
        return told()
    except Exception as error:
        return f"(it cannot be told: {error!r})"


def chosen(wanted):
    """The points whose title has one of the wanted words; all, where none is given."""
    return [entry for entry in POINTS if not wanted or any(word in entry[0] for word in wanted)]


def show(machine, points):
    """Runs the points in their order, each told as it ends; (verdict, seconds, title) of each."""
    results = []
    for title, function in points:
        start = time.monotonic()
        try:
            expect(machine.lives(), "the machine is gone")
            function(machine)
            verdict, told = "ok", ""
        except Refuted as refuted:
            verdict, told = "FAIL", str(refuted)
        except Exception:  # a fault of the test itself is a failed point, not the end of the others
            verdict, told = "FAIL", traceback.format_exc(limit=3)
        results.append((verdict, time.monotonic() - start, title))
        print(line(*results[-1]), flush=True)
        for text in told.splitlines():
            print(f"                 {text}", flush=True)
    return results


def line(verdict, seconds, title):
    """One point as it is told."""
    return f"{verdict:4}  {seconds:6.1f} s  {title}"


def table(results):
    """All points and how they came out, numbered."""
    return "\n".join(f"{number:3}  {line(*result)}" for number, result in enumerate(results, 1))
