"""A small HTTP client on raw sockets: it sends any bytes and shows exactly what comes back.

Nothing is retried, and every read has a deadline: a loss is an exception that names it.
"""

import contextlib
import select
import socket
import threading
import time

TIMEOUT_S = 15.0


class Lost(AssertionError):
    """The connection ended or was reset where an answer was due."""


class Response:
    def __init__(self, head, content):
        self.head = head.decode("latin-1")
        lines = self.head.split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.fields[name.lower()] = value.strip()
        self.content = content

    @property
    def text(self):
        return self.content.decode("latin-1")


def connect(address, timeout=TIMEOUT_S, receive_buffer=None, source=None):
    """A connected socket: `address` is (host, port) or the path of a Unix socket."""
    if isinstance(address, str):
        family = socket.AF_UNIX
    else:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.settimeout(timeout)
        if receive_buffer:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            made.bind((source, 0))
        made.connect(address)
        if family != socket.AF_UNIX:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        made.close()
        raise
    return made


def request(path="/version", method="GET", content=None, fields=""):
    head = f"{method} {path} HTTP/1.1\r\nHost: process.test\r\n{fields}"
    if content is None:
        return head.encode() + b"\r\n"
    return head.encode() + f"Content-Length: {len(content)}\r\n\r\n".encode() + content


def chunked(path, content, size, method="POST"):
    """A request whose content comes in chunks of `size` bytes."""
    head = f"{method} {path} HTTP/1.1\r\nHost: process.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = bytearray()
    for at in range(0, len(content), size):
        piece = content[at:at + size]
        body += b"%x\r\n%b\r\n" % (len(piece), piece)
    return head.encode() + bytes(body) + b"0\r\n\r\n"


class Connection:
    """One connection and what has been read from it beyond the last response."""

    def __init__(self, address, **options):
        self.socket = connect(address, **options)
        self.unread = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except ConnectionError as error:
            raise Lost(f"while sending: {error}") from None

    def _more(self, why):
        try:
            got = self.socket.recv(1 << 18)
        except TimeoutError:
            raise Lost(f"no answer within {self.socket.gettimeout()} s ({why})") from None
        except ConnectionError as error:
            raise Lost(f"{error} ({why})") from None
        if not got:
            raise Lost(f"closed by the server ({why}; {len(self.unread)} bytes unread)")
        self.unread += got

    def _take_to(self, mark, why):
        while mark not in self.unread:
            self._more(why)
        taken, _, self.unread = self.unread.partition(mark)
        return taken

    def _take(self, length, why):
        if len(self.unread) < length:
            parts = bytearray(self.unread)
            while len(parts) < length:
                self.unread = b""
                self._more(f"{why}, {len(parts)} of {length} bytes there")
                parts += self.unread
            self.unread = bytes(parts)
        taken, self.unread = self.unread[:length], self.unread[length:]
        return taken

    def read(self):
        """The next response."""
        head = self._take_to(b"\r\n\r\n", "in a head")
        response = Response(head, b"")
        if response.fields.get("transfer-encoding") == "chunked":
            response.content = self._read_chunks()
        else:
            length = int(response.fields.get("content-length", "0"))
            response.content = self._take(length, "in the content")
        return response

    def _read_chunks(self):
        content = bytearray()
        while True:
            size = int(self._take_to(b"\r\n", "in a chunk size"), 16)
            content += self._take(size, "in a chunk")
            self._take(2, "after a chunk")
            if size == 0:
                return bytes(content)

    def ask(self, path="/version", method="GET", content=None):
        self.send(request(path, method, content))
        return self.read()

    def get(self, path="/version"):
        """The text of a 200."""
        response = self.ask(path)
        if response.status != 200:
            raise AssertionError(f"{path}: {response.status} {response.text[:200]!r}")
        return response.text

    def ended(self, seconds=TIMEOUT_S):
        """Whether the server closes within `seconds` without another byte."""
        ready, _, _ = select.select([self.socket], [], [], seconds)
        if not ready:
            return False
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True


def get_once(address, path="/version"):
    """One request on a connection of its own."""
    with Connection(address) as connection:
        return connection.get(path)


class Crew:
    """Idle keep-alive connections, each of which has had one answer."""

    def __init__(self, address, count, path="/version"):
        self.path = path
        self.members = [Connection(address) for _ in range(count)]
        for member in self.members:
            member.get(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for member in self.members:
            member.close()

    def ask_all(self):
        """What each answers now, or None where the connection is lost."""
        answers = []
        for member in self.members:
            try:
                member.send(request(self.path))
            except Lost:
                pass  # the read says so
        for member in self.members:
            try:
                answers.append(member.read().text)
            except Lost:
                answers.append(None)
        return answers

    def lost(self):
        return self.ask_all().count(None)


class Beside:
    """Runs `step(self)` again and again on a thread until the `with` ends; failures are kept."""

    def __init__(self, step):
        self.step = step
        self.done = 0
        self.failures = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        while not self._stop.is_set():
            try:
                self.step()
                self.done += 1
            except (OSError, AssertionError) as failure:
                self.failures.append(f"{time.monotonic():.3f}: {failure!r}")
                self._stop.wait(0.01)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def finish(self):
        """Stops; the failures. Fails by itself if not one step was made."""
        self.__exit__()
        if self.done == 0 and not self.failures:
            raise AssertionError("nothing ran beside the test")
        return self.failures


def knock(address, path="/version"):
    """A step for Beside: a new connection, one request."""
    return lambda: get_once(address, path)


@contextlib.contextmanager
def in_flight(address, path, count):
    """`count` connections with a request to `path` under way; read them with `.read()`."""
    connections = []
    try:
        for _ in range(count):
            connections.append(Connection(address))
            connections[-1].send(request(path))
        yield connections
    finally:
        for connection in connections:
            connection.close()
