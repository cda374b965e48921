"""What is said: there, filled, plain, and without a word that hurts or promises."""

import re
from pathlib import Path

import pytest
import yaml

from bot import four, handoff, offences
from bot.account import QUESTIONS, Account
from bot.knowledge import loaded
from bot.questions import answer_for, texts

ROOT = Path(__file__).parents[2]
FORCES = ("cheshire", "exampleshire")
KNOWLEDGE = loaded("cheshire")
DOMAIN = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))

NEEDED = """greeting danger_reminder not_a_report doors what_is_stalking one_incident
    two_or_more stalking_or_harassment tool four_explained what_none_means how_common
    offence_general which_law penalty_general time_limits protection_orders evidence
    keeping_notes keeping_messages keeping_things no_evidence report_how what_to_say
    after_report will_they_be_told how_long updates your_rights unhappy told_who_it_is
    without_a_name for_someone_else parent safety at_home followed at_work children
    reply_or_block cannot_speak online_safety accounts spyware trackers intimate_images
    location myths privacy who_sees_it on_this_device delete_chat what_this_is
    no_records testing press a_person support_not_ready psychologist_video under_18
    scotland northern_ireland elsewhere officer accused own_behaviour abusive
    not_for_here other_crime fraud no_english immigration deaf honour lgbt men older
    overreacting my_fault not_believed""".split()


def sentences(text):
    parts = re.split(r"(?<=[.?:!])\s+|\n+", text)
    return [part for part in parts if re.search(r"\w", part)]


def words_of(text):
    return re.findall(r"[\w’'-]+", text)


