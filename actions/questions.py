"""Questions at any moment, answered from the facts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.bootstrap import Turn, changes, knowledge, listened, now, say
from actions.conversation import ActionNotUnderstood
from bot import four
from bot.listening import own
from bot.questions import answer_for
from bot.services import for_own_behaviour, part


class ActionAnswer(Action):
    """Answers a question and goes back to where the conversation was."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_answer"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Answer; an open question is asked again by the form itself."""
        turn = Turn.of(tracker)
        text, intent = turn.message.text, turn.reading.intent
        if intent == "perpetrator" and not own(turn.account, text):
            # Nobody who told what is done to them is asked to stop doing it.
            other = ActionNotUnderstood()
            events: list[EventType] = await other.run(dispatcher, tracker, domain)
            return events
        account = listened(dispatcher, turn)
        answer = answer_for(intent, text, account, knowledge())
        say(dispatcher, answer, account)
        if answer.id == "is_it_stalking" and not (account.is_empty or turn.in_form):
            dispatcher.utter_message(json_message=four.part(account, knowledge()))
            dispatcher.utter_message(response="utter_after_four")
            return changes(turn.account, account)
        if intent == "perpetrator":
            account = replace(account, about="own")
            helping = for_own_behaviour(account, now(), knowledge())
            dispatcher.utter_message(json_message=part(helping, now()))
        if not turn.in_form:
            dispatcher.utter_message(response="utter_after_answer")
        return changes(turn.account, account)
