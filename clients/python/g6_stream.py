"""Follow the board of a G6 Stream server.

    with connect("http://127.0.0.1:9329", token="...") as c:
        for change in c:
            print(change.generation, sorted(change.panels))

``python -m g6_stream URL --json`` prints one JSON line per change. ``event_stream()`` follows any stream of
``text/event-stream``:

    with event_stream(url, method="POST", body=question, headers={"Authorization": "Bearer ..."}) as stream:
        for message in stream:
            print(message.event, message.data, message.id)

Standard library only, Python 3.9 and later. test/vectors keep it equal to the TypeScript client: events of one generation
are applied together, every panel is checked against its hash before it is shown, and a mismatch leads to
``/summary/resync``, never to a local repair. One thread reads, as fast as the items are consumed; ``close()`` and
``restart()`` may be called from any other.

Arguments that cannot be used raise a ValueError at the call. After that nothing a server sends raises: each fault is a
StreamError, which goes to the listener for errors, and the client connects again. Proxy settings of the environment are
not used.
"""

from __future__ import annotations

import argparse
import codecs
import errno
import hashlib
import http.client
import io
import ipaddress
import json
import math
import os
import random
import re
import selectors
import socket
import ssl
import sys
import threading
import time
import unicodedata
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Callable, Dict, Generator, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple
from typing import Type, Union
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

__all__ = [
    "Addresses",
    "Board",
    "BoardReader",
    "Change",
    "Connection",
    "EventStream",
    "Message",
    "Outcome",
    "Panel",
    "SseParser",
    "StreamError",
    "addresses",
    "connect",
    "event_stream",
    "panel_hash",
    "printable",
]

DEFAULT_LIMIT = 16 * 1024 * 1024
#: for an answer to begin, and for silence before ``hello`` has sent the keep-alive interval
FIRST_TIMEOUT_SEC = 45.0
RESYNC_TIMEOUT_SEC = 10.0
MAX_RESYNC_BYTES = 32 * 1024 * 1024
#: limits of the problem document of a refusal, and of its text for people
PROBLEM_TIMEOUT_SEC = 5.0
MAX_PROBLEM_BYTES = 64 * 1024
MAX_TEXT_LENGTH = 300
MAX_MESSAGE_LENGTH = 1000
MAX_REDIRECTS = 10
#: to one request, early ones (103) included
MAX_ANSWERS = 16
MAX_SERVER_DELAY_SEC = 3600.0
LEAST_PAUSE_SEC = 0.1
#: a connection that lived this long ends a run of failures
STEADY_SEC = 10.0
LEAST_SILENCE_SEC = 0.01
#: of any wait or silence: longer ones do not fit every timer
LONGEST_SEC = (2**31 - 1) / 1000
MAX_COUNT = 2**53 - 1
MAX_PANELS = 2000
#: of ``blocks`` and ``facts``
MAX_DEPTH = 64
CHUNK_BYTES = 64 * 1024
#: while it connects, how often a client looks whether it was closed
LOOK_SEC = 0.25
CONNECTING = frozenset([errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY])
MAX_TOKEN_FILE_LENGTH = 64 * 1024
#: The server and the other clients strip the same characters.
_AROUND_A_TOKEN = " \t\n\v\f\r\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))


# --------------------------------------------------------------------------------------------- text/event-stream


class Message(NamedTuple):
    """One event; ``id`` is the last id of the stream, or empty."""

    event: str
    data: str
    id: str


class _Comment(NamedTuple):
    text: str


class _Retry(NamedTuple):
    ms: int


class _TooLarge(NamedTuple):
    limit: int


_Item = Union[Message, _Comment, _Retry, _TooLarge]


class SseParser:
    """Parses text/event-stream (WHATWG HTML 9.2.5, 9.2.6) from bytes cut anywhere.

    ``push`` returns the events that are complete now. An event over ``limit`` characters is dropped and counted.
    """

    def __init__(self, last_event_id: str = "", limit: int = DEFAULT_LIMIT) -> None:
        self.last_event_id = last_event_id
        #: the newest 64 of each
        self.comments: List[str] = []
        self.retries: List[int] = []
        self.overflows = 0
        self._limit = limit
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._at_start = True
        self._skip_line_feed = False
        self._pieces: List[str] = []
        self._recent: List[str] = []
        self._pieces_length = 0
        self._skipping_line = False
        self._data: List[str] = []
        self._data_length = 0
        self._event = ""
        self._id = last_event_id
        self._dropping = False

    def push(self, chunk: bytes) -> List[Message]:
        messages: List[Message] = []
        for item in self.feed(chunk):
            if isinstance(item, Message):
                messages.append(item)
            elif isinstance(item, _Comment):
                self.comments.append(item.text)
            elif isinstance(item, _Retry):
                self.retries.append(item.ms)
        del self.comments[:-64], self.retries[:-64]
        return messages

    def feed(self, chunk: bytes) -> List[_Item]:
        """As ``push``, with what is no event at its place between the events."""
        text = self._decoder.decode(chunk)
        if not text:
            return []
        if self._at_start:
            self._at_start = False
            if text[0] == "\ufeff":
                text = text[1:]
        if self._skip_line_feed and text:
            self._skip_line_feed = False
            if text[0] == "\n":
                text = text[1:]
        if text.endswith("\r"):
            self._skip_line_feed = True
        items: List[_Item] = []
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in lines[:-1]:
            self._end_line(line, items)
        self._keep(lines[-1], items)
        return items

    def _keep(self, text: str, items: List[_Item]) -> None:
        if self._skipping_line or not text:
            return
        self._recent.append(text)
        self._pieces_length += len(text)
        if self._pieces_length > self._limit:
            comment = self._taken_line()[0] == ":"
            self._skipping_line = True
            self._too_large(comment, items)
        elif len(self._recent) >= 1024:
            # Joined once, so that a line that comes byte by byte costs linear time.
            self._pieces.append("".join(self._recent))
            self._recent = []

    def _taken_line(self) -> str:
        line = "".join(self._pieces + self._recent)
        self._pieces, self._recent, self._pieces_length = [], [], 0
        return line

    def _end_line(self, text: str, items: List[_Item]) -> None:
        self._keep(text, items)
        if self._skipping_line:
            self._skipping_line = False
            return
        line = self._taken_line()
        if not line:
            self._dispatch(items)
            return
        name, colon, value = line.partition(":")
        if value[:1] == " ":
            value = value[1:]
        if colon and not name:
            items.append(_Comment(value))
        elif name == "data":
            self._add_data(value, items)
        elif name == "event":
            self._event = value
        elif name == "id":
            if "\0" not in value:
                self._id = value
        elif name == "retry" and re.fullmatch("[0-9]+", value):
            # More digits mean the longest wait all the same, and an int of thousands of them is refused.
            digits = value.lstrip("0") or "0"
            items.append(_Retry(int(digits) if len(digits) <= 15 else 10**15))

    def _add_data(self, value: str, items: List[_Item]) -> None:
        if self._dropping:
            return
        self._data_length += len(value) + 6
        if self._data_length > self._limit:
            self._too_large(False, items)
        else:
            self._data.append(value)

    def _too_large(self, comment: bool, items: List[_Item]) -> None:
        self.overflows += 1
        items.append(_TooLarge(self._limit))
        if not comment:
            self._dropping = True
            self._data, self._data_length = [], 0

    def _dispatch(self, items: List[_Item]) -> None:
        if self._dropping:
            self._id = self.last_event_id
        self.last_event_id = self._id
        if self._data and not self._dropping:
            items.append(Message(self._event or "message", "\n".join(self._data), self._id))
        self._data, self._data_length, self._event, self._dropping = [], 0, "", False


# --------------------------------------------------------------------------------------------- one request


