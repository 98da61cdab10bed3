# SPDX-License-Identifier: Apache-2.0
"""The installed vitald, whose sockets systemd holds and which systemd starts again."""
import os
import signal
import subprocess


class Service:
    """Like a Holder, with the service manager in the place of one."""

    def __init__(self, name, rpc_path, http_path, port):
        self.name, self.rpc_path, self.http_path, self.port = name, rpc_path, http_path, port
        self.pid = None

    def start(self):
        """The manager does that."""

    def kill(self, announce=lambda: None):
        """kill -9, announced right before, of the process that runs now; not before there is another one than last time."""
        pid = self.pid
        while pid in (None, 0, self.pid):
            pid = int(self._ask("show", "--property", "MainPID", "--value", self.name) or 0)
        announce()
        os.kill(pid, signal.SIGKILL)
        self.pid = pid

    def restart(self):
        """How systemctl ended."""
        return subprocess.run(["systemctl", "restart", self.name], check=False).returncode

    def close(self):
        """It stays as it is."""

    def log(self):
        """What it wrote since it was installed."""
        return subprocess.run(["journalctl", "-u", self.name, "-o", "cat", "--no-pager"], check=False,
                              capture_output=True, text=True).stdout

    def _ask(self, *words):
        return subprocess.run(["systemctl", *words], check=False, capture_output=True, text=True).stdout.strip()
