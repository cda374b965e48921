"""What a person says next, taken as an answer and as an account."""

import datetime as dt

import pytest

from bot.account import QUESTIONS, SKIPPED, UNSURE, Account
from bot.behaviours import (
    Behaviour,
    BehaviourType,
    Danger,
    Impact,
    Occasions,
    Reading,
    Span,
)
from bot.dates import when
from bot.kinds import RELATIONS, first_code
from bot.listening import Message, also_answers, asks, correct, understand

FIXATED = BehaviourType.FIXATED
UNWANTED = BehaviourType.UNWANTED_ATTENTION
OBSESSION = BehaviourType.OBSESSION
REPEATED = BehaviourType.REPEATED_BEHAVIOUR


def reading(text, intent="describe_incident", *kinds, **more):
    behaviours = tuple(Behaviour(k, 0.9, (Span(0, len(text), text),)) for k in kinds)
    return Reading(intent, behaviours=behaviours, **more)


def message(text, intent="describe_incident", *kinds, **more):
    return Message(text, reading(text, intent, *kinds, **more))


def told(*kinds, text="he sat outside in his van", **more):
    return Account().with_incident(
        text, reading(text, "describe_incident", *kinds, **more), ()
    )


def test_an_account_survives_its_slots():
    account = told(FIXATED, danger=(Danger.HIGH_RISK,), impact=(Impact.SCARED,))
    account = account.with_view(FIXATED, "agree")

    assert Account.from_slots(account.to_slots()) == account


def test_an_unset_conversation_is_an_empty_account():
    account = Account.from_slots({"incidents": None, "views": None})

    assert account.is_empty
    assert account.occasions is Occasions.UNCLEAR


def test_a_told_act_is_kept_with_its_words():
    after = understand(
        Account(),
        "what_happened",
        message("he sat outside", "describe_incident", FIXATED),
    )

    assert after.evidence(FIXATED) == ("he sat outside",)
    assert after.what_happened == "told"


def test_a_vague_first_message_is_kept_and_asked_about():
    after = understand(Account(), "what_happened", message("my life is a misery"))

    assert [i.words for i in after.incidents] == ["my life is a misery"]
    assert after.what_happened is None


def test_a_second_vague_message_is_enough():
    once = understand(Account(), "what_happened", message("my life is a misery"))

    after = understand(once, "what_happened", message("it is all too much to say"))

    assert after.what_happened == "told"


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_can_be_skipped(question):
    after = understand(told(FIXATED), question, message("skip", "skip"))

    assert after.to_slots()[question] == SKIPPED


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q != "what_happened"])
def test_every_question_takes_not_knowing(question):
    after = understand(told(FIXATED), question, message("no idea", "unsure"))

    assert after.to_slots()[question] == UNSURE


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    "intent",
    ["emergency", "crisis_self_harm", "stop", "ask_evidence", "ask_why", "start_again"],
)
def test_a_call_for_help_or_a_question_is_never_an_answer(question, intent):
    assert understand(told(FIXATED), question, message("words", intent)) is None


@pytest.mark.parametrize(
    ("question", "text", "intent", "expected"),
    [
        ("occasions", "yes loads of times", "affirm", "twice_or_more"),
        ("occasions", "just the once", "nlu_fallback", "once"),
        ("occasions", "no", "deny", "once"),
        ("ongoing", "yeah", "affirm", "yes"),
        ("ongoing", "it stopped in june", "nlu_fallback", "it stopped in june"),
        ("safe_now", "yes i am", "affirm", "yes"),
        ("safe_now", "i'm ok for now", "nlu_fallback", "yes"),
        ("impact", "sick to my stomach", "nlu_fallback", "sick to my stomach"),
        ("relation", "my ex husband", "nlu_fallback", "my ex husband"),
        ("relation", "no", "deny", "unknown"),
        ("place", "mostly on insta", "nlu_fallback", "mostly on insta"),
        ("nation", "up in Glasgow", "nlu_fallback", "up in Glasgow"),
        ("anything_else", "no thats it", "deny", "no"),
    ],
)
def test_typed_words_answer_the_open_question(question, text, intent, expected):
    after = understand(told(FIXATED), question, message(text, intent))

    assert after.to_slots()[question] == expected


def test_more_can_be_told_at_any_question():
    text = "and he keyed my car in march"

    after = understand(
        told(FIXATED), "relation", message(text, "describe_incident", UNWANTED)
    )

    assert len(after.incidents) == 2
    assert after.evidence(UNWANTED) == (text,)


