"""The board client against servers that answer oddly: nothing raises, everything is bounded."""

import gzip
import json
import os
import threading
import time
import tracemalloc
import unittest
import zlib
from unittest import mock

from answers import STREAM, Server, answer, events, held  # first: it adds the folder of g6_stream to the path

import g6_stream
from g6_stream import StreamError, connect, panel_hash

A = {"title": "A", "tone": "ok", "lines": ["1"], "hash": panel_hash("a", "A", "ok", ["1"])}
AT = {"epoch": "e", "generation": 1, "cycle": 1, "ts": 1}


def event(name, data, id=""):
    text = data if isinstance(data, str) else json.dumps(data)
    return "event: %s\ndata: %s%s" % (name, text, "\nid: " + id if id else "")


def hello(keepalive_ms="15000"):
    return event("hello", '{"epoch": "e", "keepalive_ms": %s, "resumed": false, "panels": []}' % keepalive_ms)


def snapshot(**panels):
    return event("full_snapshot", {**AT, "panels": panels or {"a": A}}, "e-1")


BOARD = events(hello(), snapshot())
WRONG = events(hello(), snapshot(a={**A, "lines": ["other"]}))


class ConnectionTest(unittest.TestCase):
    def setUp(self):
        patched = mock.patch("g6_stream.random.random", return_value=0.0)
        patched.start()
        self.addCleanup(patched.stop)
        self.errors = []

    def serve(self, *scripts):
        server = Server(*scripts)
        self.addCleanup(server.__exit__)
        return server

    def follow(self, server, changes=99, errors=1, **options):
        """The changes up to this many of them or of errors."""
        connection = connect(server.url, initial_delay_sec=0, **options)
        self.addCleanup(connection.close)
        taken = []

        def fail(error):
            self.assertIsInstance(error, StreamError)
            self.errors.append(error)
            if len(self.errors) >= errors:
                connection.close()

        self.errors.clear()
        connection.on("error", fail)
        for change in connection:
            taken.append(change)
            if len(taken) >= changes:
                break
        self.connection = connection
        return taken


class Numbers(ConnectionTest):
    def test_any_keepalive_interval_is_bounded_or_malformed(self):
        for written, silence_sec in {
            "15000": 37.5,
            "0": 45,
            "1e-300": 0.01,
            "5e-324": 0.01,
            "1": 0.01,
            "2.5e3": 6.25,
            "9007199254740991": 2147483.647,
            "1e999": None,
            "9007199254740992": None,
            "9" * 400: None,
            "9" * 5000: None,
            "-1": None,
            "NaN": None,
            "Infinity": None,
            "-Infinity": None,
            "true": None,
            '"15000"': None,
            "null": None,
            "[]": None,
        }.items():
            with self.subTest(written[:20]):
                stream = events(hello(written), snapshot())
                self.assertEqual(len(self.follow(self.serve(stream), changes=1)), 0 if silence_sec is None else 1)
                self.assertEqual(self.connection._stream.read_timeout_sec, silence_sec or 45)
                self.assertEqual([e.code for e in self.errors], ["resync"] if silence_sec is None else [])

    def test_any_time_to_wait_is_bounded(self):
        server = self.serve(BOARD)
        waits = []
        with connect(server.url) as connection:
            connection._stream._life.wait = waits.append
            for wait in (0, 0.5, 5e5, 9e15, 1e300, 10**400):
                server.scripts = (events(hello(), snapshot(), event("bye", {"reason": "shed", "reconnect_ms": wait})),)
                connection._restarts = 0
                before = len(waits)
                for _ in connection:
                    break
                for _ in connection._stream:
                    if len(waits) > before:
                        break
        self.assertEqual([w for w in waits if w > 3600], [])

    def test_numbers_of_panels_are_numbers_that_can_be_written(self):
        for written, is_shown in (("1.5", True), ("9" * 5000, False), ("1e999", False), ("9" * 400, False), ("9" * 200, True)):
            with self.subTest(written[:10]):
                panel = {**A, "facts": {"x": "X"}, "blocks": [{"kind": "fields", "v": "X"}]}
                stream = events(hello(), snapshot(a=panel).replace('"X"', written))
                changes = self.follow(self.serve(stream), changes=1)
                self.assertEqual(len(changes), int(is_shown))
                for change in changes:
                    json.dumps(change.to_json(), allow_nan=False)


