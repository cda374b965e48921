"""Signed session tokens: whose conversation this is, and the key that opens it.

A token is one signed value: a 256-bit random secret, when and for which origin it was
made, and which server key signed it. The stored id and the key of the stored words both
come from the secret, and the secret is in the token alone: without a person's token
their conversation cannot be read, by us either.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SHORTEST_KEY = 32
CLOCK_SKEW_S = 300
EXAMPLE_WORDS = ("example", "change", "replace", "secret", "password", "your-key")
# format, key id, issued at, secret, origin; then the signature. 93 bytes are 124
# letters of base64 with no bit left over, so a token can be written in one way alone.
FORMAT = b"\x01"
LAYOUT = struct.Struct(">c4sQ32s16s")
SIGNATURE = 32
TOKEN_LETTERS = (LAYOUT.size + SIGNATURE) * 4 // 3


class InvalidSession(Exception):
    """The token was not signed by us, was altered, is too old, or is for elsewhere."""


class WeakKey(Exception):
    """A server key is missing, too short or copied from an example."""


@dataclass(frozen=True)
class ServerKey:
    """One server key, and the keys for its three uses that are derived from it."""

    name: bytes
    signing: bytes = field(repr=False)
    naming: bytes = field(repr=False)
    sealing: bytes = field(repr=False)

    @classmethod
    def from_text(cls, text: str) -> ServerKey:
        """Return the key for a setting's value.

        Raises:
            WeakKey: it is absent, short or an example; the message never holds it.
        """
        raw = text.strip().encode()
        if not raw:
            raise WeakKey("no session key is set")
        if len(raw) < SHORTEST_KEY:
            raise WeakKey(f"the session key is shorter than {SHORTEST_KEY} bytes")
        guessable = any(word in text.lower() for word in EXAMPLE_WORDS)
        if guessable or len(set(raw)) < SHORTEST_KEY // 3:
            raise WeakKey("the session key is an example; make a random one")
        return cls(
            name=_derived(raw, b"name", 4),
            signing=_derived(raw, b"signing"),
            naming=_derived(raw, b"naming"),
            sealing=_derived(raw, b"sealing"),
        )


@dataclass(frozen=True)
class Session:
    """One person's conversation, as their token shows it.

    Attributes:
        conversation_id: the name it is stored under; the secret cannot be told from it.
        key: seals and opens what is stored of it.
        issued_at: when it began, seconds since 1970.
    """

    conversation_id: str
    key: bytes = field(repr=False)
    issued_at: int


def new_key() -> str:
    """Return a new random server key, as it is written in a setting."""
    return secrets.token_urlsafe(SHORTEST_KEY)


class Sessions:
    """Issues and opens tokens with the current key; opens those of older keys too."""

    def __init__(self, keys: Sequence[ServerKey], lifetime_s: int) -> None:
        """Take the keys, the current one first, and how long a token may live."""
        if not keys:
            raise WeakKey("no session key is set")
        self._keys = {key.name: key for key in reversed(keys)}
        self._current = keys[0]
        self._lifetime_s = lifetime_s

    def issue(self, origin: str, now: float) -> tuple[str, Session]:
        """Return a token for a new conversation, and the conversation."""
        key, secret, issued_at = self._current, secrets.token_bytes(32), int(now)
        body = LAYOUT.pack(FORMAT, key.name, issued_at, secret, _tag(origin))
        token = base64.urlsafe_b64encode(body + _mac(key.signing, body))
        return token.decode(), _session(key, secret, issued_at)

    def open(self, token: str, origin: str | None, now: float) -> Session:
        """Return the conversation a token belongs to.

        Args:
            token: as sent by the browser.
            origin: the page that calls; None when the browser does not say, as with
                reading calls from our own page.
            now: seconds since 1970.

        Raises:
            InvalidSession: if the token cannot be trusted, for whatever reason.
        """
        body, signature = _split(token)
        form, name, issued_at, secret, tag = LAYOUT.unpack(body)
        # An unknown key costs the same work as a known one.
        key = self._keys.get(name, self._current)
        signed = hmac.compare_digest(_mac(key.signing, body), signature)
        known = hmac.compare_digest(key.name, name) and form == FORMAT
        here = origin is None or hmac.compare_digest(_tag(origin), tag)
        age_s = now - issued_at
        alive = -CLOCK_SKEW_S <= age_s <= self._lifetime_s
        if not (signed and known and here and alive):
            raise InvalidSession
        return _session(key, secret, issued_at)


def looks_like_token(text: str) -> bool:
    """Whether a text could be one of our tokens, wherever it turned up."""
    try:
        return _split(text)[0][:1] == FORMAT
    except InvalidSession:
        return False


def _split(token: str) -> tuple[bytes, bytes]:
    if len(token) != TOKEN_LETTERS:
        raise InvalidSession
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise InvalidSession from None
    return raw[: LAYOUT.size], raw[LAYOUT.size :]


def _session(key: ServerKey, secret: bytes, issued_at: int) -> Session:
    name = base64.urlsafe_b64encode(_mac(key.naming, secret)).decode().rstrip("=")
    sealing = HKDF(hashes.SHA256(), 32, salt=key.sealing, info=b"conversation")
    return Session(name, sealing.derive(secret), issued_at)


def _derived(raw: bytes, purpose: bytes, length: int = 32) -> bytes:
    return HKDF(hashes.SHA256(), length, salt=None, info=purpose).derive(raw)


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


def _tag(origin: str) -> bytes:
    return hashlib.sha256(origin.encode("utf-8", "surrogateescape")).digest()[:16]
