"""Danger: 999 first, one question, and the rest can wait."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.bootstrap import (
    Turn,
    card,
    changes,
    knowledge,
    leave_form,
    listened,
    say,
)
from bot.behaviours import Danger

URGENT = (Danger.IMMEDIATE, Danger.CRISIS)


class ActionDangerHelp(Action):
    """Puts 999 first and asks one thing; the account waits with nothing lost."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_danger_help"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Show the card for what was heard, and ask if they are safe."""
        turn = Turn.of(tracker)
        heard = tuple(level for level in URGENT if level in turn.reading.danger)
        if not heard and turn.reading.intent == "crisis_self_harm":
            heard = (Danger.CRISIS,)
        levels = heard or (Danger.IMMEDIATE,)
        dispatcher.utter_message(json_message=card(levels, turn.reading.signs))
        dispatcher.utter_message(response="utter_are_you_safe")
        account = turn.account
        if turn.message.text:
            account = listened(dispatcher, turn)
        signs = (*account.signs, *(level.value for level in levels))
        after = replace(account, safe_now="no", signs=tuple(dict.fromkeys(signs)))
        return [*changes(turn.account, after), *leave_form()]


class ActionSafeForNow(Action):
    """Offers the way on after somebody says they are safe."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_safe_for_now"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Keep the answer and ask how they want to go on."""
        turn = Turn.of(tracker)
        if turn.account.signs:
            say(dispatcher, knowledge().answers["tell_police_today"], turn.account)
        dispatcher.utter_message(response="utter_safe_for_now")
        after = replace(turn.account, safe_now="yes")
        return [*changes(turn.account, after), *leave_form()]
