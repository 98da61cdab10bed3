# SPDX-License-Identifier: Apache-2.0
"""The directory in which a run works, and every process that it starts; all of it goes away with the run."""

import os
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path


class Workplace:
    """Owns the temporary directory (on tmpfs where there is one) and the started processes."""

    # 1000 containers keep some 22,000 descriptors: more than many shells allow, less than systemd does.
    DESCRIPTORS = 65_536
    # Generated trees of 1000 containers take 100 MB.
    ROOM = 512 << 20

    def __init__(self, project, binary):
        self.project = project
        self.binary = binary
        self.floors = None
        self.processes = []

    def __enter__(self):
        shared = Path("/dev/shm")
        roomy = shared.is_dir() and os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > self.ROOM
        self.root = Path(tempfile.mkdtemp(prefix="vitald-bench-", dir=shared if roomy else None))
        # Postgres runs as another user when this runs as root, and must get to its part.
        self.root.chmod(0o755)
        # Pages of a freshly linked file that are not on the disk yet would count as private and dirty.
        with open(self.binary, "rb") as file:
            os.fsync(file.fileno())
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.DESCRIPTORS, self.DESCRIPTORS))
        except (ValueError, PermissionError):
            pass  # what does not fit is then opened at each reading, and the table shows that
        return self

    def __exit__(self, *_):
        self.end_all()
        shutil.rmtree(self.root, ignore_errors=True)

    def directory(self, name):
        """A new directory."""
        return Path(tempfile.mkdtemp(prefix=name + "-", dir=self.root))

    def start(self, arguments, **options):
        """Starts a process that ends with this measurement at the latest."""
        process = subprocess.Popen([str(a) for a in arguments], **options)
        self.processes.append(process)
        return process

    def end(self, process):
        """Ends a process of ours, by force where asking does not help."""
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        if process in self.processes:
            self.processes.remove(process)

    def end_all(self):
        for process in reversed(list(self.processes)):
            self.end(process)
