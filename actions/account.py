"""Hearing what happened: the form's ear, corrections, and the four types."""

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
    is_new_sign,
    knowledge,
    leave_form,
    listened,
    quoted,
    say,
)
from bot import four
from bot.account import SKIPPED, UNSURE, Account, Incident
from bot.behaviours import BehaviourType, Danger, Impact
from bot.handoff import RELATIONS
from bot.listening import correct, removes, understand
from bot.questions import answer_in_passing
from bot.quoting import quotes

# A message up to so many words is said back whole; of a longer one, what mattered.
SHORT = 14
SORRY = {
    Impact.SCARED: "utter_sorry_scared",
    Impact.THREATENED: "utter_sorry_threatened",
    Impact.DISTRESSED: "utter_sorry_distressed",
}


class ValidateAccountForm(Action):
    """Takes a message as an answer and as an account, or leaves it to the rules."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "validate_account_form"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Keep what the message tells; no event means it told and answered nothing."""
        turn = Turn.of(tracker)
        if turn.answered_before:
            return []
        after = understand(turn.account, turn.question, turn.message)
        if after is None:
            return []
        if Danger.HIGH_RISK in turn.reading.danger and is_new_sign(turn):
            shown = card((Danger.HIGH_RISK,), turn.reading.signs)
            dispatcher.utter_message(json_message=shown)
            after = replace(after, safe_now=None)
        _acknowledge(dispatcher, turn, after)
        _advise(dispatcher, turn, after)
        asked = answer_in_passing(turn.message.text, after, knowledge())
        if asked is not None:
            say(dispatcher, asked, after)
        if after.is_empty and after.what_happened is not None:
            # Nothing to ask about: the doors, by way of the form's own end.
            return [*changes(turn.account, after), SlotSet("requested_slot", None)]
        return changes(turn.account, after) or [SlotSet("about", after.about)]


def _advise(dispatcher: CollectingDispatcher, turn: Turn, after: Account) -> None:
    """Say what cannot wait for a question, once, before anything else is asked.

    Moving a tracker, or sending one more picture, can do harm before the talk is over.
    """
    new = set(after.circumstances) - set(turn.account.circumstances)
    for circumstance, answer in (
        ("tracked", "trackers"),
        ("images", "intimate_images"),
    ):
        if circumstance in new:
            say(dispatcher, knowledge().answers[answer], after)


def _acknowledge(dispatcher: CollectingDispatcher, turn: Turn, after: Account) -> None:
    """Say in a few words that it was heard, in the person's own words."""
    new = [each for each in after.incidents if each not in turn.account.incidents]
    if not new:
        _acknowledge_answer(dispatcher, turn, after)
        return
    incident = new[-1]
    feeling = next((SORRY[i] for i in SORRY if i in incident.impact), None)
    if feeling and after.about == "me":
        dispatcher.utter_message(response=feeling)
    elif not turn.account.incidents:
        other = after.about == "other"
        dispatcher.utter_message(
            response="utter_sorry_for_other" if other else "utter_sorry"
        )
    words = _mirrored(incident)
    first = not turn.account.incidents
    if not words:
        dispatcher.utter_message(response="utter_noted")
    else:
        response = "utter_noted_words" if first else "utter_noted_more"
        dispatcher.utter_message(response=response)
        dispatcher.utter_message(json_message=quoted(words))


def _mirrored(incident: Incident) -> tuple[str, ...]:
    """Return the words to say back: what led to a type, or a short message whole."""
    if len(incident.words.split()) <= SHORT:
        return (incident.words,)
    evidence = [span for each in incident.behaviours for span in each.evidence]
    return tuple(span.text for span in quotes(incident.words, evidence))


def _acknowledge_answer(
    dispatcher: CollectingDispatcher, turn: Turn, after: Account
) -> None:
    said = after.to_slots().get(turn.question or "")
    if turn.question == "what_happened":
        dispatcher.utter_message(
            response="utter_skipped" if said == SKIPPED else "utter_where_to_start"
        )
    elif said == SKIPPED:
        dispatcher.utter_message(response="utter_skipped")
    elif turn.question == "safe_now" and said == "yes" and _tell_police(after):
        say(dispatcher, knowledge().answers["tell_police_today"], after)
    elif turn.question == "safe_now" and said == UNSURE:
        dispatcher.utter_message(response="utter_not_sure_if_safe")
    elif turn.question == "impact" and turn.message.text:
        feeling = next((SORRY[i] for i in SORRY if i in turn.reading.impact), None)
        dispatcher.utter_message(response=feeling or "utter_sorry")
    else:
        dispatcher.utter_message(response="utter_answer_kept")


def _tell_police(account: Account) -> bool:
    """Whether to say: tell police today. Not to those who have."""
    acts = (knowledge().acts[act] for each in account.incidents for act in each.acts)
    urgent = bool(account.signs) or any(act.urgent for act in acts)
    return urgent and "police_told" not in account.circumstances


class ActionAskWhatHappened(Action):
    """Asks for the account: openly first, then for one thing that happened."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_ask_account_form_what_happened"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Ask."""
        told = bool(tracker.get_slot("incidents"))
        dispatcher.utter_message(
            response="utter_ask_one_thing" if told else "utter_ask_what_happened"
        )
        return []


class ActionAskAnythingElse(Action):
    """Asks if there is more, in other words the second time."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_ask_account_form_anything_else"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Ask."""
        asked_before = any(
            event.get("name") == "requested_slot"
            and event.get("value") == "anything_else"
            for event in tracker.events
        )
        dispatcher.utter_message(
            response="utter_ask_more" if asked_before else "utter_ask_anything_else"
        )
        return []


