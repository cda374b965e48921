"""A question gets the prepared answer that fits its words, or a sensible one."""

import pytest

from bot.account import Account
from bot.knowledge import loaded
from bot.questions import (
    answer_for,
    answer_in_passing,
    links,
    services,
    specific_answer,
    texts,
)

CHESHIRE = loaded("cheshire")
EXAMPLESHIRE = loaded("exampleshire")


def answer(intent, text="", **account):
    return answer_for(intent, text, Account(**account), CHESHIRE).id


ASKED = [
    # What stalking is
    ("ask_what_is_stalking", "what is stalking", "what_is_stalking"),
    ("ask_what_is_stalking", "does once count", "one_incident"),
    ("ask_what_is_stalking", "how many times does it have to happen", "two_or_more"),
    (
        "ask_what_is_stalking",
        "whats the difference between stalking and harassment",
        "stalking_or_harassment",
    ),
    ("ask_what_is_stalking", "what does FOUR stand for", "four_explained"),
    ("ask_what_is_stalking", "is there an online test i can do", "tool"),
    ("ask_what_is_stalking", "am i overreacting", "overreacting"),
    ("ask_what_is_stalking", "is it my fault, i replied", "my_fault"),
    ("ask_what_is_stalking", "is it stalking if its only online", "online_counts"),
    ("ask_what_is_stalking", "does it count if there's no threats", "no_threats"),
    ("ask_what_is_stalking", "how common is it", "how_common"),
    ("ask_what_is_stalking", "is it stalking then yes or no", "is_it_stalking"),
    ("ask_what_is_stalking", "so is that stalking", "is_it_stalking"),
    ("ask_bot", "not sure if this is the right place", "right_place"),
    ("ask_bot", "what can police actually do", "what_police_can_do"),
    ("ask_report", "do i ring police in glasgow or here", "which_police"),
    ("ask_support", "does 101 from chester go through to scotland", "which_police"),
    ("ask_what_is_stalking", "is it only famous people", "myths"),
    ("ask_what_is_stalking", "can a woman stalk a man", "who_it_can_be"),
    # The law
    ("ask_offence", "what offence could it be", "offence_general"),
    ("ask_offence", "which law is it", "which_law"),
    ("ask_offence", "is it too late, it was years ago", "time_limits"),
    ("ask_offence", "can i get a restraining order", "protection_orders"),
    ("ask_offence", "would he go to prison", "penalty_asked"),
    ("ask_offence", "will he be arrested", "who_decides"),
    ("ask_penalty", "whats the sentence", "penalty_general"),
    # Evidence
    ("ask_evidence", "what proof should i have", "evidence"),
    ("ask_evidence", "how do i keep a diary of it", "keeping_notes"),
    ("ask_evidence", "do screenshots count", "keeping_messages"),
    ("ask_evidence", "should i keep the flowers", "keeping_things"),
    ("ask_evidence", "i have no evidence, its my word", "no_evidence"),
    ("ask_evidence", "can i record him", "recording_and_cameras"),
    # Reporting, and after
    ("ask_report", "how do i report it", "report_how"),
    ("ask_report", "what will they ask me", "what_to_say"),
    ("ask_after_report", "what happens after i report", "after_report"),
    ("ask_after_report", "will he find out it was me", "will_they_be_told"),
    ("ask_after_report", "how long does it take", "how_long"),
    ("ask_after_report", "will i be kept updated", "updates"),
    ("ask_after_report", "what are my rights", "your_rights"),
    ("ask_after_report", "they closed it, can i complain", "unhappy"),
    ("ask_after_report", "will they tell me who it is", "told_who_it_is"),
    ("ask_after_report", "do i have to go to court", "court"),
    ("ask_after_report", "what if it makes it worse", "makes_it_worse"),
    ("ask_anonymous", "can i do it without my name", "without_a_name"),
    # For somebody else
    ("ask_for_other", "how do i help my friend", "for_someone_else"),
    ("ask_for_other", "she won't report it", "they_do_not_want_to_report"),
    ("ask_for_other", "someone is following my daughter", "parent"),
    # Safety
    ("ask_safety_advice", "how do i stay safe", "safety"),
    ("ask_safety_advice", "what do i do if im being followed", "followed"),
    ("ask_safety_advice", "how do i make my house safer", "at_home"),
    ("ask_safety_advice", "should i tell work", "at_work"),
    ("ask_safety_advice", "how do i keep the kids safe", "children"),
    ("ask_safety_advice", "should i block him", "reply_or_block"),
    ("ask_safety_advice", "should i tell him to stop", "reply_or_block"),
    ("ask_safety_advice", "what if i cant speak on the phone", "cannot_speak"),
    # Online
    ("ask_online_safety", "how do i stay safe online", "online_safety"),
    ("ask_online_safety", "he keeps getting into my accounts", "accounts"),
    ("ask_online_safety", "is there spyware on my phone", "spyware"),
    ("ask_online_safety", "i found an airtag in my bag", "trackers"),
    ("ask_online_safety", "he posted my nudes", "intimate_images"),
    ("ask_online_safety", "how do i turn off my location", "location"),
    # This assistant
    ("ask_privacy", "what do you keep", "privacy"),
    ("ask_privacy", "who can see this", "who_sees_it"),
    ("ask_privacy", "will it be in my history", "on_this_device"),
    ("ask_privacy", "can i delete this", "delete_chat"),
    ("ask_bot", "are you a robot", "what_this_is"),
    ("ask_bot", "is he known to you", "no_records"),
    ("ask_bot", "test", "testing"),
    ("ask_bot", "im a journalist", "press"),
    ("human_handoff", "can i talk to a person", "a_person"),
    ("human_handoff", "can someone ring me back", "cannot_act"),
    ("ask_support", "im not ready to report", "support_not_ready"),
    ("ask_support", "is there a video about this", "psychologist_video"),
    # People
    ("ask_support", "im a 15 year old, who can i talk to", "under_18"),
    ("ask_support", "i'm deaf", "deaf"),
    ("ask_support", "im on a visa", "immigration"),
    (
        "ask_after_report",
        "if i tell police they send me back to romania",
        "immigration",
    ),
    ("ask_support", "my family say its about honour", "honour"),
    ("ask_support", "anything for gay people", "lgbt"),
    ("ask_support", "is there help for men", "men"),
    ("ask_support", "anything for older people", "older"),
    ("ask_report", "hes a police officer", "officer"),
    ("ask_report", "i live in scotland", "scotland"),
    ("ask_report", "im in belfast", "northern_ireland"),
    ("ask_report", "i live abroad", "elsewhere"),
    ("ask_report", "nobody will believe me", "not_believed"),
    # Not for here
    ("perpetrator", "i cant stop messaging her", "own_behaviour"),
    ("perpetrator", "she has accused me of stalking", "accused"),
    ("abusive", "stupid bot", "abusive"),
    ("out_of_scope", "whats the weather", "not_for_here"),
    ("out_of_scope", "someone stole my bike, its been nicked", "other_crime"),
    ("out_of_scope", "i was scammed on marketplace", "fraud"),
    ("other_language", "pomocy", "no_english"),
    ("greet", "hello", "greeting"),
    ("nlu_fallback", "hmm", "doors"),
]