def test_feelings_told_with_an_act_are_both_kept():
    text = "sick, he was at the gate again"
    act = Behaviour(FIXATED, 0.9, (Span(6, 30, text[6:]),))
    heard = Reading("describe_incident", behaviours=(act,))

    after = understand(told(FIXATED), "impact", Message(text, heard))

    assert after.impact == "sick"
    assert len(after.incidents) == 2


def test_an_act_told_instead_of_a_feeling_is_no_feeling():
    text = "he knows things i only told my sister"

    after = understand(
        told(FIXATED), "impact", message(text, "describe_incident", OBSESSION)
    )

    assert after.impact is None
    assert len(after.incidents) == 2


def test_a_feeling_told_where_something_else_was_asked_is_kept():
    text = "just on edge. dont sleep great"
    heard = Reading("out_of_scope", impact=(Impact.SCARED,))

    after = understand(told(FIXATED), "relation", Message(text, heard))

    assert after.impact == text
    assert after.relation_said is None


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("place", "outside my work"),
        ("place", "at the gym and online"),
        ("relation", "the man upstairs"),
        ("relation", "hes just an old coworker i said"),
    ],
)
def test_a_few_words_that_name_what_was_asked_are_no_incident(question, text):
    after = understand(
        told(FIXATED), question, message(text, "describe_incident", FIXATED)
    )

    assert after.to_slots()[question] == text
    assert len(after.incidents) == 1


@pytest.mark.parametrize(
    "text",
    [
        "im at my mums",
        "in bed",
        "home and the doors are locked",
        "hes away till sunday",
        "no im fine my dads here with me and he's at his house",
    ],
)
def test_being_with_somebody_or_behind_a_locked_door_is_safe(text):
    after = understand(told(FIXATED), "safe_now", message(text, "out_of_scope"))

    assert after.safe_now == "yes"


def test_how_long_it_has_gone_on_says_that_it_goes_on():
    text = "its been since about august"

    after = understand(told(FIXATED), "ongoing", message(text, "describe_incident"))

    assert after.ongoing == text


def test_no_with_more_words_is_not_the_end_of_it():
    text = "no hes at his brothers tonight"

    after = understand(told(FIXATED), "ongoing", message(text, "deny"))

    assert after.ongoing == text


def test_whose_story_it_is_does_not_change_with_an_answer():
    mine = told(FIXATED)
    heard = Reading("deny", about="other")

    after = understand(mine, "ongoing", Message("no hes at his brothers", heard))

    assert after.about == "me"


THREE = (
    "he texts me all day, he told my mum im having a breakdown and he sat in his car"
    " outside"
)


def told_three():
    acts = (
        "he texts me all day",
        "he told my mum im having",
        "he sat in his car outside",
    )
    kinds = (UNWANTED, OBSESSION, FIXATED)
    heard = Reading(
        "describe_incident",
        behaviours=tuple(
            Behaviour(k, 0.9, (Span(THREE.index(a), THREE.index(a) + len(a), a),))
            for k, a in zip(kinds, acts, strict=True)
        ),
    )
    return Account().with_incident(THREE, heard, ())


@pytest.mark.parametrize(
    "text",
    [
        "can you take out the bit about my mum",
        "remove the one where he told my mum im having a breakdown",
    ],
)
def test_one_thing_of_a_message_can_be_taken_out_by_itself(text):
    after = correct(told_three(), message(text, "correct_previous"))

    assert [each.words for each in after.things()] == [
        "he texts me all day",
        "he sat in his car outside",
    ]
    assert not after.shows(OBSESSION)
    assert after.shows(FIXATED)
    assert after.shows(UNWANTED)
    assert Account.from_slots(after.to_slots()) == after


def test_the_last_thing_of_a_message_takes_the_message_with_it():
    account = told_three()
    for _ in range(3):
        account = account.without(account.things()[0].id)

    assert account.is_empty


def test_a_thing_that_is_not_there_cannot_be_taken_out():
    assert told_three().without("1:900-950") == told_three()
    assert told_three().without("nonsense") == told_three()


@pytest.mark.parametrize(
    ("question", "text", "answers"),
    [
        ("place", "someone from church", "relation"),
        ("ongoing", "wrexham", "nation"),
        ("nation", "gym and online mostly", "place"),
        ("anything_else", "england", "nation"),
    ],
)
def test_a_few_words_answer_the_question_they_belong_to(question, text, answers):
    after = understand(told(FIXATED), question, message(text, "describe_incident"))

    assert after.to_slots()[answers] == text
    assert after.to_slots()[question] is None
    assert len(after.incidents) == 1


