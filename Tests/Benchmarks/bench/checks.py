# SPDX-License-Identifier: Apache-2.0
"""What one round of the module's checks costs here and in Postgres."""

import statistics
import time

from bench import process
from bench.daemon import Daemon
from bench.peers import Neighbours

ROUNDS = 1500
TURNS = 3
SECONDS = 15


def measure(place, table):
    """one round of the module's five checks over kept connections, against C"""
    neighbours = Neighbours(place)
    what = f"round of {len(neighbours.checks)} checks, kept connections"
    back_to_back(place, table, neighbours, what)
    one_a_second(place, table, neighbours, what)


def back_to_back(place, table, neighbours, what):
    """Round after round without a rest: all checks asked for in one go, as whoever wants a round does, and one by one."""
    names = [check["name"] for check in neighbours.checks]
    # Asking for a check that is switched off costs what asking costs: the request, the line in the log, the answer.
    off = {"name": "off", "type": "tcp", "address": "127.0.0.1:9", "enabled": False}
    checks = [check | {"interval": "1h"} for check in neighbours.checks] + [off]
    daemon = Daemon(place, checks=checks, containers={"include": []})
    with daemon.connect() as stream:

        def one_by_one(names):
            for name in names:
                stream.call("checks.run", name=name)

        def together(names):
            stream.call_all("checks.run", [{"name": name} for name in names])

        def spent(ask, names):
            here, there = process.cpu(daemon.pid), sum(neighbours.postgres.sessions().values())
            for _ in range(ROUNDS):
                ask(names)
            there = sum(neighbours.postgres.sessions().values()) - there
            return (process.cpu(daemon.pid) - here) / ROUNDS, there / ROUNDS

        one_by_one(names)
        here, there, floor = {together: [], one_by_one: []}, [], []
        for _ in range(TURNS):
            for ask, figures in here.items():
                asking, _ = spent(ask, ["off"] * len(names))
                round_here, round_there = spent(ask, names)
                figures.append(round_here - asking)
                there.append(round_there)
            floor.append(place.floors.checks(ROUNDS, 0, neighbours))
    daemon.stop()
    floor = statistics.median(floor) * 1e6
    table.figure(f"{what}, asked for in one go, CPU here", statistics.median(here[together]) * 1e6, "µs", 250, 120,
                 floor, "C, back to back")
    table.figure(f"{what}, asked for one by one, CPU here", statistics.median(here[one_by_one]) * 1e6, "µs", None, None,
                 floor, "C, back to back")
    table.figure(f"{what}, back to back, CPU in Postgres", statistics.median(there) * 1e6, "µs", 100)


def one_a_second(place, table, neighbours, what):
    """As they run in life, spread over the second, on a machine that sleeps in between."""

    def spent(interval):
        checks = [check | {"interval": interval} for check in neighbours.checks]
        daemon = Daemon(place, checks=checks, containers={"include": []})
        daemon.wait_healthy()
        time.sleep(1.5)
        here, there = process.cpu(daemon.pid), neighbours.postgres.sessions()
        time.sleep(SECONDS)
        here, later = process.cpu(daemon.pid) - here, neighbours.postgres.sessions()
        daemon.stop()
        return here, sum(seconds - there.get(pid, 0) for pid, seconds in later.items())

    # What the daemon does anyway is what it does while no check is due.
    busy, idle = spent("1s"), spent("1h")
    floor = place.floors.checks(SECONDS, 1 / len(neighbours.checks), neighbours)
    table.figure(f"{what}, one a second, CPU here", (busy[0] - idle[0]) / SECONDS * 1e6, "µs", None, None, floor * 1e6,
                 "C, one a second")
    table.figure(f"{what}, one a second, CPU in Postgres", (busy[1] - idle[1]) / SECONDS * 1e6, "µs")
