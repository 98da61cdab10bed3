# SPDX-License-Identifier: Apache-2.0
"""The gates: counts that no noise moves."""

import re
import signal
import struct
import subprocess
import time

from bench import process
from bench.daemon import Daemon
from bench.memory import SETTLED
from bench.scraping import FRESHNESS
from bench.tree import Tree

FEW, MANY = 20, 60
COLD, HOT = 4, 200

# Each container has 21 kept files (19 of cgroup2, its limits, its processes), its directory is looked at, its network
# is told apart by a stat and read by open, read and close: 26. What is above containers costs once, not for each.
SYSCALLS_PER_CONTAINER = 27
# The 15 services of the pattern, the 3 slices above them and above the containers (5 limits each), the machine's own
# files, accept, answer, close: 395 when written.
SYSCALLS_FIXED = 450
# 10 and 33 when written: receive, wake the lane and the loop, send; the report's and the answer's few values.
SYSCALLS_HOT = 14
ALLOCATIONS_PER_CONTAINER = 2
ALLOCATIONS_HOT = 50
# The page is written into memory that is there.
ALLOCATIONS_HOT_PER_CONTAINER = 0.1
CHURN = 5


def measure(place, table):
    """system calls, allocations and descriptors for each scrape: these fail the run"""
    few, many = _counted(place, FEW), _counted(place, MANY)
    each = (many["cold calls"] - few["cold calls"]) / (MANY - FEW)
    table.gate("system calls for each container and reading", each, SYSCALLS_PER_CONTAINER)
    table.gate("system calls beside, for each reading", few["cold calls"] - FEW * each, SYSCALLS_FIXED)
    table.gate("system calls of a hot page", few["hot calls"], SYSCALLS_HOT)
    each = (many["cold allocations"] - few["cold allocations"]) / (MANY - FEW)
    table.gate("allocations for each container and reading", each, ALLOCATIONS_PER_CONTAINER)
    table.gate("allocations of a hot page", few["hot allocations"], ALLOCATIONS_HOT)
    table.gate("allocations that a container adds to a hot page",
               (many["hot allocations"] - few["hot allocations"]) / (MANY - FEW), ALLOCATIONS_HOT_PER_CONTAINER)
    _descriptors(place, table)


def _counted(place, containers):
    """System calls and allocations of one scrape, with the kernel read anew (cold) and not (hot)."""
    tree = Tree(place, containers)
    library = place.floors.build("allocations", "-shared", "-fPIC")
    counters = place.root / f"allocations-{containers}"
    counters.write_bytes(bytes(16))
    environment = {"LD_PRELOAD": str(library), "ALLOCATIONS_FILE": str(counters)}
    daemon = Daemon(place, tree, environment=environment, checks=[])
    place.floors.scrape(daemon, 20)
    time.sleep(max(0, daemon.begun + SETTLED - time.perf_counter()))
    result = {}

    def allocations():
        return struct.unpack("QQ", counters.read_bytes())[0]

    def cold():
        for _ in range(COLD):
            time.sleep(FRESHNESS)
            place.floors.scrape(daemon, 1)

    def hot():
        place.floors.scrape(daemon, HOT)

    def idle():
        time.sleep(COLD * FRESHNESS)

    cold()
    before = allocations()
    idle()
    resting = allocations() - before
    before = allocations()
    cold()
    result["cold allocations"] = (allocations() - before - resting) / COLD
    before = allocations()
    hot()
    result["hot allocations"] = (allocations() - before) / HOT
    resting = _system_calls(place, daemon, idle)
    result["cold calls"] = (_system_calls(place, daemon, cold) - resting) / COLD
    result["hot calls"] = _system_calls(place, daemon, hot) / HOT
    daemon.stop()
    return result


def _system_calls(place, daemon, work):
    """How many system calls the daemon makes while the work is done."""
    report = place.root / "strace"
    tracer = place.start(["strace", "-f", "-c", "-q", "-o", report, "-p", daemon.pid], stderr=subprocess.PIPE)

    def is_traced():
        status = open(f"/proc/{daemon.pid}/status").read()
        return re.search(r"TracerPid:\t(\d+)", status)[1] == str(tracer.pid)

    until = time.monotonic() + 5
    while not is_traced():
        if tracer.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"strace cannot look at vitald: {tracer.stderr.read().decode().strip()}")
        time.sleep(0.01)
    time.sleep(0.1)  # the other threads are seized right after the first
    work()
    tracer.send_signal(signal.SIGINT)
    tracer.wait(10)
    place.end(tracer)
    total = re.search(r"(\d+)\s+(?:\d+\s+)?total$", report.read_text(), re.M)
    return int(total[1])


def _descriptors(place, table):
    """Churn leaves no descriptor behind."""
    tree = Tree(place, FEW)
    daemon = Daemon(place, tree, checks=[])
    for _ in range(2):
        time.sleep(FRESHNESS)
        daemon.page()
    daemon.wait_until("clients are gone", lambda: not _clients(daemon))
    before = len(process.open_files(daemon.pid))
    for _ in range(CHURN):
        tree.shrink(FEW // 2)
        tree.grow(FEW // 2)
        time.sleep(FRESHNESS)
        daemon.page()
    place.floors.scrape(daemon, HOT)
    daemon.wait_until("clients are gone", lambda: not _clients(daemon))
    after = len(process.open_files(daemon.pid))
    table.gate(f"descriptors left by {CHURN * FEW // 2} containers that came and went", max(0, after - before), 0)
    table.gate("threads with nobody asking", process.threads(daemon.pid), 3)
    daemon.stop()


def _clients(daemon):
    """Whether a connection to the pages is still open, by the kernel's list."""
    for line in open(f"/proc/{daemon.pid}/net/tcp").read().splitlines()[1:]:
        fields = line.split()
        # 0A is LISTEN, 06 TIME_WAIT, which has no descriptor any more.
        if int(fields[1].split(":")[1], 16) == daemon.port and fields[3] not in ("0A", "06"):
            return True
    return False