class StreamError(Exception):
    """What went wrong with a stream: passed to the listener for errors, never raised while following.

    ``code``: network, ended, timeout, status, content_type, redirect, too_large, resync, server, original.
    Nothing comes after ``original``. The text is one printable line.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: Optional[int] = None,
        after_sec: float = 0.0,
        problem: Optional[str] = None,
        detail: Optional[str] = None,
        retry_after_sec: Optional[float] = None,
    ) -> None:
        super().__init__(printable(message[:MAX_MESSAGE_LENGTH]))
        self.code = code
        self.status = status
        #: time until the reconnection, seconds; None when the connection was not lost
        self.retry_in_sec: Optional[float] = None
        self.after_sec = after_sec
        #: of a refusal: the code of its problem document, and its text for people
        self.problem = problem
        self.detail = detail
        #: the answer's Retry-After, seconds
        self.retry_after_sec = retry_after_sec


#: Controls, line separators, marks that reorder text, lone surrogates: as in the server's log.
_RISKY = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """A text from outside as one line that cannot control a terminal, forge a line or mislead a reader."""
    return _RISKY.sub(lambda found: "\\u%04x" % ord(found.group()), text)


def _utf8(text: str) -> bytes:
    """The bytes of a text; lone surrogates count as U+FFFD."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8")


