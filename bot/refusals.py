"""What a person is told when a message was not answered, in fixed, kind words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.knowledge import Knowledge

HELPERS = ("e999", "p101", "nsh")


@dataclass(frozen=True)
class Refusal:
    """One way not to be answered.

    Attributes:
        status: of the HTTP answer.
        say: words for the person.
    """

    status: int
    say: str


AGAIN = "Sorry, that message was not saved. Please send it again."
ODD = "Something went wrong with how that was sent. Please try again."
REFUSALS: Mapping[str, Refusal] = {
    "bad_request": Refusal(400, ODD),
    "token_place": Refusal(400, ODD),
    "session": Refusal(401, "This chat has ended. You can start a new one."),
    "origin": Refusal(403, "This chat does not work from this page."),
    "not_found": Refusal(404, "There is nothing at this address."),
    "method": Refusal(405, "There is nothing at this address."),
    "slow": Refusal(408, "That took too long to arrive. Please send it again."),
    "choice": Refusal(
        409, "That choice is from an earlier step. Please pick a newer one, or type."
    ),
    "order": Refusal(409, "Another message came first. Please send that one again."),
    "gap": Refusal(409, "An earlier message did not arrive. Please send it again."),
    "too_large": Refusal(413, "That is too long to send. Please send it in parts."),
    "content_type": Refusal(415, ODD),
    "empty": Refusal(
        422, "I could not see any words. You can type what you would like to say."
    ),
    "too_long": Refusal(422, "That message is too long. Please send it in parts."),
    "busy": Refusal(429, "Your last message is still being read. Please wait."),
    "rate": Refusal(429, "That was a lot at once. Please wait, then try again."),
    "long_chat": Refusal(429, "This chat is very long now. You can start a new one."),
    "full": Refusal(
        503, "A lot of people are here right now. Please try again in a few minutes."
    ),
    "not_kept": Refusal(503, AGAIN),
    "stopping": Refusal(503, "This service is starting again. Please try again soon."),
    "not_ready": Refusal(503, "This service is starting. Please try again soon."),
}


class Refused(Exception):
    """A message is not answered.

    Attributes:
        code: which of REFUSALS.
        messages: parts to show all the same, such as what to do in danger.
        missing: number of the message to send first, or None.
        retry_after_s: when to try again, or None.
    """

    def __init__(
        self,
        code: str,
        *,
        messages: Sequence[dict[str, Any]] = (),
        missing: int | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        """Take what the answer says."""
        super().__init__(code)
        self.code = code
        self.messages = tuple(messages)
        self.missing = missing
        self.retry_after_s = retry_after_s


def help_contacts(knowledge: Knowledge) -> list[dict[str, str]]:
    """Return who can help now, for every answer that is not one.

    Raises:
        LookupError: not even the emergency number may be shown.
    """
    services = [knowledge.services.get(name) for name in HELPERS]
    contacts = [
        {"name": service.name, "contact": service.contact, "href": service.href}
        for service in services
        if service is not None and service.may_be_shown
    ]
    if not contacts:
        raise LookupError("services.yml: no emergency contact may be shown")
    return contacts
