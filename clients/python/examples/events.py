"""Prints any event stream: python events.py URL [events]"""

import os
import sys
from itertools import islice

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from g6_stream import event_stream  # noqa: E402

url = sys.argv[1]
events = int(sys.argv[2]) if len(sys.argv) > 2 else None
token = os.environ.get("G6_SSE_API_TOKEN")


def complain(error):
    print("#", error, file=sys.stderr, flush=True)
    # These are wrong until somebody changes something.
    if error.status in (401, 403, 404):
        raise SystemExit(1)


headers = {"X-API-Token": token} if token else {}
with event_stream(url, headers=headers, read_timeout_sec=60, on_error=complain) as stream:
    for message in islice(stream, events):
        print("%s %s: %s" % (message.event, message.id, ascii(message.data[:60])), flush=True)