class ActionOpenAccount(Action):
    """Opens the account again, so that more can be told."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_open_account"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Forget that there was nothing else to tell; answers stay answered."""
        account = Account.from_slots(tracker.slots)
        opened = replace(
            account,
            anything_else=None,
            what_happened=None if account.is_empty else account.what_happened,
            # "No" to being safe was answered by the danger card: ask again, gently.
            safe_now=None if account.safe_now == "no" else account.safe_now,
        )
        return [*changes(account, opened), SlotSet("in_danger", False)]


class ActionShowFour(Action):
    """Shows the four types over the whole account, and offers the way on."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_show_four"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Show the types with the person's words, or the doors for an empty account."""
        turn = Turn.of(tracker)
        if turn.account.is_empty:
            dispatcher.utter_message(response="utter_nothing_told")
            return leave_form()
        dispatcher.utter_message(json_message=four.part(turn.account, knowledge()))
        dispatcher.utter_message(response="utter_after_four")
        return leave_form()


class ActionRecordView(Action):
    """Keeps the person's own view of a type; it wins over what was read."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_record_view"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Keep the view that was pressed."""
        turn = Turn.of(tracker)
        view = turn.pressed["view"]
        after = turn.account.with_view(BehaviourType(turn.pressed["type"]), view)
        dispatcher.utter_message(response=f"utter_view_kept_{view}")
        _show_again(dispatcher, turn, after)
        return changes(turn.account, after)


class ActionCorrect(Action):
    """Puts right what the person says is wrong, or asks which thing it is."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_correct"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Change what the words name; else show what was told, to choose from."""
        turn = Turn.of(tracker)
        typed = turn.message.text
        asked = None
        if not removes(typed):
            asked = answer_in_passing(typed, turn.account, knowledge())
        if asked is not None:
            say(dispatcher, asked, turn.account)
            if not turn.in_form:
                dispatcher.utter_message(response="utter_after_answer")
            return []
        if turn.account.is_empty:
            dispatcher.utter_message(response="utter_nothing_to_remove")
            if not turn.in_form:
                dispatcher.utter_message(response="utter_carry_on")
            return []
        corrected = correct(turn.account, turn.message)
        if corrected is None:
            dispatcher.utter_message(json_message=_what_was_told(turn.account))
            return [] if turn.in_form else leave_form()
        _say_what_changed(dispatcher, turn.account, corrected)
        _show_again(dispatcher, turn, corrected)
        return changes(turn.account, corrected)


class ActionRemoveIncident(Action):
    """Takes out one thing the person told."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_remove_incident"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Take out the incident that was pressed."""
        turn = Turn.of(tracker)
        after = turn.account.without(turn.pressed["incident"])
        _say_what_changed(dispatcher, turn.account, after)
        _show_again(dispatcher, turn, after)
        return changes(turn.account, after)


def _say_what_changed(
    dispatcher: CollectingDispatcher, before: Account, after: Account
) -> None:
    left = {thing.id for thing in after.things()}
    gone = [thing for thing in before.things() if thing.id not in left]
    if gone:
        dispatcher.utter_message(response="utter_removed")
        words = tuple(_short(thing.words) for thing in gone)
        dispatcher.utter_message(json_message=quoted(words))
    elif before.relation_said != after.relation_said and after.relation_said:
        dispatcher.utter_message(response="utter_relation_changed")
        kind = RELATIONS.get(after.relation or "", after.relation_said)
        dispatcher.utter_message(json_message=quoted((kind,)))
    elif before.views != after.views:
        dispatcher.utter_message(response="utter_view_kept_disagree")
    elif before.place_said != after.place_said and after.place_said:
        dispatcher.utter_message(response="utter_place_changed")
        dispatcher.utter_message(json_message=quoted((after.place_said,)))
    else:
        dispatcher.utter_message(response="utter_detail_changed")


def _show_again(dispatcher: CollectingDispatcher, turn: Turn, after: Account) -> None:
    """Outside the questions, show the types again as they now stand."""
    if turn.in_form:
        return
    if after.is_empty:
        dispatcher.utter_message(response="utter_nothing_told")
        return
    changed = four.changed_part(turn.account, after, knowledge())
    if after.anything_else is not None and changed is not None:
        dispatcher.utter_message(json_message=changed)
    dispatcher.utter_message(response="utter_after_four")


def _what_was_told(account: Account) -> dict[str, Any]:
    """Return the choices that take out one thing each."""
    remove = [
        {
            "label": f"Remove: “{_short(thing.words)}”",
            "payload": f'/remove_incident{{"incident": "{thing.id}"}}',
        }
        for thing in account.things()
    ]
    keep = {"label": "Nothing, go on", "payload": "/go_on"}
    return {
        "kind": "choices",
        "text": "Of course. Which one is not right? You can also type it as it is.",
        "choices": [*remove, keep],
    }


def _short(words: str) -> str:
    return words if len(words) <= 60 else words[:57].rsplit(" ", 1)[0] + " …"


class ActionSayWhyWeAsk(Action):
    """Says why the open question is asked."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_say_why_we_ask"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[EventType]:
        """Say why, from the knowledge."""
        turn = Turn.of(tracker)
        account = listened(dispatcher, turn)
        question = turn.question or "what_happened"
        say(dispatcher, knowledge().answers[f"why_we_ask_{question}"], account)
        if not turn.in_form:
            dispatcher.utter_message(response="utter_carry_on")
        return changes(turn.account, account)
