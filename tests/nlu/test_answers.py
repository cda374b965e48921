"""Short words are read by what was asked; danger is heard whatever was asked.

What is here was written after people's short answers had raised the danger card. It says
that the question counts, not how well danger is heard: test_floors.py does that.
"""

from pathlib import Path

import pytest

from bot.behaviours import Danger
from bot.model import model_path
from bot.nlu.understanding import Understanding

ROOT = Path(__file__).parents[2]
ANSWERS = [
    ("relation", "hes just an old coworker i said"),
    ("relation", "the man upstairs"),
    ("relation", "he's my nan's carer"),
    ("relation", "shes a mum from school"),
    ("place", "its my house and my phone"),
    ("place", "by my front door mostly"),
    ("place", "at the bus stop"),
    ("safe_now", "im in my kitchen, hes at his brothers tonight"),
    ("safe_now", "shes in her room"),
    ("safe_now", "in bed with the door locked"),
    ("safe_now", "im with my sister"),
    ("ongoing", "now and then"),
    ("impact", "like im being hunted"),
    ("nation", "liverpool"),
]
DANGERS = [
    "hes outside",
    "shes at the door now",
    "hes in the house",
    "he's just come through the gate",
    "hes got me by the arm",
    "someone is following me home right now",
]
QUESTIONS = ["safe_now", "ongoing", "impact", "relation", "place", "nation"]


@pytest.fixture(scope="module")
def reader():
    return Understanding.from_archive(model_path(ROOT, Path("models")))


@pytest.mark.parametrize(("question", "text"), ANSWERS)
def test_an_answer_raises_no_alarm(reader, question, text):
    assert Danger.IMMEDIATE not in reader.read(text, question).danger


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("text", DANGERS)
def test_danger_is_heard_at_every_question(reader, question, text):
    assert Danger.IMMEDIATE in reader.read(text, question).danger
