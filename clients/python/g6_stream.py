"""Follow the board of a G6 Stream server.

    with connect("http://127.0.0.1:9329", token="...") as c:
        for change in c:
            print(change.generation, sorted(change.panels))

``python -m g6_stream URL --json`` prints one JSON line per change.

Standard library only, Python 3.9 and later. test/vectors keep it equal to the TypeScript client: events of one generation
are applied together, every panel is checked against its hash before it is shown, and a mismatch leads to
``/summary/resync``, never to a local repair. One thread reads, as fast as the changes are consumed; ``close()`` may be
called from any other.
"""

from __future__ import annotations

import argparse
import codecs
import hashlib
import http.client
import json
import math
import os
import random
import re
import socket
import ssl
import sys
import threading
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Type
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

__all__ = [
    "Addresses",
    "Board",
    "BoardReader",
    "Change",
    "Connection",
    "Message",
    "Outcome",
    "Panel",
    "SseParser",
    "StreamError",
    "addresses",
    "connect",
    "panel_hash",
]

DEFAULT_LIMIT = 16 * 1024 * 1024
FIRST_TIMEOUT_SEC = 45.0
RESYNC_TIMEOUT_SEC = 10.0
MAX_RESYNC_BYTES = 32 * 1024 * 1024
MAX_REDIRECTS = 10
MAX_SERVER_DELAY_SEC = 3600.0
LEAST_PAUSE_SEC = 0.1
CHUNK_BYTES = 64 * 1024
MAX_TOKEN_FILE_LENGTH = 64 * 1024
#: The server and the other clients strip the same characters.
_AROUND_A_TOKEN = " \t\n\v\f\r\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))


# --------------------------------------------------------------------------------------------- text/event-stream


class Message(NamedTuple):
    """One event; ``id`` is the last id of the stream, or empty."""

    event: str
    data: str
    id: str


class SseParser:
    """Parses text/event-stream (WHATWG HTML 9.2.5, 9.2.6) from bytes cut anywhere.

    ``push`` returns the events that are complete now. An event over ``limit`` characters is dropped and counted.
    """

    def __init__(self, last_event_id: str = "", limit: int = DEFAULT_LIMIT) -> None:
        self.last_event_id = last_event_id
        self.comments: List[str] = []
        self.retries: List[int] = []
        self.overflows = 0
        self._limit = limit
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._at_start = True
        self._skip_line_feed = False
        self._pieces: List[str] = []
        self._pieces_length = 0
        self._skipping_line = False
        self._data: List[str] = []
        self._data_length = 0
        self._event = ""
        self._id = last_event_id
        self._dropping = False

    def push(self, chunk: bytes) -> List[Message]:
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
        messages: List[Message] = []
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in lines[:-1]:
            self._end_line(line, messages)
        self._keep(lines[-1])
        return messages

    def _keep(self, text: str) -> None:
        if self._skipping_line or not text:
            return
        self._pieces.append(text)
        self._pieces_length += len(text)
        if self._pieces_length > self._limit:
            comment = self._pieces[0][0] == ":"
            self._pieces, self._pieces_length, self._skipping_line = [], 0, True
            self._too_large(comment)
        elif len(self._pieces) > 4096:
            self._pieces = ["".join(self._pieces)]

    def _end_line(self, text: str, messages: List[Message]) -> None:
        self._keep(text)
        if self._skipping_line:
            self._skipping_line = False
            return
        line = "".join(self._pieces)
        self._pieces, self._pieces_length = [], 0
        if not line:
            self._dispatch(messages)
            return
        name, colon, value = line.partition(":")
        if value[:1] == " ":
            value = value[1:]
        if colon and not name:
            self.comments.append(value)
            del self.comments[:-64]
        elif name == "data":
            self._add_data(value)
        elif name == "event":
            self._event = value
        elif name == "id":
            if "\0" not in value:
                self._id = value
        elif name == "retry" and re.fullmatch("[0-9]{1,15}", value):
            self.retries.append(int(value))
            del self.retries[:-64]

    def _add_data(self, value: str) -> None:
        if self._dropping:
            return
        self._data_length += len(value) + 6
        if self._data_length > self._limit:
            self._too_large(False)
        else:
            self._data.append(value)

    def _too_large(self, comment: bool) -> None:
        self.overflows += 1
        if not comment:
            self._dropping = True
            self._data, self._data_length = [], 0

    def _dispatch(self, messages: List[Message]) -> None:
        if self._dropping:
            self._id = self.last_event_id
        self.last_event_id = self._id
        if self._data and not self._dropping:
            messages.append(Message(self._event or "message", "\n".join(self._data), self._id))
        self._data, self._data_length, self._event, self._dropping = [], 0, "", False


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
        if self.truncated:
            content["truncated"] = True
        return content


