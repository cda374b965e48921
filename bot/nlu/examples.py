"""Labelled messages, as they ride on the examples of Rasa's NLU files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.behaviours import BehaviourType, Danger, Impact, Occasions

ABOUT = ("me", "other", "own")
# The same as SafeLoader, in C: some 11,000 examples are read each time.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BadLabel(Exception):
    """A label names something that does not exist, or words the text does not have."""


@dataclass(frozen=True)
class Act:
    """One act told in a message: its types, and where its words are."""

    types: frozenset[BehaviourType]
    start: int
    end: int


@dataclass(frozen=True)
class Labelled:
    """One message with everything a careful reader found in it."""

    text: str
    intent: str
    acts: tuple[Act, ...] = ()
    danger: frozenset[Danger] = frozenset()
    occasions: Occasions = Occasions.UNCLEAR
    impact: frozenset[Impact] = frozenset()
    about: str = "me"
    part: str = ""

    @property
    def types(self) -> frozenset[BehaviourType]:
        """The types of all acts together."""
        return frozenset().union(*(act.types for act in self.acts))


def labelled(text: str, intent: str, labels: Mapping[str, Any]) -> Labelled:
    """Return the example with its labels checked.

    Raises:
        BadLabel: if a label is unknown or its words are not in the text.
    """
    about = str(labels.get("about", "me"))
    if about not in ABOUT:
        raise BadLabel(f"{intent}: about {about}")
    try:
        return Labelled(
            text=text,
            intent=intent,
            acts=_acts(text, labels.get("acts", ())),
            danger=frozenset(Danger(level) for level in labels.get("danger", ())),
            occasions=Occasions(labels.get("occasions", "unclear")),
            impact=frozenset(Impact(impact) for impact in labels.get("impact", ())),
            about=about,
            part=str(labels.get("slice", "")),
        )
    except ValueError as error:
        raise BadLabel(f"{intent}: {error}") from error


def load_examples(folder: Path) -> list[Labelled]:
    """Return every labelled example of the NLU files in a folder, by file name.

    Raises:
        BadLabel: if a file is none of Rasa's, or a label is unknown.
    """
    return [
        labelled(*example)
        for path in sorted(folder.rglob("*.yml"))
        for example in in_file(path)
    ]


def in_file(path: Path) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield text, intent and labels of each example of one of Rasa's NLU files.

    Raises:
        BadLabel: if the file is not of that form.
    """
    try:
        document = yaml.load(path.read_text("utf-8"), _LOADER)  # noqa: S506
        for block in document["nlu"]:
            for example in block["examples"]:
                text = example["text"].strip("\n\r ")
                yield text, block["intent"], example.get("metadata") or {}
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise BadLabel(f"{path}: not a file of labelled messages: {error}") from error


def _acts(text: str, acts: Any) -> tuple[Act, ...]:
    found, searched = [], 0
    for act in acts:
        start = text.find(act["words"], searched)
        if start < 0:
            raise ValueError("the words of an act are not in its text")
        types = frozenset(BehaviourType(name) for name in act["types"])
        found.append(Act(types, start, start + len(act["words"])))
        searched = start + 1
    return tuple(found)
