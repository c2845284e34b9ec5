"""The vectors in test/vectors are the contract of every client, in every language."""

import json
import pathlib
import sys
import unittest
from unittest import mock

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1]))

from answers import Server, answer  # noqa: E402
from g6_stream import BoardReader, Message, SseParser, addresses, connect, event_stream, panel_hash  # noqa: E402
from g6_stream import _Backoff, _Comment  # noqa: E402


def vectors(name):
    return json.loads((HERE.parents[3] / "test" / "vectors" / (name + ".json")).read_text("utf-8"))


def spelled(outcome):
    gives = {}
    if outcome.change is not None:
        change = outcome.change
        gives["change"] = {
            "type": change.type,
            "epoch": change.epoch,
            "cycle": change.cycle,
            "generation": change.generation,
            "ts": change.ts,
            "panels": {key: dict(panel.to_json(), key=key) for key, panel in change.panels.items()},
            "removed": list(change.removed),
        }
        if change.verdict is not None:
            gives["change"]["verdict"] = change.verdict.to_json()
    if outcome.ask is not None:
        gives["ask"] = outcome.ask
    if outcome.keepalive_ms is not None:
        gives["keepalive_ms"] = outcome.keepalive_ms
    if outcome.bye is not None:
        gives["bye"] = {"reason": outcome.bye[0], "reconnect_ms": outcome.bye[1]}
    if outcome.error is not None:
        gives["error"] = outcome.error
    return gives


