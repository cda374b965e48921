"""Two doors every time, and a short version in the person's own words."""

import datetime as dt
from dataclasses import replace

import pytest

from bot.account import SKIPPED, Account
from bot.acts import acts_in
from bot.behaviours import (
    Behaviour,
    BehaviourType,
    Impact,
    Occasions,
    Reading,
    Span,
)
from bot.handoff import handoff, summary
from bot.knowledge import Link, loaded

CHESHIRE = loaded("cheshire")
EXAMPLESHIRE = loaded("exampleshire")
TODAY = dt.date(2026, 11, 22)
SUPPORT = {"kind": "services", "services": [], "text": "1. Somebody who can help."}


def told(words, *kinds, account=None, dates=(), impact=(), **more):
    span = Span(0, len(words), words)
    reading = Reading(
        "describe_incident",
        behaviours=tuple(Behaviour(kind, 0.9, (span,)) for kind in kinds),
        dates=tuple(Span(words.index(d), words.index(d) + len(d), d) for d in dates),
        impact=impact,
        **more,
    )
    before = account or Account()
    return before.with_incident(words, reading, acts_in(words))


def sections(account):
    return {
        each["heading"]: each["lines"]
        for each in summary(account, CHESHIRE, TODAY)["sections"]
    }


def full():
    account = told(
        "my ex sat outside work last week",
        BehaviourType.FIXATED,
        dates=("last week",),
        occasions=Occasions.TWICE_OR_MORE,
        impact=(Impact.SCARED,),
    )
    account = told(
        "he sent flowers in March",
        BehaviourType.UNWANTED_ATTENTION,
        account=account,
        dates=("March",),
    )
    return replace(
        account, ongoing="yes", impact="I do not sleep", place_said="work and online"
    )


def test_the_short_version_follows_the_order_of_the_report_form():
    assert list(sections(full())) == [
        "What happened",
        "When and how often",
        "Where",
        "Who",
        "How it has affected you",
        "What kinds of behaviour",
    ]


def test_what_happened_is_numbered_and_put_in_order_by_its_dates():
    assert sections(full())["What happened"] == [
        "1. he sent flowers in March",
        "2. my ex sat outside work last week",
    ]


def test_without_dates_the_order_told_stays():
    account = told("he rang me", account=told("he sat outside"))

    assert sections(account)["What happened"] == ["1. he sat outside", "2. he rang me"]


def test_how_often_and_whether_it_goes_on_are_said_plainly():
    assert sections(full())["When and how often"] == [
        "You said: “last week”, “March”.",
        "More than one time.",
        "It is still going on.",
    ]


def test_a_day_said_twice_is_listed_once_as_first_said():
    account = told("he was there Last Tuesday", dates=("Last Tuesday",))
    account = told(
        "he rang in May, last tuesday too",
        account=account,
        dates=("in May", "last tuesday"),
    )

    assert sections(account)["When and how often"] == [
        "You said: “Last Tuesday”, “in May”."
    ]


def test_the_part_of_the_country_stands_beside_where_it_happens():
    account = replace(full(), nation_said="Wales. near Wrexham")

    assert sections(account)["Where"][-1] == "In Wales."


def test_who_is_the_kind_of_relation_and_nothing_a_name_could_hide_in():
    named = replace(told("he waits there"), relation_said="Bartholomew")

    assert sections(full())["Who"] == ["An ex-partner."]
    assert "Who" not in sections(named)


def test_how_it_has_affected_them_is_in_their_words():
    assert sections(full())["How it has affected you"] == [
        "You said: “I do not sleep”.",
        "Feelings in what you told me: scared.",
    ]


def test_the_kinds_are_the_four_headings_with_their_own_view():
    account = full().with_view(BehaviourType.FIXATED, "disagree")
    account = account.with_view(BehaviourType.UNWANTED_ATTENTION, "agree")

    assert sections(account)["What kinds of behaviour"] == [
        "Fixated: you said that this does not fit.",
        "Unwanted attention. You said that this fits.",
        "Repeated behaviour.",
    ]


def test_what_was_skipped_is_left_out():
    account = replace(told("he waits there"), place_said=SKIPPED, impact=SKIPPED)

    assert set(sections(account)) == {"What happened"}


def test_a_summary_for_somebody_else_speaks_of_them():
    account = replace(full(), about="other")

    assert "How it has affected them" in sections(account)


def test_no_offence_is_named_in_the_short_version():
    account = told("he said he would kill me", BehaviourType.REPEATED_BEHAVIOUR)
    text = summary(account, CHESHIRE, TODAY)["text"]

    assert not any(
        offence.name.lower() in text.lower() for offence in CHESHIRE.offences.values()
    )


def test_the_text_says_the_same_as_the_sections():
    shown = summary(full(), CHESHIRE, TODAY)

    for section in shown["sections"]:
        assert section["heading"] in shown["text"]
        assert all(line in shown["text"] for line in section["lines"])