def _seconds(name: str, value: float) -> float:
    """An argument that is a time. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise ValueError("%s is %s: allowed are numbers from 0" % (name, printable(repr(value)[:40])))
    return float(min(value, LONGEST_SEC))


class _Target(NamedTuple):
    url: str
    secure: bool
    host: str
    port: int
    #: the Host header
    authority: str
    #: path and query
    path: str


def _target(url: str) -> _Target:
    """What to connect to and what to ask for. Raises ValueError for what is no http(s) address."""
    problem = ""
    try:
        parts = urlsplit(url)
        secure, host, port = parts.scheme == "https", parts.hostname or "", parts.port
        if len(host) <= 253 and not host.isascii():
            host = host.encode("idna").decode("ascii")
        if "[" in parts.netloc:
            ipaddress.IPv6Address(host.partition("%")[0])
        if parts.scheme in ("http", "https") and re.fullmatch(r"[0-9A-Za-z._~!$&'()*+,;=%:-]{1,253}", host):
            usual = 443 if secure else 80
            name = "[%s]" % host if ":" in host else host
            authority = name if port in (None, usual) else "%s:%d" % (name, port or 0)
            path = (parts.path or "/") + ("?" + parts.query if parts.query else "")
            path = re.sub("[^!-~]", lambda found: quote(found.group(), safe="", errors="replace"), path)
            return _Target(url, secure, host, usual if port is None else port, authority, path)
    except (ValueError, TypeError, AttributeError) as reason:
        problem = ": %s" % reason
    raise ValueError("not an http(s) address: %s" % printable(repr(url)[:200] + problem[:200]))


class _Life:
    """What another thread may end: the sockets in use, and a wait."""

    def __init__(self) -> None:
        self.closed = False
        self._restart_sec: Optional[float] = None
        self._sockets: Set[socket.socket] = set()
        self._changed = threading.Condition()

    @property
    def cut(self) -> bool:
        """The connection in use is no longer wanted."""
        return self.closed or self._restart_sec is not None

    def close(self) -> None:
        with self._changed:
            self.closed = True
            self._cut()

    def restart(self, delay_sec: float) -> None:
        with self._changed:
            self._restart_sec = delay_sec
            self._cut()

    def take_restart(self) -> Optional[float]:
        with self._changed:
            delay_sec, self._restart_sec = self._restart_sec, None
            return delay_sec

    def wait(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self.cut, seconds)

    def check(self) -> None:
        if self.cut:
            raise StreamError("ended", "closed")

    def use(self, connection: socket.socket) -> None:
        with self._changed:
            self.check()
            self._sockets.add(connection)

    def drop(self, connection: socket.socket) -> None:
        with self._changed:
            self._sockets.discard(connection)
        connection.close()

    def _cut(self) -> None:
        for connection in self._sockets:
            try:
                # Of the plain socket: that of a TLS socket takes its state away under the thread that reads.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended by itself
        self._changed.notify_all()


class _Wire(io.RawIOBase):
    """The bytes of a socket, each piece in time."""

    def __init__(self, connection: socket.socket, patience: Callable[[], Optional[float]]) -> None:
        self._connection = connection
        self._patience = patience

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(self._patience())
        return self._connection.recv_into(buffer)


class _File(io.BufferedReader):
    """The file of each ``http.client.HTTPResponse`` on one connection, so none of them closes it."""

    def makefile(self, mode: str) -> Any:
        return self

    def close(self) -> None:
        pass


#: ``http.client`` and ``ssl`` raise any of these for what a server sends.
_FAULTS = (OSError, http.client.HTTPException, ValueError, ArithmeticError, LookupError, EOFError, zlib.error)


class _Exchange:
    """One request on its own connection, and its answer. Every fault is a StreamError."""

    def __init__(self, life: _Life, target: _Target, deadline: float, otherwise: str) -> None:
        self.status = 0
        self._life = life
        self._target = target
        self._socket: Optional[socket.socket] = None
        #: the last one counts; the others keep the file open
        self._responses: List[http.client.HTTPResponse] = []
        self._unzip: Optional["zlib._Decompress"] = None
        self._has_more = False
        self._silence: Callable[[], float] = lambda: 0.0
        self._deadline: Optional[float] = deadline
        self._otherwise = otherwise

    def go_on(self, silence_sec: Callable[[], float]) -> None:
        """From now on only silence ends it; 0 = nothing does."""
        self._deadline = None
        self._silence = silence_sec

    def _patience(self) -> Optional[float]:
        if self._deadline is None:
            silence_sec = self._silence()
            self._otherwise = "no byte for %g s" % silence_sec
            return max(silence_sec, LEAST_SILENCE_SEC) if silence_sec > 0 else None
        left_sec = self._deadline - time.monotonic()
        if left_sec <= 0:
            raise socket.timeout
        return left_sec

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except socket.timeout as reason:
            raise StreamError("timeout", self._otherwise) from reason
        except _FAULTS as reason:
            raise StreamError("network", str(reason) or type(reason).__name__) from reason

    def ask(
        self, method: str, headers: Mapping[str, str], body: Optional[bytes], context: Callable[[], ssl.SSLContext]
    ) -> None:
        """Connects, sends the request and reads the head of the answer."""
        lines = ["%s %s HTTP/1.1" % (method, self._target.path), "Host: " + self._target.authority]
        lines += ["%s: %s" % header for header in headers.items()]
        if body is not None or method in ("POST", "PUT", "PATCH"):
            lines.append("Content-Length: %d" % len(body or b""))
        with self._faults():
            self._connect(context)
            connection = self._socket
            if connection is None:
                return
            connection.settimeout(self._patience())
            connection.sendall(_utf8("\r\n".join(lines) + "\r\n\r\n") + (body or b""))
            reading: Any = _File(_Wire(connection, self._patience), CHUNK_BYTES)
            while len(self._responses) < MAX_ANSWERS and self.status in (0, 102, 103):
                response = http.client.HTTPResponse(reading, method=method)
                self._responses.append(response)
                response.begin()
                self.status = response.status
        encoding = self.header("Content-Encoding").strip().lower()
        if encoding in ("gzip", "x-gzip"):
            self._unzip = zlib.decompressobj(16 + zlib.MAX_WBITS)
        elif encoding not in ("", "identity"):
            raise StreamError("content_type", "content encoding %s: allowed is gzip" % encoding, self.status)

    def _connect(self, context: Callable[[], ssl.SSLContext]) -> None:
        # Bytes are taken as they are: a text would be encoded as IDNA once more.
        found = socket.getaddrinfo(self._target.host.encode("ascii"), self._target.port, type=socket.SOCK_STREAM)
        for at, (family, kind, protocol, _, address) in enumerate(found):
            try:
                connection = self._take(socket.socket(family, kind, protocol))
                connection.setblocking(False)
                # Addresses that do not answer leave time for the others.
                seconds = (self._patience() or FIRST_TIMEOUT_SEC) / (len(found) - at)
                self._connected(connection, connection.connect_ex(address), time.monotonic() + seconds)
                break
            except OSError:
                self.close()
                if at + 1 == len(found) or self._life.cut:
                    raise
        if self._target.secure and self._socket is not None:
            plain = self._socket
            secured = context().wrap_socket(plain, server_hostname=self._target.host, do_handshake_on_connect=False)
            self._life.drop(plain)
            self._take(secured).settimeout(self._patience())
            secured.do_handshake()

    def _take(self, connection: socket.socket) -> socket.socket:
        self._socket = connection
        self._life.use(connection)
        return connection

    def _connected(self, connection: socket.socket, code: int, deadline: float) -> None:
        with selectors.DefaultSelector() as waiting:
            waiting.register(connection, selectors.EVENT_WRITE)
            while code in CONNECTING:
                left_sec = deadline - time.monotonic()
                # Not every system wakes it when another thread shuts the socket down.
                if left_sec > 0 and waiting.select(min(left_sec, LOOK_SEC)):
                    break
                self._life.check()
                if left_sec <= 0:
                    raise socket.timeout
        # The shutdown of a socket that is not connected yet leaves one that is never ready.
        self._life.check()
        if code in CONNECTING:
            code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code != 0:
            raise OSError(code, os.strerror(code))

    def header(self, name: str) -> str:
        return str(self._responses[-1].getheader(name) or "") if self._responses else ""

    def read(self) -> bytes:
        """The next piece, of at most CHUNK_BYTES when decompressed; empty at the end."""
        with self._faults():
            response = self._responses[-1]
            if self._unzip is None:
                return response.read1(CHUNK_BYTES)
            while True:
                packed = self._unzip.unused_data or self._unzip.unconsumed_tail
                if self._unzip.eof:
                    self._unzip = zlib.decompressobj(16 + zlib.MAX_WBITS)
                if not packed and not self._has_more:
                    packed = response.read1(CHUNK_BYTES)
                    if not packed:
                        return b""
                piece = self._unzip.decompress(packed, CHUNK_BYTES)
                # zlib itself may keep a rest of what it has read.
                self._has_more = len(piece) == CHUNK_BYTES
                if piece:
                    return piece

    def body(self, limit: int, deadline: float, otherwise: str) -> bytes:
        """The whole body; reads no further than the limit, and no longer than until the deadline."""
        self._deadline, self._otherwise = deadline, otherwise
        body = bytearray()
        while True:
            piece = self.read()
            if not piece:
                return bytes(body)
            body += piece
            if len(body) > limit:
                raise StreamError("too_large", "longer than %d bytes" % limit)
            with self._faults():
                self._patience()

    def close(self) -> None:
        for response in self._responses:
            response.close()
        connection, self._socket = self._socket, None
        if connection is not None:
            self._life.drop(connection)


class _Request(NamedTuple):
    target: _Target
    method: str
    body: Optional[bytes]
    #: describes the body
    content_type: str
    #: sent to every origin
    headers: Mapping[str, str]
    #: sent to the first origin only: they may be credentials
    secret: Mapping[str, str]
    context: Callable[[], ssl.SSLContext]


def _send(life: _Life, request: _Request, seconds: float) -> _Exchange:
    """Sends a request and follows redirects as the fetch standard says; withholds ``secret`` from another origin."""
    target, method, body, content_type, headers, secret, context = request
    deadline, otherwise = time.monotonic() + seconds, "no answer within %g s" % seconds
    for _ in range(MAX_REDIRECTS + 1):
        exchange = _Exchange(life, target, deadline, otherwise)
        given = {name.lower() for name in secret}
        sent = {**{name: value for name, value in headers.items() if name.lower() not in given}, **secret}
        if body is not None and content_type:
            sent["Content-Type"] = content_type
        try:
            exchange.ask(method, sent, body, context)
        except BaseException:
            exchange.close()
            raise
        if exchange.status not in (301, 302, 303, 307, 308):
            return exchange
        exchange.close()
        location = exchange.header("Location")
        if not location:
            raise StreamError("redirect", "redirect without Location", exchange.status)
        try:
            # A browser sends the text of a header as it is: bytes of UTF-8.
            following = _target(urljoin(target.url, location.encode("latin-1", "replace").decode("utf-8", "replace")))
        except ValueError as reason:
            raise StreamError("redirect", "redirect to an address that is not http(s)", exchange.status) from reason
        if (following.secure, following.host, following.port) != (target.secure, target.host, target.port):
            secret = {}
        if exchange.status == 303 or (exchange.status in (301, 302) and method == "POST"):
            method, body = "GET", None
        target = following
    raise StreamError("redirect", "more than %d redirects" % MAX_REDIRECTS, exchange.status)


def _retry_after_sec(value: str) -> Optional[float]:
    """``Retry-After`` in seconds, at most an hour: a number or a date (RFC 9110 10.2.3), of several numbers the longest.

    None for anything else."""
    text = value.strip()[:64]
    numbers = re.findall("(?:^|,) *([0-9]+(?:[.][0-9]*)?) *(?=,|$)", text)
    try:
        if numbers:
            wait_sec = max(map(float, numbers))
        else:
            wait_sec = parsedate_to_datetime(text).timestamp() - time.time()
    except (TypeError, ValueError, LookupError, ArithmeticError, OSError):
        return None
    return min(wait_sec, MAX_SERVER_DELAY_SEC) if wait_sec > 0 else None


def _for_people(*texts: Any) -> Optional[str]:
    """The first text, as one line; None when there is none."""
    text = next((each for each in texts if isinstance(each, str)), "")[:MAX_TEXT_LENGTH]
    kinds = [unicodedata.category(char) for char in text]
    shown = (" " if kind[0] == "C" or kind in ("Zl", "Zp") else char for char, kind in zip(text, kinds))
    return re.sub("  +", " ", "".join(shown)).strip() or None


def _refusal(exchange: _Exchange, max_delay_sec: float = 0.0) -> StreamError:
    """The error for an answer that is not the one asked for, with what its problem document says (RFC 9457)."""
    problem: Dict[str, Any] = {}
    try:
        body = exchange.body(MAX_PROBLEM_BYTES, time.monotonic() + PROBLEM_TIMEOUT_SEC, "not complete in time")
        problem = _object(_json(body.decode("utf-8", "replace")))
    except (StreamError, ValueError, RecursionError):
        pass  # not JSON, a proxy's page for example: the status is all there is
    detail = _for_people(problem.get("detail"), problem.get("message"))
    asked = problem.get("retryAfter")
    given = str(asked) if isinstance(asked, (str, int, float)) else ""
    retry_after_sec = _retry_after_sec(exchange.header("Retry-After") or given)
    after_sec = retry_after_sec or 0.0
    if exchange.status in (401, 403):
        after_sec = max(after_sec, max_delay_sec)
    return StreamError(
        "status",
        "HTTP %d%s" % (exchange.status, ": " + detail if detail else ""),
        exchange.status,
        after_sec,
        _for_people(problem.get("code"), problem.get("error")),
        detail,
        retry_after_sec,
    )


# --------------------------------------------------------------------------------------------- any event stream


class _Backoff:
    """When a lost connection is made again: wish + random * min(max_delay_sec, initial_delay_sec * 2^failures).

    The wish is the newest ``retry:`` of the server, or what its refusal asks for. A run of failures ends with a good
    state or with a connection that lived for STEADY_SEC: a server may send one event and close each time.
    """

    def __init__(self, initial_delay_sec: float, max_delay_sec: float) -> None:
        self.initial_delay_sec = initial_delay_sec
        self.max_delay_sec = max_delay_sec
        self._wish_sec = 0.0
        self._failures = 0

    def retry(self, ms: float) -> None:
        self._wish_sec = max(min(ms, MAX_SERVER_DELAY_SEC * 1000) / 1000, min(LEAST_PAUSE_SEC, self.initial_delay_sec))

    def good(self) -> None:
        self._failures = 0

    def next(self, life_sec: float, least_sec: float) -> float:
        """The wait after a connection that lived for ``life_sec`` (0: it was refused or failed), at least ``least_sec``."""
        if life_sec >= STEADY_SEC:
            self._failures = 0
        scale_sec = self.initial_delay_sec
        if self._failures > 0:
            scale_sec = max(scale_sec, LEAST_PAUSE_SEC) * 2.0 ** min(self._failures, 30)
        self._failures += 1
        wish_sec = min(max(self._wish_sec, least_sec), MAX_SERVER_DELAY_SEC)
        return wish_sec + random.random() * min(self.max_delay_sec, scale_sec)


#: They frame the request, concern one connection, or have an argument of their own.
_OWN_HEADERS = frozenset(
    "connection content-length expect host keep-alive last-event-id proxy-connection te trailer transfer-encoding upgrade".split()
)

Headers = Union[Mapping[str, str], Callable[[], Mapping[str, str]]]


def _usable_headers(headers: Mapping[str, str]) -> Dict[str, str]:
    """Raises ValueError for headers that cannot be sent."""
    for name, value in headers.items():
        if not isinstance(name, str) or not re.fullmatch("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}", name):
            raise ValueError("a header's name is %s: allowed are letters, digits and -" % printable(repr(name)[:80]))
        if name.lower() in _OWN_HEADERS:
            raise ValueError("the header %s is set by the client itself: leave it out" % name)
        if not isinstance(value, str) or re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
            raise ValueError("the value of the header %s is no text of one line" % name)
    return {name: value.strip(" \t") for name, value in headers.items()}


def event_stream(
    url: str,
    *,
    method: str = "GET",
    body: Union[str, bytes, None] = None,
    headers: Optional[Headers] = None,
    last_event_id: str = "",
    read_timeout_sec: float = 0.0,
    initial_delay_sec: float = 1.0,
    max_delay_sec: float = 30.0,
    max_event_length: int = DEFAULT_LIMIT,
    ssl_context: Optional[ssl.SSLContext] = None,
    on_comment: Optional[Callable[[str], None]] = None,
    on_error: Optional[Callable[[StreamError], None]] = None,
) -> EventStream:
    """Follows the ``text/event-stream`` at ``url`` until it is closed, or until the server answers 204.

    ``body`` is sent again with every connection. ``headers`` may be a function, which is called for each connection;
    they are not sent to another origin after a redirect. ``read_timeout_sec`` is the longest silence (0: no limit).
    The listeners are called by the thread that iterates; what they raise ends the iteration. So a listener for errors
    that raises the StreamError it gets makes that error final.
    """
    return EventStream(
        url,
        method,
        body,
        headers,
        last_event_id,
        read_timeout_sec,
        initial_delay_sec,
        max_delay_sec,
        max_event_length,
        ssl_context,
        on_comment,
        on_error,
    )


class EventStream:
    """An event stream. Iterate it: each item is a :class:`Message`. The end of the iteration closes it."""

    def __init__(
        self,
        url: str,
        method: str,
        body: Union[str, bytes, None],
        headers: Optional[Headers],
        last_event_id: str,
        read_timeout_sec: float,
        initial_delay_sec: float,
        max_delay_sec: float,
        max_event_length: int,
        ssl_context: Optional[ssl.SSLContext],
        on_comment: Optional[Callable[[str], None]] = None,
        on_error: Optional[Callable[[StreamError], None]] = None,
        on_open: Optional[Callable[[], None]] = None,
        on_bytes: Optional[Callable[[], None]] = None,
        is_good: Optional[Callable[[], bool]] = None,
    ) -> None:
        if not isinstance(method, str) or not re.fullmatch("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}", method):
            raise ValueError("the method is %s: allowed are names like GET" % printable(repr(method)[:80]))
        if method.upper() in ("CONNECT", "HEAD", "TRACE"):
            raise ValueError("the method %s has no stream as its answer" % method)
        if body is not None and method.upper() == "GET":
            raise ValueError("a GET has no body: use another method, POST for example")
        if body is not None and not isinstance(body, (str, bytes)):
            raise ValueError("the body is no text and no bytes")
        if not isinstance(max_event_length, int) or max_event_length < 1:
            raise ValueError("max_event_length is no whole number from 1")
        if headers is not None and not callable(headers):
            headers = _usable_headers(headers)
        self.last_event_id = last_event_id
        self.read_timeout_sec = read_timeout_sec
        self._target = _target(url)
        self._method = method
        self._body = _utf8(body) if isinstance(body, str) else body
        self._content_type = "text/plain; charset=utf-8" if isinstance(body, str) else ""
        self._headers: Headers = headers if headers is not None else {}
        self._max_event_length = max_event_length
        self._ssl_context = ssl_context
        self._on_comment = on_comment
        self._on_error = on_error
        self._on_open = on_open
        self._on_bytes = on_bytes
        self._is_good = is_good
        self._life = _Life()
        max_delay_sec = _seconds("max_delay_sec", max_delay_sec)
        self._backoff = _Backoff(_seconds("initial_delay_sec", initial_delay_sec), max_delay_sec)
        self._opened_at: Optional[float] = None

    @property
    def closed(self) -> bool:
        return self._life.closed

    @property
    def last_event_id(self) -> str:
        """The id to connect again with; set it to '' to start afresh."""
        return self._last_event_id

    @last_event_id.setter
    def last_event_id(self, value: str) -> None:
        if not isinstance(value, str):
            raise ValueError("last_event_id is no text")
        self._last_event_id = value

    @property
    def read_timeout_sec(self) -> float:
        """The longest silence; 0 = no limit."""
        return self._read_timeout_sec

    @read_timeout_sec.setter
    def read_timeout_sec(self, value: float) -> None:
        self._read_timeout_sec = _seconds("read_timeout_sec", value)

    def close(self) -> None:
        """Ends the iteration. May be called from any thread. Idempotent."""
        self._life.close()

    def restart(self, delay_sec: float = 0.0) -> None:
        """Closes the connection and opens a new one after ``delay_sec``. May be called from any thread."""
        self._life.restart(min(_seconds("delay_sec", delay_sec), MAX_SERVER_DELAY_SEC))

    def __enter__(self) -> EventStream:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Message]:
        try:
            while not self._life.closed:
                error = yield from self._connection()
                if error is None:
                    return
                self._pause(error)
        finally:
            self.close()

    def _document(self, url: str, seconds: float, limit: int) -> bytes:
        """A JSON document of the same server, asked for with the same headers."""
        headers = {"Accept": "application/json", "Cache-Control": "no-cache", "Accept-Encoding": "gzip"}
        headers["Connection"] = "close"
        request = _Request(_target(url), "GET", None, "", headers, self._own_headers(), self._context)
        deadline = time.monotonic() + seconds
        exchange = _send(self._life, request, seconds)
        try:
            if exchange.status != 200:
                raise _refusal(exchange)
            return exchange.body(limit, deadline, "not complete after %g s" % seconds)
        finally:
            exchange.close()

    def _own_headers(self) -> Dict[str, str]:
        if not callable(self._headers):
            return dict(self._headers)
        try:
            return _usable_headers(self._headers())
        except ValueError as reason:
            raise StreamError("network", str(reason)) from reason

    def _context(self) -> ssl.SSLContext:
        if self._ssl_context is None:
            self._ssl_context = ssl.create_default_context()
        return self._ssl_context

    def _open(self) -> Optional[_Exchange]:
        """The accepted answer; None when the server wants no more connections."""
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-cache", "Accept-Encoding": "gzip"}
        # An id with control characters fits in no header; one without limit makes every request too large.
        if re.fullmatch(r"[^\x00-\x1f\x7f-\x9f]{1,999}", self.last_event_id):
            headers["Last-Event-ID"] = self.last_event_id
        secret = self._own_headers()
        content_type = self._content_type
        for name in [name for name in secret if name.lower() == "content-type"]:
            content_type = secret.pop(name)
        request = _Request(self._target, self._method, self._body, content_type, headers, secret, self._context)
        exchange = _send(self._life, request, self.read_timeout_sec or FIRST_TIMEOUT_SEC)
        try:
            if exchange.status == 204:
                exchange.close()
                return None
            if exchange.status != 200:
                raise _refusal(exchange, self._backoff.max_delay_sec)
            kind = exchange.header("Content-Type")
            if not re.match(r"text/event-stream\s*(;|$)", kind, re.IGNORECASE):
                raise StreamError("content_type", "not an event stream: %s" % (kind or "no content type"), 200)
        except BaseException:
            exchange.close()
            raise
        exchange.go_on(lambda: self.read_timeout_sec)
        return exchange

    def _connection(self) -> Generator[Message, None, Optional[StreamError]]:
        """One connection, and why it ended; None when it was the last."""
        self._opened_at = None
        try:
            exchange = self._open()
        except StreamError as error:
            return error
        if exchange is None:
            return None
        self._opened_at = time.monotonic()
        try:
            if self._on_open is not None:
                self._on_open()
            parser = SseParser(self.last_event_id, self._max_event_length)
            while True:
                try:
                    piece = b"" if self._life.cut else exchange.read()
                except StreamError as error:
                    return error
                if not piece:
                    return StreamError("ended", "the server ended the stream")
                if self._on_bytes is not None:
                    self._on_bytes()
                for item in parser.feed(piece):
                    if isinstance(item, Message):
                        self.last_event_id = item.id
                        yield item
                        if self._is_good is not None and self._is_good():
                            self._backoff.good()
                    elif isinstance(item, _Retry):
                        self._backoff.retry(item.ms)
                    elif isinstance(item, _TooLarge):
                        self._report(StreamError("too_large", "an event over %d characters was dropped" % item.limit))
                    elif self._on_comment is not None:
                        self._on_comment(item.text)
                    if self._life.cut:
                        break
                else:
                    self.last_event_id = parser.last_event_id
        finally:
            exchange.close()

    @property
    def _life_sec(self) -> float:
        """How long the connection lives, or lived; 0 when it was not accepted."""
        return 0.0 if self._opened_at is None else time.monotonic() - self._opened_at

    def _report(self, error: StreamError) -> None:
        if self._on_error is not None:
            self._on_error(error)

    def _pause(self, error: StreamError) -> None:
        delay_sec = self._life.take_restart()
        if delay_sec is None and not self._life.closed:
            delay_sec = self._backoff.next(self._life_sec, error.after_sec)
            error.retry_in_sec = delay_sec
            self._report(error)
        # A restart during the wait replaces it.
        while delay_sec is not None and not self._life.closed:
            self._life.wait(delay_sec)
            delay_sec = self._life.take_restart()


# --------------------------------------------------------------------------------------------- the board


@dataclass(frozen=True)
class Panel:
    key: str
    title: str
    tone: str
    lines: Tuple[str, ...]
    hash: str
    #: with ``view="blocks"``
    blocks: Optional[Tuple[Any, ...]] = None
    #: with ``view="blocks"``: numbers, states and alerts as data, by stable names
    facts: Optional[Mapping[str, Any]] = None
    #: the server cut it at its size limit and has no resync; ``hash`` is that of the whole panel
    truncated: bool = False

    def to_json(self) -> Dict[str, Any]:
        content: Dict[str, Any] = {
            "title": self.title,
            "tone": self.tone,
            "lines": list(self.lines),
            "hash": self.hash,
        }
        if self.blocks is not None:
            content["blocks"] = list(self.blocks)
        if self.facts is not None:
            content["facts"] = dict(self.facts)
        if self.truncated:
            content["truncated"] = True
        return content


@dataclass(frozen=True)
class Place:
    """Where a reason is found: a panel, and in it a row (the text of its first cell) and a label of a field or column."""

    panel: str
    row: Optional[str] = None
    label: Optional[str] = None

    def to_json(self) -> Dict[str, Any]:
        given = {"panel": self.panel, "row": self.row, "label": self.label}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class Verdict:
    """The state of the system, and the reasons, the most important first."""

    #: ``healthy``, ``attention``, ``failing`` or ``unknown``
    word: str
    reasons: Tuple[str, ...]
    #: since when the server has seen this word, epoch milliseconds; None where it does not say
    since: Optional[float] = None
    #: where each reason is found, by its index; None: nowhere on the board
    places: Optional[Tuple[Optional[Place], ...]] = None

    def to_json(self) -> Dict[str, Any]:
        document: Dict[str, Any] = {"word": self.word, "reasons": list(self.reasons)}
        if self.since is not None:
            document["since"] = self.since
        if self.places is not None:
            document["places"] = [place and place.to_json() for place in self.places]
        return document


def _place(value: Any) -> Optional[Place]:
    if value is None:
        return None
    given = _object(value)
    row, label = given.get("row"), given.get("label")
    return Place(
        _text(given.get("panel")),
        None if row is None else _text(row),
        None if label is None else _text(label),
    )


def _verdict(value: Any) -> Optional[Verdict]:
    if not value:
        return None
    given = _object(value)
    since, places = given.get("since"), given.get("places")
    return Verdict(
        _text(given.get("word")),
        tuple(_list(given.get("reasons"), _text)),
        None if since is None else _count(since),
        None if places is None else tuple(_list(places, _place)),
    )


@dataclass(frozen=True)
class Board:
    epoch: str
    generation: int
    cycle: int
    #: when the server made or last confirmed this state, epoch milliseconds
    ts: float
    #: in the server's order
    panels: Mapping[str, Panel]
    #: None where the server does not send it
    verdict: Optional[Verdict] = None

    @property
    def facts(self) -> Dict[str, Mapping[str, Any]]:
        """By panel, as ids are read: ``indices.NIFTY.ltp`` is ``board.facts["indices"]["NIFTY"]["ltp"]``."""
        return {key: panel.facts for key, panel in self.panels.items() if panel.facts is not None}


@dataclass(frozen=True)
class Change:
    #: ``full_snapshot`` or ``panel_update``
    type: str
    epoch: str
    cycle: int
    generation: int
    ts: float
    #: new and changed panels; empty when only the verdict changed
    panels: Mapping[str, Panel]
    removed: Tuple[str, ...]
    #: None where the server does not send it
    verdict: Optional[Verdict] = None

    def to_json(self) -> Dict[str, Any]:
        verdict = {} if self.verdict is None else {"verdict": self.verdict.to_json()}
        return {
            **verdict,
            "type": self.type,
            "cycle": self.cycle,
            "generation": self.generation,
            "panels": {key: panel.to_json() for key, panel in self.panels.items()},
            "removed": list(self.removed),
            "epoch": self.epoch,
            "ts": self.ts,
        }


@dataclass(frozen=True)
class Outcome:
    """The result of one event."""

    change: Optional[Change] = None
    #: ``resync``: get /summary/resync. ``fresh``: reconnect without an id.
    ask: Optional[str] = None
    why: str = ""
    keepalive_ms: Optional[float] = None
    bye: Optional[Tuple[str, float]] = None
    error: Optional[str] = None
    #: do not reconnect
    close: bool = False


#: Its events have no generation: old events cannot be distinguished from new ones and nothing can be resumed.
OLD_SERVER = "this is the Python original; g6 serve can follow its /events"


def panel_hash(key: str, title: str, tone: str, lines: Sequence[str]) -> str:
    """SHA-256 of the visible content, as the server computes it (lone surrogates count as U+FFFD)."""
    return hashlib.sha256(_utf8("v1\n%s\n%s\n%s\n%s" % (key, title, tone, "\n".join(lines)))).hexdigest()


class _Malformed(ValueError):
    pass


def _no_number(name: str) -> Any:
    raise _Malformed("%s is no JSON" % name)


def _whole_number(digits: str) -> Union[int, float]:
    """Python refuses to read or to print integers of thousands of digits; others read them as floats."""
    return int(digits) if len(digits) <= 20 else float(digits)


def _json(text: str) -> Any:
    """Strict JSON: Python's NaN and Infinity are malformed, as for every other client."""
    return json.loads(text, parse_constant=_no_number, parse_int=_whole_number)


