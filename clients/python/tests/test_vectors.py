"""The vectors in test/vectors are the contract of every client, in every language."""

import json
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1]))

from g6_stream import BoardReader, SseParser, addresses, connect, panel_hash  # noqa: E402


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
