# SPDX-License-Identifier: Apache-2.0
"""A generated procfs and sysfs: the files of a real kernel, multiplied to any number of containers."""

import os
import random
import re
import shutil
from pathlib import Path

FIXTURE = "Tests/Fixtures/linux-6.1-debian12-podman"
# A container of a real host, whose files are the pattern for all.
SLICE = "sys/fs/cgroup/machine.slice"
LIMITS = "proc/448/limits"
FIRST_PID = 100_000


class Tree:
    """`proc` and `sys` with `count` Docker containers, each with one process and a network of its own."""

    def __init__(self, place, count):
        self.root = place.directory("tree")
        self.proc, self.sys = self.root / "proc", self.root / "sys"
        source = place.project / FIXTURE
        shutil.copytree(source / "proc", self.proc, symlinks=True)
        shutil.copytree(source / "sys", self.sys, symlinks=True)
        # It stands beside memory.max on every kernel; the capture of that time did not take it along.
        for limit in (self.sys / "fs/cgroup").rglob("memory.max"):
            high = limit.with_name("memory.high")
            if not high.exists():
                high.write_text("max\n")
        pattern = next(p for p in (self.root / SLICE).iterdir() if re.fullmatch(r"libpod-[0-9a-f]{64}\.scope", p.name))
        self.files = {f.name: f.read_text() for f in pattern.iterdir() if f.is_file()}
        self.files["io.stat"] = next(
            text for text in (p.read_text() for p in sorted((source / "sys").rglob("io.stat"))) if "rbytes" in text)
        self.limits = (source / LIMITS).read_text()
        self.network = next((source / "proc/namespaces").iterdir()).joinpath("dev").read_text()
        self.stat = (source / "proc/448/stat").read_text()
        self.slice = self.sys / "fs/cgroup/system.slice"
        self.random = random.Random(9847)
        self.containers = []
        self.made = 0
        self.grow(count)

    def grow(self, count):
        """Adds containers."""
        for _ in range(count):
            self._add()

    def shrink(self, count):
        """Removes the oldest containers."""
        for directory, process in self.containers[:count]:
            shutil.rmtree(directory)
            shutil.rmtree(process)
        del self.containers[:count]

    def _add(self):
        pid = FIRST_PID + self.made
        self.made += 1
        name = f"docker-{self.random.getrandbits(256):064x}.scope"
        directory, process = self.slice / name, self.proc / str(pid)
        # Made aside and moved into place: nobody sees half a container.
        half = self.root / "half"
        half.mkdir()
        for file, text in self.files.items():
            (half / file).write_text(self._vary(file, text))
        (half / "cgroup.procs").write_text(f"{pid}\n")
        os.makedirs(process / "net")
        (process / "stat").write_text(self.stat.replace("448 ", f"{pid} ", 1))
        (process / "limits").write_text(self.limits)
        (process / "cgroup").write_text(f"0::/system.slice/{name}\n")
        (process / "net/dev").write_text(self.network)
        half.rename(directory)
        self.containers.append((directory, process))

    def _vary(self, file, text):
        """Numbers as of a container that has lived for some days, where the pattern's are near zero."""
        if file in ("memory.stat", "cpu.stat"):
            return re.sub(r" (\d+)$", lambda m: f" {int(m[1]) + self.random.randrange(1 << 34)}", text, flags=re.M)
        if file.endswith(".pressure"):
            return re.sub(r"total=(\d+)", lambda m: f"total={int(m[1]) + self.random.randrange(1 << 34)}", text)
        if file == "io.stat":
            return re.sub(r"=(\d+)", lambda m: f"={int(m[1]) + self.random.randrange(1 << 30)}", text)
        if file in ("memory.current", "memory.peak"):
            return f"{self.random.randrange(1 << 33)}\n"
        return text
