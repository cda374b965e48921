"""Makes a Reading of what both readers say: types, danger, evidence, intent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import numpy as np

from bot.acts import acts_in
from bot.behaviours import (
    Behaviour,
    BehaviourType,
    Danger,
    Occasions,
    Reading,
    Span,
)
from bot.danger import Heard, hear
from bot.kinds import says_somewhere_safe
from bot.knowledge import load_acts
from bot.nlu.arrays import Array
from bot.nlu.commands import command, denies_crisis, doubts_reporting, is_over, stops
from bot.nlu.dates import dates_in
from bot.nlu.examples import ABOUT
from bot.nlu.intents import FALLBACK, NO_WORDS, OTHER_LANGUAGE, public_intent
from bot.nlu.language import ENGLISH, UNKNOWN, language_of
from bot.nlu.model import IMPACTS, LEVELS, OCCASIONS, TYPES, ReaderModel, Scores
from bot.nlu.parsing import Encoded, Parsed
from bot.nlu.weighing import (
    danger_features,
    impact_features,
    intent_shares,
    occasion_features,
    scales,
    type_features,
)

# Below this the person is asked rather than guessed at.
INTENT_AT = 0.2
# Nobody who is ashamed or upset should be told that their words are unfit.
ABUSE_AT = 0.6
# Of so many words on, letters typed at random have hardly one that was ever learnt.
_LEAST_WORDS, _LEAST_KNOWN = 2, 0.25
# How sure an urgent intent is when a pattern heard it, too.
_SURE = 0.9
# Words are evidence when they say at least this much of what the clearest words say.
_WORDS_SHARE = 0.45
_CLAUSE_SHARE = 0.6
_MOST_CLAUSES = 4
# A clause as short as this is shown whole; a longer one is cut to its marked words.
_WHOLE_CLAUSE = 9
_SHORTEST_EVIDENCE, _LONGEST_EVIDENCE = 4, 14
_GAP = 4  # characters: a comma, a dash, a word like "of"
_SCRAP = 2  # words
# Left out where evidence begins, and where it ends.
_FILLERS = frozenset(
    "and but then so because cos coz cus also plus or n & just well anyway like now"
    " that which who when while as if to".split()
)
_DANGLING = _FILLERS | {"a", "an", "the", "my"}
_LEAST = 1e-4
_URGENT_INTENTS = ("emergency", "crisis_self_harm")
_MAY_BE_RELIEF = (
    "emergency",
    "describe_incident",
    "out_of_scope",
    "correct_previous",
    "deny",
    FALLBACK,
)
_OTHER_DAY = re.compile(
    r"\b(?:yesterday|last (?:night|week|month|year|\w+day)|(?:on|since|that|every|most) "
    r"(?:\w+days?|week\w*|nights?|mornings?|evenings?)|at \d{1,2}(?: ?[ap]m| in the \w+)|"
    r"ago|back then|used to|always|usually|whenever|in (?:january|february|march|april|"
    r"may|june|july|august|september|october|november|december))\b",
    re.I,
)
_NOW = re.compile(
    r"\b(?:now|just|still|help|tonight|today|currently|again|hurry|please)\b", re.I
)
_LIKELY, _SHORT = 0.5, 25
# "Hes just an old coworker" answers what was asked; so few words tell of no emergency
# unless they say it plainly.
_ANSWER, _PLAIN = 8, 0.8
_TWO_WORDS = 2


@dataclass(frozen=True)
class Judged:
    """A reading, the likeliest reported intent however unsure, and what patterns hear."""

    reading: Reading
    guess: str
    heard: Heard


def read(
    model: ReaderModel,
    parsed: Sequence[Parsed],
    encoded: Sequence[Encoded],
    questions: Sequence[str | None] = (),
) -> list[Reading]:
    """Return what each message says, with the intents the dialogue knows.

    Args:
        model: both readers.
        parsed: the messages.
        encoded: the same, as vectors.
        questions: for each the question that was open when it came, if one was; none
            for all of them when left out.
    """
    return [judged.reading for judged in judge(model, parsed, encoded, questions)]


def classify(
    model: ReaderModel, parsed: Sequence[Parsed], encoded: Sequence[Encoded]
) -> list[Reading]:
    """Return what each message says, with the intents of the labelling guide."""
    return [
        replace(
            judged.reading, intent=public_intent(judged.reading.intent, judged.guess)
        )
        for judged in judge(model, parsed, encoded)
    ]


def type_probability(
    scores: Scores, kind: int, words: int, named: AbstractSet[BehaviourType]
) -> float:
    """Return how likely the message tells of a type.

    Args:
        scores: what both readers say.
        kind: the type, as its place in `TYPES`.
        words: how many words the message has.
        named: the types of the acts that patterns find in it.
    """
    features = type_features(scores, kind, words, TYPES[kind] in named)
    return scales().types[TYPES[kind].value].probability(features)


def danger_probability(
    scores: Scores, level: int, heard: Heard, words: int, intents: Sequence[str]
) -> float:
    """Return how likely the message tells of a danger.

    Args:
        scores: what both readers say.
        level: the level, as its place in `LEVELS`.
        heard: what patterns hear in it.
        words: how many words the message has.
        intents: the names of the intents, as the reader learnt them.
    """
    features = danger_features(scores, heard, words, intents)
    return scales().danger[LEVELS[level].value].probability(features)


def named_types(text: str) -> frozenset[BehaviourType]:
    """Return the types of the acts that patterns find in a text."""
    acts = load_acts()
    return frozenset(
        BehaviourType(name) for act in acts_in(text) for name in acts[act].types
    )


def judge(
    model: ReaderModel,
    parsed: Sequence[Parsed],
    encoded: Sequence[Encoded],
    questions: Sequence[str | None] = (),
) -> list[Judged]:
    """Return the same as `read`, with what led to it."""
    scores = model.scores(parsed, encoded)
    asked = questions or [None] * len(parsed)
    return [
        _judge(one, said, model, question)
        for one, said, question in zip(parsed, scores, asked, strict=True)
    ]


def _judge(
    parsed: Parsed, scores: Scores, model: ReaderModel, question: str | None
) -> Judged:
    language = language_of(parsed.text)
    heard = hear(parsed.text)
    says_nothing = language == UNKNOWN or (
        language == ENGLISH
        and len(parsed.words) >= _LEAST_WORDS
        and model.words.knows(parsed.text) < _LEAST_KNOWN
    )
    if says_nothing and not heard.levels:
        return Judged(Reading(NO_WORDS, language=language), NO_WORDS, heard)
    words = len(parsed.words)
    likely = {
        level: danger_probability(scores, i, heard, words, model.intents)
        for i, level in enumerate(LEVELS)
    }
    danger = tuple(
        level
        for level in LEVELS
        if likely[level] >= scales().danger[level.value].at
        or (level is Danger.HIGH_RISK and level in heard.levels)
    )
    if Danger.IMMEDIATE in danger and Danger.IMMEDIATE not in heard.levels:
        answers = question is not None and words <= _ANSWER
        says_where = question == "safe_now" and says_somewhere_safe(parsed.text)
        if says_where or _is_doubtful(parsed.text, likely[Danger.IMMEDIATE], answers):
            danger = tuple(level for level in danger if level is not Danger.IMMEDIATE)
    no_more = question is not None and words <= _TWO_WORDS
    if no_more and Danger.CRISIS not in heard.levels and likely[Danger.CRISIS] < _SURE:
        # "No more" says that there is nothing else to tell.
        danger = tuple(level for level in danger if level is not Danger.CRISIS)
    over = is_over(parsed.text) and Danger.IMMEDIATE not in heard.levels
    if over:
        danger = tuple(level for level in danger if level is not Danger.IMMEDIATE)
    doubts = question is not None and doubts_reporting(parsed.text)
    if (denies_crisis(parsed.text) or doubts) and Danger.CRISIS not in heard.levels:
        danger = tuple(level for level in danger if level is not Danger.CRISIS)
    about = ABOUT[int(np.argmax(scores.asked("about") + scores.shares("about")))]
    if about == "own":
        # What the writer does is no danger to the writer, unless plainly said.
        danger = tuple(level for level in danger if level in heard.levels)
    if command(parsed.text) is not None:
        # "Thanks, bye": a few words that steer the talk are what they seem.
        danger = tuple(level for level in danger if level in heard.levels)
    behaviours = _behaviours(parsed, scores)
    intent, confidence, guess = _intent(parsed.text, scores, model.intents, danger)
    if _is_urgent(danger):
        urgent = next(level for level in danger if level is not Danger.HIGH_RISK)
        confidence = max(likely[urgent], _SURE if urgent in heard.levels else 0.0)
    if about == "own" and intent == "describe_incident":
        # What the writer does to somebody is answered, not kept as done to them.
        intent = guess = "perpetrator"
    if language != ENGLISH and not _is_urgent(danger):
        intent = OTHER_LANGUAGE
    elif over and not behaviours and intent in _MAY_BE_RELIEF:
        intent = "safe_now"
    reading = Reading(
        intent=intent,
        intent_confidence=confidence,
        behaviours=behaviours,
        danger=danger,
        signs=heard.signs,
        occasions=_occasions(scores, words),
        impact=tuple(impact for i, impact in enumerate(IMPACTS) if _is_felt(scores, i)),
        about=about,
        dates=dates_in(parsed.text),
        language=language,
    )
    return Judged(reading, guess, heard)


def _occasions(scores: Scores, words: int) -> Occasions:
    """Return how often, as far as the words say."""
    features = occasion_features(scores, words)
    return max(OCCASIONS, key=lambda o: scales().occasions[o.value].total(features))


def _is_felt(scores: Scores, impact: int) -> bool:
    weights = scales().impact[IMPACTS[impact].value]
    return weights.probability(impact_features(scores, impact)) >= weights.at


def _is_doubtful(text: str, probability: float, answers: bool) -> bool:
    """Whether an emergency no pattern hears is told of another day, or hardly told."""
    words = len(text.split())
    past = words <= _SHORT and _OTHER_DAY.search(text) and not _NOW.search(text)
    if answers and probability < _PLAIN:
        return True
    return probability < _LIKELY and bool(words <= _SCRAP or past)


def _is_urgent(danger: tuple[Danger, ...]) -> bool:
    return Danger.IMMEDIATE in danger or Danger.CRISIS in danger


def _intent(
    text: str, scores: Scores, intents: Sequence[str], danger: tuple[Danger, ...]
) -> tuple[str, float, str]:
    """Return the intent, how sure, and the likeliest one; danger goes first."""
    shares = intent_shares(scores, scales().linear_intents)
    if not _is_urgent(danger):
        # No danger was heard, so nobody is sent to 999 for an intent alone.
        urgent = [intents.index(name) for name in _URGENT_INTENTS if name in intents]
        shares[urgent] = 0.0
    best = int(np.argmax(shares))
    guess, confidence = intents[best], float(shares[best])
    if Danger.IMMEDIATE in danger:
        return "emergency", confidence, "emergency"
    if Danger.CRISIS in danger:
        return "crisis_self_harm", confidence, "crisis_self_harm"
    named = command(text) or ("stop" if stops(text) else None)
    if named is not None:
        return named, 1.0, named
    if confidence < (ABUSE_AT if guess == "abusive" else INTENT_AT):
        return FALLBACK, confidence, guess
    return guess, confidence, guess


def _behaviours(parsed: Parsed, scores: Scores) -> tuple[Behaviour, ...]:
    named = named_types(parsed.text)
    found = []
    for k, kind in enumerate(TYPES):
        probability = type_probability(scores, k, len(parsed.words), named)
        if probability >= scales().types[kind.value].at:
            found.append(Behaviour(kind, probability, _evidence(parsed, scores, k)))
    return tuple(sorted(found, key=lambda behaviour: -behaviour.confidence))


def _evidence(parsed: Parsed, scores: Scores, kind: int) -> tuple[Span, ...]:
    """Return the words of the clauses that tell of a type, in order of appearance."""
    marks, clauses = scores.marks[:, kind], scores.clauses[:, kind]
    told = [
        (clause, float(marks[inside].max(initial=0)) + float(p))
        for clause, p in zip(parsed.clauses, clauses, strict=True)
        if (inside := _inside(parsed, clause.start, clause.end))
    ]
    clearest = max((score for _, score in told), default=0.0)
    best = sorted(told, key=lambda pair: -pair[1])[:_MOST_CLAUSES]
    return _joined(
        parsed.text,
        [
            _trimmed(parsed, marks, clause.start, clause.end)
            for clause, score in best
            if score >= max(_CLAUSE_SHARE * clearest, _LEAST)
        ],
    )


def _joined(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """Join spans that touch, and leave out scraps when something longer is there."""
    whole: list[Span] = []
    for span in sorted(spans):
        if whole and span.start - whole[-1].end <= _GAP:
            begin, end = whole[-1].start, max(whole[-1].end, span.end)
            whole[-1] = Span(begin, end, text[begin:end])
        else:
            whole.append(span)
    long = [span for span in whole if len(span.text.split()) > _SCRAP]
    return tuple(long or whole)


def _inside(parsed: Parsed, start: int, end: int) -> list[int]:
    return [i for i, (s, e) in enumerate(parsed.words) if s < end and e > start]


def _trimmed(parsed: Parsed, marks: Array, start: int, end: int) -> Span:
    """Return the marked stretch of a clause, without fillers at its beginning."""
    inside = _inside(parsed, start, end)
    bar = _WORDS_SHARE * marks[inside].max()
    short = len(inside) <= _WHOLE_CLAUSE
    marked = [i for i in inside if short or marks[i] >= bar]
    first, last = marked[0], marked[-1]
    while last - first + 1 < _SHORTEST_EVIDENCE and last < inside[-1]:
        last += 1
    while last - first + 1 < _SHORTEST_EVIDENCE and first > inside[0]:
        first -= 1
    while last - first + 1 > _LONGEST_EVIDENCE:
        if marks[first] < marks[last]:
            first += 1
        else:
            last -= 1
    while first < last and _bare(parsed, first) in _FILLERS:
        first += 1
    while first < last and _bare(parsed, last) in _DANGLING:
        last -= 1
    begin = max(start, parsed.words[first][0])
    finish = min(end, parsed.words[last][1])
    return Span(begin, finish, parsed.text[begin:finish])


def _bare(parsed: Parsed, word: int) -> str:
    start, end = parsed.words[word]
    return parsed.text[start:end].lower().strip(",.!?")
