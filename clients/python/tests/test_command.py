"""The command: what it prints cannot control a terminal, and is valid JSON with --json."""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from answers import LONGEST_SEC, Server, answer, events  # first: it adds the folder of g6_stream to the path

from g6_stream import main, panel_hash

SCRIPT = str(Path(__file__).resolve().parents[1] / "g6_stream.py")
#: an OSC 52 that sets the clipboard, colours in C0 and C1, a forged line, text that reads backwards, a lone surrogate
EVIL = "\x1b]52;c;cm0gLXJm\x07\x1b[31m\x9b2J\x85\r\n# live\u202e\u2066\u2028\ud800\x7f ₹"
HARMLESS = (
    r"\u001b]52;c;cm0gLXJm\u0007\u001b[31m\u009b2J\u0085\u000d\u000a# live\u202e\u2066\u2028\ud800\u007f ₹"
)


def run(*arguments, stdout=subprocess.PIPE, **environment):
    given = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error", **environment}
    command = [sys.executable, SCRIPT, *arguments]
    done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, env=given, timeout=LONGEST_SEC)
    return done.returncode, done.stdout, done.stderr.decode()


def board(title, lines):
    panel = {"title": title, "tone": "ok", "lines": lines, "hash": panel_hash("a", title, "ok", lines)}
    shown = {"epoch": "e", "generation": 1, "cycle": 1, "ts": 1, "panels": {"a": panel}}
    hello = {"epoch": "e", "keepalive_ms": 15000, "resumed": False, "panels": []}
    return events("event: hello\ndata: " + json.dumps(hello), "event: full_snapshot\ndata: " + json.dumps(shown))


class Output(unittest.TestCase):
    def test_panels_are_printed_without_control_characters(self):
        with Server(board(EVIL, [EVIL, "plain"])) as server:
            code, out, err = run(server.url, "--changes", "1")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out.decode(), "[%s]\n%s\nplain\n\n" % (HARMLESS, HARMLESS))

    def test_json_is_ascii_and_says_the_same(self):
        with Server(board(EVIL, [EVIL])) as server:
            code, out, err = run(server.url, "--changes", "1", "--json")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out.decode(), r"^[ -~]+\n$")
        panel = json.loads(out)["panels"]["a"]
        self.assertEqual((panel["title"], panel["lines"]), (EVIL, [EVIL]))

    def test_an_output_of_another_encoding_shows_what_it_can(self):
        with Server(board("₹", ["ü"])) as server:
            code, out, err = run(server.url, "--changes", "1", PYTHONIOENCODING="ascii", LC_ALL="C")
        self.assertEqual((code, out, err), (0, b"[\\u20b9]\n\\xfc\n\n", ""))

    def test_errors_of_the_server_are_printed_the_same_way(self):
        # An event without a generation ends the command.
        end = events('event: heartbeat\ndata: {"cycle": 1}')
        for script in (
            answer("200 OK", Content_Type="text/\x1b[31m\x9b"),
            b"HTTP/1.1 \x1b[31m\xc2\x9b\r\n\r\n",
            answer("500 x", json.dumps({"detail": EVIL}).encode()),
            events("event: error\ndata: " + json.dumps({"code": EVIL, "message": EVIL})),
        ):
            with self.subTest(script[:30]), Server(script, end) as server:
                code, _, err = run(server.url, "--initial-delay", "0", "--json")
                self.assertEqual((code, len(err.splitlines()) > 1), (1, True))
                self.assertNotRegex(err, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028\ud800]")

    def refused(self, *arguments):
        with contextlib.redirect_stderr(io.StringIO()) as err:
            try:
                return main(arguments), err.getvalue()
            except SystemExit as end:
                return end.code, err.getvalue()

    def test_arguments_are_printed_the_same_way(self):
        evil = EVIL.replace("\ud800", "\udcff")
        for arguments in (
            [evil],
            ["http://%s/" % evil],
            ["http://h/", "--view", evil],
            ["http://h/", "--changes", evil],
            ["http://h/", "--initial-delay", "nan"],
            ["http://h/", "--initial-delay", "-1"],
            ["http://h/", evil],
            ["http://h/", "--token-file", "/none/" + evil],
            ["http://h:1/", "--panels", evil, "--token-file", "/none"],
        ):
            with self.subTest(arguments):
                code, err = self.refused(*arguments)
                self.assertEqual(code, 2)
                self.assertNotRegex(err, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028\ud800-\udfff]|Traceback")

    def test_tokens_that_cannot_be_used_are_refused_with_their_place(self):
        with tempfile.NamedTemporaryFile() as file:
            for content, complaint in (
                (b"\xef\xbb\xbf  \r\n", "the token file is empty"),
                ("token".encode("utf-16"), "the token cannot be used: character 1 is"),
                (b"one\ntwo\n", "the token cannot be used: character 4 is"),
                (b"nul\0", "the token cannot be used: character 4 is"),
                ("tökén".encode(), "the token cannot be used: character 2 is"),
            ):
                Path(file.name).write_bytes(content)
                code, err = self.refused("http://h/", "--token-file", file.name)
                self.assertEqual(code, 2)
                self.assertIn(complaint, err)

    def test_a_token_with_a_byte_order_mark_and_line_end_is_sent_without(self):
        with tempfile.NamedTemporaryFile() as file, Server(board("A", [])) as server:
            Path(file.name).write_bytes(b"\xef\xbb\xbf secret-token-0123 \r\n")
            self.assertEqual(run(server.url, "--changes", "1", "--token-file", file.name)[0], 0)
            self.assertEqual(server.requests[0].headers["x-api-token"], "secret-token-0123")

    def test_an_output_that_cannot_be_written_is_one_line(self):
        with Server(board("A", ["1"])) as server, open("/dev/full", "wb") as full:
            code, _, err = run(server.url, stdout=full)
        self.assertEqual((code, err), (1, "g6_stream: the output cannot be written: No space left on device\n"))


if __name__ == "__main__":
    unittest.main()
