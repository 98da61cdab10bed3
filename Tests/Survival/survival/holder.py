# SPDX-License-Identifier: Apache-2.0
"""Holds listening sockets as a service manager does, and starts vitald with them again and again."""
import os
import signal
import socket


class Holder:
    """The three sockets of vitald in a directory; what connects while no vitald runs waits in their queues."""

    def __init__(self, binary, directory, configuration):
        self.binary, self.directory = str(binary), directory
        self.configuration = directory / "config.json"
        self.configuration.write_text(configuration)
        self.configuration.chmod(0o600)
        self.rpc_path, self.http_path = str(directory / "vitald.sock"), str(directory / "http.sock")
        self.errors = os.open(directory / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self.sockets = [(self._unix(self.rpc_path), "rpc"), (self._unix(self.http_path), "http")]
        web = socket.socket(socket.AF_INET)
        web.bind(("127.0.0.1", 0))
        web.listen(1024)
        self.port = web.getsockname()[1]
        self.sockets.append((web, "http"))
        self.pid = None

    @staticmethod
    def _unix(path):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(1024)
        return listener

    def start(self):
        """Starts vitald with the sockets; gives its pid at once, not waiting for anything."""
        # Copies above all that will be overwritten, so that none is closed before it is moved.
        copies = [os.dup2(held.fileno(), 100 + i, inheritable=False) for i, (held, _) in enumerate(self.sockets)]
        pid = os.fork()
        if pid == 0:
            try:
                for i, copy in enumerate(copies):
                    os.dup2(copy, 3 + i, inheritable=True)
                os.dup2(self.errors, 2)
                environment = {
                    "PATH": os.environ["PATH"], "LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(copies)),
                    "LISTEN_FDNAMES": ":".join(name for _, name in self.sockets)}
                os.execve(self.binary, [self.binary, "--config", str(self.configuration), "--log-format", "json"],
                          environment)
            finally:
                os._exit(127)
        for copy in copies:
            os.close(copy)
        self.pid = pid
        return pid

    def kill(self, announce=lambda: None):
        """kill -9, announced right before, and waits until it is gone."""
        announce()
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.pid = None

    def restart(self):
        """Ends it as a service manager does; gives how it ended."""
        os.kill(self.pid, signal.SIGTERM)
        _, status = os.waitpid(self.pid, 0)
        self.pid = None
        return status

    def close(self):
        """Ends everything."""
        if self.pid is not None:
            self.kill()
        for held, _ in self.sockets:
            held.close()
        os.close(self.errors)

    def log(self):
        """What it wrote in all its lives."""
        return (self.directory / "log").read_text(errors="replace")