@pytest.mark.parametrize(("intent", "text", "expected"), ASKED)
def test_a_question_gets_the_answer_that_fits(intent, text, expected):
    assert answer(intent, text) == expected


@pytest.mark.parametrize(
    ("intent", "text", "expected"),
    [
        ("ask_evidence", "do sceenshots count", "keeping_messages"),
        ("ask_online_safety", "is there a trakcer in my car", "trackers"),
        ("ask_what_is_stalking", "stalking or harrassment??", "stalking_or_harassment"),
    ],
)
def test_slips_do_not_lead_to_another_answer(intent, text, expected):
    assert answer(intent, text) == expected


@pytest.mark.parametrize("intent", sorted({asked[0] for asked in ASKED}))
def test_a_pressed_choice_without_words_has_an_answer(intent):
    assert CHESHIRE.answers[answer(intent)].text


def test_an_intent_without_an_answer_opens_every_door():
    assert answer("affirm") == "doors"


@pytest.mark.parametrize("nation", ["scotland", "northern_ireland", "elsewhere"])
@pytest.mark.parametrize(
    ("intent", "text"),
    [
        ("ask_offence", "which law is it"),
        ("ask_penalty", ""),
        ("ask_report", "how do i report"),
        ("ask_after_report", "what happens next"),
        ("ask_what_is_stalking", "does once count"),
    ],
)
def test_the_law_of_england_and_wales_stays_in_england_and_wales(intent, text, nation):
    assert answer(intent, text, nation_said=nation) == nation


