"""What one person has told us: an account and its incidents.

An Account is a value: every change makes a new one. It is kept between turns in the
slots named in QUESTIONS and OTHER_SLOTS, as plain JSON, and built again from them.
The person's own view of a type always wins over what was read.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.acts import acts_in
from bot.behaviours import (
    Behaviour,
    BehaviourType,
    Danger,
    Impact,
    Occasions,
    Reading,
    Span,
)
from bot.dates import when
from bot.kinds import (
    MORE,
    NATIONS,
    ONCE,
    PLACES,
    RELATIONS,
    all_codes,
    circumstances,
    first_code,
    told_relation,
)
from bot.quoting import meets, quotes, things_told

QUESTIONS = (
    "what_happened",
    "safe_now",
    "occasions",
    "ongoing",
    "impact",
    "relation",
    "place",
    "nation",
    "anything_else",
)
OTHER_SLOTS = ("incidents", "views", "circumstances", "about", "signs")
SKIPPED = "skipped"
TOLD = "told"  # it stands in an incident already
UNSURE = "unsure"
NOT_SAID = (None, SKIPPED, UNSURE, TOLD)


@dataclass(frozen=True)
class Incident:
    """One thing that was told, in the person's words.

    Attributes:
        number: 1, 2, … in the order told; never used again after a removal.
        words: as said.
        behaviours: what was read in it, with evidence as spans of `words`.
        acts: ids of finer acts (bot/knowledge/behaviours.yml), for explaining the law.
        danger: levels heard in it.
        occasions: how often, as far as these words say.
        impact: feelings stated in it.
        dates: words that say when, as said.
        left_out: stretches of the words that the person took out again.
    """

    number: int
    words: str
    behaviours: tuple[Behaviour, ...] = ()
    acts: tuple[str, ...] = ()
    danger: tuple[Danger, ...] = ()
    occasions: Occasions = Occasions.UNCLEAR
    impact: tuple[Impact, ...] = ()
    dates: tuple[str, ...] = ()
    left_out: tuple[Span, ...] = ()

    @property
    def things(self) -> tuple[Span, ...]:
        """What these words tell, one quotation for each thing that is left."""
        return things_told(self.words, self.behaviours, self.acts, self.left_out)

    def without(self, gone: Span) -> Incident:
        """Return the incident without one of the things it tells."""
        left = replace(self, left_out=(*self.left_out, gone))
        kept = (
            replace(
                each, evidence=tuple(s for s in each.evidence if not meets(s, gone))
            )
            for each in self.behaviours
        )
        named = {act for span in left.things for act in acts_in(span.text)}
        return replace(
            left,
            behaviours=tuple(each for each in kept if each.evidence),
            acts=tuple(act for act in self.acts if act in named),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the incident as plain JSON, for the slot."""
        return {
            "number": self.number,
            "words": self.words,
            "behaviours": [behaviour.to_dict() for behaviour in self.behaviours],
            "acts": list(self.acts),
            "danger": [level.value for level in self.danger],
            "occasions": self.occasions.value,
            "impact": [impact.value for impact in self.impact],
            "dates": list(self.dates),
            "left_out": [span.to_dict() for span in self.left_out],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Incident:
        """Return the incident that `to_dict` wrote."""
        return cls(
            number=int(data["number"]),
            words=str(data["words"]),
            behaviours=tuple(Behaviour.from_dict(b) for b in data["behaviours"]),
            acts=tuple(data["acts"]),
            danger=tuple(Danger(level) for level in data["danger"]),
            occasions=Occasions(data["occasions"]),
            impact=tuple(Impact(impact) for impact in data["impact"]),
            dates=tuple(data["dates"]),
            left_out=tuple(Span.from_dict(span) for span in data.get("left_out", ())),
        )


@dataclass(frozen=True)
class Thing:
    """Something told that can be taken out by itself.

    Attributes:
        number: of the incident it is in.
        words: as said.
        span: where it stands, or None for the whole incident.
    """

    number: int
    words: str
    span: Span | None = None

    @property
    def id(self) -> str:
        """A name for it, good for this account."""
        part = f":{self.span.start}-{self.span.end}" if self.span else ""
        return f"{self.number}{part}"


@dataclass(frozen=True)
class Account:
    """Everything one person has told us in this conversation.

    Answers are kept as the person gave them: a code when they pressed a choice, their
    words when they typed, SKIPPED or UNSURE when they said so, None when not asked.
    """

    incidents: tuple[Incident, ...] = ()
    what_happened: str | None = None
    safe_now: str | None = None
    occasions_said: str | None = None
    ongoing: str | None = None
    impact: str | None = None
    relation_said: str | None = None
    place_said: str | None = None
    nation_said: str | None = None
    anything_else: str | None = None
    views: Mapping[BehaviourType, str] = field(default_factory=dict)
    circumstances: tuple[str, ...] = ()
    about: str = "me"
    signs: tuple[str, ...] = ()

    @classmethod
    def from_slots(cls, slots: Mapping[str, Any]) -> Account:
        """Build the account from the conversation's slots; unset ones may be missing."""
        views = (str(view).split(":", 1) for view in slots.get("views") or ())
        return cls(
            incidents=tuple(
                Incident.from_dict(data) for data in slots.get("incidents") or ()
            ),
            what_happened=slots.get("what_happened"),
            safe_now=slots.get("safe_now"),
            occasions_said=slots.get("occasions"),
            ongoing=slots.get("ongoing"),
            impact=slots.get("impact"),
            relation_said=slots.get("relation"),
            place_said=slots.get("place"),
            nation_said=slots.get("nation"),
            anything_else=slots.get("anything_else"),
            views={BehaviourType(name): view for name, view in views},
            circumstances=tuple(slots.get("circumstances") or ()),
            about=slots.get("about") or "me",
            signs=tuple(slots.get("signs") or ()),
        )

    def to_slots(self) -> dict[str, Any]:
        """Return every slot's value, as plain JSON."""
        return {
            "what_happened": self.what_happened,
            "safe_now": self.safe_now,
            "occasions": self.occasions_said,
            "ongoing": self.ongoing,
            "impact": self.impact,
            "relation": self.relation_said,
            "place": self.place_said,
            "nation": self.nation_said,
            "anything_else": self.anything_else,
            "incidents": [incident.to_dict() for incident in self.incidents],
            "views": [f"{kind.value}:{view}" for kind, view in self.views.items()],
            "circumstances": list(self.circumstances),
            "about": self.about,
            "signs": list(self.signs),
        }

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been told yet."""
        return not self.incidents

    @property
    def occasions(self) -> Occasions:
        """How often it has happened: the person's own answer first."""
        said = self.occasions_said
        if said in (Occasions.ONCE.value, Occasions.TWICE_OR_MORE.value):
            return Occasions(said)
        if said and said not in (SKIPPED, UNSURE):
            if re.search(MORE, said, re.I):
                return Occasions.TWICE_OR_MORE
            if re.search(ONCE, said, re.I):
                return Occasions.ONCE
        if any(i.occasions is Occasions.TWICE_OR_MORE for i in self.incidents):
            return Occasions.TWICE_OR_MORE
        return Occasions.UNCLEAR

    @property
    def relation(self) -> str | None:
        """The kind of relation, a key of RELATIONS, as said or read in what was told."""
        return _answer_code(self.relation_said, RELATIONS)

    @property
    def places(self) -> tuple[str, ...]:
        """Where it happens, keys of PLACES."""
        if self.place_said in (None, SKIPPED, UNSURE):
            return ()
        return all_codes(str(self.place_said), PLACES)

    @property
    def nation(self) -> str | None:
        """Where the person is: a key of NATIONS, or None when not known."""
        return _answer_code(self.nation_said, NATIONS)

    def evidence(self, kind: BehaviourType) -> tuple[str, ...]:
        """Return the person's words that led to a type, each once, in order told."""
        words = (
            span.text
            for incident in self.incidents
            for behaviour in incident.behaviours
            if behaviour.type is kind
            for span in quotes(incident.words, behaviour.evidence)
            or (_whole(incident.words),)
        )
        return tuple(dict.fromkeys(words))

    def shows(self, kind: BehaviourType) -> bool:
        """Whether the account shows a type: what was read, unless they disagree.

        Repeated behaviour is also shown when it happened on two or more occasions,
        whatever it was (facts: FOUR, rule 2).
        """
        view = self.views.get(kind)
        if view == "disagree":
            return False
        repeated = kind is BehaviourType.REPEATED_BEHAVIOUR and not self.is_empty
        if repeated and self.occasions is Occasions.TWICE_OR_MORE:
            return True
        return view == "agree" or bool(self.evidence(kind))

    def with_incident(
        self, words: str, reading: Reading, acts: Iterable[str]
    ) -> Account:
        """Return the account with one more incident, and what its words also answer."""
        number = max((i.number for i in self.incidents), default=0) + 1
        incident = Incident(
            number=number,
            words=words,
            behaviours=reading.behaviours,
            acts=tuple(acts),
            danger=reading.danger,
            occasions=reading.occasions,
            impact=reading.impact,
            dates=tuple(span.text for span in reading.dates),
        )
        # A vague first message is kept, and asked about once: what was it that happened?
        says_what = bool(reading.behaviours or reading.danger or self.incidents)
        told = self.what_happened or (TOLD if says_what else None)
        more = replace(
            self,
            incidents=(*self.incidents, incident),
            what_happened=told,
            anything_else=None,
        )
        return more.hearing(words, reading, tells=True)

    def hearing(self, words: str, reading: Reading, tells: bool = False) -> Account:
        """Return the account with everything these words say in passing.

        Questions whose answer is already in the words are not asked any more; what
        was answered before stands.

        Args:
            words: as said.
            reading: what was read in them.
            tells: whether they are an account, and no mere answer or question.
        """
        found = circumstances(words)
        told_twice = reading.occasions is Occasions.TWICE_OR_MORE
        return replace(
            self,
            occasions_said=self.occasions_said
            or (Occasions.TWICE_OR_MORE.value if told_twice else None),
            impact=self.impact
            or (words if _says_only_feelings(words, reading) else None)
            or (TOLD if tells and reading.impact else None),
            relation_said=self.relation_said
            or told_relation(
                words, [s.text for b in reading.behaviours for s in b.evidence]
            ),
            nation_said=self.nation_said or first_code(words, NATIONS),
            circumstances=tuple(dict.fromkeys((*self.circumstances, *found))),
            # The first thing told says whose it is; "my sister saw him" does not.
            about="me"
            if _ITS_ME.search(words)
            else "other"
            if tells and reading.about == "other" and len(self.incidents) <= 1
            else self.about,
            signs=tuple(dict.fromkeys((*self.signs, *signs_of(reading)))),
        )

    def feeling(self, words: str, reading: Reading) -> Account:
        """Return the account with a feeling that was told where something else was asked."""
        if not reading.impact or reading.behaviours:
            return self
        before = self.impact if self.impact not in NOT_SAID else None
        return replace(self, impact=f"{before}. {words}" if before else words)

    def things(self) -> tuple[Thing, ...]:
        """Return everything told that can be taken out by itself, in order."""
        found: list[Thing] = []
        for incident in self.incidents:
            told = incident.things
            if len(told) + len(incident.left_out) < 2:
                found.append(Thing(incident.number, incident.words))
            else:
                found += [Thing(incident.number, span.text, span) for span in told]
        return tuple(found)

    def without(self, name: str) -> Account:
        """Return the account without one thing; a name that is unknown changes nothing.

        Args:
            name: the id of one of `things`.
        """
        thing = next((each for each in self.things() if each.id == name), None)
        if thing is None:
            return self
        gone = thing.span
        incident = next(i for i in self.incidents if i.number == thing.number)
        if gone is None or len(incident.things) < 2:
            return self.without_incident(thing.number)
        left = incident.without(gone)
        return replace(
            self, incidents=tuple(left if i is incident else i for i in self.incidents)
        )

    def without_incident(self, number: int) -> Account:
        """Return the account without one incident; unknown numbers change nothing."""
        left = tuple(i for i in self.incidents if i.number != number)
        return replace(self, incidents=left)

    def with_view(self, kind: BehaviourType, view: str) -> Account:
        """Return the account with the person's own view of a type.

        Raises:
            ValueError: the view is neither "agree" nor "disagree".
        """
        if view not in ("agree", "disagree"):
            raise ValueError(view)
        return replace(self, views={**self.views, kind: view})

    def in_order(self, today: dt.date) -> tuple[Incident, ...]:
        """Return the incidents oldest first where their dates tell, else as told."""
        days = [when(incident.dates, today) for incident in self.incidents]
        known = [day for day in days if day is not None]
        if len(known) < len(days):
            return self.incidents
        dated = zip(known, self.incidents, strict=True)
        return tuple(incident for _, incident in sorted(dated, key=lambda d: d[0]))


def signs_of(reading: Reading) -> tuple[str, ...]:
    """Return the danger signs a reading heard, or its levels when none is named."""
    return reading.signs or tuple(level.value for level in reading.danger)


# Who asked for a daughter may be the daughter.
_ITS_ME = re.compile(
    r"\bnot (?:about |for )?my \w+\W+(?:it'?s|it is|its) (?:really |actually )?me\b|"
    r"\b(?:it'?s|it is|its) (?:really |actually )?me\W+not my \w+|"
    r"\bi'?m the one (?:who|that|its|it'?s)\b",
    re.I,
)


def _says_only_feelings(words: str, reading: Reading) -> bool:
    return bool(reading.impact) and not reading.behaviours and len(words.split()) < 40


def _whole(words: str) -> Span:
    """Return the words themselves, shortened, when no clause could be pointed at."""
    text = words if len(words) <= 160 else words[:157].rsplit(" ", 1)[0] + " …"
    return Span(0, len(text), text)


def _answer_code(said: str | None, patterns: Mapping[str, str]) -> str | None:
    if said is None or said in (SKIPPED, UNSURE):
        return None
    return said if said in patterns else first_code(said, patterns)
