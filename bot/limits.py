"""How much one conversation and one address may ask for: a lot, because people share.

Counters live in memory for minutes and are keyed by names that mean nothing elsewhere:
an address is remembered as a keyed hash whose key is random and changes every day.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
DAY_S = 24 * 3600
MOST_NAMES = 50_000  # some 40 MB, if ever so many addresses call within minutes


class TooFast(Exception):
    """More was asked than the limit allows.

    Attributes:
        retry_after_s: when to try again.
    """

    def __init__(self, retry_after_s: float) -> None:
        """Take the time to wait."""
        super().__init__("too fast")
        self.retry_after_s = max(1, math.ceil(retry_after_s))


@dataclass(frozen=True)
class Limit:
    """At most so many in so many seconds."""

    most: int
    per_s: float


@dataclass(frozen=True)
class Limits:
    """What one conversation and one address may ask for.

    Attributes:
        messages: of one conversation; five at once, one a second after that.
        messages_from: one address.
        sessions_from: one address.
        calls: of one conversation, to read answers again; as many to end it.
    """

    messages: Sequence[Limit] = (Limit(5, 5.0), Limit(30, 60.0))
    messages_from: Sequence[Limit] = (Limit(300, 60.0),)
    sessions_from: Sequence[Limit] = (Limit(60, 600.0),)
    calls: Sequence[Limit] = (Limit(30, 10.0),)


MESSAGES_PER_CONVERSATION = 200


@dataclass
class Rates:
    """Counts by name what happened lately, and refuses what goes over the limits."""

    limits: Sequence[Limit]
    clock: Callable[[], float]
    _seen: dict[str, deque[float]] = field(default_factory=dict)

    def allow(self, name: str) -> None:
        """Count one more.

        Raises:
            TooFast: it would be more than a limit allows; then it is not counted.
        """
        now = self.clock()
        times = self._seen[name] = self._seen.pop(name, deque())
        if len(self._seen) > MOST_NAMES:
            del self._seen[next(iter(self._seen))]  # the one not seen for longest
        for limit in self.limits:
            if len(times) >= limit.most:
                wait_s = times[-limit.most] + limit.per_s - now
                if wait_s > 0:
                    raise TooFast(wait_s)
        times.append(now)
        while len(times) > max(limit.most for limit in self.limits):
            times.popleft()

    def forget(self) -> None:
        """Drop what is too old for any of the limits to matter."""
        oldest = self.clock() - max(limit.per_s for limit in self.limits)
        for name, times in list(self._seen.items()):
            while times and times[0] <= oldest:
                times.popleft()
            if not times:
                del self._seen[name]


class AddressKeys:
    """Turns an address into a name that is good for today and for counting alone."""

    def __init__(self, proxies: Sequence[Network], clock: Callable[[], float]) -> None:
        """Take the proxies whose word on addresses is taken, and a clock."""
        self._proxies, self._clock = proxies, clock
        self._renew()

    def name(self, peer: str, forwarded: Sequence[str]) -> str:
        """Return the name for who is calling.

        Args:
            peer: the address at the other end of the connection.
            forwarded: values of the X-Forwarded-For headers, in order.
        """
        if self._clock() - self._since > DAY_S:
            self._renew()
        address = self._caller(peer, ",".join(forwarded))
        return hmac.new(self._key, address.encode(), hashlib.sha256).hexdigest()

    def _renew(self) -> None:
        self._key, self._since = secrets.token_bytes(32), self._clock()

    def _caller(self, peer: str, forwarded: str) -> str:
        """Return the nearest address that is not a proxy of ours, IPv6 by its /64."""
        chain = [*(part.strip() for part in forwarded.split(",")), peer]
        nearest = peer
        while chain:
            address = _address(chain.pop())
            if address is None:
                break
            if address.version == 6:
                network = ipaddress.ip_network((address, 64), strict=False)
                nearest = str(network)
            else:
                nearest = str(address)
            if not any(address in proxy for proxy in self._proxies):
                break
        return nearest


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
