# SPDX-License-Identifier: Apache-2.0
"""The servers that vitald looks at, started for the run: Postgres, Redis, and a small HTTP server."""

import http.server
import os
import pwd
import shutil
import subprocess
import threading
import time
from pathlib import Path

from bench import process

WITHIN = 30


def wait(what, holds):
    until = time.monotonic() + WITHIN
    while not holds():
        if time.monotonic() > until:
            raise RuntimeError(f"{what} did not start within {WITHIN} s")
        time.sleep(0.05)


class Postgres:
    """A server of its own data directory, reachable through a Unix socket alone."""

    def __init__(self, place):
        binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not binaries:
            raise RuntimeError("there is no Postgres: apt-get install postgresql")
        self.home = place.directory("postgres")
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if os.geteuid() == 0:  # Postgres refuses to be root
            user = pwd.getpwnam("postgres")
            os.chown(self.home, user.pw_uid, user.pw_gid)
            options |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.home.chmod(0o755)
        data = self.home / "data"
        subprocess.run([binaries[-1] / "initdb", "-D", data, "-A", "trust", "-U", "bench", "--no-sync"],
                       check=True, cwd="/", **options)
        self.process = place.start(
            [binaries[-1] / "postgres", "-D", data, "-k", self.home, "-h", "", "-p", "5432", "-F"],
            cwd="/", **options)
        wait("Postgres", (self.home / ".s.PGSQL.5432").exists)
        ready = binaries[-1] / "pg_isready"
        wait("Postgres", lambda: subprocess.run([ready, "-q", "-h", self.home]).returncode == 0)
        self.keywords = f"host={self.home} user=bench dbname=postgres"
        self.check = {"name": "database", "type": "postgres", "url": self.keywords}

    def sessions(self):
        """CPU seconds of each process that serves a client, by pid."""
        seconds = {}
        for pid in process.children(self.process.pid):
            try:
                # postgres: bench postgres [local] idle
                if b" bench " in Path(f"/proc/{pid}/cmdline").read_bytes():
                    seconds[pid] = process.cpu(pid)
            except OSError:
                pass
        return seconds


class Redis:
    """A server without persistence behind a Unix socket."""

    def __init__(self, place):
        if not shutil.which("redis-server"):
            raise RuntimeError("there is no Redis: apt-get install redis-server")
        home = place.directory("redis")
        self.path = home / "redis.sock"
        self.process = place.start(
            ["redis-server", "--port", "0", "--unixsocket", self.path, "--save", "", "--appendonly", "no",
             "--dir", home], stdout=subprocess.DEVNULL)
        wait("Redis", self.path.exists)
        self.check = {"name": "cache", "type": "redis", "url": f"unix://{self.path}"}


class Web:
    """Says 200 and keeps its connections."""

    def __init__(self):
        class Answer(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # One write an answer: with two, Nagle's algorithm waits 40 ms for the client's delayed acknowledgement.
            wbufsize = -1

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "3")
                self.end_headers()
                self.wfile.write(b"ok\n")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.check = {"name": "external_api", "type": "http", "url": f"http://127.0.0.1:{self.port}/"}


class Neighbours:
    """All of them, and the checks that the module makes of them."""

    def __init__(self, place):
        self.postgres, self.redis, self.web = Postgres(place), Redis(place), Web()
        self.checks = [
            self.postgres.check, self.redis.check, self.web.check,
            {"name": "file_system", "type": "filesystem", "path": "/"},
            {"name": "capacity", "type": "memory", "of": "host", "warnPercent": 99, "failPercent": 100},
        ]
