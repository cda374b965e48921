"""Offences are explained in general, in order, and never as a verdict."""

import re

import pytest

from bot.account import Account
from bot.acts import acts_in
from bot.behaviours import Behaviour, BehaviourType, Impact, Reading, Span
from bot.knowledge import loaded
from bot.offences import (
    CORE,
    MORE_THAN_ONCE,
    SHOWN_FIRST,
    law_text,
    may_apply,
    part,
    penalty_text,
)

KNOWLEDGE = loaded("cheshire")
FIXATED = BehaviourType.FIXATED
UNWANTED = BehaviourType.UNWANTED_ATTENTION


def told(*sentences, kind=FIXATED, impact=(), **answers):
    account = Account(**answers)
    for words in sentences:
        span = Span(0, len(words), words)
        behaviours = (Behaviour(kind, 0.9, (span,)),) if kind else ()
        reading = Reading("describe_incident", behaviours=behaviours, impact=impact)
        account = account.with_incident(words, reading, acts_in(words))
    return account


def more_than_once(*sentences, **more):
    return told(*sentences, occasions_said="twice_or_more", **more)


def once(*sentences, **more):
    return told(*sentences, occasions_said="once", **more)


def ids(account):
    return [each.offence.id for each in may_apply(account, KNOWLEDGE)]


def shown(account):
    return part(may_apply(account, KNOWLEDGE), account, KNOWLEDGE)


def test_more_than_one_time_brings_stalking_first_and_harassment_after_it():
    assert ids(more_than_once("he waits by the bus stop"))[:2] == [
        "stalking",
        "harassment",
    ]


def test_the_reason_is_the_persons_own_words_and_that_it_was_more_than_once():
    first = may_apply(more_than_once("he follows me home"), KNOWLEDGE)[0]

    assert first.why == (
        "You said: “he follows me home”. You told me about more than one time."
    )


@pytest.mark.parametrize(
    "more",
    [
        {"impact": (Impact.SCARED,)},
        {"impact": (Impact.DISTRESSED,)},
    ],
)
def test_fear_or_distress_that_was_read_brings_the_more_serious_kind(more):
    assert "stalking_fear" in ids(more_than_once("he waits by my car", **more))


@pytest.mark.parametrize(
    "sentence",
    [
        "he waits by my car and i am scared",
        "he waits by my car, i can't sleep",
        "she waits there so i changed my route",
        "he waits by my car and he threatened me",
        "he waits by my car. he pushed me",
    ],
)
def test_fear_violence_or_a_changed_life_brings_the_more_serious_kind(sentence):
    assert "stalking_fear" in ids(more_than_once(sentence))


def test_what_was_answered_about_feelings_counts_too():
    account = told("he waits by my car", occasions_said="twice_or_more")
    afraid = Account(
        incidents=account.incidents,
        occasions_said="twice_or_more",
        impact="i am afraid to go out",
    )

    assert "stalking_fear" not in ids(account)
    assert "stalking_fear" in ids(afraid)


def test_no_fear_and_no_violence_brings_neither_of_the_serious_two():
    heard = ids(more_than_once("he sends me flowers, im not scared", kind=UNWANTED))

    assert set(heard).isdisjoint({"stalking_fear", "fear_of_violence"})


def test_being_left_no_peace_is_not_read_as_a_changed_life():
    assert "stalking_fear" not in ids(more_than_once("he won't leave me alone"))


def test_fear_of_violence_needs_violence_or_threats_in_the_words():
    assert "fear_of_violence" not in ids(more_than_once("he waits there, im scared"))
    assert "fear_of_violence" in ids(more_than_once("he threatened me twice"))


def test_one_incident_is_never_put_beside_a_law_that_looks_for_two():
    account = once("he followed me and sent me nasty messages and rang me")

    assert set(ids(account)).isdisjoint(MORE_THAN_ONCE)


def test_one_incident_is_told_that_it_can_be_reported():
    text = shown(once("he followed me from the bus"))["text"]

    assert "looks for two or more incidents" in text
    assert "One incident can still be reported." in text
    assert "It could be another kind of offence." in text


def test_one_incident_can_be_another_kind_of_offence():
    account = once("someone keyed my car", kind=UNWANTED)

    assert ids(account) == ["criminal_damage"]
    assert "You said: “someone keyed my car”." in shown(account)["text"]


def test_not_knowing_how_often_is_said_as_an_if():
    explained = may_apply(told("he waits by my car"), KNOWLEDGE)

    assert explained[0].why.endswith("so it may fit if there were more.")


def test_three_at_most_come_first_and_the_rest_is_there():
    account = more_than_once(
        "he follows me, he keyed my car, he hacked my phone, he said he'd kill me"
    )
    explained = may_apply(account, KNOWLEDGE)
    offences = part(explained, account, KNOWLEDGE)

    assert len(offences["offences"]) == SHOWN_FIRST
    assert len(offences["more"]) == len(explained) - SHOWN_FIRST > 0
    assert offences["more"][0]["name"] in offences["text"]


def test_the_nearest_other_law_is_among_the_first_three():
    account = more_than_once("he follows me and he keyed my car, i am scared")

    assert ids(account)[:3] == ["stalking", "stalking_fear", "criminal_damage"]


