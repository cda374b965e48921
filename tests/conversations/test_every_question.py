"""At every question of the form: danger is heard, questions are answered, all can be left."""

import pytest

OPENING = "a man put a strange card through my letterbox"
# How many times "Skip this" is pressed after the opening to reach each question.
STEPS = {
    "safe_now": 0,
    "occasions": 1,
    "ongoing": 2,
    "impact": 3,
    "relation": 4,
    "place": 5,
    "nation": 6,
    "anything_else": 7,
}
IMMEDIATE = [
    "hes outside my window right now",
    "someone is trying to get in the back door",
    "he's following me im in the street help",
    "she just hit me and shes still here",
]
CRISIS = [
    "i want to kill myself",
    "i dont want to be here any more ive got the tablets in front of me",
    "im going to end it tonight",
]
HIGH_RISK = [
    "he told me he is going to kill me",
    "last month he put his hands round my throat and choked me",
    "he has got a knife in his car he showed me on sunday",
]
QUESTIONS = [
    "do i need proof",
    "who can see what i say here",
    "what happens after i report",
    "should i block him",
]


def at(meet, question):
    person = meet()
    person.press("Tell you what has been happening")
    person.say(OPENING)
    for _ in range(STEPS[question]):
        person.press("Skip this")
    return person


@pytest.mark.parametrize("question", ["what_happened", *STEPS])
@pytest.mark.parametrize("words", [*IMMEDIATE, *CRISIS, *HIGH_RISK])
def test_danger_is_heard_first(meet, question, words):
    if question == "what_happened":
        person = meet()
        person.press("Tell you what has been happening")
    else:
        person = at(meet, question)

    person.say(words)

    assert person.kinds()[0] == "danger"
    assert "999" in person.parts[0]["text"]


@pytest.mark.parametrize("question", STEPS)
def test_after_danger_the_account_goes_on_with_nothing_lost(meet, question):
    person = at(meet, question)
    asked = person.question()

    person.say(IMMEDIATE[0])
    person.press("Yes, safe for now")
    person.press("Go on telling you")

    if question not in ("safe_now", "anything_else"):
        assert person.question() == asked
    person.say("show me the short version")
    assert "strange card" in person.text()


@pytest.mark.parametrize("question", STEPS)
@pytest.mark.parametrize("words", QUESTIONS)
def test_a_question_is_answered_and_the_open_one_asked_again(meet, question, words):
    person = at(meet, question)
    asked = person.question()

    person.say(words)

    assert len(person.parts) > 1
    # "Anything else?" is asked in other words the second time.
    assert person.question() == asked or question == "anything_else"


@pytest.mark.parametrize("question", STEPS)
def test_why_do_you_ask_is_answered(meet, question):
    person = at(meet, question)

    person.say("why do you ask")

    assert len(person.parts) > 1


@pytest.mark.parametrize("question", STEPS)
@pytest.mark.parametrize("words", ["skip", "i dont know", "rather not say"])
def test_no_question_is_asked_twice(meet, question, words):
    person = at(meet, question)
    asked = person.question()

    person.say(words)

    assert person.question() != asked


@pytest.mark.parametrize("question", ["relation", "place", "nation"])
@pytest.mark.parametrize("word", ["yes", "no", "hm"])
def test_a_word_the_question_cannot_use_is_no_circle(meet, question, word):
    person = at(meet, question)
    asked = person.question()

    person.say(word)
    person.say("skip")

    assert person.question() != asked


@pytest.mark.parametrize("question", STEPS)
def test_stopping_always_works(meet, question):
    person = at(meet, question)

    person.say("i want to stop now")

    assert "Go on" in person.labels()
    person.press("Go on")
    assert person.question()


def test_all_questions_can_be_skipped_to_the_four_types(meet):
    person = at(meet, "anything_else")

    person.press("No, that is all for now")

    assert "four" in person.kinds()
