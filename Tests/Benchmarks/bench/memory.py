# SPDX-License-Identifier: Apache-2.0
"""Memory, threads and what long use adds to them."""

import time

from bench import process
from bench.daemon import Daemon
from bench.peers import Neighbours
from bench.tree import Tree

CONTAINERS = 20
SCRAPES = 500
MANY_SCRAPES = 10_000
MANY_REQUESTS = 200_000
# The pages that only the start needed are given back ten seconds after it.
SETTLED = 12
# The allocator's own rhythm.
NOISE_KIB = 256


def measure(place, table):
    """memory with Postgres, Redis, HTTP and filesystem checks and 20 containers, and its growth"""
    tree = Tree(place, CONTAINERS)
    neighbours = Neighbours(place)
    checks = [check | {"interval": "2s"} for check in neighbours.checks]
    daemon = Daemon(place, tree, checks)
    daemon.wait_healthy()
    time.sleep(max(0, daemon.begun + SETTLED - time.perf_counter()))
    # Both kinds of page, so that what is made once (the state of gzip) is there.
    place.floors.scrape(daemon, SCRAPES // 2)
    place.floors.scrape(daemon, SCRAPES // 2, "Accept-Encoding: gzip")
    rss, pss, private = process.memory(daemon.pid)
    after = f"after {SCRAPES} scrapes"
    table.figure(f"RSS {after}", rss, "MiB", 18, 12, 6.2, "collectd, not of this run")
    table.figure(f"PSS {after}", pss, "MiB", None, None, 2.8, "collectd, not of this run")
    table.figure(f"private dirty {after}", private, "MiB", 4, 2, 1.4, "collectd, not of this run")
    # A check at work has a lane: at rest is the least of what is seen.
    table.gate("threads between the checks", min(process.threads(daemon.pid) for _ in range(200)), 3)

    place.floors.scrape(daemon, MANY_SCRAPES // 2)
    place.floors.scrape(daemon, MANY_SCRAPES // 2, "Accept-Encoding: gzip")
    request = r'{"jsonrpc":"2.0","id":1,"method":"status"}\n'
    place.floors.load(f"unix:{daemon.socket_path}", request, 8, 16, MANY_REQUESTS)
    grown = process.memory(daemon.pid)
    what = f"{MANY_SCRAPES:,} scrapes and {MANY_REQUESTS:,} requests"
    table.figure(f"growth of RSS by {what}", max(0.0, grown[0] - rss) * 1024, "KiB", NOISE_KIB, 0)
    daemon.stop()