def _plain(value: Any, depth: int = 0) -> Any:
    """Data that ``json.dumps`` can write again."""
    if isinstance(value, float) and not -math.inf < value < math.inf:
        raise _Malformed("a number is too large")
    if isinstance(value, (list, dict)):
        if depth == MAX_DEPTH:
            raise _Malformed("nested deeper than %d" % MAX_DEPTH)
        for member in value if isinstance(value, list) else value.values():
            _plain(member, depth + 1)
    return value


def _object(value: Any) -> Dict[str, Any]:
    if not isinstance(value, dict):
        raise _Malformed("not an object")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Malformed("not a text")
    return value


def _count(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MAX_COUNT:
        raise _Malformed("not a count")
    return value


def _list(value: Any, item: Callable[[Any], Any]) -> List[Any]:
    if not isinstance(value, list):
        raise _Malformed("not a list")
    return [item(member) for member in value]


def _patch(before: Sequence[str], entry: Mapping[str, Any]) -> Optional[List[str]]:
    """The lines after a structured diff, or None when it was made from other lines."""
    added = _list(entry.get("added"), _text)
    lines = list(before[: max(0, len(before) - len(_list(entry.get("removed"), _text)))])
    for change in _list(entry.get("changed_lines"), _object):
        index = _count(change.get("index"))
        if not isinstance(index, int) or index >= len(lines) or lines[index] != _text(change.get("old")):
            return None
        lines[index] = _text(change.get("new"))
    lines.extend(added)
    return lines if len(lines) == _count(entry.get("total_lines")) else None


@dataclass
class _Group:
    type: str
    epoch: str
    generation: int
    panels: Dict[str, Panel] = field(default_factory=dict)
    removed: List[str] = field(default_factory=list)
    fault: Optional[str] = None


_KNOWN = frozenset(
    "hello full_snapshot panel_update panel_update_structured heartbeat verdict resync_required error bye".split()
)
_COUNTS = "events snapshots updates structured heartbeats ignored mismatches truncated malformed resyncs".split()


class BoardReader:
    """The summary stream for one reader, without any I/O."""

    def __init__(self, accept_truncated: bool = False) -> None:
        self.board: Optional[Board] = None
        self.counts: Dict[str, int] = {name: 0 for name in _COUNTS}
        #: accept truncated panels: the server has no /summary/resync
        self.accept_truncated = accept_truncated
        self._group: Optional[_Group] = None
        self._epoch = ""
        self._need_snapshot = True
        self._wanted = 0
        self._announced: Optional[Dict[str, str]] = None

    @property
    def settled(self) -> bool:
        """The board is what the server last sent: nothing announced is outstanding."""
        return self.board is not None and not self._need_snapshot and self._announced is None

    def disconnected(self) -> None:
        """Call when a connection has ended: drops an unfinished group."""
        self._group = None

    def apply(self, event: str, data: str) -> Outcome:
        self.counts["events"] += 1
        if event not in _KNOWN:
            self.counts["ignored"] += 1
            return Outcome()
        return self._parsed(data, lambda body: self._interpret(event, body))

    def apply_resync(self, text: str) -> Outcome:
        """Applies the document of /summary/resync."""
        self.counts["resyncs"] += 1
        outcome = self._parsed(text, self._resync)
        return Outcome(ask="fresh", why=outcome.why) if outcome.ask else outcome

    def _parsed(self, text: str, interpretation: Callable[[Dict[str, Any]], Outcome]) -> Outcome:
        try:
            return interpretation(_object(_json(text)))
        except (ValueError, RecursionError) as error:
            self.counts["malformed"] += 1
            return self._ask("malformed: %s" % error)

    def _ask(self, why: str) -> Outcome:
        self._group = None
        return Outcome(ask="fresh" if self.board is None or self._need_snapshot else "resync", why=why)

    def _resync(self, data: Dict[str, Any]) -> Outcome:
        generation = _count(data.get("generation"))
        if _text(data.get("epoch")) != self._epoch or generation < self._wanted:
            return Outcome(ask="fresh", why="resync of another state")
        into = _Group("full_snapshot", self._epoch, generation)
        self._check_all(into, data)
        if into.fault is not None:
            return Outcome(ask="fresh", why=into.fault)
        self._need_snapshot = False
        self._announced = None
        return self._show("full_snapshot", data, into.panels, self._epoch)

    def _interpret(self, event: str, data: Dict[str, Any]) -> Outcome:
        if "cycle" in data and "generation" not in data:
            return Outcome(error=OLD_SERVER, close=True)
        if event == "hello":
            return self._hello(data)
        if event == "full_snapshot":
            self.counts["snapshots"] += 1
            return self._take("full_snapshot", data, lambda into: self._check_all(into, data))
        if event == "panel_update":
            self.counts["updates"] += 1
            return self._take("panel_update", data, lambda into: self._check_updates(into, data))
        if event == "panel_update_structured":
            self.counts["structured"] += 1
            return self._take("panel_update", data, lambda into: self._check_structured(into, data))
        if event in ("heartbeat", "verdict"):
            self.counts["heartbeats"] += event == "heartbeat"
            board = self.board
            if board is not None:
                # Keep the reader's generation: with a subset of the panels it may be behind the server's.
                at = {**data, "generation": board.generation}
                return self._show("panel_update", at, dict(board.panels), board.epoch)
            return Outcome()
        if event == "resync_required":
            self._group = None
            self._need_snapshot = True
            return Outcome()
        if event == "error":
            return Outcome(error="%s: %s" % (_text(data.get("code")), _text(data.get("message"))))
        return Outcome(bye=(_text(data.get("reason")), _count(data.get("reconnect_ms"))))

    def _hello(self, data: Dict[str, Any]) -> Outcome:
        self._group = None
        self._epoch = _text(data.get("epoch"))
        keepalive_ms = _count(data.get("keepalive_ms"))
        self._announced = None
        if data.get("resumed") is not True:
            self._need_snapshot = True
            return Outcome(keepalive_ms=keepalive_ms)
        board = self.board
        if board is None or self._need_snapshot or board.epoch != self._epoch:
            return Outcome(keepalive_ms=keepalive_ms, ask="fresh", why="nothing to resume")
        hashes = {_text(e.get("key")): _text(e.get("hash")) for e in _list(data.get("panels"), _object)}
        kept = {key: panel for key, panel in board.panels.items() if key in hashes}
        self._wanted = _count(data.get("generation"))
        self._announced = hashes
        at = {
            "generation": board.generation,
            "cycle": board.cycle,
            "ts": board.ts,
            "verdict": data.get("verdict"),
        }
        outcome = self._confirm(self._show("panel_update", at, kept, self._epoch))
        return Outcome(outcome.change, outcome.ask, outcome.why, keepalive_ms)

    def _confirm(self, outcome: Outcome) -> Outcome:
        """Checks the board against what hello announced, once it has reached that generation."""
        hashes, board = self._announced, self.board
        if hashes is None or board is None or board.generation < self._wanted:
            return outcome
        self._announced = None
        if board.generation > self._wanted:
            return outcome
        for key, digest in hashes.items():
            held = board.panels.get(key)
            if held is None or held.hash != digest:
                self.counts["mismatches"] += 1
                asked = self._ask("mismatch: %s" % key)
                return Outcome(outcome.change, asked.ask, asked.why)
        return outcome

    def _take(self, type: str, data: Dict[str, Any], fill: Callable[[_Group], None]) -> Outcome:
        generation = _count(data.get("generation"))
        epoch = _text(data.get("epoch")) if type == "full_snapshot" else self._epoch
        into = self._group
        if into is None or (into.type, into.generation, into.epoch) != (type, generation, epoch):
            into = self._group = _Group(type, epoch, generation)
        board = self.board
        waiting = self._need_snapshot or board is None or board.epoch != epoch
        known = board is not None and generation <= board.generation
        if (not waiting and known) if type == "full_snapshot" else (waiting or known):
            self.counts["ignored"] += 1
            self._group = None
            return Outcome()
        fill(into)
        if isinstance(data.get("removed"), list):
            into.removed = _list(data["removed"], _text)
        if len(into.panels) + (len(board.panels) if board is not None else 0) > MAX_PANELS:
            raise _Malformed("more than %d panels" % MAX_PANELS)
        if data.get("more") is True:
            return Outcome()
        self._group = None
        if into.fault is not None or self._announced is None:
            self._wanted = generation
        if into.fault is not None:
            if type == "full_snapshot":
                self._epoch = epoch
                return Outcome(ask="resync", why=into.fault)
            return self._ask(into.fault)
        if type == "full_snapshot":
            self._epoch = epoch
            self._need_snapshot = False
            return self._show(type, data, into.panels, epoch)
        panels = dict(board.panels) if board is not None else {}
        panels.update(into.panels)
        for key in into.removed:
            panels.pop(key, None)
        return self._confirm(self._show(type, data, panels, epoch))

    def _check_all(self, into: _Group, data: Dict[str, Any]) -> None:
        for key, value in _object(data.get("panels")).items():
            entry = _object(value)
            self._check(into, key, entry, _list(entry.get("lines"), _text))

    def _check_updates(self, into: _Group, data: Dict[str, Any]) -> None:
        for entry in _list(data.get("updates"), _object):
            self._check(into, _text(entry.get("key")), entry, _list(entry.get("lines"), _text))

    def _check_structured(self, into: _Group, data: Dict[str, Any]) -> None:
        for entry in _list(data.get("updates"), _object):
            key = _text(entry.get("panel"))
            held = self.board.panels.get(key) if self.board is not None else None
            fits = held is not None and not held.truncated and held.hash == entry.get("base")
            self._check(into, key, entry, _patch(held.lines, entry) if held is not None and fits else None)

    def _check(self, into: _Group, key: str, entry: Dict[str, Any], lines: Optional[List[str]]) -> None:
        """Adds a panel whose hash is right; else sets the group's fault."""
        digest, title, tone = _text(entry.get("hash")), _text(entry.get("title")), _text(entry.get("tone"))
        held = self.board.panels.get(key) if self.board is not None else None
        cut = entry.get("truncated") is True
        blocks = tuple(_plain(entry["blocks"])) if isinstance(entry.get("blocks"), list) else None
        facts = _plain(entry["facts"]) if isinstance(entry.get("facts"), dict) else None
        if cut:
            self.counts["truncated"] += 1
        if held is not None and held.hash == digest and not held.truncated:
            blocks = held.blocks if blocks is None else blocks
            facts = held.facts if facts is None else facts
            into.panels[key] = Panel(key, held.title, held.tone, held.lines, digest, blocks, facts)
        elif cut and lines is not None:
            if self.accept_truncated:
                into.panels[key] = Panel(key, title, tone, tuple(lines), digest, blocks, facts, True)
            else:
                into.fault = "truncated: %s" % key
        elif lines is not None and panel_hash(key, title, tone, lines) == digest:
            into.panels[key] = Panel(key, title, tone, tuple(lines), digest, blocks, facts)
        else:
            self.counts["mismatches"] += 1
            into.fault = "mismatch: %s" % key

    def _show(self, type: str, at: Mapping[str, Any], panels: Dict[str, Panel], epoch: str) -> Outcome:
        before: Mapping[str, Panel] = self.board.panels if self.board is not None else {}
        generation, cycle, ts = _count(at.get("generation")), _count(at.get("cycle")), _count(at.get("ts"))
        verdict = _verdict(at.get("verdict"))
        known = self.board and (self.board.generation, self.board.epoch, self.board.verdict)
        moved = known != (generation, epoch, verdict)
        self.board = Board(epoch, generation, cycle, ts, panels, verdict)
        changed = {k: p for k, p in panels.items() if k not in before or before[k].hash != p.hash}
        removed = tuple(key for key in before if key not in panels)
        if not moved and not changed and not removed:
            return Outcome()
        return Outcome(Change(type, epoch, cycle, generation, ts, changed, removed, verdict))


# --------------------------------------------------------------------------------------------- the connection


class Addresses(NamedTuple):
    stream: str
    resync: str


def addresses(
    url: str,
    panels: Optional[Sequence[str]] = None,
    structured: Optional[bool] = None,
    view: Optional[str] = None,
) -> Addresses:
    """The stream and resync URLs for a server's base URL or a stream's URL."""
    _target(url)
    parts = urlsplit(url)
    base = re.sub(r"/summary/(events|stream)/?$", "", parts.path)
    path = parts.path if base != parts.path else base.rstrip("/") + "/summary/events"
    query = parse_qsl(parts.query, keep_blank_values=True)

    def put(name: str, value: str) -> None:
        if any(n == name for n, _ in query):
            query[:] = [(n, value if n == name else v) for n, v in query]
        else:
            query.append((name, value))

    if panels is not None:
        put("panels", ",".join(panels))
    if view is not None:
        put("view", view)
    if structured is not None:
        put("structured", "1" if structured else "0")
    kept = [(n, v) for wanted in ("panels", "view") for n, v in query if n == wanted]
    resync_path = re.sub(r"(events|stream)/?$", "resync", path)
    return Addresses(
        urlunsplit((parts.scheme, parts.netloc, path, urlencode(query, errors="replace"), "")),
        urlunsplit((parts.scheme, parts.netloc, resync_path, urlencode(kept, errors="replace"), "")),
    )


def _usable_token(token: str) -> str:
    """The token without surrounding white space and byte order mark. Raises ValueError for one that no header can carry."""
    usable = token.strip(_AROUND_A_TOKEN)
    at = next((i for i, char in enumerate(usable) if not "!" <= char <= "~"), -1)
    if at == -1:
        return usable
    where = "character %d is a blank, a line break, a control character or not ASCII" % (at + 1)
    raise ValueError("the token cannot be used: %s; allowed are visible ASCII characters" % where)


def connect(
    url: str,
    token: Optional[str] = None,
    panels: Optional[Sequence[str]] = None,
    structured: Optional[bool] = None,
    view: Optional[str] = None,
    initial_delay_sec: float = 1.0,
    max_delay_sec: float = 30.0,
    max_event_length: int = DEFAULT_LIMIT,
    ssl_context: Optional[ssl.SSLContext] = None,
) -> Connection:
    """Follows the board of the server at ``url`` (its base URL or its stream's URL) until closed."""
    return Connection(
        addresses(url, panels, structured, view),
        token,
        initial_delay_sec,
        max_delay_sec,
        max_event_length,
        ssl_context,
    )


class Connection:
    """Follows the board of a server. Iterate it: each item is a :class:`Change`."""

    def __init__(
        self,
        address: Addresses,
        token: Optional[str],
        initial_delay_sec: float,
        max_delay_sec: float,
        max_event_length: int,
        ssl_context: Optional[ssl.SSLContext],
    ) -> None:
        #: connecting (no board yet), live, stale (the last known board) or closed
        self.state = "connecting"
        #: when the last bytes were received, epoch seconds
        self.last_byte_sec: Optional[float] = None
        self.reconnects = 0
        self.errors = 0
        self._address = address
        token = _usable_token(token or "")
        self._headers = {"X-API-Token": token} if token else {}
        self._reader = BoardReader()
        self._listeners: Dict[str, List[Callable[[Any], None]]] = {"update": [], "state": [], "error": []}
        self._opened = False
        #: this client ended the connection and is making a new one
        self._leaving = False
        #: reconnections that this client started since the board was settled
        self._restarts = 0
        self._stream = EventStream(
            address.stream,
            "GET",
            None,
            self._headers,
            "",
            FIRST_TIMEOUT_SEC,
            initial_delay_sec,
            max_delay_sec,
            max_event_length,
            ssl_context,
            on_error=self._fail,
            on_open=self._accepted,
            on_bytes=self._received,
            is_good=lambda: self._reader.settled and not self._leaving,
        )

    @property
    def board(self) -> Optional[Board]:
        """The newest complete board; None before the first."""
        return self._reader.board

    @property
    def counts(self) -> Dict[str, int]:
        return dict(self._reader.counts, reconnects=self.reconnects, errors=self.errors)

    def on(self, event: str, listener: Callable[[Any], None]) -> Callable[[], None]:
        """Adds a listener for ``update``, ``state`` or ``error``, called in the reading thread; returns a function that removes it."""
        if event not in self._listeners:
            raise ValueError("no event of that name: allowed are update, state and error")
        listeners = self._listeners[event]
        listeners.append(listener)
        return lambda: listeners.remove(listener) if listener in listeners else None

    def close(self) -> None:
        """May be called from any thread. Idempotent."""
        self._stream.close()
        self._become("closed")

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Change]:
        try:
            for message in self._stream:
                yield from self._act(self._reader.apply(message.event, message.data))
                if self._reader.settled and not self._leaving:
                    self._restarts = 0
                    self._become("live")
        finally:
            self.close()

    def _accepted(self) -> None:
        if self._opened:
            self.reconnects += 1
        self._opened = True
        self._leaving = False
        self._reader.disconnected()

    def _received(self) -> None:
        self.last_byte_sec = time.time()

    def _become(self, state: str) -> None:
        if self.state in (state, "closed"):
            return
        self.state = state
        for listener in list(self._listeners["state"]):
            listener(state)

    def _lost(self) -> None:
        self._reader.disconnected()
        self._become("connecting" if self.board is None else "stale")

    def _fail(self, error: StreamError) -> None:
        self.errors += 1
        if error.retry_in_sec is not None:
            self._lost()
        for listener in list(self._listeners["error"]):
            listener(error)

    def _act(self, outcome: Outcome) -> Iterator[Change]:
        if outcome.keepalive_ms:
            self._stream.read_timeout_sec = _silence_sec(outcome.keepalive_ms)
        if outcome.change is not None:
            if self._reader.settled and outcome.ask is None:
                self._become("live")
            for listener in list(self._listeners["update"]):
                listener(outcome.change)
            yield outcome.change
        if outcome.error is not None:
            self._fail(StreamError("original" if outcome.close else "server", outcome.error))
        if outcome.close:
            self.close()
            return
        if outcome.bye is not None:
            self._again(False, outcome.bye[1] / 1000)
        elif outcome.ask == "fresh":
            self._afresh(outcome.why)
        elif outcome.ask == "resync":
            yield from self._resync(outcome.why)

    def _again(self, fresh: bool, delay_sec: float) -> None:
        self._leaving = True
        if fresh:
            self._stream.last_event_id = ""
        least = LEAST_PAUSE_SEC * 2 ** min(self._restarts, 8)
        self._restarts += 1
        self._stream.restart(max(least, delay_sec))
        self._lost()

    def _afresh(self, why: str) -> None:
        self._fail(StreamError("resync", why))
        self._again(True, 0.0)

    def _resync(self, why: str) -> Iterator[Change]:
        try:
            body = self._stream._document(self._address.resync, RESYNC_TIMEOUT_SEC, MAX_RESYNC_BYTES)
        except StreamError as error:
            if error.status == 404:
                self._reader.accept_truncated = True
            if not self._stream.closed:
                self._afresh("%s; %s" % (why, error))
            return
        yield from self._act(self._reader.apply_resync(body.decode("utf-8", "replace")))


