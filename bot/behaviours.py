"""The four behaviour types, and what one message says: a Reading, with its evidence.

The names are the force's own FOUR headings; what falls under each is written down in
docs/behaviours.md. Types say what was described, never how bad or how risky it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class BehaviourType(str, Enum):
    """One of the four kinds of thing that can happen to a person."""

    FIXATED = "fixated"
    OBSESSION = "obsession"
    UNWANTED_ATTENTION = "unwanted_attention"
    REPEATED_BEHAVIOUR = "repeated_behaviour"


class Danger(str, Enum):
    """How urgent a message is; a message can carry several."""

    IMMEDIATE = "immediate"
    CRISIS = "crisis"
    HIGH_RISK = "high_risk"


class Occasions(str, Enum):
    """How often, as far as the words say."""

    ONCE = "once"
    TWICE_OR_MORE = "twice_or_more"
    UNCLEAR = "unclear"


class Impact(str, Enum):
    """How it has made the person feel, only when they say so; never scored."""

    SCARED = "scared"
    DISTRESSED = "distressed"
    THREATENED = "threatened"


@dataclass(frozen=True, order=True)
class Span:
    """Words in a message: `text == message[start:end]`, in code points."""

    start: int
    end: int
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return the span as plain JSON."""
        return {"start": self.start, "end": self.end, "text": self.text}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Span:
        """Return the span that `to_dict` wrote."""
        return cls(int(data["start"]), int(data["end"]), str(data["text"]))


@dataclass(frozen=True)
class Behaviour:
    """One type found in a message, how sure the reader is, and the words that led to it.

    Attributes:
        type: which of the four.
        confidence: calibrated probability, 0 to 1.
        evidence: the words, in order of appearance; may be empty when the reader
            is sure of the type and cannot point at a clause.
    """

    type: BehaviourType
    confidence: float
    evidence: tuple[Span, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the behaviour as plain JSON, in the shape `bot classify` prints."""
        return {
            "type": self.type.value,
            "confidence": round(self.confidence, 4),
            "evidence": [span.to_dict() for span in self.evidence],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Behaviour:
        """Return the behaviour that `to_dict` wrote."""
        return cls(
            BehaviourType(data["type"]),
            float(data["confidence"]),
            tuple(Span.from_dict(span) for span in data["evidence"]),
        )


@dataclass(frozen=True)
class Reading:
    """What one message says.

    Attributes:
        intent: what the person does with this message; a name of docs/behaviours.md.
        intent_confidence: calibrated probability, 0 to 1.
        behaviours: the types of the acts told in it, most likely first.
        danger: the levels heard in it, most urgent first.
        signs: ids of the danger signs heard (bot/knowledge/danger.yml).
        occasions: how often, as far as this message says.
        impact: feelings the person states.
        about: "me", "other" (told for somebody else) or "own" (the writer's own acts).
        dates: words that say when, as said.
        language: ISO 639-1 code; "und" when there are no words to tell from.
    """

    intent: str
    intent_confidence: float = 1.0
    behaviours: tuple[Behaviour, ...] = ()
    danger: tuple[Danger, ...] = ()
    signs: tuple[str, ...] = ()
    occasions: Occasions = Occasions.UNCLEAR
    impact: tuple[Impact, ...] = ()
    about: str = "me"
    dates: tuple[Span, ...] = field(default=())
    language: str = "en"

    @property
    def types(self) -> tuple[BehaviourType, ...]:
        """The types alone, in the order of `behaviours`."""
        return tuple(behaviour.type for behaviour in self.behaviours)

    def to_dict(self) -> dict[str, Any]:
        """Return the reading as plain JSON."""
        return {
            "intent": self.intent,
            "intent_confidence": round(self.intent_confidence, 4),
            "behaviours": [behaviour.to_dict() for behaviour in self.behaviours],
            "danger": [level.value for level in self.danger],
            "signs": list(self.signs),
            "occasions": self.occasions.value,
            "impact": [impact.value for impact in self.impact],
            "about": self.about,
            "dates": [span.to_dict() for span in self.dates],
            "language": self.language,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Reading:
        """Return the reading that `to_dict` wrote."""
        return cls(
            intent=str(data["intent"]),
            intent_confidence=float(data["intent_confidence"]),
            behaviours=tuple(Behaviour.from_dict(b) for b in data["behaviours"]),
            danger=tuple(Danger(level) for level in data["danger"]),
            signs=tuple(data["signs"]),
            occasions=Occasions(data["occasions"]),
            impact=tuple(Impact(impact) for impact in data["impact"]),
            about=str(data["about"]),
            dates=tuple(Span.from_dict(span) for span in data["dates"]),
            language=str(data["language"]),
        )