def syllables(word):
    """Count by vowel groups; a silent ending does not count, "ia" and "io" may."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    if len(letters) <= 3:
        return 1
    if not letters.endswith("le"):
        letters = re.sub(
            r"([^laeiouy])e$|([^laeiouytd])ed$|([^laeiouycgsxz])es$",
            r"\1\2\3",
            letters,
        )
    count = len(re.findall(r"[aeiouy]+", letters))
    count += len(re.findall(r"ia(?!l$|n$)|io(?!n)|eo$|iu|uou", letters))
    return max(1, count)


def grade(text):
    """Return the Flesch-Kincaid grade: the years at school it takes to read it."""
    words = words_of(text)
    per_sentence = len(words) / len(sentences(text))
    per_word = sum(syllables(word) for word in words) / len(words)
    return 0.39 * per_sentence + 11.8 * per_word - 15.59


def spoken(answer, knowledge=KNOWLEDGE):
    return "\n".join(texts(answer, knowledge))


def code_texts():
    """Return every sentence that the core itself says."""
    for module in (four, handoff, offences):
        for value in vars(module).values():
            if isinstance(value, str) and " " in value and value.endswith("."):
                yield KNOWLEDGE.fill(value)
            elif isinstance(value, dict) and value:
                yield from (v for v in value.values() if isinstance(v, str))


def shown_texts():
    """Yield where it stands and what a person may see of it."""
    for answer in KNOWLEDGE.answers.values():
        yield f"answers.yml {answer.id}", spoken(answer)
    for offence in KNOWLEDGE.offences.values():
        if offence.confirmed:
            said = f"{offence.name}. {offence.plain} {offence.note} {offence.penalty}"
            yield f"offences.yml {offence.id}", KNOWLEDGE.fill(said)
    for kind in KNOWLEDGE.types.values():
        yield f"behaviours.yml {kind.id}", f"{kind.heading}. {kind.plain}"
    for service in KNOWLEDGE.services.values():
        if service.may_be_shown:
            yield f"services.yml {service.id}", f"{service.for_whom}. {service.note}"
    for card in KNOWLEDGE.cards.values():
        yield f"danger.yml {card.id}", "\n".join(card.text)
    for force in FORCES:
        settings = loaded(force).force
        labels = (settings.report, *settings.links.values())
        yield f"forces/{force}.yml", ". ".join(link.label for link in labels)
    for number, text in enumerate(code_texts()):
        yield f"core text {number}", text


def domain_texts():
    for name, variations in DOMAIN["responses"].items():
        for said in variations:
            titles = [button["title"] for button in said.get("buttons") or ()]
            yield f"domain.yml {name}", ". ".join((said.get("text") or "", *titles))


SHOWN = dict(shown_texts()) | dict(domain_texts())


def test_every_question_that_people_ask_has_its_answer():
    assert set(NEEDED) - set(KNOWLEDGE.answers) == set()


def test_every_question_we_ask_can_say_what_it_is_for():
    said = {f"why_we_ask_{question}" for question in QUESTIONS}

    assert said - set(KNOWLEDGE.answers) == set()


@pytest.mark.parametrize("force", FORCES)
def test_every_text_is_filled_for_every_force(force):
    knowledge = loaded(force)

    for answer in knowledge.answers.values():
        assert not re.search(r"[{}]", spoken(answer, knowledge)), answer.id


@pytest.mark.parametrize("force", FORCES)
def test_no_answer_names_a_force_of_its_own(force):
    for answer in loaded(force).answers.values():
        assert not re.search(r"cheshire|exampleshire", " ".join(answer.text), re.I)


def test_every_question_has_something_to_say_when_no_words_fit():
    asked = [name for name in DOMAIN["intents"] if str(name).startswith("ask_")]
    spoken_elsewhere = {"ask_why"}
    without = [
        intent
        for intent in asked
        if intent not in spoken_elsewhere
        and answer_for(intent, "", Account(), KNOWLEDGE).id == "doors"
    ]

    assert without == []


# They name a law, whose own words are long.
LEGAL = frozenset({"which_law", "hate", "scotland", "northern_ireland"})


@pytest.mark.parametrize("name", sorted(KNOWLEDGE.answers))
def test_an_answer_reads_at_the_age_of_nine_and_the_law_at_eleven(name):
    assert grade(spoken(KNOWLEDGE.answers[name])) <= (7 if name in LEGAL else 5)


@pytest.mark.parametrize(
    "name", sorted(o.id for o in KNOWLEDGE.offences.values() if o.confirmed)
)
def test_the_law_reads_at_the_age_of_eleven(name):
    offence = KNOWLEDGE.offences[name]

    assert grade(KNOWLEDGE.fill(f"{offence.plain} {offence.note}")) <= 7


def test_what_the_core_itself_says_reads_at_the_age_of_nine():
    assert grade("\n".join(code_texts())) <= 5


def test_every_answer_is_short():
    for answer in KNOWLEDGE.answers.values():
        assert 1 <= len(answer.text) <= 5, answer.id
        assert len(words_of(spoken(answer))) <= 110, answer.id


def test_no_sentence_is_longer_than_twenty_five_words():
    longer = {
        where: sentence
        for where, text in SHOWN.items()
        for sentence in sentences(text)
        if len(words_of(sentence)) > 25
    }

    assert longer == {}


def test_most_sentences_are_under_fifteen_words():
    lengths = [
        len(words_of(sentence))
        for answer in KNOWLEDGE.answers.values()
        for sentence in sentences(spoken(answer))
    ]

    assert sum(length < 15 for length in lengths) / len(lengths) > 0.85


# Names of services and of laws, and set terms, that hold a word from the list below.
SET_TERMS = re.compile(
    r"Victim Support|Victims' Code|Revenge Porn Helpline|[Dd]omestic (?:and Sexual )?"
    r"[AaVv](?:buse|iolence)|[Dd]omestic or sexual abuse|mental health|A&E"
)
# Blame, doubt, labels, promises, minimising, verdicts: what the fact pack on language
# asks us never to say.
FORBIDDEN = re.compile(
    r"""\bwhy\b | \b(?:just|only|simply|at\ least)\b
    | \b(?:stalkers?|victims?|perpetrators?|offenders?|complainants?|alleged\w*)\b
    | \b(?:claims?|claimed|allegations?|incident\ log)\b
    | \b(?:harmless|admirer|crush|love|jealous\w*|domestic)\b
    | \b(?:crazy|psycho|mental|revenge\ porn|committed|failed\ to)\b
    | \b(?:confidential\w*|anonymous\w*|secrets?|between\ us|safe\ with\ me)\b
    | \b(?:guarantee\w*|definitely|promise\ you|safe\ now)\b
    | \bwill\ be\ (?:arrested|charged)\b
    | \b(?:we\ will\ protect|this\ will\ stop|you\ will\ be\ safe)\b
    | \b(?:you\ must|you\ should\ have|you\ let|provoked?)\b
    | \b(?:both\ sides|misunderstanding)\b
    | \b(?:are\ you\ sure|did\ that\ really|don't\ worry|calm\ down)\b
    | \bi\ (?:understand|know\ how\ you\ feel)\b
    | \byou\ are\ (?:not\ )?(?:being\ stalked|a\ victim)\b
    | \b(?:high|medium|low)[- ]risk\b
    | [!&] | \b(?:e\.g|i\.e|etc)\b""",
    re.I | re.X,
)
# "At high risk" says whom Paladin is for; EmergencySMS does need you to register.
MEANT_WELL = re.compile(r"\bat high risk\b|\bYou must register before you need it\b")


def test_no_word_hurts_doubts_promises_or_judges():
    found = {
        where: words
        for where, text in SHOWN.items()
        if (words := FORBIDDEN.findall(MEANT_WELL.sub("", SET_TERMS.sub("", text))))
    }

    assert found == {}


def test_there_are_no_emoji():
    emoji = re.compile(r"[\u2600-\u27bf\U0001f000-\U0001faff]")

    assert [where for where, text in SHOWN.items() if emoji.search(text)] == []


def test_phone_numbers_stand_in_services_yml_alone():
    """Any run of three digits that is no year would be a number typed by hand."""
    folder = ROOT / "bot" / "knowledge"
    entries = {
        "answers.yml": ("text",),
        "offences.yml": ("name", "plain", "penalty", "note"),
    }
    typed = [
        (name, row["id"], run)
        for name, fields in entries.items()
        for row in yaml.safe_load((folder / name).read_text(encoding="utf-8"))
        for field in fields
        for run in re.findall(r"\d[\d ]+\d", without_placeholders(row, field))
        if not re.fullmatch(r"(?:19|20)\d\d|\d\d", run)
    ]

    assert typed == []


def without_placeholders(row, field):
    return re.sub(r"{\w+}", "", str(row.get(field, "")))


def test_the_core_types_no_phone_number():
    for module in (four, handoff, offences):
        source = Path(module.__file__).read_text(encoding="utf-8")
        assert not re.search(r"\b(?:999|101|0[38]\d\d)\b", source), module.__name__


def test_danger_comes_first_in_the_greeting():
    greeting = texts(KNOWLEDGE.answers["greeting"], KNOWLEDGE)

    assert greeting[0] == "If you are in danger now, call 999."


@pytest.mark.parametrize(
    "words",
    [
        "I am a computer program.",
        "I am not a police officer.",
        "No one is reading this live.",
        "I cannot send police, and telling me is not a report.",
        "I can get things wrong.",
        "I do not give legal advice.",
        "“Leave this page”",
        "It does not clear your history.",
        "a different one is safer",
        "Please leave out names and addresses.",
    ],
)
def test_the_greeting_is_honest_about_what_this_is(words):
    assert words in spoken(KNOWLEDGE.answers["greeting"])


def test_nobody_is_told_that_they_can_get_an_order():
    said = spoken(KNOWLEDGE.answers["protection_orders"])

    assert "Police can ask a court for a Stalking Protection Order." in said
    assert not re.search(r"you can (?:get|apply)", said, re.I)


def test_nobody_is_told_to_contact_the_person_who_does_it():
    for answer in KNOWLEDGE.answers.values():
        said = spoken(answer)
        assert not re.search(r"\btell (?:him|her|them) to stop\b", said), answer.id


def test_who_worries_about_what_they_do_is_asked_to_stop_all_contact():
    said = spoken(KNOWLEDGE.answers["own_behaviour"])

    assert "Please stop all contact now." in said
    assert "999" in said


def test_nothing_unconfirmed_is_said():
    assert [a.id for a in KNOWLEDGE.answers.values() if not a.confirmed] == []


@pytest.mark.parametrize("nation", ["scotland", "northern_ireland"])
def test_the_right_law_is_named_elsewhere(nation):
    said = spoken(KNOWLEDGE.answers[nation])

    assert "has its own law on stalking" in said
    assert "Act" in said
    assert "Protection from Harassment" not in said


def test_what_is_kept_is_said_with_its_limits():
    said = spoken(KNOWLEDGE.answers["privacy"])

    assert "30 minutes" in said
    assert "4 hours" in said
    assert "No police officer reads it live." in said