def test_what_holds_everywhere_is_answered_everywhere():
    assert answer("ask_evidence", "", nation_said="scotland") == "evidence"


@pytest.mark.parametrize(
    ("circumstance", "intent", "expected"),
    [
        ("under_18", "ask_support", "under_18"),
        ("officer", "ask_report", "officer"),
        ("images", "ask_online_safety", "intimate_images"),
        ("tracked", "ask_online_safety", "trackers"),
        ("honour", "ask_support", "honour"),
        ("deaf", "human_handoff", "deaf"),
    ],
)
def test_what_they_told_about_themselves_decides_when_no_words_do(
    circumstance, intent, expected
):
    assert answer(intent, "", circumstances=(circumstance,)) == expected


def test_words_win_over_what_was_told_before():
    asked = answer("ask_support", "does paladin help", circumstances=("under_18",))

    assert asked == "advocate"


def test_who_reports_for_somebody_else_hears_about_that():
    assert answer("ask_report", "", about="other") == "for_someone_else"


def test_only_words_make_an_answer_specific():
    account = Account(circumstances=("under_18",))

    assert specific_answer("ask_report", "how do i report", account, CHESHIRE) is None
    assert (
        specific_answer("ask_report", "is it too late", account, CHESHIRE).id
        == "time_limits"
    )


def test_numbers_are_filled_in():
    said = " ".join(texts(CHESHIRE.answers["doors"], CHESHIRE))

    assert "999" in said
    assert CHESHIRE.services["nsh"].contact in said
    assert CHESHIRE.force.website in said


def test_a_page_of_the_force_is_offered_when_it_is_set():
    answer_ = EXAMPLESHIRE.answers["after_report"]

    assert [page.href for page in links(answer_, EXAMPLESHIRE)] == [
        EXAMPLESHIRE.force.links["report_advice"].href
    ]


def test_a_page_without_an_address_is_not_offered():
    assert links(CHESHIRE.answers["psychologist_video"], CHESHIRE) == []


def test_a_service_for_adults_is_not_shown_to_a_child():
    shown = services(
        CHESHIRE.answers["intimate_images"],
        Account(circumstances=("under_18",)),
        CHESHIRE,
    )

    assert [service.id for service in shown] == ["childline"]


def test_a_service_of_another_nation_is_not_shown():
    shown = services(
        CHESHIRE.answers["support_not_ready"],
        Account(nation_said="scotland"),
        CHESHIRE,
    )

    assert "vs" not in [service.id for service in shown]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all the time. will my mum get told", "who_is_told"),
        ("he keeps texting. is it my fault?", "my_fault"),
        ("he keeps texting me at work", None),
    ],
)
def test_a_question_inside_an_account_finds_its_answer(text, expected):
    found = answer_in_passing(text, Account(), CHESHIRE)

    assert (found and found.id) == expected


def test_some_answers_are_given_for_their_words_alone():
    assert (
        answer("ask_bot", "what number is the stalking helpline") == "stalking_helpline"
    )
    assert answer("ask_after_report", "will you tell my mum") == "who_is_told"
