"""Measures the reading on the development splits: one page and one file of figures.

Run as `python -m bot.nlu.evaluate`. The splits were written by others than the training
messages and are never trained on. With `--final` the final splits are read as well:
nothing is ever chosen by those, so look at them seldom.
"""

from __future__ import annotations

import json
import random
import re
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.behaviours import Reading
from bot.danger import hear
from bot.model import ensure
from bot.nlu import judging, rivals
from bot.nlu.examples import Labelled, load_examples
from bot.nlu.measures import (
    URGENT,
    accounts,
    calibration,
    confusions,
    macro_f1,
    same_intent,
    share,
    summary,
)
from bot.nlu.model import LEVELS, TYPES, ReaderModel, Scores
from bot.nlu.parsing import Encoded, Encoder, Parsed, Parser
from bot.nlu.plots import bars, lines, table
from bot.nlu.understanding import Understanding, reader_in

TRAINING = Path("data/nlu")
SPLITS = Path("tests/nlu")
DEVELOPMENT = ("development", "plain_development")
FINAL = ("final", "plain_final")
REPORTS = Path("reports")
MODELS = Path("models")
SHORT_WORDS, LONG_WORDS = 8, 40
LEARNING_SHARES = (0.25, 0.5, 1.0)
_STEPS = [step / 20 for step in range(1, 20)]


@dataclass(frozen=True)
class Split:
    """Labelled messages with all that reading them needs."""

    examples: Sequence[Labelled]
    parsed: Sequence[Parsed]
    encoded: Sequence[Encoded]

    @property
    def texts(self) -> list[str]:
        """The messages themselves."""
        return [example.text for example in self.examples]

    def part(self, kept: Sequence[int]) -> Split:
        """Return the split with only some of its messages."""
        return Split(
            [self.examples[i] for i in kept],
            [self.parsed[i] for i in kept],
            [self.encoded[i] for i in kept],
        )


def main() -> None:
    """Measure, and write reports/reading.html and reports/reading.json."""
    begun = time.monotonic()
    parser, encoder = Parser(), Encoder(threads=2)

    def prepared(examples: Sequence[Labelled]) -> Split:
        parsed = parser.parse(example.text for example in examples)
        return Split(examples, parsed, encoder.encode(parsed))

    _say("reading the examples")
    training = prepared(load_examples(TRAINING))
    development = prepared([e for name in DEVELOPMENT for e in of_split(name)])
    _say("loading the trained model")
    model = reader_in(ensure(Path.cwd(), MODELS, _say))
    figures: dict[str, Any] = {}
    _say("reading the development split")
    readings = judging.classify(model, development.parsed, development.encoded)
    scores = model.scores(development.parsed, development.encoded)
    figures |= summary(development.examples, readings)
    figures["messages_learnt"] = len(training.examples)
    figures["slices"] = slices(development.examples, readings)
    for name in FINAL if "--final" in sys.argv else ():
        final = prepared(of_split(name))
        figures[name] = summary(
            final.examples, judging.classify(model, final.parsed, final.encoded)
        )
    figures["changed"] = changed(model, prepared, development.examples)
    figures["calibration"] = calibration(*type_answers(development, scores))
    figures["abstention"] = abstention(development.examples, readings)
    figures["danger"] = danger_curves(development, scores, model.intents)
    figures["confusions"] = confusions(development.examples, readings, 15)
    _say("comparing methods")
    figures["comparison"] = comparison(training, development, readings)
    figures["speed_ms"] = speed(Understanding(model, parser, encoder), development)
    figures["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    _say("learning curve")
    figures["learning"] = learning(training, development, figures["macro_f1"])
    figures["took_s"] = round(time.monotonic() - begun)
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / "reading.json").write_text(json.dumps(figures, indent=1), "utf-8")
    (REPORTS / "reading.html").write_text(page(figures), "utf-8")
    _say(f"macro F1 {figures['macro_f1']:.3f}; {REPORTS / 'reading.html'}")


def slices(
    examples: Sequence[Labelled], readings: Sequence[Reading]
) -> dict[str, dict[str, float]]:
    """Return the figures of each named part, and of short and long messages."""
    tests: dict[str, Callable[[Labelled], bool]] = {
        name: lambda e, name=name: e.part == name  # type: ignore[misc]
        for name in sorted({e.part for e in examples if e.part})
    }
    tests["short"] = lambda e: len(e.text.split()) <= SHORT_WORDS
    tests["long"] = lambda e: len(e.text.split()) >= LONG_WORDS
    found = {}
    for name, test in tests.items():
        kept = [i for i, example in enumerate(examples) if test(example)]
        inside = [i for i in accounts(examples) if i in set(kept)]
        if kept:
            found[name] = {
                "count": len(kept),
                "macro_f1": macro_f1(
                    [examples[i] for i in inside], [readings[i].types for i in inside]
                ),
                "intents": share(
                    [examples[i] for i in kept],
                    [readings[i] for i in kept],
                    same_intent,
                ),
            }
    return found