def test_a_dispute_with_a_neighbour_puts_harassment_first():
    account = more_than_once(
        "my neighbour shouts abuse at me in the street",
        kind=BehaviourType.REPEATED_BEHAVIOUR,
    )

    assert ids(account)[0] == "harassment"


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("my ex follows me and controls who i see", True),
        ("a stranger follows me and controls who i see", False),
        ("my ex follows me and sends flowers", False),
    ],
)
def test_controlling_behaviour_needs_the_relation_and_the_acts(sentence, expected):
    assert ("controlling_or_coercive" in ids(more_than_once(sentence))) is expected


@pytest.mark.parametrize("nation", ["scotland", "northern_ireland", "elsewhere"])
def test_elsewhere_the_law_of_england_and_wales_is_not_explained(nation):
    account = more_than_once("he follows me home", nation_said=nation)
    offences = shown(account)

    assert may_apply(account, KNOWLEDGE) == ()
    assert offences["offences"] == []
    assert offences["text"] == "\n\n".join(
        KNOWLEDGE.fill(text) for text in KNOWLEDGE.answers[nation].text
    )


def test_nothing_is_explained_when_nothing_was_told():
    assert may_apply(Account(), KNOWLEDGE) == ()


def test_what_nobody_has_confirmed_is_never_explained():
    account = more_than_once(
        "he blackmails me, he groped me, he had a knife, he exposed himself"
    )

    assert all(each.offence.confirmed for each in may_apply(account, KNOWLEDGE))


def test_the_unconfirmed_rows_are_kept_for_the_check():
    assert {o.id for o in KNOWLEDGE.offences.values() if not o.confirmed} == {
        "voyeurism",
        "sexual_deepfakes",
        "threat_to_damage",
        "injury",
        "trespass",
        "blackmail",
        "identity_fraud",
        "sexual_offences",
        "weapon",
        "spiking",
    }


def test_a_row_of_the_part_has_every_field_a_client_relies_on():
    row = shown(more_than_once("he follows me"))["offences"][0]

    assert set(row) >= {
        "id",
        "name",
        "plain",
        "why",
        "law",
        "source",
        "checked_on",
    }
    assert row["law"] == "Protection from Harassment Act 1997, section 2A"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", row["checked_on"])


def test_sections_are_not_named_until_somebody_asks():
    account = more_than_once("he follows me")

    assert "section" not in shown(account)["text"]
    assert "section 2A" in "\n".join(law_text(may_apply(account, KNOWLEDGE)))


def test_penalties_are_told_only_on_request_and_with_what_they_are_not():
    account = more_than_once("he follows me, he threatened me")
    told_on_request = "\n".join(penalty_text(may_apply(account, KNOWLEDGE)))

    assert "prison" not in shown(account)["text"]
    assert "10 years" in told_on_request
    assert "It is not what will happen." in told_on_request


def test_an_offence_without_a_confirmed_maximum_gets_no_figure():
    explained = may_apply(once("someone keyed my car", kind=UNWANTED), KNOWLEDGE)

    assert penalty_text(explained)[0] == (
        "I have no checked figure for: Criminal damage."
    )


def test_no_penalty_stands_without_a_source():
    assert [
        o.id for o in KNOWLEDGE.offences.values() if o.penalty and not o.confirmed
    ] == []


# The traps of the fact pack: which maximum goes with which law.
@pytest.mark.parametrize(
    ("offence", "maximum"),
    [
        ("stalking", "up to 6 months in prison, a fine, or both"),
        ("harassment", "up to 6 months in prison, a fine, or both"),
        ("stalking_fear", "up to 10 years in prison"),
        ("fear_of_violence", "up to 10 years in prison"),
        ("breach_of_order", "up to 5 years in prison"),
        ("threats_to_kill", "up to 10 years in prison"),
        ("controlling_or_coercive", "up to 5 years in prison"),
        ("malicious_communications", "up to 2 years in prison"),
        ("disorderly_behaviour", "a fine"),
        ("sexual_insults", "up to 2 years in prison"),
        ("threatening_messages", ""),
        ("sharing_images", ""),
        ("criminal_damage", ""),
        ("computer_misuse", ""),
    ],
)
def test_a_maximum_is_the_confirmed_one_or_none(offence, maximum):
    assert KNOWLEDGE.offences[offence].penalty == maximum


def test_the_new_images_law_prints_no_section_number():
    assert not re.search(r"section|\b6\d", KNOWLEDGE.offences["taking_images"].law)


def test_the_core_is_all_there():
    assert set(CORE) <= set(KNOWLEDGE.offences)


VERDICT = re.compile(
    r"\b(?:this is (?:an? )?(?:crime|offence|stalking|harassment)|you are (?:a victim|"
    r"being stalked)|(?:has|have) committed|is guilty|will be (?:arrested|charged)|"
    r"not (?:a crime|stalking|an offence|enough)|too late|civil)\b",
    re.I,
)


def test_no_sentence_says_that_an_offence_has_or_has_not_happened():
    for offence in KNOWLEDGE.offences.values():
        if offence.confirmed:
            said = f"{offence.name}. {offence.plain} {offence.note}"
            assert not VERDICT.search(said), offence.id


def test_every_explanation_says_may_can_or_could():
    for offence in KNOWLEDGE.offences.values():
        assert re.search(r"\b(?:may|can|could)\b", offence.plain), offence.id


def test_a_source_is_named_without_the_notes_of_who_checked_it():
    account = more_than_once("he follows me")
    told_on_request = "\n".join(law_text(may_apply(account, KNOWLEDGE)))

    assert "Source: legislation.gov.uk. Checked on" in told_on_request
    assert "Solicitors" not in told_on_request
    assert "vLex" not in told_on_request