class Vectors(unittest.TestCase):
    maxDiff = None

    def test_event_streams(self):
        for vector in vectors("sse"):
            with self.subTest(vector["name"]):
                parser = SseParser(vector["last_event_id"])
                events = [m for chunk in vector["chunks_hex"] for m in parser.push(bytes.fromhex(chunk))]
                seen = {
                    "events": [m._asdict() for m in events],
                    "comments": parser.comments,
                    "retries": parser.retries,
                    "last_event_id": parser.last_event_id,
                }
                self.assertEqual(seen, vector["expect"])

    def test_event_streams_byte_by_byte(self):
        for vector in vectors("sse"):
            with self.subTest(vector["name"]):
                parser = SseParser(vector["last_event_id"])
                stream = bytes.fromhex("".join(vector["chunks_hex"]))
                events = [m._asdict() for byte in stream for m in parser.push(bytes([byte]))]
                self.assertEqual(events, vector["expect"]["events"])

    def test_events_and_comments_in_one_order(self):
        for vector in vectors("event-stream"):
            for ends in vector.get("line_ends", ["\n"]):
                pieces = [piece.replace("\n", ends).encode() for piece in vector["pieces"]]
                stream = b"".join(pieces)
                for cut in vector.get("cuts", [0]):
                    with self.subTest(vector["name"], ends=ends, cut=cut):
                        cuts = range(0, len(stream), cut or 1)
                        chunks = [stream[at : at + cut] for at in cuts] if cut else pieces
                        parser = SseParser()
                        seen = []
                        for item in (item for chunk in chunks for item in parser.feed(chunk)):
                            if isinstance(item, Message):
                                seen.append({"event": {"type": item.event, "data": item.data, "id": item.id}})
                            elif isinstance(item, _Comment):
                                seen.append({"comment": item.text})
                        self.assertEqual(seen, vector["expect"])

    def test_waits_before_the_next_connection(self):
        for vector in vectors("delays"):
            with self.subTest(vector["name"]), mock.patch("g6_stream.random.random", return_value=vector["random"]):
                backoff = _Backoff(vector["initial_delay_ms"] / 1000, vector["max_delay_ms"] / 1000)
                for step in vector["connections"]:
                    for _ in range(step.get("times", 1)):
                        if "retry_ms" in step:
                            backoff.retry(step["retry_ms"])
                        if step.get("settled"):
                            backoff.good()
                        wait_sec = backoff.next(step["life_ms"] / 1000, step.get("least_ms", 0) / 1000)
                        self.assertAlmostEqual(wait_sec, step["gives"] / 1000, 6)

    def test_refusals(self):
        for vector in vectors("refusals"):
            fill = vector.get("fill") or {"text": "", "times": 0}
            body = (vector["body"] + fill["text"] * fill["times"]).encode()
            headers = {} if vector["retry_after"] is None else {"Retry_After": vector["retry_after"]}
            with self.subTest(vector["name"]), Server(answer("%d x" % vector["status"], body, **headers)) as server:
                errors = []
                stream = event_stream(server.url, on_error=lambda error: (errors.append(error), stream.close()))
                list(stream)
                error = errors[0]
                seen = {
                    "message": str(error),
                    "problem": error.problem,
                    "detail": error.detail,
                    "retry_after_sec": error.retry_after_sec,
                }
                self.assertEqual((seen, error.status), (vector["expect"], vector["status"]))

    def test_numbers_of_the_server(self):
        for vector in vectors("numbers"):
            with self.subTest(vector["text"][:20]):
                hello = '{"epoch": "e", "keepalive_ms": %s, "resumed": false, "panels": []}' % vector["text"]
                takes = vector["takes"]
                gives = {"ask": "fresh"} if takes is None else {"keepalive_ms": takes}
                self.assertEqual(spelled(BoardReader().apply("hello", hello)), gives)

    def test_ids_of_a_next_connection(self):
        for vector in vectors("event-ids"):
            with self.subTest(vector["name"]), Server(answer("204 x")) as server:
                id = vector["id"] * vector["times"]
                list(event_stream(server.url, last_event_id=id))
                header = server.requests[0].headers.get("last-event-id")
                sent = None if header is None else header.encode("latin-1").decode()
                self.assertEqual(sent, id if vector["sent"] else None)

    def test_hashes(self):
        for v in vectors("hash"):
            with self.subTest(v["key"]):
                self.assertEqual(panel_hash(v["key"], v["title"], v["tone"], v["lines"]), v["hash"])

    def test_tokens(self):
        for vector in vectors("tokens"):
            with self.subTest(vector["name"]):
                address = "http://127.0.0.1:1"
                if vector["usable"] is None:
                    with self.assertRaisesRegex(ValueError, "the token cannot be used: character [0-9]+ is"):
                        connect(address, vector["given"])
                else:
                    connection = connect(address, vector["given"])
                    self.assertEqual(connection._headers.get("X-API-Token", ""), vector["usable"])

    def test_addresses(self):
        for vector in vectors("addresses"):
            with self.subTest(vector["url"]):
                stream, resync = vector.pop("stream"), vector.pop("resync")
                self.assertEqual(addresses(**vector), (stream, resync))

    def test_boards(self):
        for vector in vectors("board"):
            with self.subTest(vector["name"]):
                reader = BoardReader(vector["accept_truncated"])
                for step in vector["steps"]:
                    if step.get("disconnect"):
                        reader.disconnected()
                        continue
                    if "resync" in step:
                        outcome = reader.apply_resync(json.dumps(step["resync"]))
                    else:
                        text = step["text"] if "text" in step else json.dumps(step["data"])
                        outcome = reader.apply(step["event"], text)
                    self.assertEqual(spelled(outcome), step["gives"])
                board = reader.board
                shown = board and {
                    "epoch": board.epoch,
                    "generation": board.generation,
                    "panels": [dict(panel.to_json(), key=key) for key, panel in board.panels.items()],
                }
                self.assertEqual(shown, vector["board"])
                counted = {name: reader.counts[name] for name in vector["counts"]}
                self.assertEqual(counted, vector["counts"])


class Limits(unittest.TestCase):
    def test_a_line_that_is_too_long_is_dropped_with_its_event(self):
        for chunks in ([b"data: " + b"x" * 200 + b"\ndata: y\n\ndata: ok\n\n"], None):
            parser = SseParser(limit=100)
            stream = chunks or [bytes([b]) for b in b"data: " + b"x" * 200 + b"\ndata: y\n\ndata: ok\n\n"]
            events = [m.data for chunk in stream for m in parser.push(chunk)]
            self.assertEqual((events, parser.overflows), (["ok"], 1))


if __name__ == "__main__":
    unittest.main()