@dataclass(frozen=True)
class Verdict:
    """The state of the system, and the reasons."""

    #: ``healthy``, ``attention``, ``failing`` or ``unknown``
    word: str
    reasons: Tuple[str, ...]

    def to_json(self) -> Dict[str, Any]:
        return {"word": self.word, "reasons": list(self.reasons)}


def _verdict(value: Any) -> Optional[Verdict]:
    if not value:
        return None
    given = _object(value)
    return Verdict(_text(given.get("word")), tuple(_list(given.get("reasons"), _text)))


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
        said = {} if self.verdict is None else {"verdict": self.verdict.to_json()}
        return {
            **said,
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
    text = "v1\n%s\n%s\n%s\n%s" % (key, title, tone, "\n".join(lines))
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        data = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8")
    return hashlib.sha256(data).hexdigest()


class _Malformed(ValueError):
    pass


def _no_number(name: str) -> Any:
    raise _Malformed("%s is no JSON" % name)


def _json(text: str) -> Any:
    """Strict JSON: Python's NaN and Infinity are malformed, as for every other client."""
    return json.loads(text, parse_constant=_no_number)


def _object(value: Any) -> Dict[str, Any]:
    if not isinstance(value, dict):
        raise _Malformed("not an object")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Malformed("not a text")
    return value


def _count(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
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
    "hello full_snapshot panel_update panel_update_structured heartbeat resync_required error bye".split()
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
        if event == "heartbeat":
            self.counts["heartbeats"] += 1
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
            into.removed.extend(_list(data["removed"], _text))
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
        blocks = tuple(entry["blocks"]) if isinstance(entry.get("blocks"), list) else None
        if cut:
            self.counts["truncated"] += 1
        if held is not None and held.hash == digest and not held.truncated:
            kept = held.blocks if blocks is None else blocks
            into.panels[key] = Panel(key, held.title, held.tone, held.lines, digest, kept)
        elif cut and lines is not None:
            if self.accept_truncated:
                into.panels[key] = Panel(key, title, tone, tuple(lines), digest, blocks, True)
            else:
                into.fault = "truncated: %s" % key
        elif lines is not None and panel_hash(key, title, tone, lines) == digest:
            into.panels[key] = Panel(key, title, tone, tuple(lines), digest, blocks)
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


class StreamError(Exception):
    """What went wrong with a stream: passed to ``error`` listeners, never raised while following.

    ``code``: network, ended, timeout, status, content_type, redirect, too_large, resync, server, original.
    Nothing comes after ``original``.
    """

    def __init__(self, code: str, message: str, status: Optional[int] = None, after_sec: float = 0.0) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        #: time until the reconnection, seconds; None when the connection was not lost
        self.retry_in_sec: Optional[float] = None
        self.after_sec = after_sec


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
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not an http(s) address: %r" % url)
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
        urlunsplit((parts.scheme, parts.netloc, path, urlencode(query), "")),
        urlunsplit((parts.scheme, parts.netloc, resync_path, urlencode(kept), "")),
    )


def _body(response: http.client.HTTPResponse) -> bytes:
    """The whole body; reads no further than the limit and no longer than the timeout."""
    deadline_sec = time.monotonic() + RESYNC_TIMEOUT_SEC
    body = bytearray()
    while True:
        chunk = response.read1(CHUNK_BYTES)
        if not chunk:
            return bytes(body)
        body += chunk
        if len(body) > MAX_RESYNC_BYTES:
            raise StreamError("resync", "longer than %d bytes" % MAX_RESYNC_BYTES)
        if time.monotonic() > deadline_sec:
            raise StreamError("timeout", "not complete after %g s" % RESYNC_TIMEOUT_SEC)


def _retry_after_sec(value: Optional[str]) -> float:
    if not value:
        return 0.0
    if re.fullmatch("[0-9]{1,9}", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0.0


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
        self._initial_delay_sec = initial_delay_sec
        self._max_delay_sec = max_delay_sec
        self._max_event_length = max_event_length
        self._ssl_context = ssl_context
        self._reader = BoardReader()
        self._listeners: Dict[str, List[Callable[[Any], None]]] = {"update": [], "state": [], "error": []}
        self._closing = threading.Event()
        self._socket: Optional[socket.socket] = None
        self._last_event_id = ""
        self._timeout_sec = FIRST_TIMEOUT_SEC
        self._failures = 0
        self._fruitless = 0
        self._server_delay_sec = 0.0
        self._retry_sec = 0.0
        self._pause_sec: Optional[float] = None

    @property
    def board(self) -> Optional[Board]:
        """The newest complete board; None before the first."""
        return self._reader.board

    @property
    def counts(self) -> Dict[str, int]:
        return dict(self._reader.counts, reconnects=self.reconnects, errors=self.errors)

    def on(self, event: str, listener: Callable[[Any], None]) -> Callable[[], None]:
        """Adds a listener, called in the reading thread; returns a function that removes it."""
        self._listeners[event].append(listener)
        return lambda: self._listeners[event].remove(listener)

    def close(self) -> None:
        """May be called from any thread. Idempotent."""
        self._closing.set()
        connection = self._socket
        if connection is not None:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended by itself
        self._become("closed")

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Change]:
        opened = False
        try:
            while not self._closing.is_set():
                error = StreamError("ended", "the server ended the stream")
                try:
                    response = self._open(self._address.stream, self._timeout_sec, True)
                    try:
                        if response.status == 204:
                            return
                        self._accept(response)
                        if opened:
                            self.reconnects += 1
                        opened = True
                        yield from self._read(response)
                    finally:
                        response.close()
                        self._drop_socket()
                except StreamError as reason:
                    error = reason
                except socket.timeout:
                    error = StreamError("timeout", "no byte for %g s" % self._timeout_sec)
                except (OSError, http.client.HTTPException) as reason:
                    error = StreamError("network", str(reason) or type(reason).__name__)
                self._reader.disconnected()
                self._wait(error)
        finally:
            self.close()

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

    def _drop_socket(self) -> None:
        connection, self._socket = self._socket, None
        if connection is not None:
            connection.close()

    def _open(self, url: str, timeout_sec: float, streaming: bool) -> http.client.HTTPResponse:
        """Sends the request and follows redirects; withholds the token from another origin."""
        headers = {"Accept": "text/event-stream" if streaming else "application/json", "Cache-Control": "no-cache"}
        if streaming and self._last_event_id:
            headers["Last-Event-ID"] = self._last_event_id.encode("utf-8").decode("latin-1")
        if not streaming:
            headers["Connection"] = "close"
        headers.update(self._headers)
        for _ in range(MAX_REDIRECTS + 1):
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise StreamError("redirect", "redirect to an address that is not http(s)")
            link: http.client.HTTPConnection
            if parts.scheme == "https":
                context = self._ssl_context or ssl.create_default_context()
                link = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout_sec, context=context)
            else:
                link = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_sec)
            link.connect()
            if streaming:
                self._socket = link.sock
                if self._closing.is_set():
                    link.close()
                    raise StreamError("ended", "closed")
            path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
            try:
                link.request("GET", path, headers=headers)
                response = link.getresponse()
            except BaseException:
                link.close()
                raise
            if response.status not in (301, 302, 303, 307, 308):
                return response
            location = response.getheader("Location")
            link.close()
            if not location:
                raise StreamError("redirect", "redirect without Location", response.status)
            target = urljoin(url, location)
            if urlsplit(target)[:2] != parts[:2]:
                headers.pop("X-API-Token", None)
            url = target
        raise StreamError("redirect", "more than %d redirects" % MAX_REDIRECTS)

    def _accept(self, response: http.client.HTTPResponse) -> None:
        if response.status != 200:
            after_sec = _retry_after_sec(response.getheader("Retry-After"))
            if response.status in (401, 403):
                after_sec = max(after_sec, self._max_delay_sec)
            raise StreamError("status", "HTTP %d" % response.status, response.status, after_sec)
        kind = response.getheader("Content-Type") or ""
        if not re.match(r"text/event-stream\s*(;|$)", kind, re.IGNORECASE):
            raise StreamError("content_type", "not an event stream: %s" % (kind or "no content type"), 200)
        self._reader.disconnected()

    def _read(self, response: http.client.HTTPResponse) -> Iterator[Change]:
        parser = SseParser(self._last_event_id, self._max_event_length)
        self._server_delay_sec = self._retry_sec
        overflows = 0
        while not self._closing.is_set():
            if self._socket is not None:
                self._socket.settimeout(self._timeout_sec)
            chunk = response.read1(CHUNK_BYTES)
            if not chunk:
                return
            self.last_byte_sec = time.time()
            messages = parser.push(chunk)
            if parser.retries:
                self._retry_sec = self._server_delay_sec = parser.retries[-1] / 1000
                parser.retries.clear()
            if parser.overflows > overflows:
                overflows = parser.overflows
                self._fail(StreamError("too_large", "an event over %d characters was dropped" % self._max_event_length))
            seen = parser.last_event_id
            for message in messages:
                self._failures = 0
                self._last_event_id = message.id
                for change in self._act(self._reader.apply(message.event, message.data)):
                    yield change
                if self._pause_sec is not None or self._closing.is_set():
                    return
                if self._reader.settled:
                    self._become("live")
            self._last_event_id = seen

    def _act(self, outcome: Outcome) -> Iterator[Change]:
        if outcome.keepalive_ms:
            self._timeout_sec = 2.5 * outcome.keepalive_ms / 1000
        if outcome.change is not None:
            self._fruitless = 0
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
            self._fail(StreamError("resync", outcome.why))
            self._again(True, 0.0)
        elif outcome.ask == "resync":
            yield from self._resync(outcome.why)

    def _again(self, fresh: bool, delay_sec: float) -> None:
        if fresh:
            self._last_event_id = ""
        least = LEAST_PAUSE_SEC * 2 ** min(self._fruitless, 8)
        self._fruitless += 1
        self._pause_sec = max(least, min(delay_sec, MAX_SERVER_DELAY_SEC))
        self._lost()

    def _resync(self, why: str) -> Iterator[Change]:
        try:
            response = self._open(self._address.resync, RESYNC_TIMEOUT_SEC, False)
            try:
                body = _body(response) if response.status == 200 else None
            finally:
                response.close()
            if body is not None:
                yield from self._act(self._reader.apply_resync(body.decode("utf-8", "replace")))
                return
            if response.status == 404:
                self._reader.accept_truncated = True
            problem = "%s; HTTP %d" % (why, response.status)
        except (OSError, http.client.HTTPException, StreamError) as error:
            problem = "%s; %s" % (why, error)
        self._fail(StreamError("resync", problem))
        self._again(True, 0.0)

    def _wait(self, error: StreamError) -> None:
        pause_sec, self._pause_sec = self._pause_sec, None
        if self._closing.is_set():
            return
        if pause_sec is None:
            scale = self._initial_delay_sec
            if self._failures > 0:
                scale = max(scale, 0.1) * math.ldexp(1.0, min(self._failures, 30))
            least = max(error.after_sec, self._server_delay_sec if error.code != "status" else 0.0)
            pause_sec = min(least, MAX_SERVER_DELAY_SEC) + random.random() * min(self._max_delay_sec, scale)
            self._failures += 1
            error.retry_in_sec = pause_sec
            self._fail(error)
        self._closing.wait(pause_sec)