def changed(
    model: ReaderModel,
    prepared: Callable[[Sequence[Labelled]], Split],
    examples: Sequence[Labelled],
) -> dict[str, float]:
    """Return macro F1 on the accounts after one change to how they are told."""
    told = [examples[i] for i in accounts(examples)]
    found = {}
    for name, change in CHANGES.items():
        # Acts move with the words; only the types of the whole are compared.
        split = prepared([replace(e, text=change(e.text)) for e in told])
        readings = judging.read(model, split.parsed, split.encoded)
        found[name] = macro_f1(told, [reading.types for reading in readings])
    return found


def of_split(name: str) -> list[Labelled]:
    """Return the messages of a split; those with no part of their own get its name."""
    return [
        e if e.part not in ("", "general") else replace(e, part=name)
        for e in load_examples(SPLITS / name)
    ]


def type_answers(
    split: Split, scores: Sequence[Scores]
) -> tuple[list[float], list[bool]]:
    """Return every probability of a type, and whether it was so."""
    named = [judging.named_types(text) for text in split.texts]
    words = [len(parsed.words) for parsed in split.parsed]
    kept = [(i, k) for i in range(len(named)) for k in range(len(TYPES))]
    return (
        [judging.type_probability(scores[i], k, words[i], named[i]) for i, k in kept],
        [TYPES[k] in split.examples[i].types for i, k in kept],
    )


def abstention(
    examples: Sequence[Labelled], readings: Sequence[Reading]
) -> list[tuple[float, float]]:
    """Return, for each bar: the share of messages answered, and rightly of those."""
    points = []
    for bar in _STEPS:
        kept = [i for i, r in enumerate(readings) if r.intent_confidence >= bar]
        if kept:
            right = sum(same_intent(examples[i], readings[i]) for i in kept)
            points.append((len(kept) / len(examples), right / len(kept)))
    return points


def danger_curves(
    split: Split, scores: Sequence[Scores], intents: Sequence[str]
) -> dict[str, list[tuple[float, float]]]:
    """Return recall over false alarms of each urgent level, as its bar falls."""
    examples = split.examples
    found = {}
    for level in URGENT:
        k = LEVELS.index(level)
        sure = [
            judging.danger_probability(
                one, k, hear(parsed.text), len(parsed.words), intents
            )
            for one, parsed in zip(scores, split.parsed, strict=True)
        ]
        found[level.value] = [
            (
                _over(sure, bar, [level not in e.danger for e in examples]),
                _over(sure, bar, [level in e.danger for e in examples]),
            )
            for bar in (1.01, *reversed(_STEPS), 0.02, 0.0)
        ]
    return found


def comparison(
    training: Split, development: Split, readings: Sequence[Reading]
) -> list[list[object]]:
    """Return one row a method: its name, macro F1, precision of its making."""
    kept = accounts(development.examples)
    told = development.part(kept)
    methods: dict[str, rivals.Rival] = {
        "keyword patterns": rivals.keywords,
        "n-grams, logistic regression": rivals.ngrams(training.examples),
        "encoder, logistic regression": rivals.encoder(
            training.examples, training.encoded
        ),
    }
    rows: list[list[object]] = []
    for name, method in methods.items():
        begun = time.monotonic()
        found = method(told.texts, told.encoded)
        each_ms = (time.monotonic() - begun) * 1000 / len(kept)
        rows.append([name, macro_f1(told.examples, found), round(each_ms, 1)])
    ours = macro_f1(told.examples, [readings[i].types for i in kept])
    return [*rows, ["clauses and words together (ours)", ours, "see speed"]]


