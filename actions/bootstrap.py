"""What every action needs: this turn as the core sees it, and a way to speak.

Rasa's dictionaries become the core's values here, on the first line of each action,
and the core's values become slots again on the last.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot import danger
from bot.account import Account, signs_of
from bot.acts import acts_in
from bot.behaviours import Danger, Reading
from bot.knowledge import Answer, Knowledge, loaded
from bot.listening import Message, also_answers, supposes
from bot.questions import links, texts
from bot.questions import services as services_of
from bot.services import part as services_part
from bot.settings import Settings

FORM = "account_form"
# What Rasa itself does between a message and the form that takes it.
HOUSEKEEPING = frozenset({FORM, "action_extract_slots", "action_listen"})


def knowledge() -> Knowledge:
    """Return the facts of the force this process serves."""
    return loaded(Settings.from_env(os.environ).force)


def now() -> dt.datetime:
    """Return the time, in UTC; the one clock the actions read."""
    return dt.datetime.now(dt.timezone.utc)


@dataclass(frozen=True)
class Turn:
    """One message, and the conversation it arrived in, in the core's own values.

    Attributes:
        account: what was told before this message.
        message: the message; its reading names the intent when a choice was pressed.
        pressed: everything the pressed choice carries, by name; empty for typed words.
        question: the question of the form that is open, or None.
        answered_before: whether something else has already answered this message.
    """

    account: Account
    message: Message
    pressed: dict[str, str]
    question: str | None
    answered_before: bool

    @classmethod
    def of(cls, tracker: Tracker) -> Turn:
        """Read the turn from Rasa's tracker."""
        latest = tracker.latest_message or {}
        pressed = {e["entity"]: str(e["value"]) for e in latest.get("entities") or ()}
        intent = str((latest.get("intent") or {}).get("name") or "nlu_fallback")
        data = latest.get("reading")
        typed = data is not None
        reading = Reading.from_dict(data) if data else Reading(intent)
        text = str(latest.get("text") or "") if typed else ""
        return cls(
            account=Account.from_slots(tracker.slots),
            message=Message(text, reading, pressed.get("answer"), acts_in(text)),
            pressed=pressed,
            question=_open_question(tracker),
            answered_before=_answered_before(tracker),
        )

    @property
    def reading(self) -> Reading:
        """What the message says."""
        return self.message.reading

    @property
    def in_form(self) -> bool:
        """Whether a question of the form is open and will be asked again."""
        return self.question is not None


def _open_question(tracker: Tracker) -> str | None:
    if (tracker.active_loop or {}).get("name") != FORM:
        return None
    question = tracker.get_slot("requested_slot")
    return str(question) if question else None


def _answered_before(tracker: Tracker) -> bool:
    """Whether an action has spoken since the message came.

    Rasa calls the form's validation again, with the same message, when it comes back
    to the form after a rule has answered; the message must not be taken twice.
    """
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "action" and event.get("name") not in HOUSEKEEPING:
            return True
    return False


def listened(dispatcher: CollectingDispatcher, turn: Turn) -> Account:
    """Return the account with what a question or a call for help also tells.

    A new danger sign gets its card first. An act that is told in passing is kept as
    an incident, so that nothing a person has said has to be said again.
    """
    account, message = turn.account, turn.message
    if not message.text or turn.answered_before:
        return account
    account = also_answers(account, turn.question, message)
    if Danger.HIGH_RISK in turn.reading.danger and is_new_sign(turn):
        dispatcher.utter_message(
            json_message=card((Danger.HIGH_RISK,), turn.reading.signs)
        )
    told = turn.reading.behaviours and not supposes(message.text)
    if told and turn.reading.about != "own":
        return account.with_incident(message.text, turn.reading, message.acts)
    return account.hearing(message.text, turn.reading)


def is_new_sign(turn: Turn) -> bool:
    """Whether this message holds a danger sign that was not heard before."""
    return bool(set(signs_of(turn.reading)) - set(turn.account.signs))


def card(levels: tuple[Danger, ...], signs: tuple[str, ...]) -> dict[str, Any]:
    """Return the danger card for what was heard; choices ask its question."""
    return danger.card(levels, knowledge(), signs, asks=False)


def changes(before: Account, after: Account) -> list[EventType]:
    """Return the events that turn one account into the other."""
    old = before.to_slots()
    return [
        SlotSet(name, value)
        for name, value in after.to_slots().items()
        if value != old[name]
    ]


def leave_form() -> list[EventType]:
    """Return the events that set the questions aside; the answers stay."""
    return [ActiveLoop(None), SlotSet("requested_slot", None)]


def say(dispatcher: CollectingDispatcher, answer: Answer, account: Account) -> None:
    """Speak an answer of the knowledge: its words, its links, who can help."""
    facts = knowledge()
    part: dict[str, Any] = {"kind": "text", "text": "\n\n".join(texts(answer, facts))}
    pages = links(answer, facts)
    if pages:
        part["links"] = [{"label": page.label, "href": page.href} for page in pages]
    dispatcher.utter_message(json_message=part)
    shown = services_of(answer, account, facts)
    if shown:
        dispatcher.utter_message(json_message=services_part(shown, now()))


def say_who_was_told(dispatcher: CollectingDispatcher, account: Account) -> None:
    """Say that this chat tells nobody, in words that are true for this person."""
    told = "police_told" in account.circumstances
    name = "not_told_by_this_chat" if told else "not_a_report"
    say(dispatcher, knowledge().answers[name], account)


def quoted(words: tuple[str, ...]) -> dict[str, Any]:
    """Return the person's words as a part of their own, three quotations at most.

    Rasa's own responses fill names in braces again and log what they could not fill, so a
    person's words must never pass through one.
    """
    text = "\n".join(f"“{each.strip()}”" for each in words[:3])
    return {"kind": "text", "text": text}