def _silence_sec(keepalive_ms: float) -> float:
    """The silence that ends a connection of this keep-alive interval, bounded to what a timer can wait."""
    return min(max(2.5 * keepalive_ms / 1000, LEAST_SILENCE_SEC), LONGEST_SEC)


# --------------------------------------------------------------------------------------------- the command


class _Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        # It quotes what was given.
        super().error(printable(message))


def _arguments() -> argparse.ArgumentParser:
    parser = _Arguments(prog="g6_stream", description="Follow the board of a G6 Stream server.")
    parser.add_argument("url", help="the server's base (http://host:9329) or its stream's own address")
    parser.add_argument("--json", action="store_true", help="one JSON line a change")
    parser.add_argument("--token-file", help="read the token from this file (else from $G6_SSE_API_TOKEN)")
    parser.add_argument("--panels", help="only these, comma separated")
    parser.add_argument("--structured", action=argparse.BooleanOptionalAction, default=None, help="line diffs")
    parser.add_argument("--view", choices=("lines", "blocks"))
    parser.add_argument(
        "--initial-delay", type=float, default=1.0, metavar="SEC", help="scale of the first wait to reconnect (1)"
    )
    parser.add_argument("--changes", type=int, default=0, metavar="N", help="end after N changes (0 = never)")
    return parser


