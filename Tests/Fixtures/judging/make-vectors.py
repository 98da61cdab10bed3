#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes machine.vectors and aggregate.vectors: random lives of checks, and what the reference model says after
every step. Run it only when the rules change: `python3 make-vectors.py [MODEL.py]` (default: model.py beside it).

Times are whole numbers of tenths of a second, so that no rounding is in the way.

machine.vectors, one life per line:

    c,100,50,3,3,2,3,0|10p5f0t|0..
    impact (c d i), interval, timeout, fall, warnAfter, rise, staleAfter, startPeriod
    steps: time since the last step, then what happens:
        p w f u  an attempt ends with pass, warn, fail, unknown;  F  a definitive fail;  t  a tick;
        m  maintenance on or off
    after each step one character: "0" + level + 4 * phase + 12 * flapping + 24 * contribution
        (level: healthy degraded unhealthy unknown; phase: pending active stale)

aggregate.vectors, one life of several checks per line:

    c,100,…;d,100,…|10a p… |hy…
    the checks, as above; steps: time, the check's letter (a b c …), what happens;
    after each step two characters: overall (h d u) and ready (y n)
"""
import importlib.util
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
OUTCOME = {"p": 0, "w": 1, "f": 2, "F": 2, "u": 3}
PHASE = {"pending": 0, "active": 1, "stale": 2}
IMPACT = {"critical": "c", "degrade": "d", "info": "i"}
LIVES, TOGETHER = 10_400, 1_500


def load(path):
    spec = importlib.util.spec_from_file_location("model", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["model"] = module                 # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def configuration(r, model):
    interval = r.choice([10, 20, 50, 100, 100, 100, 300, 600])
    return model.Cfg(
        impact=r.choice(["critical", "critical", "degrade", "info"]), interval=interval,
        timeout=r.choice([1, interval // 2, interval // 2, max(1, interval - 1)]),
        fall=r.choice([1, 2, 3, 3, 3, 4, 5]), warn_after=r.choice([1, 2, 3, 3, 3, 4, 6]),
        rise=r.choice([1, 2, 2, 2, 3, 4]), stale_after=r.choice([1, 2, 3, 3, 5]),
        start_period=r.choice([0, 0, 0, interval, interval * 3, interval * 6 + 5]))


def text(c):
    return ",".join(map(str, (IMPACT[c.impact], c.interval, c.timeout, c.fall, c.warn_after, c.rise,
                              c.stale_after, c.start_period)))


def mood(r):
    """Weights of what happens next; a life has moods, so that streaks and flapping come about."""
    return r.choice([
        {"p": 8, "t": 1}, {"f": 8, "t": 1}, {"w": 8, "t": 1}, {"p": 5, "f": 5}, {"p": 3, "w": 3, "f": 3},
        {"p": 6, "f": 2, "t": 2}, {"p": 5, "w": 2, "f": 4, "F": 1, "u": 2, "t": 3, "m": 1},
        {"w": 4, "f": 4, "F": 1}, {"u": 5, "t": 3, "p": 1, "f": 1}, {"t": 5, "p": 1, "f": 1},
        {"p": 30, "f": 3, "m": 1}, {"alternate": 1}])


def delta(r, c, check, t):
    """Mostly an interval; often exactly on a border, or just beside it."""
    k = r.random()
    if k < 0.72:
        return c.interval + r.randrange(-(c.interval // 10), c.interval // 10 + 1)
    if k < 0.80:
        return r.randrange(0, c.interval)
    reference = check.last if check.last is not None else check.t0 + c.start_period
    border = reference + c.stale_after * c.interval + c.timeout
    if k > 0.92:
        border = check.t0 + c.start_period
    return max(0, border - t + r.choice([-1, 0, 0, 1, 1]))


def happen(model, check, op, t):
    if op == "t":
        check.tick(t)
    elif op == "m":
        check.maint = not check.maint
    else:
        check.result(OUTCOME[op], t, definitive=op == "F")


def pick(r, weights, before):
    op = r.choices(list(weights), list(weights.values()))[0]
    return ("f" if before == "p" else "p") if op == "alternate" else op


def code(check):
    return chr(48 + check.level + 4 * PHASE[check.phase] + 12 * check.flapping + 24 * check.contribution())


def life(r, model):
    c = configuration(r, model)
    check, t, steps, after, op = model.Check(c), 0, [], [], "p"
    length = r.choice([8, 15, 25, 40, 60, 60])
    weights = mood(r)
    for _ in range(length):
        if r.random() < 0.09:
            weights = mood(r)
        d = delta(r, c, check, t)
        op = pick(r, weights, op)
        t += d
        happen(model, check, op, t)
        steps.append(f"{d}{op}")
        after.append(code(check))
    return f"{text(c)}|{''.join(steps)}|{''.join(after)}"


def border(model):
    """Every pattern of 20 steps that lies exactly on the threshold of flapping and that the sum, taken from the
    oldest to the newest, puts below it; and as many that it puts on it."""
    below, on = [], []
    for mask in range(1 << 20):
        count = mask.bit_count()
        if not 8 <= count <= 12 or 38 * count + sum(i for i in range(20) if mask >> i & 1) != 475:
            continue
        ring = [0]
        for i in range(20):
            ring.append(ring[-1] ^ (mask >> i & 1))
        check = model.Check(model.Cfg(), ring=ring)
        (on if check.flap_pct() >= 50 else below).append(ring)
    for ring in below + on[:len(below)]:
        c = model.Cfg(interval=100, timeout=50)
        check, steps, after = model.Check(c), [], []
        for i, outcome in enumerate(ring):
            op = "pf"[outcome]
            happen(model, check, op, 100 * (i + 1))
            steps.append(f"100{op}")
            after.append(code(check))
        yield f"{text(c)}|{''.join(steps)}|{''.join(after)}"


def together(r, model):
    checks = [model.Check(configuration(r, model)) for _ in range(r.choice([0, 1, 2, 3, 4, 6]))]
    t, steps, after = 0, [], []
    moods = [mood(r) for _ in checks]
    last = ["p"] * len(checks)
    for _ in range(r.choice([10, 25, 45]) if checks else 1):
        if not checks:
            break
        i = r.randrange(len(checks))
        if r.random() < 0.05:
            moods[i] = mood(r)
        d = delta(r, checks[i].cfg, checks[i], t)
        d = d if r.random() < 0.1 else d // max(1, len(checks))
        last[i] = pick(r, moods[i], last[i])
        t += d
        happen(model, checks[i], last[i], t)
        steps.append(f"{d}{chr(97 + i)}{last[i]}")
        after.append(model.overall(checks)[0] + ("y" if model.ready(checks) else "n"))
    if not checks:
        after.append(model.overall(checks)[0] + ("y" if model.ready(checks) else "n"))
    return f"{';'.join(text(c.cfg) for c in checks)}|{''.join(steps)}|{''.join(after)}"


def main():
    if sum([0.1] * 10) == 1.0:
        sys.exit("this Python compensates in sum() (3.12 and later); the model adds plainly: use 3.11")
    model = load(sys.argv[1] if len(sys.argv) > 1 else HERE / "model.py")
    r = random.Random(20_260_801)
    lives = [life(r, model) for _ in range(LIVES)] + list(border(model))
    (HERE / "machine.vectors").write_text("\n".join(lives) + "\n")
    (HERE / "aggregate.vectors").write_text("\n".join(together(r, model) for _ in range(TOGETHER)) + "\n")


main()