# --------------------------------------------------------------------------------------------- the command


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="g6_stream", description="Follow the board of a G6 Stream server.")
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


def main(argv: Optional[Sequence[str]] = None) -> int:
    options = _arguments().parse_args(argv)
    token = os.environ.get("G6_SSE_API_TOKEN")
    if options.token_file:
        try:
            # Bytes that are no UTF-8 are refused as a token, with their position.
            with open(options.token_file, encoding="utf-8", errors="replace", newline="") as file:
                token = file.read(MAX_TOKEN_FILE_LENGTH)
        except OSError as error:
            print("g6_stream: the token file cannot be read: %s" % error.strerror, file=sys.stderr)
            return 2
        if not token.strip(_AROUND_A_TOKEN):
            print("g6_stream: the token file is empty", file=sys.stderr)
            return 2
    panels = options.panels.split(",") if options.panels else None
    try:
        connection = connect(options.url, token, panels, options.structured, options.view, options.initial_delay)
    except ValueError as error:
        print("g6_stream: %s" % error, file=sys.stderr)
        return 2

    def complain(error: StreamError) -> None:
        again = "" if error.retry_in_sec is None else "; again in %.1f s" % error.retry_in_sec
        print("g6_stream: %s%s" % (error, again), file=sys.stderr)

    connection.on("error", complain)
    finals: List[StreamError] = []
    connection.on("error", lambda error: finals.append(error) if error.code == "original" else None)
    taken = 0
    try:
        with connection:
            for change in connection:
                if options.json:
                    print(json.dumps(change.to_json(), ensure_ascii=False), flush=True)
                else:
                    for panel in change.panels.values():
                        print("[%s]\n%s\n" % (panel.title, "\n".join(panel.lines)), flush=True)
                taken += 1
                if taken == options.changes:
                    break
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1 if finals else 0


if __name__ == "__main__":
    sys.exit(main())
