# SPDX-License-Identifier: Apache-2.0
"""Clients that never pause: each notes what it asked, what was answered, and what must not have happened."""
import json
import socket
import threading
import time

PATIENCE = 30


class Deaths:
    """How often vitald was ended. A connection may break only by an end that came while it was open."""

    def __init__(self):
        self.lock = threading.Lock()
        self.announced, self.noted = 0, 0

    def announce(self):
        """Called right before each death."""
        with self.lock:
            self.announced += 1

    def note(self):
        """Called right after each death."""
        with self.lock:
            self.noted += 1

    def so_far(self):
        """How many are over."""
        with self.lock:
            return self.noted

    def explain(self, before):
        """Asked at once when a connection broke: whether one has begun that was not over when so many were."""
        with self.lock:
            return self.announced > before


class Client(threading.Thread):
    """Asks one question after the other, each on a connection of its own, until it is told to stop."""

    def __init__(self, name, deaths, connect, question):
        super().__init__(name=name, daemon=True)
        self.deaths, self.open, self.question = deaths, connect, question
        self.stopping = threading.Event()
        self.answered, self.broken, self.faults = 0, 0, []

    def run(self):
        while not self.stopping.is_set():
            self.once()

    def once(self):
        begun, before = time.monotonic(), self.deaths.so_far()
        try:
            connection = self.open()
        except OSError as error:
            # Nobody may ever be refused: that is what the held sockets are for.
            self.faults.append(f"{self.name}: not connected: {error}")
            return
        try:
            with connection:
                self.question(connection)
            self.answered += 1
        except (OSError, EOFError) as error:
            self.broken += 1
            if not self.deaths.explain(before):
                self.faults.append(f"{self.name}: broken while vitald ran: {error!r}")
        except ValueError as error:
            self.faults.append(f"{self.name}: {error}")
        if time.monotonic() - begun > PATIENCE:
            self.faults.append(f"{self.name}: one question took {time.monotonic() - begun:.1f} s")


class Kept(Client):
    """Asks three questions at a time on a connection that it keeps as long as vitald does.

    That a line is not taken any more is told by EPIPE; whatever was taken must be answered.
    """

    def once(self):
        before = self.deaths.so_far()
        try:
            connection = self.open()
        except OSError as error:
            self.faults.append(f"{self.name}: not connected: {error}")
            return
        owed = 0
        try:
            with connection:
                leaves = False
                while not (leaves or self.stopping.is_set()):
                    try:
                        for _ in range(3):
                            self.question(connection)
                            owed += 1
                    except BrokenPipeError:
                        leaves = True
                    while owed:
                        # Whole lines, but perhaps several of them.
                        count = line(connection).count(b"\n")
                        owed -= count
                        self.answered += count
        except (OSError, EOFError) as error:
            # It leaves between two questions: nothing is owed, and nothing is lost.
            if owed:
                self.broken += 1
                if not self.deaths.explain(before):
                    self.faults.append(f"{self.name}: {owed} lines that were taken are lost: {error!r}")


def unix(path):
    def connect():
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        connection.connect(path)
        return connection
    return connect


def tcp(port):
    def connect():
        connection = socket.socket(socket.AF_INET)
        connection.settimeout(PATIENCE)
        connection.connect(("127.0.0.1", port))
        return connection
    return connect


def call(connection, method, **parameters):
    """The result of one call."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    connection.sendall(json.dumps(request).encode() + b"\n")
    answer = json.loads(line(connection))
    if "result" not in answer:
        raise ValueError(f"{method}: {answer}")
    return answer["result"]


def line(connection):
    """Up to the end of a line."""
    received = b""
    while not received.endswith(b"\n"):
        piece = connection.recv(65_536)
        if not piece:
            raise EOFError("the connection ended")
        received += piece
    return received


def ask(method, **parameters):
    return lambda connection: call(connection, method, **parameters)


def say(method):
    """Sends a call, and leaves its answer to be read."""
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method}).encode() + b"\n"
    return lambda connection: connection.sendall(request)


def page(path, status=(200,)):
    """One page, whole."""
    def question(connection):
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        received = b""
        while piece := connection.recv(65_536):
            received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        if not head:
            raise EOFError("no answer")
        length = next((int(row.split(b":")[1]) for row in head.split(b"\r\n")
                       if row.lower().startswith(b"content-length:")), None)
        if length is None or len(body) < length:
            raise EOFError("half an answer")
        if int(head.split()[1]) not in status:
            raise ValueError(f"{path}: {head.splitlines()[0]}")
    return question


class Subscriber(threading.Thread):
    """Follows the changes, and takes up its place again after each death: by number and epoch."""

    def __init__(self, deaths, path):
        super().__init__(name="subscriber", daemon=True)
        self.deaths, self.path = deaths, path
        self.stopping = threading.Event()
        self.place, self.resumed, self.begun_anew, self.losses, self.events, self.faults = None, 0, 0, 0, 0, []

    def run(self):
        while not self.stopping.is_set():
            before = self.deaths.so_far()
            try:
                with unix(self.path)() as connection:
                    self.follow(connection)
            except (OSError, EOFError) as error:
                if not self.stopping.is_set() and not self.deaths.explain(before):
                    self.faults.append(f"subscriber: broken while vitald ran: {error!r}")
            except (ValueError, KeyError) as error:
                self.faults.append(f"subscriber: {error!r}")

    def follow(self, connection):
        known = {"since_seq": self.place[1], "epoch": self.place[0]} if self.place else {}
        params = {"topics": ["status", "check"], **known}
        connection.sendall(
            json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": params}).encode() + b"\n")
        # Short waits, so that the end of the run is noticed; an answer that does not come is noticed by the others.
        connection.settimeout(0.2)
        for message in self.messages(connection):
            if "id" in message:
                self.begin(message["result"])
            elif message["params"]["topic"] == "lost":
                # Told once, behind an answer that began anew.
                self.losses += 1
            else:
                self.take(message["params"])

    def begin(self, reply):
        if self.place:
            # Another life of vitald cannot replay what happened in the last one: it says so and shows how things are.
            anew = reply["epoch"] != self.place[0]
            if anew != reply["lost"] or anew != ("snapshot" in reply):
                self.faults.append(f"subscriber: epoch {self.place} was answered with {reply}")
            self.resumed += not anew
            self.begun_anew += anew
        self.place = (reply["epoch"], reply["seq"])

    def take(self, event):
        self.events += 1
        if event["epoch"] != self.place[0] or event["seq"] <= self.place[1]:
            self.faults.append(f"subscriber: {event} came after {self.place}")
        self.place = (event["epoch"], event["seq"])

    def messages(self, connection):
        """Every line, until it is told to stop."""
        received = b""
        while not self.stopping.is_set():
            try:
                piece = connection.recv(65_536)
            except TimeoutError:
                continue
            if not piece:
                raise EOFError("the stream ended")
            received += piece
            while b"\n" in received:
                text, _, received = received.partition(b"\n")
                yield json.loads(text)
