"""event_stream against a real server: requests, reconnections, redirects, compression, ends."""

import contextlib
import gzip
import socket
import threading
import time
import tracemalloc
import unittest
import zlib
from itertools import islice
from unittest import mock

from answers import GZIP_STREAM, LONGEST_SEC, STREAM, Server, answer, events, held
from g6_stream import Message, StreamError, event_stream

HELLO = Message("message", "hello", "")
ONE_EVENT = events("data: hello")


class StreamTest(unittest.TestCase):
    def setUp(self):
        patched = mock.patch("g6_stream.random.random", return_value=0.0)
        patched.start()
        self.addCleanup(patched.stop)
        self.errors = []
        self.streams = []
        self.addCleanup(lambda: [stream.close() for stream in self.streams])

    def serve(self, *scripts):
        server = Server(*scripts)
        self.addCleanup(server.__exit__)
        return server

    def open(self, url, **options):
        stream = event_stream(url, initial_delay_sec=0, on_error=self.errors.append, **options)
        self.streams.append(stream)
        return stream

    def take(self, count, server, **options):
        with self.open(server.url + "/s", **options) as stream:
            return list(islice(stream, count))

    def first_error(self, server, url=None, **options):
        """The first error of a stream, which is closed then."""
        stream = self.open(url or server.url + "/s", **options)
        stream._on_error = lambda error: (self.errors.append(error), stream.close())
        self.assertEqual(list(stream), [])
        self.assertIsInstance(self.errors[0], StreamError)
        return self.errors[0]


class Requests(StreamTest):
    def test_a_plain_request(self):
        server = self.serve(ONE_EVENT)
        self.assertEqual(self.take(1, server), [HELLO])
        request = server.requests[0]
        self.assertEqual((request.method, request.path, request.body), ("GET", "/s", b""))
        self.assertEqual(
            request.headers,
            {
                "host": "127.0.0.1:%d" % server.port,
                "accept": "text/event-stream",
                "accept-encoding": "gzip",
                "cache-control": "no-cache",
            },
        )

    def test_method_body_and_headers_come_with_every_connection(self):
        for method in ("POST", "REPORT", "PUT", "QUERY"):
            with self.subTest(method):
                server = self.serve(ONE_EVENT)
                headers = {"Content-Type": "application/json", "X-Test": "ä", "accept": "text/event-stream, */*"}
                self.take(2, server, method=method, body='{"q": "ü"}', headers=headers)
                for request in server.requests[:2]:
                    self.assertEqual((request.method, request.body), (method, '{"q": "ü"}'.encode()))
                    self.assertEqual(request.headers["content-type"], "application/json")
                    self.assertEqual(request.headers["x-test"].encode("latin-1").decode(), "ä")
                    self.assertEqual(request.headers["accept"], "text/event-stream, */*")

    def test_a_text_without_a_type_is_plain_text_and_bytes_are_sent_as_they_are(self):
        server = self.serve(ONE_EVENT)
        self.take(1, server, method="POST", body="\ud800")
        self.take(1, server, method="POST", body=b"\xff\x00")
        self.take(1, server, method="POST")
        text, binary, empty = server.requests[:3]
        self.assertEqual((text.headers["content-type"], text.body), ("text/plain; charset=utf-8", "\ufffd".encode()))
        self.assertEqual((binary.headers.get("content-type"), binary.body), (None, b"\xff\x00"))
        self.assertEqual(empty.headers["content-length"], "0")

    def test_headers_from_a_function_are_asked_for_each_time(self):
        server = self.serve(ONE_EVENT)
        tokens = iter(["a", "b", "c\n", "d"])
        with self.open(server.url, headers=lambda: {"Authorization": "Bearer " + next(tokens)}) as stream:
            self.assertEqual(len(list(islice(stream, 3))), 3)
        self.assertEqual([r.headers["authorization"] for r in server.requests], ["Bearer a", "Bearer b", "Bearer d"])
        self.assertIn("the value of the header Authorization", str(self.errors[2]))

    def test_an_address_is_written_as_ascii(self):
        server = self.serve(ONE_EVENT)
        with self.open("%s/a b/ü?q=\ud800\x7f%%20#part" % server.url) as stream:
            next(iter(stream))
        self.assertEqual(server.requests[0].path, "/a%20b/%C3%BC?q=%3F%7F%20")

    def test_arguments_that_cannot_be_used_are_a_value_error_at_the_call(self):
        url = "http://127.0.0.1:1"
        addresses = ["", "x", "/s", "file:///etc/passwd", "ftp://h/", "http://", "http://h:x/", "http://h:65536/", None, 7]
        addresses += [b"http://h/", "http://[::1/", "http://[zz]/", "http://a b/", "http://h\x00/", "http://ü..x/"]
        addresses += ["http://%s.x/" % ("ü" * 64), "http://%s/" % ("a" * 254), "http://℀.x/", "http://\ud800/"]
        for address in addresses:
            with self.subTest(address), self.assertRaisesRegex(ValueError, "^not an http.s. address: [^\x00-\x1f]+$"):
                event_stream(address)
        options = [{"method": m} for m in ("", "GET /", "G\r\nX: y", "HEAD", "CONNECT", "trace", None, "G" * 40)]
        options += [{"headers": {name: "v"}} for name in ("Host", "content-length", "Transfer-Encoding", "connection")]
        options += [{"headers": {name: "v"}} for name in ("TE", "Trailer", "Upgrade", "Expect", "Last-Event-ID", "", "a b")]
        options += [{"headers": {"X": value}} for value in ("a\r\nHost: evil", "a\nb", "\0", 1, None, b"x")]
        options += [{"body": "x"}, {"method": "POST", "body": 1}, {"last_event_id": None}]
        numbers = (float("nan"), -1, "1", True, None)
        options += [{name: n} for name in ("read_timeout_sec", "initial_delay_sec", "max_delay_sec") for n in numbers]
        options += [{"max_event_length": n} for n in (0, -1, 1.5, None)]
        for option in options:
            with self.subTest(option), self.assertRaises(ValueError) as raised:
                event_stream(url, **option)
            self.assertIs(type(raised.exception), ValueError)

    def test_times_of_any_size_are_bounded(self):
        server = self.serve(ONE_EVENT)
        for seconds in (float("inf"), 10**400, 1e308):
            with self.subTest(seconds):
                self.assertEqual(self.take(1, server, read_timeout_sec=seconds, max_delay_sec=seconds), [HELLO])


