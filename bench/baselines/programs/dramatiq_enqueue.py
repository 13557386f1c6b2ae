"""One task a message: `python dramatiq_enqueue.py 1000`."""

from __future__ import annotations

import sys

from dramatiq_app import send

for letter_id in range(int(sys.argv[1])):
    send.send(letter_id)
