"""Random faults in what a server sends: each ends as an event or as a StreamError, in time.

FUZZ_SEED=N begins with that seed, FUZZ_RUNS=N makes the run longer. A failure names its seed.
"""

import gzip
import json
import os
import random
import time
import unittest
from unittest import mock

from answers import Server  # first: it adds the folder of g6_stream to the path

import g6_stream
from g6_stream import StreamError, connect, panel_hash

RUNS = int(os.environ.get("FUZZ_RUNS", "300"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))

A = {"title": "A", "tone": "ok", "lines": ["1", "₹"], "hash": panel_hash("a", "A", "ok", ["1", "₹"]), "blocks": [[1.5]]}
HELLO = '{"epoch": "e", "keepalive_ms": 15000, "resumed": false, "generation": 1, "panels": [{"key": "a", "hash": ""}]}'
SNAPSHOT = json.dumps({"epoch": "e", "generation": 1, "cycle": 1, "ts": 1, "panels": {"a": A}})
UPDATE = json.dumps({"generation": 2, "cycle": 2, "ts": 2, "updates": [{"key": "a", **A, "lines": ["2"]}], "removed": []})
BODY = (
    "retry: 5\n\n:c\nevent: hello\ndata: %s\n\nevent: full_snapshot\nid: e-1\ndata: %s\n\n"
    'event: panel_update\nid: e-2\ndata: %s\n\nevent: bye\ndata: {"reason": "shed", "reconnect_ms": 1}\n\n'
    % (HELLO, SNAPSHOT, UPDATE)
).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
PROBLEM = b'{"code": "limited", "detail": "Later.", "retryAfter": 5}'


def chunked(body):
    pieces = [body[at : at + 50] for at in range(0, len(body), 50)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


ANSWERS = [
    HEAD + b"\r\n" + BODY,
    HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY,
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(BODY),
    HEAD + b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n" + chunked(gzip.compress(BODY, mtime=0)),
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + HEAD + b"\r\n" + BODY,
    b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n\r\n" + PROBLEM,
    b"HTTP/1.1 503 x\r\nContent-Type: application/problem+json\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(PROBLEM, mtime=0),
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + SNAPSHOT.encode(),
]
ODD = [b"Infinity", b"NaN", b"1e999", b"-1", b"9" * 5000, b"[" * 3000, b'{"a":' * 3000, b"\0", b"\r", b"\n", b"\r\n\r\n", b"\xff\xfe"]
ODD += [b"\xef\xbb\xbf", b"\\ud800", b"\x1b[2J", b"\xe2\x80\xae", b"Content-Length: -5\r\n", b"Content-Length: 9\r\n", b"0x1_0"]
ODD += [b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"Content-Encoding: br\r\n", b"HTTP/0.9 ", b"HTTP/1.1 099 "]
ODD += [b"Location: http://[::1:x/\r\n", b"Location: file:///x\r\n", b"Location: //a b\r\n", b"Location: http://h:-1/\r\n", b"id: \0"]
ODD += [b"Retry-After: -5\r\n", b"Retry-After: Mon, 99 Foo 99999 99:99:99 +9999\r\n", b"Retry-After: " + b"9" * 400 + b"\r\n", b":" * 500]
ODD += [b"retry: " + b"9" * 5000 + b"\n", b"id: " + b"x" * 100_000 + b"\n", b"x" * 70_000, b"X: y\r\n" * 200, b"\x85", b"true", b"null"]


def spoiled(answer, dice):
    data = bytearray(answer)
    for _ in range(dice.randint(0, 4)):
        # The head is short and has most of the rules: every second fault is there.
        at = dice.randrange(min(len(data), 200) if dice.random() < 0.5 else len(data)) if data else 0
        kind = dice.randrange(5)
        if kind == 0 and data:
            data[at] = dice.randrange(256)
        elif kind == 1:
            del data[at : at + dice.randint(1, 40)]
        elif kind == 2:
            data[at:at] = dice.choice(ODD)
        elif kind == 3:
            data[at : at + dice.randint(1, 20)] = dice.choice(ODD)
        else:
            del data[at:]
    return bytes(data)


class Fuzz(unittest.TestCase):
    def test_every_fault_is_a_stream_error(self):
        started = time.monotonic()
        shown = failed = 0
        with Server() as server, mock.patch("g6_stream.random.random", return_value=0.0), mock.patch.object(
            g6_stream, "LEAST_PAUSE_SEC", 0
        ):
            for seed in range(SEED, SEED + RUNS):
                dice = random.Random(seed)
                server.requests.clear()
                server.scripts = [spoiled(dice.choice(ANSWERS), dice) for _ in range(4)]
                try:
                    changes, errors = self.follow(server.url)
                except Exception as error:
                    raise AssertionError("FUZZ_SEED=%d FUZZ_RUNS=1: %r" % (seed, error)) from error
                shown += changes
                failed += errors
        # The faults leave some answers whole, and most are noticed.
        self.assertGreater(shown, RUNS / 10)
        self.assertGreater(failed, RUNS / 2)
        self.assertLess(time.monotonic() - started, max(60, RUNS / 4))

    def follow(self, url):
        """One client of four connections at most: how many changes and errors it saw."""
        connection = connect(url, initial_delay_sec=0, max_delay_sec=0)
        connection._stream.read_timeout_sec = 5
        waits = []
        errors = []

        def wait(seconds):
            self.assertTrue(0 <= seconds <= 3600)
            waits.append(seconds)
            if len(waits) == 4:
                connection.close()

        def fail(error):
            self.assertIsInstance(error, StreamError)
            self.assertEqual(str(error), g6_stream.printable(str(error)))
            errors.append(error)

        connection._stream._life.wait = wait
        connection.on("error", fail)
        changes = 0
        for change in connection:
            json.dumps(change.to_json(), allow_nan=False)
            changes += 1
        return changes, len(errors)


if __name__ == "__main__":
    unittest.main()
