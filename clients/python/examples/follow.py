"""Prints the changes of a board: python follow.py http://127.0.0.1:9329 [changes]"""

import os
import sys
from itertools import islice

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from g6_stream import connect, printable  # noqa: E402

server = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:9329"
changes = int(sys.argv[2]) if len(sys.argv) > 2 else None
with connect(server, token=os.environ.get("G6_SSE_API_TOKEN")) as connection:
    for change in islice(connection, changes):
        for panel in change.panels.values():
            lines = "\n".join(map(printable, panel.lines))
            print("%d [%s]\n%s\n" % (change.generation, printable(panel.title), lines), flush=True)
