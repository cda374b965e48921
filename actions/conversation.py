"""Hello, stop, start again, goodbye, and what to say when nothing was understood."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import AllSlotsReset, EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.bootstrap import (
    Turn,
    changes,
    knowledge,
    leave_form,
    listened,
    say,
    say_who_was_told,
)
from bot.account import Account
from bot.questions import answer_in_passing


class ActionGreet(Action):
    """Says what this is and what to do in danger, before anything is asked."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_greet"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Greet and show the doors; in the middle of the questions, go on with them."""
        turn = Turn.of(tracker)
        if turn.in_form:
            return []
        # Read out to somebody who has heard it all, the whole greeting only tires.
        messages = sum(event.get("event") == "user" for event in tracker.events)
        name = "greeting_again" if messages > 1 else "greeting"
        say(dispatcher, knowledge().answers[name], turn.account)
        dispatcher.utter_message(response="utter_first_choices")
        return []


class ActionCarryOn(Action):
    """Shows the doors when a word answers no question."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_carry_on"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Show the doors."""
        dispatcher.utter_message(response="utter_carry_on")
        return []


class ActionNotUnderstood(Action):
    """Asks once for other words, then shows every way to a human being."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_not_understood"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Ask for other words, or show the doors the second time running."""
        turn = Turn.of(tracker)
        account = listened(dispatcher, turn)
        asked = answer_in_passing(turn.message.text, account, knowledge())
        wordless = turn.reading.intent == "no_words"
        if asked is not None:
            say(dispatcher, asked, account)
        elif _misses(tracker) > 0:
            say(dispatcher, knowledge().answers["doors"], account)
        elif wordless:
            dispatcher.utter_message(response="utter_no_words")
        elif turn.in_form:
            dispatcher.utter_message(response="utter_say_it_another_way")
        else:
            dispatcher.utter_message(response="utter_not_understood")
        if not turn.in_form:
            dispatcher.utter_message(response="utter_carry_on")
        return changes(turn.account, account)


def _misses(tracker: Tracker) -> int:
    """Return how many messages just before this one were not understood."""
    misses, messages = 0, 0
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            messages += 1
            if messages > misses + 1:
                break
        elif event.get("event") == "action" and messages > 0:
            misses += event.get("name") == "action_not_understood"
    return misses


class ActionStop(Action):
    """Stops the questions and says what stays."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_stop"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Leave the form; nothing told is lost."""
        turn = Turn.of(tracker)
        account = listened(dispatcher, turn)
        dispatcher.utter_message(response="utter_stopped")
        return [*changes(turn.account, account), *leave_form()]


class ActionGoodbye(Action):
    """Says goodbye, reminds that police have not been told, leaves the doors open."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_goodbye"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Say goodbye."""
        turn = Turn.of(tracker)
        account = listened(dispatcher, turn)
        if not account.is_empty:
            say_who_was_told(dispatcher, account)
        # "Not your fault" is for whoever told of something done to them.
        told = "utter_goodbye_nothing_told" if account.is_empty else "utter_goodbye"
        dispatcher.utter_message(response=told)
        return [*changes(turn.account, account), *leave_form()]


class ActionConfirmRestart(Action):
    """Asks before anything is forgotten."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_confirm_restart"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Ask."""
        dispatcher.utter_message(response="utter_confirm_restart")
        return leave_form()


class ActionStartAgain(Action):
    """Forgets everything and greets again."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_start_again"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Forget, say so, and show the doors."""
        dispatcher.utter_message(response="utter_forgotten")
        say(dispatcher, knowledge().answers["greeting"], Account())
        dispatcher.utter_message(response="utter_first_choices")
        return [*leave_form(), AllSlotsReset()]
