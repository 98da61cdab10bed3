# SPDX-License-Identifier: Apache-2.0
"""How long the start takes."""

import shutil
import statistics
import subprocess
import time

from bench.daemon import Daemon
from bench.tree import Tree

STARTS = 15


def measure(place, table):
    """from exec to READY=1 and to the first page, against starting /bin/true"""
    tree = Tree(place, 20)
    ready, paged, nothing = [], [], []
    for _ in range(STARTS):
        daemon = Daemon(place, tree)
        daemon.page()
        paged.append(time.perf_counter() - daemon.begun)
        ready.append(daemon.ready - daemon.begun)
        daemon.stop()
        begun = time.perf_counter()
        subprocess.run([shutil.which("true")], check=True)
        nothing.append(time.perf_counter() - begun)
    floor = statistics.median(nothing) * 1000
    table.figure("start to READY=1", statistics.median(ready) * 1000, "ms", None, None, floor, "/bin/true")
    table.figure("start to first page", statistics.median(paged) * 1000, "ms", 25, 12, floor, "/bin/true")