class Reconnections(StreamTest):
    def test_the_last_id_is_sent_and_may_be_set(self):
        server = self.serve(events("id: a\ndata: 1"), events("data: 2"), events("id\ndata: 3"), ONE_EVENT)
        stream = self.open(server.url, last_event_id="ünï")
        self.assertEqual([m.id for m in islice(stream, 4)], ["a", "a", "", ""])
        ids = [r.headers.get("last-event-id") for r in server.requests]
        self.assertEqual(ids, ["ünï".encode().decode("latin-1"), "a", "a", None])

    def test_an_id_that_fits_no_header_is_not_sent(self):
        for sent, id in ((True, "x" * 999), (False, "x" * 1000), (False, "x" * 100_000), (False, "a\x1bb"), (False, "a\x85b")):
            with self.subTest(id[:4]):
                server = self.serve(events("id: %s\ndata: 1" % id))
                self.assertEqual([m.id for m in self.take(2, server)], [id, id])
                self.assertEqual(server.requests[1].headers.get("last-event-id"), id if sent else None)

    def test_each_connection_is_a_new_parse(self):
        server = self.serve(STREAM + b"id: lost\ndata: los", b"", ONE_EVENT)
        self.assertEqual(self.take(1, server), [HELLO])
        self.assertEqual([e.code for e in self.errors], ["ended", "network"])

    def test_comments_come_between_the_events(self):
        seen = []
        server = self.serve(STREAM + b":1\ndata: a\n:2\n\n:3\n\ndata: b\n\n:4\n")
        with self.open(server.url, on_comment=seen.append) as stream:
            for message in stream:
                seen.append(message)
                if message.data == "b":
                    break
        self.assertEqual(seen[:5], ["1", "2", ("message", "a", ""), "3", ("message", "b", "")])

    def test_restart_makes_a_new_connection_at_once_and_is_no_error(self):
        server = self.serve(held(events("id: 7\ndata: 1", "data: 2")))
        stream = self.open(server.url)
        reader = iter(stream)
        self.assertEqual(next(reader).data, "1")
        stream.restart()
        # The second event of the old connection is dropped with it.
        self.assertEqual(next(reader).data, "1")
        threading.Timer(0.05, stream.restart).start()
        self.assertEqual((next(reader).data, next(reader).data), ("2", "1"))
        self.assertEqual(self.errors, [])
        self.assertEqual([r.headers.get("last-event-id") for r in server.requests], [None, "7", "7"])

    def test_restart_ends_a_wait(self):
        server = self.serve(answer("503 No", Retry_After=3600), ONE_EVENT)
        stream = self.open(server.url)
        stream._on_error = lambda _: threading.Timer(0.05, stream.restart).start()
        self.assertEqual(next(iter(stream)), HELLO)

    def test_silence_ends_a_connection(self):
        server = self.serve(held(ONE_EVENT), ONE_EVENT)
        self.assertEqual(self.take(2, server, read_timeout_sec=0.2), [HELLO, HELLO])
        self.assertEqual([(e.code, str(e)) for e in self.errors], [("timeout", "no byte for 0.2 s")])

    def test_a_head_that_trickles_in_ends_in_time(self):
        def trickle(link, _):
            for byte in b"HTTP/1.1 200 OK\r\n" * 100:
                link.sendall(bytes([byte]))
                time.sleep(0.02)

        started = time.monotonic()
        error = self.first_error(self.serve(trickle), read_timeout_sec=0.3)
        self.assertEqual((error.code, str(error)), ("timeout", "no answer within 0.3 s"))
        self.assertLess(time.monotonic() - started, 5)

    def test_204_ends_it(self):
        server = self.serve(ONE_EVENT, answer("204 No Content"))
        with self.open(server.url) as stream:
            self.assertEqual(list(stream), [HELLO])
        self.assertEqual(len(server.requests), 2)

    def test_one_event_and_an_end_is_asked_for_less_and_less_often(self):
        server = self.serve(events("retry: 1\ndata: hello"))
        waits = []
        stream = event_stream(server.url, on_error=lambda e: waits.append(e.retry_in_sec))
        with mock.patch("g6_stream.random.random", return_value=0.5), stream:
            stream._life.wait = lambda seconds: None
            list(islice(stream, 9))
        self.assertEqual(waits, [0.6, 1.1, 2.1, 4.1, 8.1, 15.1, 15.1, 15.1])

    def test_ten_seconds_of_life_end_a_run_of_failures(self):
        server = self.serve(ONE_EVENT)
        waits = []
        stream = event_stream(server.url, on_error=lambda e: waits.append(e.retry_in_sec))
        with mock.patch("g6_stream.random.random", return_value=0.5), stream:
            stream._life.wait = lambda seconds: None
            for count, _ in enumerate(stream):
                if count == 2:
                    stream._opened_at -= 10
                if count == 4:
                    break
        self.assertEqual(waits, [0.5, 1.0, 0.5, 1.0])

    def test_a_listener_that_raises_the_error_makes_it_final(self):
        def final(error):
            if error.status == 403:
                raise error

        server = self.serve(ONE_EVENT, answer("403 No", b'{"code": "forbidden", "detail": "Not from here."}'))
        stream = event_stream(server.url, initial_delay_sec=0, on_error=final)
        with self.assertRaisesRegex(StreamError, "^HTTP 403: Not from here.$") as raised:
            list(stream)
        self.assertEqual((raised.exception.problem, raised.exception.after_sec), ("forbidden", 30))
        self.assertTrue(stream.closed)

    def test_errors_of_a_listener_are_the_listener_s(self):
        for option in ("on_comment", "on_error"):
            with self.subTest(option):
                server = self.serve(STREAM + b":c\n")
                stream = event_stream(server.url, **{option: lambda _: 1 // 0})
                with self.assertRaises(ZeroDivisionError):
                    list(stream)


class Redirects(StreamTest):
    def ask(self, status, location, **options):
        server = self.serve(answer(status, Location=location), ONE_EVENT)
        self.assertEqual(self.take(1, server, **options), [HELLO])
        return server.requests[1]

    def test_method_and_body_stay_where_the_fetch_standard_keeps_them(self):
        for status, method, kept in (
            (301, "POST", False),
            (302, "POST", False),
            (303, "POST", False),
            (307, "POST", True),
            (308, "POST", True),
            (301, "REPORT", True),
            (302, "REPORT", True),
            (303, "REPORT", False),
        ):
            with self.subTest(status=status, method=method):
                request = self.ask(status, "/next?a=b#c", method=method, body="x", headers={"X-Key": "k"})
                self.assertEqual(request.path, "/next?a=b")
                self.assertEqual((request.method, request.body), (method, b"x") if kept else ("GET", b""))
                self.assertEqual("content-type" in request.headers, kept)
                self.assertEqual(request.headers["x-key"], "k")

    def test_headers_of_the_caller_stay_at_the_first_origin(self):
        other = self.serve(answer(307, Location="PLACE"), ONE_EVENT)
        first = self.serve(answer(307, Location=other.url + "/o"), ONE_EVENT)
        other.scripts = (answer(307, Location=first.url + "/back"), ONE_EVENT)
        headers = {"Authorization": "Bearer s", "Cookie": "a=b", "X-API-Token": "t", "Content-Type": "text/x"}
        sent = {"method": "POST", "body": "x", "headers": headers, "last_event_id": "7"}
        self.assertEqual([m.data for m in self.take(1, first, **sent)], ["hello"])
        for request in (other.requests[0], first.requests[1]):
            self.assertEqual(
                set(request.headers),
                {"host", "accept", "accept-encoding", "cache-control", "content-type", "content-length", "last-event-id"},
            )
            self.assertEqual((request.body, request.headers["content-type"]), (b"x", "text/x"))

    def test_too_many(self):
        server = self.serve(answer(302, Location="/s"))
        error = self.first_error(server)
        self.assertEqual((error.code, str(error), error.status), ("redirect", "more than 10 redirects", 302))
        self.assertEqual(len(server.requests), 11)

    def test_odd_locations_are_an_error_of_the_stream(self):
        odd = ["file:///etc/passwd", "ftp://h/", "data:,x", "javascript:alert(1)", "http://", "http://[::1/", "http://[zz]/"]
        odd += ["http://h:99999/", "http://h:x/", "http://a b/", "http:///x", "http://\x00/", "//[", "http://%s/" % ("a" * 300)]
        odd += ["http://\xe2\x84\x80.x/", "http://%s/" % ("\xc3\xbc" * 64)]
        for location in odd:
            with self.subTest(location):
                self.errors.clear()
                error = self.first_error(self.serve(answer(307, Location=location)))
                self.assertEqual((error.code, error.status), ("redirect", 307))
        for head in (b"HTTP/1.1 301 x\r\n\r\n", b"HTTP/1.1 301 x\r\nLocation:\r\n\r\n"):
            self.errors.clear()
            self.assertEqual(str(self.first_error(self.serve(head))), "redirect without Location")

    def test_a_relative_location_and_one_that_is_not_ascii(self):
        self.assertEqual(self.ask(307, "next").path, "/next")
        self.assertEqual(self.ask(307, "?q=1").path, "/s?q=1")
        self.assertEqual(self.ask(307, "/\xc3\xbc\t\x1b").path, "/%C3%BC%1B")


class Compression(StreamTest):
    def test_each_event_comes_as_soon_as_it_is_flushed_however_it_is_cut(self):
        for cut in (1, 7, 100_000):
            with self.subTest(cut):
                self.expect_each_event_at_once(cut)

    def expect_each_event_at_once(self, cut):
        """The next event is sent only when the one before has come."""
        texts = ["%d %s" % (number, "x" * 50 * number) for number in range(20)]
        came = threading.Semaphore(0)

        def send(link, _):
            packer = zlib.compressobj(wbits=31)
            link.sendall(GZIP_STREAM)
            for text in texts:
                piece = packer.compress(b"data: %s\n\n" % text.encode()) + packer.flush(zlib.Z_FULL_FLUSH)
                for at in range(0, len(piece), cut):
                    link.sendall(piece[at : at + cut])
                if not came.acquire(timeout=LONGEST_SEC):
                    return

        with self.open(self.serve(send).url) as stream:
            for text, message in zip(texts, stream):
                self.assertEqual(message.data, text)
                came.release()

    def test_pieces_that_fill_the_buffer_exactly_are_not_kept_back(self):
        for length in range(65536 - 20, 65536 + 20):
            packer = zlib.compressobj(wbits=31)
            data = b"x" * (length - 8)
            piece = packer.compress(b"data: " + data + b"\n\n") + packer.flush(zlib.Z_SYNC_FLUSH)
            server = self.serve(held(GZIP_STREAM + piece))
            started = time.monotonic()
            self.assertEqual(len(self.take(1, server, read_timeout_sec=10)[0].data), len(data))
            self.assertLess(time.monotonic() - started, 9)

    def test_several_members_and_a_cut_end(self):
        packed = gzip.compress(b"data: 1\n\nda") + gzip.compress(b"ta: 2\n\n") + gzip.compress(b"data: 3\n\n")
        server = self.serve(GZIP_STREAM + packed[:-9])
        self.assertEqual([m.data for m in self.take(3, server)], ["1", "2", "3"])

    def test_what_is_no_gzip_is_an_error(self):
        for body in (b"data: 1\n\n", gzip.compress(b"data: 1\n\n")[:5] + b"\xff" * 100):
            self.errors.clear()
            self.assertEqual(self.first_error(self.serve(GZIP_STREAM + body)).code, "network")
        self.errors.clear()
        error = self.first_error(self.serve(GZIP_STREAM.replace(b"gzip", b"br") + b"x"))
        self.assertEqual((error.code, str(error)), ("content_type", "content encoding br: allowed is gzip"))

    def test_a_bomb_is_unpacked_in_small_pieces(self):
        def bomb(link, _):
            packer = zlib.compressobj(1, wbits=31)
            link.sendall(GZIP_STREAM)
            mega = bytes(1 << 20).replace(b"\0", b"x")
            for _ in range(64):
                link.sendall(packer.compress(mega))
            link.sendall(packer.compress(b"\n\ndata: ok\n\n") + packer.flush())

        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        self.assertEqual(self.take(1, self.serve(bomb), max_event_length=1_000_000)[0].data, "ok")
        self.assertEqual([e.code for e in self.errors], ["too_large"])
        self.assertLess(tracemalloc.get_traced_memory()[1], 20e6)


class Ends(StreamTest):
    def ends_when_closed(self, stream, ready):
        """Iterates in a thread of its own, closes from this one: the other ends at once."""
        ended = threading.Event()

        def follow():
            for _ in stream:
                pass
            ended.set()

        reader = threading.Thread(target=follow, daemon=True)
        reader.start()
        ready()
        stream.close()
        stream.close()
        self.assertTrue(ended.wait(5))
        reader.join(5)

    def test_from_another_thread_while_it_reads_or_waits(self):
        chunked = STREAM.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n40\r\ndata")
        for name, script in {
            "no head": held(b""),
            "silence": held(ONE_EVENT),
            "inside a chunk": held(chunked),
            "gzip": held(GZIP_STREAM + gzip.compress(b"x")[:12]),
            "a refusal without an end": held(b"HTTP/1.1 500 x\r\nContent-Length: 100\r\n\r\n{"),
            "a wait": answer("503 No", Retry_After=3000),
        }.items():
            with self.subTest(name):
                server = self.serve(script)
                self.ends_when_closed(self.open(server.url), lambda: server.until(1))

    def test_from_another_thread_while_it_connects(self):
        # Nobody accepts: once the queue is full, the next connection waits for an answer to its first packet.
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as fillers:
            for _ in range(4):
                filler = fillers.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())
            stream = self.open("http://127.0.0.1:%d" % full.getsockname()[1])
            began = threading.Event()
            use = stream._life.use
            stream._life.use = lambda connection: (use(connection), began.set())
            self.ends_when_closed(stream, lambda: self.assertTrue(began.wait(5)))

    def test_leaving_the_loop_closes_the_connection(self):
        gone = threading.Event()

        def send(link, _):
            link.sendall(ONE_EVENT)
            link.recv(1)
            gone.set()

        server = self.serve(send)
        stream = self.open(server.url)
        for _ in stream:
            break
        self.assertTrue(gone.wait(5))
        self.assertTrue(stream.closed)
        self.assertEqual(list(stream), [])


if __name__ == "__main__":
    unittest.main()