def test_an_empty_account_has_a_short_version_that_says_so():
    shown = summary(Account(), CHESHIRE, TODAY)

    assert shown["sections"] == []
    assert shown["text"].startswith("You have not told me what happened yet")


def test_both_doors_are_open_every_time():
    part = handoff(Account(), CHESHIRE, SUPPORT)

    assert part["kind"] == "handoff"
    assert part["report"]["href"]
    assert part["support"] == SUPPORT
    assert part["not_a_report"] is True
    assert "Report to police" in part["text"]
    assert SUPPORT["text"] in part["text"]


def test_it_is_said_that_police_have_not_been_told():
    text = handoff(full(), CHESHIRE, SUPPORT)["text"]

    assert (
        "Using this chat is not the same as reporting. Police have not been told."
        in text
    )
    assert "What you typed here does not go with a report." in text
    assert "999" in text
    assert "101" in text


def test_without_a_link_the_website_takes_its_place_with_a_plain_notice():
    force = replace(CHESHIRE.force, report=Link("Report stalking"))
    part = handoff(full(), replace(CHESHIRE, force=force), SUPPORT)

    assert part["report"]["href"] == CHESHIRE.force.website
    assert "I do not have the address of the form." in part["text"]


def test_an_unchecked_link_is_marked():
    link = Link("Report stalking", "https://police.example/report")
    force = replace(CHESHIRE.force, report=link)
    part = handoff(full(), replace(CHESHIRE, force=force), SUPPORT)

    assert part["report"]["href"] == link.href
    assert "This link has not been checked yet." in part["text"]


def test_a_confirmed_link_is_shown_as_it_is():
    part = handoff(full(), EXAMPLESHIRE, SUPPORT)

    assert part["report"] == {
        "label": EXAMPLESHIRE.force.report.label,
        "href": EXAMPLESHIRE.force.report.href,
        "notice": "",
    }
    assert EXAMPLESHIRE.force.report.href in part["text"]


@pytest.mark.parametrize("nation", ["scotland", "northern_ireland", "elsewhere"])
def test_elsewhere_the_right_police_are_named_and_never_this_forces_form(nation):
    part = handoff(replace(full(), nation_said=nation), EXAMPLESHIRE, SUPPORT)

    assert EXAMPLESHIRE.force.report.href not in str(part)
    assert EXAMPLESHIRE.force.website not in str(part)
    assert KNOWN_THERE[nation] in part["text"]
    assert SUPPORT["text"] in part["text"]


KNOWN_THERE = {
    "scotland": "Police Scotland",
    "northern_ireland": "PSNI",
    "elsewhere": "the emergency number where you are",
}


def test_who_reports_for_somebody_else_is_told_that_they_can():
    part = handoff(replace(full(), about="other"), CHESHIRE, SUPPORT)

    assert "You can report for someone else." in part["text"]


def test_the_short_version_of_a_long_message_has_a_line_for_each_thing_told():
    words = (
        "i dont know where to start really, we split up in june and i have been trying to"
        " get on with things. he texts me all day asking who im with and last friday he"
        " was sat in his car at the end of the road when i got back with the kids. my mum"
        " says i should get some rest"
    )
    acts = ("he texts me all day", "he was sat in his car at the end")
    spans = [Span(words.index(a), words.index(a) + len(a), a) for a in acts]
    reading = Reading(
        "describe_incident",
        behaviours=(
            Behaviour(BehaviourType.UNWANTED_ATTENTION, 0.9, (spans[0],)),
            Behaviour(BehaviourType.FIXATED, 0.9, (spans[1],)),
        ),
    )
    account = Account().with_incident(words, reading, ())

    assert sections(account)["What happened"] == [
        "1. he texts me all day asking who im with",
        "2. last friday he was sat in his car at the end of the road when i got back with"
        " the kids",
    ]


def test_a_danger_sign_in_a_long_message_is_never_shortened_away():
    words = (
        "we were together six years and it ended badly, i moved out in the spring and i"
        " thought that would be the end of it. he said he would kill me. now he keeps"
        " messaging me and i just want some peace for once"
    )
    act = "he keeps messaging me"
    span = Span(words.index(act), words.index(act) + len(act), act)
    unwanted = Behaviour(BehaviourType.UNWANTED_ATTENTION, 0.9, (span,))
    reading = Reading("describe_incident", behaviours=(unwanted,))
    account = Account().with_incident(words, reading, acts_in(words))

    lines = sections(account)["What happened"]

    assert any("he said he would kill me" in line for line in lines)
    assert any("keeps messaging me" in line for line in lines)


def test_how_long_it_has_gone_on_is_said_with_their_words():
    account = replace(full(), ongoing="its been since about august")

    assert (
        "It is still going on. You said: “its been since about august”."
        in (sections(account)["When and how often"])
    )
