"""The two doors, report and support, and what a person can take with them."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.bootstrap import (
    Turn,
    changes,
    knowledge,
    listened,
    now,
    say,
    say_who_was_told,
)
from bot import handoff, offences, services
from bot.account import Account
from bot.questions import answer_for, specific_answer


class ActionExplainOffences(Action):
    """Explains which offences may fit what was told, three at most."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_explain_offences"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Explain what may fit, or the law in general when nothing was told."""
        turn = Turn.of(tracker)
        account = listened(dispatcher, turn)
        facts = knowledge()
        if account.is_empty:
            answer = answer_for("ask_offence", turn.message.text, account, facts)
            say(dispatcher, answer, account)
            if not turn.in_form:
                dispatcher.utter_message(response="utter_tell_me_first")
            return changes(turn.account, account)
        explained = offences.may_apply(account, facts)
        dispatcher.utter_message(json_message=offences.part(explained, account, facts))
        if not turn.in_form:
            dispatcher.utter_message(response="utter_after_offences")
        return changes(turn.account, account)


class ActionExplainOneOffence(Action):
    """Names the law, the section and the source, when asked."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_explain_one_offence"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Name them for the offences that may fit."""
        return _about_offences(dispatcher, Turn.of(tracker), offences.law_text)


class ActionExplainPenalties(Action):
    """Says the most a court could give, when asked, and that it decides nothing."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_explain_penalties"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Say it for the offences that may fit."""
        return _about_offences(dispatcher, Turn.of(tracker), offences.penalty_text)


def _about_offences(
    dispatcher: CollectingDispatcher, turn: Turn, tell: Any
) -> list[EventType]:
    account = listened(dispatcher, turn)
    facts = knowledge()
    explained = offences.may_apply(account, facts)
    if explained:
        text = "\n\n".join(tell(explained))
        dispatcher.utter_message(json_message={"kind": "text", "text": text})
    else:
        answer = answer_for(turn.reading.intent, turn.message.text, account, facts)
        say(dispatcher, answer, account)
    if not turn.in_form:
        dispatcher.utter_message(response="utter_after_answer")
    return changes(turn.account, account)


class ActionHandOff(Action):
    """Opens both doors: report to police, and support."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_hand_off"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Show the report page, what happens next, and who can help."""
        turn = Turn.of(tracker)
        account = listened(dispatcher, turn)
        if _answer_first(dispatcher, turn, account) and turn.in_form:
            # A question in the middle gets its answer; the doors come at the end.
            return changes(turn.account, account)
        support = _support(account, "report", tracker)
        part = handoff.handoff(account, knowledge(), support)
        dispatcher.utter_message(json_message=part)
        if not turn.in_form:
            dispatcher.utter_message(response="utter_after_hand_off")
        return changes(turn.account, account)


class ActionOfferSupport(Action):
    """Shows who can help this person, and who is open now."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_offer_support"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Ask if it is safe to call or read, then list three at most."""
        turn = Turn.of(tracker)
        account = listened(dispatcher, turn)
        _answer_first(dispatcher, turn, account)
        dispatcher.utter_message(response="utter_is_it_safe_to_call")
        dispatcher.utter_message(json_message=_support(account, "support", tracker))
        if not turn.in_form:
            dispatcher.utter_message(response="utter_after_hand_off")
        return changes(turn.account, account)


def _answer_first(
    dispatcher: CollectingDispatcher, turn: Turn, account: Account
) -> bool:
    """Answer what the words ask in particular ("is it too late?") before the doors."""
    intent, text = turn.reading.intent, turn.message.text
    answer = specific_answer(intent, text, account, knowledge())
    if answer is not None:
        say(dispatcher, answer, account)
    return answer is not None


def _support(account: Account, wants: str, tracker: Tracker) -> dict[str, Any]:
    situation = services.situation_of(account, wants)
    if wants == "support" or not tracker.get_slot("in_danger"):
        situation = services.acknowledged(situation)
    fitting = services.who_fits(situation, now(), knowledge())
    return services.part(fitting, now())


class ActionShowSummary(Action):
    """Shows the short version, in the order the report form asks."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_show_summary"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Show it; police have not been told."""
        turn = Turn.of(tracker)
        account = listened(dispatcher, turn)
        today = now().date()
        dispatcher.utter_message(
            json_message=handoff.summary(account, knowledge(), today)
        )
        say_who_was_told(dispatcher, account)
        if not turn.in_form:
            dispatcher.utter_message(response="utter_after_hand_off")
        return changes(turn.account, account)
