# SPDX-License-Identifier: Apache-2.0
"""What the daemon does when nobody asks."""

import time

from bench import process
from bench.daemon import Daemon
from bench.peers import Neighbours
from bench.tree import Tree

SECONDS = 20


def measure(place, table):
    """CPU and wake-ups with checks every 10 s and nobody asking"""
    tree = Tree(place, 20)
    neighbours = Neighbours(place)
    daemon = Daemon(place, tree, [check | {"interval": "10s"} for check in neighbours.checks])
    daemon.wait_healthy()
    time.sleep(1)
    cpu, wakes = process.cpu(daemon.pid), process.wake_ups(daemon.pid)
    time.sleep(SECONDS)
    cpu, wakes = process.cpu(daemon.pid) - cpu, process.wake_ups(daemon.pid) - wakes
    table.figure("idle, CPU", cpu / SECONDS * 100, "%", 0.1, 0.02)
    table.figure("idle, wake-ups", wakes / SECONDS, "/s", 5, 1.5)
    daemon.stop()