def test_an_act_is_no_answer_to_another_question():
    text = "he followed me to work"

    after = understand(
        told(FIXATED), "nation", message(text, "describe_incident", FIXATED)
    )

    assert after.place_said is None
    assert len(after.incidents) == 2


def test_the_last_words_may_say_where_they_are():
    after = understand(
        told(FIXATED), "anything_else", message("england. nah thats it", "deny")
    )

    assert after.nation == "england"
    assert after.anything_else == "no"


def test_who_begins_the_act_does_it():
    text = "my boss keeps ringing me at night"

    assert told(UNWANTED, text=text).relation == "colleague"
    assert told(UNWANTED, text="i told my mum he keeps ringing").relation is None


def test_what_was_said_in_passing_is_not_asked():
    text = "my ex keeps turning up at my flat in Cardiff"
    heard = reading(
        text, "describe_incident", FIXATED, occasions=Occasions.TWICE_OR_MORE
    )

    account = Account().with_incident(text, heard, ())

    assert account.occasions is Occasions.TWICE_OR_MORE
    assert account.relation == "ex_partner"
    assert account.nation == "wales"


def test_telling_more_opens_the_last_question_again():
    done = understand(told(FIXATED), "anything_else", message("no", "deny"))

    after = understand(
        done, None, message("he rang too", "describe_incident", UNWANTED)
    )

    assert after.anything_else is None


def test_repeated_shows_for_two_occasions_of_anything():
    account = told(UNWANTED, occasions=Occasions.TWICE_OR_MORE)

    assert account.shows(REPEATED)


def test_a_single_incident_does_not_show_repeated():
    assert not told(UNWANTED, occasions=Occasions.ONCE).shows(REPEATED)


def test_the_persons_own_view_wins():
    account = told(FIXATED)

    assert not account.with_view(FIXATED, "disagree").shows(FIXATED)
    assert account.with_view(REPEATED, "agree").shows(REPEATED)


def test_a_view_is_agree_or_disagree():
    with pytest.raises(ValueError, match="maybe"):
        told(FIXATED).with_view(FIXATED, "maybe")


def test_a_removed_incident_takes_its_type_with_it():
    account = told(FIXATED)

    assert account.without_incident(1).is_empty
    assert account.without_incident(9) == account


def test_numbers_are_not_used_again_after_a_removal():
    two = told(FIXATED).with_incident("b", reading("b"), ())

    three = two.without_incident(1).with_incident("c", reading("c"), ())

    assert [i.number for i in three.incidents] == [2, 3]


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("no i meant my neighbour, not my ex", "neighbour"),
        ("not my boss, my ex boyfriend", "ex_partner"),
    ],
)
def test_another_person_is_put_right(text, relation):
    account = understand(
        told(FIXATED),
        "relation",
        Message("", Reading("answer"), "friend_or_acquaintance"),
    )

    assert correct(account, message(text, "correct_previous")).relation == relation


def test_the_last_thing_is_taken_out_when_asked():
    two = told(FIXATED).with_incident("and a card", reading("and a card"), ())

    after = correct(two, message("scrub that last bit", "correct_previous"))

    assert [i.number for i in after.incidents] == [1]


def test_a_type_that_does_not_fit_is_heard():
    after = correct(told(FIXATED), message("it isnt fixated", "correct_previous"))

    assert after.views == {FIXATED: "disagree"}


def test_a_correction_that_names_nothing_is_asked_about():
    assert (
        correct(told(FIXATED), message("thats not right", "correct_previous")) is None
    )


TODAY = dt.date(2026, 11, 22)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("yesterday", dt.date(2026, 11, 21)),
        ("three weeks ago", dt.date(2026, 11, 1)),
        ("since March", dt.date(2026, 3, 1)),
        ("the 3rd of December", dt.date(2025, 12, 3)),
        ("in 2019", dt.date(2019, 1, 1)),
        ("most Fridays", None),
        ("she may ring", None),
        ("31 February", None),
    ],
)
def test_days_are_read_well_enough_to_sort_by(words, day):
    assert when((words,), TODAY) == day


def test_incidents_are_put_in_order_when_every_date_tells():
    def dated(words):
        return reading(words, "describe_incident", dates=(Span(0, len(words), words),))

    account = Account().with_incident("yesterday", dated("yesterday"), ())
    account = account.with_incident("last year", dated("last year"), ())

    assert [i.words for i in account.in_order(TODAY)] == ["last year", "yesterday"]


def test_a_bystander_is_not_taken_for_the_person_doing_it():
    text = "i told my husband a man keeps waiting by my car"

    assert Account().with_incident(text, reading(text), ()).relation is None


