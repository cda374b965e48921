"""Danger: 999 first, one question, and the rest can wait."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
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
from bot.listening import (
    denies_more,
    is_calling,
    police_came,
    says_safe,
    says_yes,
    takes_back,
)
from bot.services import levels_told

URGENT = (Danger.IMMEDIATE, Danger.CRISIS)
# Below this the reading is unsure; whoever is in danger then will say so again.
SURE_OF_DANGER = 0.5


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
        typed = turn.message.text
        carded = turn.account.safe_now == "no"
        if carded and (is_calling(typed) or (not heard and takes_back(typed))):
            return await ActionStayWithThem().run(dispatcher, tracker, domain)
        if not heard and denies_more(typed):
            # "No thats all" says no to something else than to being safe.
            return await ActionStayWithThem().run(dispatcher, tracker, domain)
        is_own = turn.account.about == "own" and not turn.reading.signs
        if is_own and Danger.CRISIS not in heard:
            # "I sat outside her house": of the writer, and nobody is at their door.
            say(dispatcher, knowledge().answers["own_behaviour"], turn.account)
            return leave_form()
        levels = heard or (Danger.IMMEDIATE,)
        dispatcher.utter_message(json_message=card(levels, turn.reading.signs))
        dispatcher.utter_message(response="utter_are_you_safe")
        if typed and turn.reading.intent_confidence < SURE_OF_DANGER:
            return [*_unsure(dispatcher, turn), *leave_form()]
        account = listened(dispatcher, turn) if typed else turn.account
        signs = (*account.signs, *(level.value for level in levels))
        after = replace(account, safe_now="no", signs=tuple(dict.fromkeys(signs)))
        stays = SlotSet("in_danger", True)
        return [*changes(turn.account, after), stays, *leave_form()]


def _unsure(dispatcher: CollectingDispatcher, turn: Turn) -> list[EventType]:
    """Keep what was told, without a danger that may not be there.

    The card was shown; the talk may go on, and asks again in its own place if they are
    safe.
    """
    reading = turn.reading
    calmer = tuple(level for level in reading.danger if level not in URGENT)
    told = replace(turn.message, reading=replace(reading, danger=calmer))
    account = listened(dispatcher, replace(turn, message=told))
    return changes(turn.account, replace(account, safe_now=None))


class ActionStayWithThem(Action):
    """Keeps 999 in sight and asks nothing else until they are safe or go on."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_stay_with_them"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Say the little that helps now; whatever they tell is kept."""
        turn = Turn.of(tracker)
        calling = is_calling(turn.message.text)
        account = turn.account if calling else listened(dispatcher, turn)
        name = "stay_while_calling" if calling else "stay_safe_now"
        if not calling and "immediate" not in account.signs:
            name = "stay_in_crisis"
        say(dispatcher, knowledge().answers[name], account)
        dispatcher.utter_message(response="utter_safe_or_go_on")
        return changes(turn.account, account)


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
        typed = turn.message.text
        no_yes = turn.reading.intent == "affirm" and not says_yes(typed)
        if typed and (no_yes or (is_calling(typed) and not says_safe(typed))):
            # Neither "I'm 15" nor "55 yes they coming" says that they are safe.
            return await ActionStayWithThem().run(dispatcher, tracker, domain)
        heard = turn.account.hearing(typed, turn.reading) if typed else turn.account
        told_of = levels_told(turn.account)
        if told_of - {Danger.CRISIS}:
            told = "police_told" in heard.circumstances
            if not (told or police_came(typed)):
                say(dispatcher, knowledge().answers["tell_police_today"], turn.account)
        elif told_of:
            child = "under_18" in turn.account.circumstances
            name = "after_crisis_child" if child else "after_crisis"
            say(dispatcher, knowledge().answers[name], turn.account)
        dispatcher.utter_message(response="utter_safe_for_now")
        after = replace(heard, safe_now="yes")
        over = SlotSet("in_danger", False)
        return [*changes(turn.account, after), over, *leave_form()]