def _complain(message: str) -> None:
    print("g6_stream: %s" % printable(message), file=sys.stderr)


def _show(change: Change, as_json: bool) -> None:
    if as_json:
        # ASCII, so no character of a panel controls a terminal, and a lone surrogate can be written.
        print(json.dumps(change.to_json(), allow_nan=False), flush=True)
        return
    for panel in change.panels.values():
        lines = "\n".join(printable(line) for line in panel.lines)
        print("[%s]\n%s\n" % (printable(panel.title), lines), flush=True)


def main(argv: Optional[Sequence[str]] = None) -> int:
    for output in (sys.stdout, sys.stderr):
        if isinstance(output, io.TextIOWrapper):
            # A terminal or a pipe of another encoding shows what it can.
            output.reconfigure(errors="backslashreplace")
    options = _arguments().parse_args(argv)
    token = os.environ.get("G6_SSE_API_TOKEN")
    if options.token_file:
        try:
            # Bytes that are no UTF-8 are refused as a token, with their position.
            with open(options.token_file, encoding="utf-8", errors="replace", newline="") as file:
                token = file.read(MAX_TOKEN_FILE_LENGTH)
        except (OSError, ValueError) as error:
            _complain("the token file cannot be read: %s" % (getattr(error, "strerror", None) or error))
            return 2
        if not token.strip(_AROUND_A_TOKEN):
            _complain("the token file is empty")
            return 2
    panels = options.panels.split(",") if options.panels else None
    try:
        connection = connect(options.url, token, panels, options.structured, options.view, options.initial_delay)
    except ValueError as error:
        _complain(str(error))
        return 2

    def complain(error: StreamError) -> None:
        again = "" if error.retry_in_sec is None else "; again in %.1f s" % error.retry_in_sec
        _complain("%s%s" % (error, again))

    connection.on("error", complain)
    finals: List[StreamError] = []
    connection.on("error", lambda error: finals.append(error) if error.code == "original" else None)
    taken = 0
    try:
        with connection:
            for change in connection:
                _show(change, options.json)
                taken += 1
                if taken == options.changes:
                    break
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        # Only the output is left: what fails on the network is reported and repeated.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _complain("the output cannot be written: %s" % (error.strerror or error))
        return 1
    return 1 if finals else 0


if __name__ == "__main__":
    sys.exit(main())