@pytest.mark.parametrize(
    ("text", "intent"), [("no", "deny"), ("i'm not safe", "nlu_fallback")]
)
def test_no_to_being_safe_is_left_to_the_rules(text, intent):
    assert understand(told(FIXATED), "safe_now", message(text, intent)) is None


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    "text",
    ["we were at school together, long ago that", "ive been so scared of it all"],
)
def test_nothing_that_is_told_goes_round_in_a_circle(question, text):
    feels = (Impact.SCARED,) if "scared" in text else ()

    after = understand(told(FIXATED), question, message(text, impact=feels))

    assert after is not None
    assert text in str(after.to_slots())


@pytest.mark.parametrize(
    ("question", "text", "kept"),
    [
        ("place", "online. will you tell my mum?", "online."),
        ("nation", "Scotland. is that a different law", "Scotland."),
        ("relation", "its my ex. can he find out", "its my ex."),
        ("occasions", "twice. does that count?", "twice."),
    ],
)
def test_an_answer_beside_a_question_is_kept(question, text, kept):
    after = also_answers(Account(), question, message(text, "ask_privacy"))

    assert after.to_slots()[question] == kept


@pytest.mark.parametrize("text", ["will it happen at my work?", "who sees this"])
def test_a_question_alone_answers_nothing(text):
    assert also_answers(Account(), "place", message(text, "ask_privacy")) == Account()


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("will my mum be told", True),
        ("ok so can i report it", True),
        ("he was there", False),
        ("and again?", True),
    ],
)
def test_a_sentence_that_asks_is_told_from_one_that_tells(text, is_one):
    assert asks(text) is is_one


@pytest.mark.parametrize(
    "text", ["what if he puts a tracker in my bag", "he sits outside, just asking"]
)
def test_what_is_only_supposed_is_no_incident(text):
    after = understand(Account(), None, message(text, "ask_offence", FIXATED))

    assert after is None


@pytest.mark.parametrize(
    ("text", "intent", "answer"),
    [
        ("now ok. he go work. come back 6", "goodbye", "yes"),
        ("no he not here now", "deny", "yes"),
        ("im not safe", "deny", None),
        ("am i safe?", "ask_safety_advice", None),
    ],
)
def test_safe_is_heard_however_it_is_said(text, intent, answer):
    after = understand(told(FIXATED), "safe_now", message(text, intent))

    assert (after and after.safe_now) == answer


def test_a_removal_takes_out_what_its_words_name():
    account = told(FIXATED).with_incident(
        "he left flowers on my car", reading("he left flowers on my car"), ()
    )
    account = account.with_incident("he rang twice", reading("he rang twice"), ())

    after = correct(
        account, message("take the flowers on my car out", "correct_previous")
    )

    assert [i.words for i in after.incidents] == [
        "he sat outside in his van",
        "he rang twice",
    ]


def test_a_removal_that_could_mean_anything_is_asked_about():
    account = told(FIXATED).with_incident("he rang", reading("he rang"), ())
    text = "remove the one about what my brother in law found last winter"

    assert correct(account, message(text, "correct_previous")) is None


@pytest.mark.parametrize(
    ("words", "relation"),
    [
        ("i told you a boy in my year. will my mum be told", "friend_or_acquaintance"),
        ("my mum knows", None),
        ("its my brother", "family"),
        ("man next flat", "neighbour"),
    ],
)
def test_who_is_only_told_is_not_the_one_who_does_it(words, relation):
    assert first_code(words, RELATIONS) == relation


@pytest.mark.parametrize("question", ["ongoing", "occasions"])
def test_a_feeling_answers_no_question_of_when(question):
    said = message("feel sick about it", impact=(Impact.DISTRESSED,))

    after = understand(told(FIXATED), question, said)

    assert after.to_slots()[question] is None
    assert after.impact == "feel sick about it"


def test_several_things_told_at_once_are_not_taken_out_for_one_of_them():
    words = "hes just always about, tesco, the bus, outside the dentist and my old work"
    account = Account().with_incident(words, reading(words), ())
    text = "actualy no forget the dentist outside thing that was prob just chance"

    assert correct(account, message(text, "correct_previous")) is None


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (
            "ongoing",
            "makes me so angry tbh and like i keep checking the carpark all day",
        ),
        ("impact", "yeh last one was this morning"),
    ],
)
def test_words_that_answer_something_else_leave_the_question_open(question, text):
    dates = (Span(0, 3, text[:3]),) if "morning" in text else ()
    heard = Reading("describe_incident", occasions=Occasions.TWICE_OR_MORE, dates=dates)

    after = understand(told(FIXATED), question, Message(text, heard))

    assert after.to_slots()[question] is None