class Documents(ConnectionTest):
    @mock.patch.object(g6_stream, "LEAST_PAUSE_SEC", 0)
    def test_odd_data_is_malformed_or_shown_and_never_raised(self):
        deep = "[" * 100_000
        for data in (
            "",
            "null",
            "[]",
            "{",
            '"x"',
            "\x00",
            "\ufeff{}",
            deep,
            '{"a":' * 100_000,
            deep[:900] + "]" * 900,
            '{"epoch": "e", "generation": %s}' % ("9" * 5000),
            '{"generation": 1, "x": "\\ud800"}',
            '{"epoch": 1, "generation": 1, "cycle": 1, "ts": 1, "panels": {}}',
            '{"epoch": "e", "generation": 1, "cycle": 1, "ts": 1, "panels": {"a": null}}',
        ):
            for name in ("hello", "full_snapshot", "panel_update", "panel_update_structured", "heartbeat", "bye", "error"):
                with self.subTest(data=data[:30], name=name):
                    self.follow(self.serve(BOARD[:-2] + ("\n\n" + event(name, data) + "\n\n").encode()), errors=2)
                    self.assertTrue(all(isinstance(e, StreamError) for e in self.errors))

    def test_blocks_that_json_dumps_cannot_write_are_malformed(self):
        for depth, is_shown in ((60, True), (65, False), (500, False)):
            blocks = json.loads("[" * depth + "]" * depth)
            changes = self.follow(self.serve(events(hello(), snapshot(a={**A, "blocks": blocks}))), changes=1)
            self.assertEqual(len(changes), int(is_shown))

    def test_more_panels_than_a_board_has_are_malformed(self):
        panels = {str(n): {**A, "hash": panel_hash(str(n), "A", "ok", ["1"])} for n in range(2001)}
        self.assertEqual(self.follow(self.serve(events(hello(), snapshot(**panels)), held(b"")), errors=1), [])
        self.assertIn("more than 2000 panels", str(self.errors[0]))

    def test_a_group_without_an_end_is_bounded(self):
        keys = ["x" * 1000] * 50
        part = event("panel_update", {**AT, "generation": 2, "more": True, "updates": [], "removed": keys}) + "\n\n"

        def send(link, _):
            link.sendall(BOARD)
            for _ in range(1000):
                link.sendall(part.encode())

        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        self.follow(self.serve(send), errors=1)
        self.assertLess(tracemalloc.get_traced_memory()[1], 8e6)

    def test_lone_surrogates_are_kept(self):
        lines = ["\ud800", "ok"]
        panel = {**A, "lines": lines, "hash": panel_hash("a", "A", "ok", lines)}
        changes = self.follow(self.serve(events(hello(), snapshot(a=panel))), changes=1)
        self.assertEqual(changes[0].panels["a"].lines, ("\ud800", "ok"))


