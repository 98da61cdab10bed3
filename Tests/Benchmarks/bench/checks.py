# SPDX-License-Identifier: Apache-2.0
"""What one round of the module's checks costs here and in Postgres."""

import time

from bench import process
from bench.daemon import Daemon
from bench.peers import Neighbours

SECONDS = 15
FLOOR_ROUNDS = 300


def measure(place, table):
    """one round of the module's five checks over kept connections, against C"""
    neighbours = Neighbours(place)

    def spent(interval):
        """CPU seconds here and in Postgres while the checks run at this interval and nobody asks."""
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
    here, there = (busy[0] - idle[0]) / SECONDS, (busy[1] - idle[1]) / SECONDS
    floor = place.floors.checks(FLOOR_ROUNDS, neighbours.postgres.keywords, neighbours.redis.path,
                                neighbours.web.port)
    what = f"round of {len(neighbours.checks)} checks, kept connections"
    table.figure(f"{what}, CPU here", here * 1e6, "µs", 250, 120, floor * 1e6, "C, back to back")
    table.figure(f"{what}, CPU in Postgres", there * 1e6, "µs", 100)
