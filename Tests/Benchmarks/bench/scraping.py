# SPDX-License-Identifier: Apache-2.0
"""What a page costs: the reading of the kernel, the rendering, the compressing."""

import statistics
import time
import zlib

from bench import process
from bench.daemon import Daemon
from bench.tree import Tree

# Figures of the kernel are read again when they are older than a second.
FRESHNESS = 1.05
SAMPLES = 5000
HOT_SCRAPES = 400
COLD_SCRAPES = 8
TURNS = 3


def kernel_files(place, table):
    """reading the kernel files of 200 containers, against C"""
    tree = Tree(place, 200)
    daemon = Daemon(place, tree, checks=[])
    page = daemon.page()
    # What a page costs more when the kernel is read for it: the tree, the files, the sheet of samples. Both sides sleep
    # between two readings, for a machine that wakes up is slower, and take turns, for it is not always as slow.
    here, there = [], []
    for _ in range(TURNS):
        here.append(statistics.median(_cold_pages(place, daemon)) - statistics.median(_hot_pages(place, daemon)))
        floor = _floor(place, daemon, tree, page, rounds=COLD_SCRAPES, pause=FRESHNESS)
        there.append(floor.reading)
    table.figure(f"kernel files, reading and parsing {floor.count:,}, CPU", statistics.median(here) * 1000, "ms", 1.15,
                 1.05, statistics.median(there) * 1000, "C, the same calls", against_ratio=True)
    daemon.stop()


def _cold_pages(place, daemon):
    """CPU seconds of pages for which the kernel is read anew."""
    for _ in range(COLD_SCRAPES):
        time.sleep(FRESHNESS)
        yield place.floors.scrape(daemon, 1).cpu


def _hot_pages(place, daemon):
    """CPU seconds of pages for which nothing is read, after as long a sleep."""
    for _ in range(COLD_SCRAPES):
        time.sleep(FRESHNESS)
        place.floors.scrape(daemon, 1)
        time.sleep(FRESHNESS / 2)
        yield place.floors.scrape(daemon, 1).cpu


def hot_page(place, table):
    """a hot page of 5000 samples, plain and gzip, against C and zlib"""
    tree = Tree(place, 20)
    daemon = Daemon(place, tree, checks=[])
    few = len(daemon.page())
    tree.grow(20)
    time.sleep(FRESHNESS)
    each = (len(daemon.page()) - few) / 20
    tree.grow(round((SAMPLES - few) / each) - 20)
    time.sleep(FRESHNESS)
    page = daemon.page()
    plain = min((place.floors.scrape(daemon, HOT_SCRAPES) for _ in range(3)), key=lambda s: s.cpu)
    packed = min((place.floors.scrape(daemon, HOT_SCRAPES // 4, "Accept-Encoding: gzip") for _ in range(3)),
                 key=lambda s: s.cpu)
    floor = _floor(place, daemon, tree, page)
    raw = daemon.get("/metrics")
    begun = time.process_time()
    for _ in range(20):
        stream = zlib.compressobj(1, zlib.DEFLATED, 31)
        stream.compress(raw)
        stream.flush()
    gzip = (time.process_time() - begun) / 20
    what = f"hot page of {len(page):,} samples"
    table.figure(f"{what}, plain, CPU", plain.cpu * 1000, "ms", 0.6, 0.25, floor.formatting * 1000, "C formatting")
    table.figure(f"{what}, gzip, CPU", packed.cpu * 1000, "ms", 2, None, gzip * 1000, "zlib alone")
    daemon.stop()


def thousand_containers(place, table):
    """a page of 1000 containers, kernel read anew, against C"""
    tree = Tree(place, 1000)
    daemon = Daemon(place, tree)
    daemon.page()
    cold = statistics.median(_cold_pages(place, daemon))
    page = daemon.page()
    floor = _floor(place, daemon, tree, page, rounds=10)
    table.figure(f"1000 containers, {len(page):,} samples, {floor.count:,} files, CPU", cold * 1000,
                 "ms", 60, 1.3 * (floor.reading + floor.formatting) * 1000,
                 (floor.reading + floor.formatting) * 1000, "C reading and formatting")
    rss, _, private = process.memory(daemon.pid)
    table.figure("1000 containers, RSS", rss, "MiB")
    table.figure("1000 containers, private dirty", private, "MiB")
    daemon.stop()


def _floor(place, daemon, tree, page, rounds=50, pause=0):
    """C over the very files that the daemon keeps open, and a page of as many samples as long as its own."""
    paths = [path for path in process.open_files(daemon.pid) if path.startswith(str(tree.root))]
    # vitald opens these anew at each reading, as an open one would keep its network alive.
    paths += [f"+{directory}/net/dev" for _, directory in tree.containers]
    label = sum(max(0, line.find("}") - line.find("{") - 1) for line in page) // len(page)
    return place.floors.files(rounds, pause, len(page), label, paths)
