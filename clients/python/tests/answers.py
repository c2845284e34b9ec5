"""A server of raw bytes for the tests: what a real one sends, and what none should."""

import contextlib
import socket
import sys
import threading
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

LONGEST_SEC = 20
#: what a script returns to keep its connection open until the end of the test
HOLD = object()
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
GZIP_STREAM = STREAM.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")


class Request(NamedTuple):
    method: str
    path: str
    headers: dict
    body: bytes


def answer(status, body=b"", **headers):
    lines = ["HTTP/1.1 %s" % status, "Content-Length: %d" % len(body)]
    lines += ["%s: %s" % (name.replace("_", "-"), value) for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def held(data):
    """A script that sends this and then nothing, without an end."""
    return lambda link, request: link.sendall(data) or HOLD


def events(*blocks):
    return STREAM + "".join(block + "\n\n" for block in blocks).encode()


class Server:
    """Answers each connection with the next script, and with the last one again and again.

    A script is bytes to send before the connection is closed, or a function of the socket and the request.
    """

    def __init__(self, *scripts):
        self.scripts = scripts
        self.requests = []
        self.came = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % self.port
        self.sockets = set()
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in list(self.sockets):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(LONGEST_SEC)

    def until(self, count):
        """Waits for this many requests."""
        with self.came:
            if not self.came.wait_for(lambda: len(self.requests) >= count, LONGEST_SEC):
                raise AssertionError("%d requests, not %d" % (len(self.requests), count))

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(LONGEST_SEC)
            self.sockets.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError):
            request = self._request(connection)
            if request is not None:
                with self.came:
                    number = len(self.requests)
                    self.requests.append(request)
                    self.came.notify_all()
                script = self.scripts[min(number, len(self.scripts) - 1)]
                if callable(script):
                    if script(connection, request) is HOLD:
                        self.ended.wait(LONGEST_SEC)
                else:
                    connection.sendall(script)
                # An end with unread bytes would be a reset, which may overtake the answer.
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
        self.sockets.discard(connection)

    @staticmethod
    def _request(connection):
        file = connection.makefile("rb")
        start = file.readline().decode("latin-1").split()
        if len(start) < 2:
            return None
        headers = {}
        for line in file:
            if line in (b"\r\n", b"\n"):
                break
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return Request(start[0], start[1], headers, file.read(int(headers.get("content-length", 0))))
