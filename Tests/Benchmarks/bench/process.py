# SPDX-License-Identifier: Apache-2.0
"""What the kernel says of a running process."""

import os
import time
from pathlib import Path


def cpu(pid):
    """Seconds of CPU, by the process's own clock: MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED) of the kernel."""
    return time.clock_gettime((~pid << 3) | 2)


def memory(pid):
    """Rss, Pss and Private_Dirty in MiB."""
    figures = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        key, value = line.split()[:2]
        figures[key.rstrip(":")] = int(value) / 1024
    return figures["Rss"], figures["Pss"], figures["Private_Dirty"]


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def wake_ups(pid):
    """How often its threads went to sleep of their own accord, which is how often they woke."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            status = (task / "status").read_text()
        except FileNotFoundError:
            continue
        total += int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])
    return total


def open_files(pid):
    """Where its descriptors lead."""
    places = []
    directory = f"/proc/{pid}/fd"
    for number in os.listdir(directory):
        try:
            places.append(os.readlink(f"{directory}/{number}"))
        except FileNotFoundError:
            pass
    return places


def children(pid):
    """The pids of its children."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
