# SPDX-License-Identifier: Apache-2.0
"""The table that is printed at the end."""


class Table:
    """Rows of: what, figure here, must, moonshot, floor or peer of the same run, ratio, verdict."""

    HEAD = ("row", "here", "must", "moonshot", "floor or peer", "ratio", "")

    def __init__(self):
        self.rows = []
        self.faults = []
        self.has_failures = False

    def figure(self, what, value, unit, must=None, moonshot=None, floor=None, floor_name="", more_is_better=False,
               against_ratio=False):
        """A time, a size or a rate: over its bound it is marked, and fails nothing.

        With `against_ratio` the bounds are meant for value/floor instead of the value itself.
        """
        ratio = value / floor if floor else None
        judged = ratio if against_ratio else value
        verdict = ""
        if must is not None and judged is not None:
            meets = (lambda bound: judged >= bound) if more_is_better else (lambda bound: judged <= bound)
            verdict = "moonshot" if moonshot is not None and meets(moonshot) else "ok" if meets(must) else "OVER"
        sign, suffix = ("≥ " if more_is_better else "≤ "), (" ×" if against_ratio else f" {unit}")
        self._add(what, f"{number(value)} {unit}", must, moonshot, sign, suffix,
                  f"{number(floor)} {unit} {floor_name}" if floor else "–", ratio, verdict)

    def gate(self, what, value, bound, unit=""):
        """A count that every machine sees alike: over its bound the run fails."""
        verdict = "ok" if value <= bound else "FAILED"
        self.has_failures |= value > bound
        self._add(what, f"{number(value)} {unit}".strip(), bound, None, "≤ ", f" {unit}".rstrip(), "gate", None,
                  verdict)

    def failed(self, what, error):
        """A measurement that could not be made; the run fails, for an unmeasured bound is not a kept one."""
        self.has_failures = True
        self.faults.append(f"{what}: {type(error).__name__}: {error}")

    def _add(self, what, here, must, moonshot, sign, suffix, floor, ratio, verdict):
        def bound(value):
            return "" if value is None else f"{sign}{number(value)}{suffix}"
        self.rows.append((what, here, bound(must), bound(moonshot), floor,
                          "" if ratio is None else f"{ratio:.2f}", verdict))

    def print(self):
        rows = [self.HEAD] + self.rows
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.HEAD))]
        for index, row in enumerate(rows):
            cells = [row[0].ljust(widths[0])] + [
                row[i].rjust(widths[i]) if i in (1, 2, 3, 5) else row[i].ljust(widths[i])
                for i in range(1, len(row))
            ]
            print("  ".join(cells).rstrip())
            if index == 0:
                print("  ".join("-" * width for width in widths).rstrip())
        for fault in self.faults:
            print(f"NOT MEASURED  {fault}")


def number(value):
    """A number with three significant digits, thousands with commas."""
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
