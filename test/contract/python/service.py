"""The service that LaunchDarkly's SSE contract tests drive: it follows streams with ``g6_stream.event_stream``.

    python test/contract/python/service.py [port]

It prints its address and ends with ``DELETE /``. README-python.md says what each capability maps to.
"""

import http.client
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../clients/python"))

from g6_stream import event_stream  # noqa: E402

CAPABILITIES = (
    "bom comments headers last-event-id post read-timeout report restart server-directed-shutdown-request".split()
)
CALLBACK_TIMEOUT_SEC = 30
MAX_BODY_BYTES = 64 * 1024 * 1024


class Followed:
    """One stream, and the messages about it to the tests: one after the other, numbered from 1."""

    def __init__(self, wanted):
        self.callback = urlsplit(wanted["callbackUrl"])
        self.sent = 0
        self.stream = event_stream(
            wanted["streamUrl"],
            method=wanted.get("method") or "GET",
            body=wanted.get("body"),
            headers=wanted.get("headers"),
            last_event_id=wanted.get("lastEventId") or "",
            read_timeout_sec=(wanted.get("readTimeoutMs") or 0) / 1000,
            initial_delay_sec=(wanted.get("initialDelayMs") or 0) / 1000,
            on_comment=lambda text: self.say({"kind": "comment", "comment": text}),
            on_error=lambda error: self.say({"kind": "error", "error": str(error)}),
        )
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self):
        with self.stream:
            for message in self.stream:
                event = {"type": message.event, "data": message.data, "id": message.id}
                self.say({"kind": "event", "event": event})

    def say(self, message):
        self.sent += 1
        link = http.client.HTTPConnection(self.callback.hostname, self.callback.port, timeout=CALLBACK_TIMEOUT_SEC)
        try:
            headers = {"Content-Type": "application/json"}
            link.request("POST", "%s/%d" % (self.callback.path, self.sent), json.dumps(message), headers)
            link.getresponse().read()
        except OSError:
            self.stream.close()  # the test is over
        finally:
            link.close()


class Service(ThreadingHTTPServer):
    daemon_threads = True
    # All streams of a run end together.
    request_queue_size = 256

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), Requests)
        self.followed = {}
        self.count = 0
        self.lock = threading.Lock()

    def add(self, wanted):
        with self.lock:
            self.count += 1
            path = "/streams/%d" % self.count
            self.followed[path] = Followed(wanted)
            return path


class Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body leave in one piece.
    wbufsize = -1

    def log_message(self, format, *arguments):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200, json.dumps({"name": "g6-stream-python", "capabilities": CAPABILITIES}).encode())

    def do_POST(self):
        try:
            body = json.loads(self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MAX_BODY_BYTES)))
            if self.path == "/":
                self.answer(201, Location=self.server.add(body))
                return
        except (ValueError, KeyError, TypeError) as error:
            self.answer(400, str(error).encode())
            return
        followed = self.server.followed.get(self.path)
        if followed is None:
            self.answer(404)
        elif body.get("command") == "restart":
            followed.stream.restart()
            self.answer(204)
        else:
            self.answer(400, b"the only command is restart")

    def do_DELETE(self):
        if self.path == "/":
            self.answer(204)
            threading.Thread(target=self.server.shutdown).start()
            return
        followed = self.server.followed.pop(self.path, None)
        if followed is None:
            self.answer(404)
            return
        followed.stream.close()
        self.answer(204)


def main():
    with Service(int(sys.argv[1]) if len(sys.argv) > 1 else 0) as service:
        print("http://127.0.0.1:%d" % service.server_port, flush=True)
        service.serve_forever()
        for followed in service.followed.values():
            followed.stream.close()


if __name__ == "__main__":
    main()
