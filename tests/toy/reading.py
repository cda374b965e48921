"""A process that answers as bot/reader_process.py does, and fails when it is told to.

Each word it is sent says what to do: "die", "hang", "break"; anything else is read, and
the intent of the answer says how many were read together and what settings it has.
"""

import json
import os
import struct
import sys
import threading

from bot.behaviours import Reading
from bot.danger import Heard
from bot.reading import Seen

LENGTH = struct.Struct(">I")


def seen(batch):
    settings = [name for name in os.environ if name.startswith("FIRST_CONTACT_")]
    intent = f"{len(batch)} {os.getpid()} {len(settings)}"
    return [Seen(Reading(intent), Heard(), ((0, 1),)).to_dict() for _ in batch]


def tell(value):
    words = json.dumps(value).encode()
    sys.stdout.buffer.write(LENGTH.pack(len(words)) + words)
    sys.stdout.buffer.flush()


def main():
    if "broken" in sys.argv:
        tell({"error": "UnreadableModel"})
        return
    tell({"ready": True})
    while head := sys.stdin.buffer.read(LENGTH.size):
        batch = json.loads(sys.stdin.buffer.read(LENGTH.unpack(head)[0]))
        words = {each["text"] for each in batch}
        if "die" in words:
            os._exit(9)
        if "hang" in words:
            threading.Event().wait()
        tell({"error": "ValueError"} if "break" in words else {"seen": seen(batch)})


if __name__ == "__main__":
    main()
