"""Makes a Reading of the probabilities: calibration, thresholds, evidence, intent.

The weights were fitted on a quarter of the training messages, read by a reader taught
on the other three; the thresholds were then chosen on the development split, so its
figures flatter them a little (docs/adr/0005).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.acts import acts_in
from bot.behaviours import Behaviour, Danger, Occasions, Reading, Span
from bot.danger import Heard, hear
from bot.knowledge import load_acts
from bot.nlu.arrays import Array
from bot.nlu.commands import command
from bot.nlu.dates import dates_in
from bot.nlu.examples import ABOUT
from bot.nlu.intents import FALLBACK, NO_WORDS, OTHER_LANGUAGE, public_intent
from bot.nlu.language import ENGLISH, UNKNOWN, language_of
from bot.nlu.model import IMPACTS, LEVELS, OCCASIONS, TYPES, ReaderModel, Scores
from bot.nlu.parsing import Encoded, Parsed

# Weights of the networks, of any clause, of the likeliest clause, of the likeliest
# word, and the constant, on log-odds: together a calibrated probability of a type.
_TYPE_WEIGHTS = (0.7, 0.45, 0.0, 0.1)
_TYPE_BIAS = 0.35
TYPE_AT = 0.45
# What an act named in plain words adds: people also say just what happened.
_TYPE_NAMED = 1.5
# The same for danger: networks, linear, heard by a pattern, constant; one row a level.
_DANGER_WEIGHTS = ((0.7, 0.6, 1.5), (0.7, 0.6, 1.5), (0.7, 0.6, 1.0))
_DANGER_BIAS = (0.0, 0.0, 0.0)
# A miss costs more than a card too many, so the bar is low for the first two.
DANGER_AT = (0.28, 0.2, 0.36)
IMPACT_AT = 0.4
# For each of `OCCASIONS`: the networks' three shares, the linear heads' three, and how
# sure it is that an act was told at all, as log-odds; then the constants. One act told
# is once at least, and where none is told nothing says how often.
_OCCASION_WEIGHTS = (
    (0.46, -0.23, -0.04, 0.42, -0.17, 0.02, 0.13),
    (-0.19, 0.47, -0.27, -0.33, 0.36, -0.13, -0.0),
    (-0.27, -0.25, 0.31, -0.09, -0.19, 0.11, -0.13),
)
_OCCASION_BIAS = (0.59, -0.31, -0.28)
# Below this the person is asked rather than guessed at.
INTENT_AT = 0.2
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
_FILLERS = frozenset(
    "and but then so because cos coz cus also plus or n & just well anyway like now"
    " that which who when while as if to the a my".split()
)
_LEAST = 1e-4


@dataclass(frozen=True)
class Judged:
    """A reading, and the likeliest reported intent however unsure."""

    reading: Reading
    guess: str


def read(
    model: ReaderModel, parsed: Sequence[Parsed], encoded: Sequence[Encoded]
) -> list[Reading]:
    """Return what each message says, with the intents the dialogue knows."""
    return [judged.reading for judged in _judged(model, parsed, encoded)]


def classify(
    model: ReaderModel, parsed: Sequence[Parsed], encoded: Sequence[Encoded]
) -> list[Reading]:
    """Return what each message says, with the intents of the labelling guide."""
    return [
        replace(
            judged.reading, intent=public_intent(judged.reading.intent, judged.guess)
        )
        for judged in _judged(model, parsed, encoded)
    ]


def type_probability(scores: Scores, kind: int) -> float:
    """Return how likely the message tells of a type."""
    clauses = scores.clauses[:, kind]
    return _combined(
        (
            scores.types[kind],
            float(1 - np.prod(1 - clauses)),
            clauses.max(initial=0),
            scores.marks[:, kind].max(initial=0),
        ),
        _TYPE_WEIGHTS,
        _TYPE_BIAS,
    )


def danger_probability(scores: Scores, level: int, heard: Heard) -> float:
    """Return how likely the message tells of a danger."""
    *weights, pattern = _DANGER_WEIGHTS[level]
    said = (scores.networks["danger"][level], scores.linear["danger"][level])
    extra = pattern if LEVELS[level] in heard.levels else 0.0
    return _combined(said, weights, _DANGER_BIAS[level] + extra)


def _judged(
    model: ReaderModel, parsed: Sequence[Parsed], encoded: Sequence[Encoded]
) -> list[Judged]:
    return [
        _judge(one, scores, model.intents)
        for one, scores in zip(parsed, model.scores(parsed, encoded), strict=True)
    ]


def _judge(parsed: Parsed, scores: Scores, intents: Sequence[str]) -> Judged:
    language = language_of(parsed.text)
    heard = hear(parsed.text)
    if language == UNKNOWN and not heard.levels:
        return Judged(Reading(NO_WORDS, language=language), NO_WORDS)
    danger = tuple(
        level
        for i, level in enumerate(LEVELS)
        if danger_probability(scores, i, heard) >= DANGER_AT[i]
        or (level is Danger.HIGH_RISK and level in heard.levels)
    )
    about = ABOUT[int(np.argmax(scores.mean("about")))]
    if about == "own" and Danger.IMMEDIATE not in heard.levels:
        # What the writer does is no danger to the writer, unless plainly said.
        danger = tuple(level for level in danger if level is not Danger.IMMEDIATE)
    intent, confidence, guess = _intent(parsed.text, scores, intents, danger)
    if language != ENGLISH and not _is_urgent(danger):
        intent = OTHER_LANGUAGE
    reading = Reading(
        intent=intent,
        intent_confidence=confidence,
        behaviours=_behaviours(parsed, scores),
        danger=danger,
        signs=heard.signs,
        occasions=_occasions(scores),
        impact=tuple(
            impact
            for impact, p in zip(IMPACTS, scores.mean("impact"), strict=True)
            if p >= IMPACT_AT
        ),
        about=about,
        dates=dates_in(parsed.text),
        language=language,
    )
    return Judged(reading, guess)


def _occasions(scores: Scores) -> Occasions:
    """Return how often, as far as the words say."""
    linear = scores.linear["occasions"] / scores.linear["occasions"].sum()
    shares = np.concatenate([scores.networks["occasions"], linear])
    told = np.clip(scores.types.max(), _LEAST, 1 - _LEAST)
    said = [*np.log(np.maximum(shares, _LEAST)), np.log(told / (1 - told))]
    totals = np.array(_OCCASION_WEIGHTS) @ np.array(said) + np.array(_OCCASION_BIAS)
    return OCCASIONS[int(np.argmax(totals))]


def _is_urgent(danger: tuple[Danger, ...]) -> bool:
    return Danger.IMMEDIATE in danger or Danger.CRISIS in danger


def _intent(
    text: str, scores: Scores, intents: Sequence[str], danger: tuple[Danger, ...]
) -> tuple[str, float, str]:
    """Return the intent, how sure, and the likeliest one; danger goes first."""
    shares = scores.mean("intent")
    best = int(np.argmax(shares))
    guess, confidence = intents[best], float(shares[best])
    if Danger.IMMEDIATE in danger:
        return "emergency", max(confidence, _SURE), "emergency"
    if Danger.CRISIS in danger:
        return "crisis_self_harm", max(confidence, _SURE), "crisis_self_harm"
    named = command(text)
    if named is not None:
        return named, 1.0, named
    if confidence < INTENT_AT:
        return FALLBACK, confidence, guess
    return guess, confidence, guess


def _behaviours(parsed: Parsed, scores: Scores) -> tuple[Behaviour, ...]:
    acts = load_acts()
    named = {name for act in acts_in(parsed.text) for name in acts[act].types}
    found = []
    for k, kind in enumerate(TYPES):
        probability = type_probability(scores, k)
        if kind.value in named:
            probability = _combined((probability,), (1.0,), _TYPE_NAMED)
        if probability >= TYPE_AT:
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
    while first < last and _bare(parsed, last) in _FILLERS:
        last -= 1
    begin = max(start, parsed.words[first][0])
    finish = min(end, parsed.words[last][1])
    return Span(begin, finish, parsed.text[begin:finish])


def _bare(parsed: Parsed, word: int) -> str:
    start, end = parsed.words[word]
    return parsed.text[start:end].lower().strip(",.!?")


def _combined(
    probabilities: Sequence[float], weights: Sequence[float], bias: float
) -> float:
    """Return one probability from several, weighed as log-odds."""
    kept = np.clip(np.array(probabilities, np.float64), _LEAST, 1 - _LEAST)
    total = float(np.dot(np.log(kept / (1 - kept)), weights)) + bias
    return float(1 / (1 + np.exp(-total)))
