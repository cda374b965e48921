"""The four types over an account, with the person's words and the person's view."""

import re

import pytest

from bot.account import Account
from bot.behaviours import Behaviour, BehaviourType, Occasions, Reading, Span
from bot.four import part
from bot.knowledge import loaded

KNOWLEDGE = loaded("cheshire")
FIXATED = BehaviourType.FIXATED
UNWANTED = BehaviourType.UNWANTED_ATTENTION
REPEATED = BehaviourType.REPEATED_BEHAVIOUR


def told(words, *kinds, occasions=Occasions.UNCLEAR, evidence=True, account=None):
    spans = (Span(0, len(words), words),) if evidence else ()
    behaviours = tuple(Behaviour(kind, 0.9, spans) for kind in kinds)
    reading = Reading("describe_incident", behaviours=behaviours, occasions=occasions)
    return (account or Account()).with_incident(words, reading, ())


def row(account, kind):
    rows = part(account, KNOWLEDGE)["types"]
    return next(each for each in rows if each["type"] == kind.value)


def test_all_four_are_there_in_the_order_of_the_word():
    types = part(told("he follows me", FIXATED), KNOWLEDGE)["types"]

    assert [each["type"][0] for each in types] == ["f", "o", "u", "r"]
    assert [each["heading"] for each in types] == [
        "Fixated",
        "Obsession",
        "Unwanted attention",
        "Repeated behaviour",
    ]


def test_a_type_is_shown_with_the_words_that_led_to_it():
    account = told("he follows me to work", FIXATED)

    assert row(account, FIXATED)["present"] is True
    assert row(account, FIXATED)["because"] == ["he follows me to work"]
    assert (
        "This sounds like Fixated: following or watching you. "
        "You said: “he follows me to work”." in part(account, KNOWLEDGE)["text"]
    )


def test_several_types_stand_side_by_side():
    account = told("he leaves notes", UNWANTED, account=told("he follows me", FIXATED))
    present = [t["type"] for t in part(account, KNOWLEDGE)["types"] if t["present"]]

    assert present == ["fixated", "unwanted_attention"]


def test_two_occasions_show_repeated_behaviour_and_say_so():
    account = told("he texts", UNWANTED, occasions=Occasions.TWICE_OR_MORE)

    assert row(account, REPEATED)["present"] is True
    assert (
        "You said that it happened more than once." in part(account, KNOWLEDGE)["text"]
    )


def test_one_time_is_met_with_what_can_be_done():
    account = Account(
        incidents=told("he followed me", FIXATED).incidents, occasions_said="once"
    )
    shown = part(account, KNOWLEDGE)

    assert shown["occasions"]["value"] == "once"
    assert "One incident can still be reported." in shown["occasions"]["text"]
    assert row(account, REPEATED)["present"] is False


def test_no_type_is_never_a_no():
    shown = part(told("someone is making my life a misery"), KNOWLEDGE)

    assert not any(each["present"] for each in shown["types"])
    assert "That may still matter." in shown["text"]


def test_an_empty_account_is_invited_to_tell():
    shown = part(Account(), KNOWLEDGE)

    assert shown["text"] == (
        "You have not told me what happened yet. You can tell me at any time."
    )


def test_each_type_that_is_shown_can_be_agreed_or_not():
    choices = row(told("he follows me", FIXATED), FIXATED)["choices"]

    assert choices == [
        {
            "label": "Fixated fits",
            "payload": '/give_view{"type": "fixated", "view": "agree"}',
        },
        {
            "label": "Fixated does not fit",
            "payload": '/give_view{"type": "fixated", "view": "disagree"}',
        },
    ]


def test_a_type_that_is_not_shown_has_no_choices():
    assert "choices" not in row(told("he follows me", FIXATED), UNWANTED)


def test_the_persons_own_view_wins_and_can_be_changed_back():
    account = told("he follows me", FIXATED).with_view(FIXATED, "disagree")
    shown = row(account, FIXATED)

    assert shown["present"] is False
    assert shown["view"] == "disagree"
    assert shown["choices"][0]["payload"].endswith('"view": "agree"}')
    assert "You told me that Fixated does not fit." in part(account, KNOWLEDGE)["text"]


def test_a_type_nothing_points_at_is_still_explained_when_they_say_it_fits():
    account = told("he is odd").with_view(UNWANTED, "agree")

    assert "You told me that it fits." in part(account, KNOWLEDGE)["text"]


@pytest.mark.parametrize("force", ["cheshire", "exampleshire"])
def test_types_are_kinds_and_never_levels_or_verdicts(force):
    account = told("he follows me", FIXATED, occasions=Occasions.TWICE_OR_MORE)
    text = part(account, loaded(force))["text"]

    assert "not levels" in text
    assert not re.search(
        r"you are (?:not )?being stalked|high risk|low risk", text, re.I
    )
