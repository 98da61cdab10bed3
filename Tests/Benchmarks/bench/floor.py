# SPDX-License-Identifier: Apache-2.0
"""The C programs below `floor/`: built for the run, and asked for their figures."""

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

SOURCES = Path(__file__).resolve().parent.parent / "floor"
LONGEST = 180


class Load(NamedTuple):
    rate: float
    median: float


class Scrape(NamedTuple):
    size: int
    cpu: float  # seconds of server CPU for one page


class Files(NamedTuple):
    count: int
    reading: float  # seconds
    formatting: float


class Floors:
    """Builds the floors at their first use."""

    def __init__(self, place):
        self.directory = place.directory("floor")
        self.compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if not self.compiler:
            raise RuntimeError("there is no C compiler: apt-get install gcc libc6-dev")

    def build(self, name, *flags):
        """The path of a built program (or, with -shared, library)."""
        product = self.directory / name
        if not product.exists():
            subprocess.run([self.compiler, "-O2", "-o", product, SOURCES / f"{name}.c", *flags], check=True)
        return product

    def _run(self, arguments, **options):
        done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=LONGEST, **options)
        if done.returncode != 0:
            raise RuntimeError(f"{Path(arguments[0]).name}: {done.stderr.strip() or done.returncode}")
        return done.stdout.split()

    def load(self, where, text, connections, pipeline, requests):
        """Requests per second that a server answers."""
        words = self._run([self.build("load"), where, text, connections, pipeline, requests])
        return Load(float(words[2]), float(words[3]))

    def scrape(self, daemon, count, *headers):
        """What a page costs the daemon, asked for `count` times in a row."""
        words = self._run([self.build("scrape"), daemon.port, "/metrics", count, daemon.pid, *headers])
        return Scrape(int(words[0]), float(words[3]) / int(words[1]))

    def files(self, rounds, pause, samples, label, paths):
        """What C takes to read and parse these files, with so many seconds between two rounds, and to format so many
        samples."""
        words = self._run([self.build("kernelfiles"), rounds, round(pause * 1000), samples, label], input="\n".join(paths) + "\n")
        return Files(int(words[0]), float(words[3]), float(words[4]))

    def checks(self, rounds, pause, neighbours):
        """CPU seconds that C takes for one round of the same checks, with so many seconds before each of them."""
        program = self.build("checks", "-I/usr/include/postgresql", "-lpq", "-lhiredis")
        return float(self._run([program, rounds, round(pause * 1000), neighbours.postgres.keywords,
                                neighbours.redis.path, neighbours.web.port])[0])
