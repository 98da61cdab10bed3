# SPDX-License-Identifier: Apache-2.0
"""The reference model of the check state machine and of the aggregation: small enough to be read in one go, and
the oracle for the Swift code. Time is in whatever unit the caller uses for all of it."""
from dataclasses import dataclass, field

PASS, WARN, FAIL, UNKNOWN = 0, 1, 2, 3          # outcome of one probe attempt
NAME = {0: "healthy", 1: "degraded", 2: "unhealthy", 3: "unknown"}


@dataclass
class Cfg:
    impact: str = "critical"      # critical | degrade | info
    interval: float = 10
    timeout: float = 5
    fall: int = 3                 # consecutive fails before unhealthy
    warn_after: int = 3           # consecutive non-passes before degraded
    rise: int = 2                 # consecutive better results before improving
    stale_after: int = 3          # intervals
    start_period: float = 0       # failures do not count until first pass or this long
    flap_hi: float = 50
    flap_lo: float = 25


@dataclass
class Check:
    cfg: Cfg
    t0: float = 0
    level: int = UNKNOWN          # confirmed level
    phase: str = "pending"        # pending | active | stale
    ge2: int = 0
    ge1: int = 0
    le0: int = 0
    le1: int = 0
    last: float | None = None
    passed: bool = False
    ring: list = field(default_factory=list)
    flapping: bool = False
    maint: bool = False

    def flap_pct(self):
        r = self.ring
        if len(r) < 21:
            return 0.0
        return 100 * sum((0.8 + 0.4 * i / 19) * (r[i] != r[i + 1]) for i in range(20)) / 20

    def result(self, o, t, definitive=False):
        if o == UNKNOWN:          # vitald could not run the probe: evidence of nothing
            return self
        first = self.last is None
        self.last = t
        self.ring = (self.ring + [o])[-21:]
        p = self.flap_pct()
        self.flapping = p >= self.cfg.flap_lo if self.flapping else p >= self.cfg.flap_hi
        if not self.passed and o != PASS and t - self.t0 < self.cfg.start_period:
            return self           # grace: still pending
        self.ge2 = self.ge2 + 1 if o >= FAIL else 0
        self.ge1 = self.ge1 + 1 if o >= WARN else 0
        self.le0 = self.le0 + 1 if o <= PASS else 0
        self.le1 = self.le1 + 1 if o <= WARN else 0
        self.passed = self.passed or o == PASS
        was_stale = self.phase == "stale"
        self.phase = "active"
        if first or self.level == UNKNOWN or was_stale:   # first evidence decides at once
            self.level = o
            return self
        rise = self.cfg.rise * (2 if self.flapping else 1)  # damp good news only
        if self.ge2 >= self.cfg.fall or (definitive and o == FAIL):
            self.level = max(self.level, FAIL)
        elif self.ge1 >= self.cfg.warn_after:
            self.level = max(self.level, WARN)
        if self.le0 >= rise:
            self.level = PASS
        elif self.le1 >= rise and self.level == FAIL:
            self.level = WARN
        return self

    def tick(self, t):
        ref = self.last if self.last is not None else self.t0 + self.cfg.start_period
        if t - ref > self.cfg.stale_after * self.cfg.interval + self.cfg.timeout:
            self.phase = "stale"
        return self

    def contribution(self):
        """0 healthy, 1 degraded, 2 unhealthy for the overall status."""
        if self.maint or self.cfg.impact == "info":
            return 0
        if self.phase == "pending":
            raw = 1               # starting: not healthy, not (yet) unhealthy
        elif self.phase == "stale":
            raw = 2               # never healthy without recent evidence
        else:
            raw = self.level
        return raw if self.cfg.impact == "critical" else min(raw, 1)


def overall(checks):
    return NAME[max((c.contribution() for c in checks), default=0)]


def ready(checks):
    return overall(checks) != "unhealthy" and all(
        c.phase != "pending" for c in checks if c.cfg.impact == "critical" and not c.maint)
