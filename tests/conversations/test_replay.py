"""The test conversations, held with the trained model, the form and the actions."""

from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).parent
TOPICS = ("safety", "conversation", "account", "questions", "handoff")


def conversations():
    for topic in TOPICS:
        file = yaml.safe_load((FOLDER / f"{topic}.yml").read_text(encoding="utf-8"))
        for each in file["conversations"]:
            yield pytest.param(each["turns"], id=f"{topic}: {each['name']}")


def take(person, turn):
    if "say" in turn:
        person.say(turn["say"])
    elif "say_long" in turn:
        person.say((turn["say_long"] * 100)[:4000])
    elif "press" in turn:
        person.press(turn["press"])
    elif "press_until" in turn:
        person.press_until_gone(turn["press_until"])


def check(person, turn):
    text = person.text().casefold()
    for words in turn.get("hears", []):
        assert words.casefold() in text, f"{words!r} not in:\n{person.text()}"
    for words in turn.get("never", []):
        assert words.casefold() not in text, f"{words!r} in:\n{person.text()}"
    for label in turn.get("offers", []):
        assert label in person.labels()
    for kind in turn.get("kinds", []):
        assert kind in person.kinds(), person.text()
    if "first" in turn:
        assert person.kinds()[0] == turn["first"], person.text()


@pytest.mark.parametrize("turns", conversations())
def test_the_conversation_goes_as_it_should(meet, turns):
    person = meet()

    for turn in turns:
        take(person, turn)
        check(person, turn)