def speed(reader: Understanding, development: Split) -> dict[str, float]:
    """Return the median and the slowest tenth of reading one message, in ms."""
    taken = []
    for text in development.texts[:200]:
        begun = time.perf_counter()
        reader.read(text)
        taken.append((time.perf_counter() - begun) * 1000)
    taken.sort()
    begun = time.perf_counter()
    reader.read("he waits outside my work and rings me again and again " * 72)
    longest = (time.perf_counter() - begun) * 1000
    return {
        "median": round(taken[len(taken) // 2], 1),
        "ninth_tenth": round(taken[len(taken) * 9 // 10], 1),
        "4000_characters": round(longest, 1),
    }


def learning(
    training: Split, development: Split, whole: float
) -> list[tuple[int, float]]:
    """Return macro F1 after learning a part of the examples."""
    order = list(range(len(training.examples)))
    random.Random(7).shuffle(order)  # noqa: S311 - a draw of examples, not a secret
    points = []
    for part in LEARNING_SHARES:
        kept = sorted(order[: int(len(order) * part)])
        if part == 1.0:
            points.append((len(kept), whole))
            continue
        some = training.part(kept)
        model = ReaderModel.train(some.examples, some.parsed, some.encoded)
        readings = judging.read(model, development.parsed, development.encoded)
        inside = accounts(development.examples)
        points.append(
            (
                len(kept),
                macro_f1(
                    [development.examples[i] for i in inside],
                    [readings[i].types for i in inside],
                ),
            )
        )
    return points


def page(figures: dict[str, Any]) -> str:
    """Return the figures as one HTML page that fetches nothing."""
    kinds = {
        kind: (rates["precision"], rates["recall"])
        for kind, rates in figures["types"].items()
    }
    most = figures["learning"][-1][0]
    head = [
        ["macro F1 over the four types", figures["macro_f1"]],
        *[[f"recall of {k}", v] for k, v in figures["danger_recall"].items()],
        ["false alarms (immediate or crisis)", figures["false_alarms"]],
        ["intents", figures["intents"]],
        ["occasions", figures["occasions"]],
        ["types with evidence that meets a labelled act", figures["evidence"]],
        ["messages in the split", figures["messages"]],
        ["messages learnt", figures["messages_learnt"]],
        ["one reading, median ms", figures["speed_ms"]["median"]],
        ["4,000 characters, ms", figures["speed_ms"]["4000_characters"]],
    ]
    sections = {
        "In short": table(["figure", "value"], head),
        "Precision and recall of each type": bars(kinds, ["precision", "recall"]),
        "Calibration, abstention, danger, learning": _curves(figures, most),
        "Slices": bars(
            {
                f"{k} ({v['count']})": (v["macro_f1"],)
                for k, v in figures["slices"].items()
            },
            ["macro F1"],
        ),
        "The same accounts, told otherwise": bars(
            {k: (v,) for k, v in figures["changed"].items()}, ["macro F1"]
        ),
        "Commonest confusions of intents": table(
            ["labelled", "read as", "times"], figures["confusions"]
        ),
        "Methods": table(["method", "macro F1", "ms a message"], figures["comparison"]),
    }
    body = "".join(f"<h2>{name}</h2>{inner}" for name, inner in sections.items())
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Reading</title>'
        "<style>body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;"
        "padding:0 1rem}svg text{font:11px sans-serif}td,th{padding:.2rem 1rem .2rem 0;"
        "text-align:left}.row{display:flex;flex-wrap:wrap;gap:1rem}</style>"
        f"<h1>How well messages are read</h1>{body}</html>"
    )


def _curves(figures: dict[str, Any], most: int) -> str:
    drawn = (
        lines(
            {"types": [(p, t) for p, t, _ in figures["calibration"]]},
            "said",
            "true",
            diagonal=True,
        ),
        lines({"intents": figures["abstention"]}, "share answered", "right of those"),
        lines(figures["danger"], "false alarms", "recall", widest=1.0),
        lines(
            {"types": figures["learning"]},
            "messages learnt",
            "macro F1",
            widest=float(most),
        ),
    )
    return f'<div class="row">{"".join(drawn)}</div>'


def _over(sure: Sequence[float], bar: float, kept: Sequence[bool]) -> float:
    chosen = [p for p, keep in zip(sure, kept, strict=True) if keep]
    return sum(p >= bar for p in chosen) / max(len(chosen), 1)


def _swapped(words: dict[str, str]) -> Callable[[str], str]:
    pattern = re.compile(rf"\b({'|'.join(words)})\b", re.I)
    return lambda text: pattern.sub(lambda found: words[found[1].lower()], text)


def _with_typos(text: str) -> str:
    """Return the text with two letters of every sixth word changed round."""
    words = text.split(" ")
    for i in range(3, len(words), 6):
        word = words[i]
        if len(word) > 3:
            words[i] = word[0] + word[2] + word[1] + word[3:]
    return " ".join(words)


CHANGES: dict[str, Callable[[str], str]] = {
    "as written": lambda text: text,
    "he": _swapped({"she": "he", "shes": "hes", "her": "his", "hers": "his"}),
    "she": _swapped({"he": "she", "hes": "shes", "him": "her", "his": "her"}),
    "they": _swapped(
        {"he": "they", "she": "they", "hes": "theyre", "shes": "theyre", "him": "them"}
    ),
    "ex to neighbour": _swapped({"ex": "neighbour", "exs": "neighbours"}),
    "no punctuation": lambda text: re.sub(r"[^\w\s]", "", text).lower(),
    "typos": _with_typos,
}


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")


if __name__ == "__main__":
    main()
