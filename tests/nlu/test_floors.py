"""What the reader must reach on the development splits, which it is never taught on.

The splits were written by others than the training messages. Real messages are
vaguer still, so these floors are no promise; they say when a change made it worse.
Each stands a little under what was measured (docs/adr/0005).
"""

from pathlib import Path

import pytest

from bot.behaviours import BehaviourType, Danger
from bot.model import model_path
from bot.nlu import measures
from bot.nlu.examples import load_examples
from bot.nlu.understanding import Understanding

ROOT = Path(__file__).parents[2]
SPLITS = ("development", "plain_development")
# A missed emergency is the worst error, so its floor stands by itself and is highest.
RECALL = {Danger.IMMEDIATE: 0.88, Danger.CRISIS: 0.85, Danger.HIGH_RISK: 0.65}
# A card too many wears people out.
MOST_FALSE_ALARMS = 0.075
MACRO_F1, EACH_F1 = 0.82, 0.77
INTENTS, OCCASIONS, EVIDENCE = 0.86, 0.86, 0.88
# On messages written as people write, and not to mislead.
PLAIN_RECALL = {Danger.IMMEDIATE: 0.93, Danger.CRISIS: 0.95}
PLAIN_FALSE_ALARMS, PLAIN_F1, PLAIN_INTENTS = 0.055, 0.87, 0.9


@pytest.fixture(scope="module")
def examples():
    folder = Path(__file__).parent
    return [example for name in SPLITS for example in load_examples(folder / name)]


@pytest.fixture(scope="module")
def readings(examples):
    reader = Understanding.from_archive(model_path(ROOT, Path("models")))
    return reader.classify([example.text for example in examples])


def test_no_message_of_a_split_is_trained_on(examples):
    taught = {example.text for example in load_examples(ROOT / "data" / "nlu")}
    long = {example.text for example in examples if len(example.text.split()) > 3}

    assert long & taught == set()


def test_there_is_enough_to_learn_from_and_to_measure_on(examples):
    taught = load_examples(ROOT / "data" / "nlu")

    assert len(taught) >= 4000
    assert len([e for e in taught if e.intent in measures.ACCOUNTS]) >= 2000
    assert len(examples) >= 1000


@pytest.mark.parametrize("level", list(Danger))
def test_danger_is_heard(examples, readings, level):
    assert measures.danger_recall(examples, readings, level) >= RECALL[level]


def test_few_other_messages_raise_an_alarm(examples, readings):
    assert measures.false_alarms(examples, readings) <= MOST_FALSE_ALARMS


def test_the_four_types_are_told_apart(examples, readings):
    kept = measures.accounts(examples)
    told = [examples[i] for i in kept]
    found = [readings[i].types for i in kept]

    assert measures.macro_f1(told, found) >= MACRO_F1


@pytest.mark.parametrize("kind", list(BehaviourType))
def test_no_type_falls_far_behind(examples, readings, kind):
    kept = measures.accounts(examples)
    rates = measures.type_rates(
        [examples[i] for i in kept], [readings[i].types for i in kept]
    )

    assert rates[kind.value].f1 >= EACH_F1


def test_intents_are_read(examples, readings):
    assert measures.share(examples, readings, measures.same_intent) >= INTENTS


def test_occasions_are_read(examples, readings):
    assert measures.share(examples, readings, measures.same_occasions) >= OCCASIONS


def test_evidence_points_at_the_acts(examples, readings):
    assert measures.evidence_share(examples, readings) >= EVIDENCE


@pytest.fixture(scope="module")
def plain(examples, readings):
    """The plain split, which stands last, and its readings."""
    begins = len(load_examples(Path(__file__).parent / SPLITS[0]))
    return examples[begins:], readings[begins:]


@pytest.mark.parametrize("level", list(PLAIN_RECALL))
def test_danger_in_plain_words_is_heard(plain, level):
    assert measures.danger_recall(*plain, level) >= PLAIN_RECALL[level]


def test_plain_words_raise_few_alarms(plain):
    assert measures.false_alarms(*plain) <= PLAIN_FALSE_ALARMS


def test_plain_accounts_are_told_apart(plain):
    told, found = plain
    kept = measures.accounts(told)

    assert (
        measures.macro_f1([told[i] for i in kept], [found[i].types for i in kept])
        >= PLAIN_F1
    )


def test_plain_intents_are_read(plain):
    assert measures.share(*plain, measures.same_intent) >= PLAIN_INTENTS
