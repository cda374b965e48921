"""What tests wait for on this machine."""

import time


def until(so, within_s=30.0):
    """Return the first answer of `so` that counts, as soon as there is one."""
    give_up_at = time.monotonic() + within_s
    while not (answer := so()):
        assert time.monotonic() < give_up_at, f"not so within {within_s} s: {so}"
        time.sleep(0.01)
    return answer
