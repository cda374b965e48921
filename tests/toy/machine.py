"""What tests need of this machine, and wait for on it."""

import socket
import time


def free_port():
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def until(so, within_s=30.0):
    """Return the first answer of `so` that counts, as soon as there is one."""
    give_up_at = time.monotonic() + within_s
    while not (answer := so()):
        assert time.monotonic() < give_up_at, f"not so within {within_s} s: {so}"
        time.sleep(0.01)
    return answer
