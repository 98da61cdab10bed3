# SPDX-License-Identifier: Apache-2.0
"""A running vitald."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request

READY_WITHIN = 20


class Daemon:
    """Starts vitald with a configuration, and waits until it says READY=1."""

    def __init__(self, place, tree=None, checks=(), environment=None, **configuration):
        self.place = place
        home = place.directory("daemon")
        self.socket_path = home / "vitald.sock"
        file = home / "config.json"
        file.write_text(json.dumps({"checks": list(checks), **configuration}))
        file.chmod(0o600)
        arguments = [place.binary, "--config", file, "--socket", self.socket_path, "--http", "127.0.0.1:0",
                     "--log-format", "json"]
        if tree:
            arguments += ["--proc-root", tree.proc, "--sys-root", tree.sys]
        self.log = open(home / "log", "w+")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(home / "notify"))
            notify.settimeout(READY_WITHIN)
            variables = {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": str(home / "notify"), **(environment or {})}
            self.begun = time.perf_counter()
            self.process = place.start(arguments, env=variables, stderr=self.log, stdin=subprocess.DEVNULL)
            while b"READY=1" not in notify.recv(65_536):
                pass
            self.ready = time.perf_counter()
        self.pid = self.process.pid
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", self._started())[1])

    def _started(self):
        """The log up to the line that names the port, which follows READY=1."""
        until = time.monotonic() + READY_WITHIN
        while time.monotonic() < until:
            self.log.seek(0)
            text = self.log.read()
            if " serves " in text and text.endswith("\n"):
                return text
            time.sleep(0.002)
        raise RuntimeError(f"vitald did not say where it serves: {text[-500:]}")

    def get(self, path, **headers):
        """The body of a page."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read()

    def page(self):
        """The lines of /metrics that are samples."""
        return [line for line in self.get("/metrics").decode().splitlines() if not line.startswith("#")]

    def value(self, sample):
        """The value of one sample, named with its labels."""
        for line in self.page():
            name, _, value = line.rpartition(" ")
            if name == sample:
                return float(value)
        raise KeyError(sample)

    def call(self, method, **parameters):
        """Asks through the Unix socket."""
        with self.connect() as stream:
            return stream.ask(method, **parameters)

    def connect(self):
        return Stream(self.socket_path)

    def wait_until(self, what, holds, within=30):
        """Waits for a condition."""
        until = time.monotonic() + within
        while not holds():
            if time.monotonic() > until:
                raise RuntimeError(f"waited {within} s in vain for: {what}")
            time.sleep(0.05)

    def wait_healthy(self):
        """Waits until every check has had its say."""
        self.wait_until(
            "every check is healthy",
            lambda: all(c["level"] == "healthy" for c in self.call("checks.list")["checks"]))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.place.end(self.process)
        self.log.close()


class Stream:
    """A kept connection to the socket, one question at a time."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(20)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile("r")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.socket.close()

    def ask(self, method, **parameters):
        """The result of a call; an error is raised."""
        answer = self.call(method, **parameters)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def call_all(self, method, every):
        """Calls a method with each of these parameters, all in one write; returns when all are answered."""
        requests = ({"jsonrpc": "2.0", "id": i, "method": method, "params": params} for i, params in enumerate(every))
        self.socket.sendall(b"".join(json.dumps(request).encode() + b"\n" for request in requests))
        for _ in every:
            self.lines.readline()

    def call(self, method, **parameters):
        """The whole answer."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(self.lines.readline())
