# SPDX-License-Identifier: Apache-2.0
"""Requests over the Unix socket, beside Redis asked by the same client."""

import statistics

from bench.daemon import Daemon
from bench.peers import Redis

ONE = 40_000
MANY = 800_000
ROUNDS = 3


def measure(place, table):
    """ping and status over the Unix socket, against Redis PING"""
    redis = Redis(place)
    daemon = Daemon(place, checks=[
        {"name": f"disk{i}", "type": "filesystem", "path": "/", "interval": "1h"} for i in range(5)])
    here, there = f"unix:{daemon.socket_path}", f"unix:{redis.path}"

    def request(method):
        return '{"jsonrpc":"2.0","id":1,"method":"' + method + r'"}\n'

    def beside(text, *shape):
        """Both in turns, so that a busy moment strikes both."""
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(place.floors.load(here, text, *shape).rate)
            theirs.append(place.floors.load(there, r"PING\r\n", *shape).rate)
        return statistics.median(ours) / 1000, statistics.median(theirs) / 1000

    for method in ("ping", "status"):
        ours, theirs = beside(request(method), 1, 1, ONE)
        table.figure(f"socket {method}, one in flight", ours, "k/s", 0.8, 1.0, theirs, "Redis PING",
                     more_is_better=True, against_ratio=True)
    ours, theirs = beside(request("ping"), 50, 16, MANY)
    table.figure("socket ping, 50 clients × 16", ours, "k/s", 400, theirs, theirs, "Redis PING", more_is_better=True)
    daemon.stop()