class Resync(ConnectionTest):
    def ask(self, document):
        server = self.serve(WRONG, document, held(b""))
        self.follow(server)
        self.assertEqual([r.path for r in server.requests[:2]], ["/summary/events", "/summary/resync"])
        return str(self.errors[0])

    def test_a_right_document_ends_the_mismatch_plain_and_packed(self):
        body = json.dumps({**AT, "panels": {"a": A}}).encode()
        for document in (answer("200 OK", body), answer("200 OK", gzip.compress(body), Content_Encoding="gzip")):
            server = self.serve(WRONG, document, held(b""))
            changes = self.follow(server, changes=1)
            self.assertEqual(changes[0].panels["a"].lines, ("1",))
            self.assertEqual(server.requests[1].headers["accept-encoding"], "gzip")

    def test_an_endless_one_and_a_bomb_are_given_up_at_the_limit(self):
        mega = b"x" * (1 << 20)

        def endless(link, _):
            link.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                link.sendall(mega)

        def bomb(link, _):
            packer = zlib.compressobj(1, wbits=31)
            link.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
            while True:
                link.sendall(packer.compress(mega))

        for document in (endless, bomb):
            with self.subTest(document.__name__), mock.patch.object(g6_stream, "MAX_RESYNC_BYTES", 4_000_000):
                tracemalloc.start()
                self.assertEqual(self.ask(document), "mismatch: a; longer than 4000000 bytes")
                self.assertLess(tracemalloc.get_traced_memory()[1], 20e6)
                tracemalloc.stop()

    def test_one_that_trickles_in_is_given_up_in_time(self):
        def trickle(link, _):
            link.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            for _ in range(500):
                link.sendall(b" ")
                time.sleep(0.01)

        started = time.monotonic()
        with mock.patch.object(g6_stream, "RESYNC_TIMEOUT_SEC", 0.3):
            self.assertEqual(self.ask(trickle), "mismatch: a; not complete after 0.3 s")
        self.assertLess(time.monotonic() - started, 4)

    def test_a_refusal_says_why(self):
        problem = answer("503 x", b'{"code": "starting", "detail": "No board yet."}')
        self.assertEqual(self.ask(problem), "mismatch: a; HTTP 503: No board yet.")

    def test_close_from_another_thread_ends_it(self):
        server = self.serve(WRONG, held(b""))
        connection = connect(server.url)
        reader = threading.Thread(target=lambda: list(connection), daemon=True)
        reader.start()
        server.until(2)
        connection.close()
        reader.join(5)
        self.assertFalse(reader.is_alive())

    def test_the_token_is_not_sent_to_another_origin(self):
        other = self.serve(BOARD)
        server = self.serve(answer(307, Location=other.url + "/x"))
        self.follow(server, changes=1, token="secret")
        self.assertEqual(server.requests[0].headers["x-api-token"], "secret")
        self.assertNotIn("x-api-token", other.requests[0].headers)


class BackOff(ConnectionTest):
    def waits(self, *scripts, count=6):
        server = self.serve(*scripts)
        waits = []
        connection = connect(server.url)
        connection._stream._life.wait = lambda seconds: waits.append(seconds) or (
            connection.close() if len(waits) == count else None
        )
        with mock.patch("g6_stream.random.random", return_value=0.5):
            list(connection)
        return waits

    def test_only_a_settled_board_ends_a_run_of_failures(self):
        self.assertEqual(self.waits(events(hello())), [0.5, 1, 2, 4, 8, 15])
        self.assertEqual(self.waits(events(hello(), event("heartbeat", AT))), [0.5, 1, 2, 4, 8, 15])
        self.assertEqual(self.waits(events(hello()), events(hello()), BOARD, events(hello()))[:4], [0.5, 1, 0.5, 1])

    def test_a_server_that_sends_each_reader_away_is_asked_less_and_less_often(self):
        bye = event("bye", {"reason": "shed", "reconnect_ms": 0})
        self.assertEqual(self.waits(events(hello(), bye)), [0.1, 0.2, 0.4, 0.8, 1.6, 3.2])
        self.assertEqual(self.waits(events(hello(), bye), events(hello(), bye), BOARD + bye.encode() + b"\n\n")[:4], [0.1, 0.2, 0.1, 0.1])


class Surroundings(ConnectionTest):
    def test_proxies_of_the_environment_are_not_used(self):
        names = ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy", "no_proxy")
        with mock.patch.dict(os.environ, {name: "http://\x7f[::1:x" for name in names}):
            self.assertEqual(len(self.follow(self.serve(BOARD), changes=1)), 1)

    def test_an_event_name_that_does_not_exist_and_a_second_removal(self):
        connection = connect("http://127.0.0.1:1")
        with self.assertRaisesRegex(ValueError, "allowed are update, state and error"):
            connection.on("updates", print)
        remove = connection.on("update", print)
        remove()
        remove()

    def test_a_stream_of_gzip_is_asked_for(self):
        server = self.serve(STREAM)
        self.follow(server)
        self.assertEqual(server.requests[0].headers["accept-encoding"], "gzip")


if __name__ == "__main__":
    unittest.main()
