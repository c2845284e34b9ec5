"""Prints each new line of the alerts panel: python watch_alerts.py http://127.0.0.1:9329 [changes]"""

import os
import sys
from itertools import islice

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from g6_stream import connect, printable  # noqa: E402

server = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:9329"
changes = int(sys.argv[2]) if len(sys.argv) > 2 else None
known = set()
with connect(server, token=os.environ.get("G6_SSE_API_TOKEN"), panels=["alerts"]) as connection:
    connection.on("state", lambda state: print("#", state, flush=True))
    for change in islice(connection, changes):
        lines = change.panels["alerts"].lines if "alerts" in change.panels else ()
        for line in lines:
            if line not in known:
                print(printable(line), flush=True)
        known = set(lines)
