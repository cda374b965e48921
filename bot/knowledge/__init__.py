"""Every fact the assistant may state, checked as it is loaded.

Numbers, hours, law and links live in the YAML files beside this module and nowhere
else. Each entry carries its source, the day it was checked and how sure that source
makes us; a file that breaks a rule stops the start with the file, the entry and the
reason. The facts themselves come from the fact pack named in docs/adr.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

HERE = Path(__file__).parent
CONFIDENCES = ("2+", "1", "D", "K")
DANGER_LEVELS = ("immediate", "crisis", "high_risk")
DANGER_LANES = ("E", "U")
SHOW = ("number", "check", "local", "explain")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

T = TypeVar("T")


class KnowledgeError(Exception):
    """A knowledge file is wrong; the message says which file, which entry and why."""


@dataclass(frozen=True)
class Fact:
    """Where an entry comes from.

    Attributes:
        id: the entry's name in slots, tests and other files.
        source: who says so, or a public address.
        checked_on: the day it was last compared with that source.
        confidence: "2+" two or more sources, "1" one, "D" they disagree, "K" nobody
            has confirmed it yet: never shown to a person.
    """

    id: str
    source: str
    checked_on: dt.date
    confidence: str

    @property
    def confirmed(self) -> bool:
        """Whether anybody outside this project says so."""
        return self.confidence != "K"


@dataclass(frozen=True)
class OpeningHours:
    """Hours on some days of the week, in Europe/London."""

    days: tuple[str, ...]
    opens: dt.time
    closes: dt.time


@dataclass(frozen=True)
class Service(Fact):
    """Somebody who can help.

    Attributes:
        name: as the service calls itself.
        for_whom: one plain line, who it is for.
        contact: what to dial, text or open, as shown.
        href: the same as a `tel:`, `sms:` or `https:` link; empty when there is none.
        also: other ways in, each shown as it stands.
        show: "number" may be shown; "check" not before a person has checked it;
            "local" only to people who say they are there, and only after the check;
            "explain" may be explained, never offered.
        hours: "always", opening hours, or None when unknown; where sources disagree,
            the hours every source agrees on.
        bank_holidays: "open", "closed" or "unknown".
        show_hours: whether the hours may be shown to a person.
        nations: where it serves: england, wales, scotland, northern_ireland.
        min_age, max_age: inclusive, None for no limit.
        tags: what it is about, for choosing (bot/services.py says which).
        note: one plain line that must go with it, empty when none.
    """

    name: str
    for_whom: str
    contact: str
    show: str
    href: str = ""
    also: tuple[str, ...] = ()
    hours: str | tuple[OpeningHours, ...] | None = None
    bank_holidays: str = "unknown"
    show_hours: bool = False
    nations: tuple[str, ...] = ("england", "wales", "scotland", "northern_ireland")
    min_age: int | None = None
    max_age: int | None = None
    tags: tuple[str, ...] = ()
    note: str = ""

    @property
    def may_be_shown(self) -> bool:
        """Whether a person may see it at all."""
        return self.show == "number" and self.confirmed


@dataclass(frozen=True)
class Offence(Fact):
    """An offence that may be explained, in general words, never as a verdict.

    Attributes:
        name: plain name, shown first.
        plain: one plain sentence on what it covers ("may", "can").
        law: Act and section, shown on request.
        acts: ids of the acts (behaviours.yml) that make it worth explaining; empty for
            the four core offences, which look at the whole account.
        penalty: the most a court could give, in words, shown on request; empty when
            that is not confirmed.
        note: one plain line that must go with it, empty when none.
    """

    name: str
    plain: str
    law: str
    acts: tuple[str, ...] = ()
    penalty: str = ""
    note: str = ""


@dataclass(frozen=True)
class Answer(Fact):
    """What is said to a question.

    Attributes:
        intents: the questions it answers; names of intents.
        matches: word patterns that make this answer fit better than another one of the
            same intent; none for the one that is said otherwise.
        text: short paragraphs; `{service_id}` stands for that service's contact,
            `{force}` and `{force_link_…}` for the force's own.
        services: ids of services to show under it.
        links: ids of the force's links to offer under it, shown only when set.
    """

    intents: tuple[str, ...]
    text: tuple[str, ...]
    matches: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class Act(Fact):
    """A kind of act in plain words, finer than the four types, with its patterns.

    Attributes:
        plain: what it is, in plain words ("damage to your things").
        types: names of the behaviour types it falls under.
        patterns: regular expressions, matched on one clause, case ignored.
        urgent: whether police should be told today, even when nothing is happening now.
    """

    plain: str
    types: tuple[str, ...]
    patterns: tuple[str, ...]
    urgent: bool = False


@dataclass(frozen=True)
class DangerSign(Fact):
    """A danger sign, and the word patterns that hear it without a model.

    Attributes:
        level: "immediate", "crisis" or "high_risk".
        lane: "E" for 999 first and a stop, "U" for police today.
        plain: what was heard, in plain words for the person.
        patterns: regular expressions over one clause in one spelling (bot/danger.py),
            the file's own words, `{who}`, already spelt out in them.
        unless: patterns that say it is not so (past, idiom, online, welcome).
        about: "me", or "other" when the sign is about somebody the person names.
    """

    level: str
    lane: str
    plain: str
    patterns: tuple[str, ...]
    unless: tuple[str, ...] = ()
    about: str = "me"


@dataclass(frozen=True)
class Card(Fact):
    """What is said, before anything else, to somebody in danger.

    Attributes:
        text: short lines; `{service_id}` stands for that service's contact.
        contacts: ids of the services shown under it, in this order.
        asks: the one question that follows, empty when there is none.
    """

    text: tuple[str, ...]
    contacts: tuple[str, ...]
    asks: str = ""


@dataclass(frozen=True)
class Wording:
    """How messages are brought to one spelling before danger is listened for.

    Attributes:
        short_forms: what people type, without apostrophes, and what it stands for.
        mended: words that matter so much that one slip in them is mended.
        left_alone: other words that are one slip away from those.
    """

    short_forms: Mapping[str, str]
    mended: tuple[str, ...]
    left_alone: frozenset[str]


@dataclass(frozen=True)
class Type(Fact):
    """One of the four types as the force words it.

    Attributes:
        heading: the force's heading.
        plain: short meaning for the screen.
        examples: the force's own examples.
    """

    heading: str
    plain: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """A page of the force: shown once it is set, plainly marked until confirmed."""

    label: str
    href: str = ""
    confirmed: bool = False


@dataclass(frozen=True)
class Force(Fact):
    """The police force this assistant speaks for; another force is another file.

    Attributes:
        name: full name. short: how it is said in a sentence.
        nation: "england" or "wales"; the law explained is theirs.
        area: who lives there, in plain words.
        website: the force's own site.
        threshold: how many incidents make it worth reporting as stalking.
        report: the report page. links: other pages by id.
        local_services: ids of services for people who live here.
        unit: a specialist unit to explain, or empty.
        exit_url: the neutral page to leave to.
    """

    name: str
    short: str
    nation: str
    area: str
    website: str
    report: Link
    threshold: int = 2
    links: Mapping[str, Link] = field(default_factory=dict)
    local_services: tuple[str, ...] = ()
    unit: str = ""
    exit_url: str = "https://www.bbc.co.uk/weather"


@dataclass(frozen=True)
class Knowledge:
    """All of it, by id."""

    force: Force
    services: Mapping[str, Service]
    offences: Mapping[str, Offence]
    answers: Mapping[str, Answer]
    acts: Mapping[str, Act]
    types: Mapping[str, Type]
    danger: Mapping[str, DangerSign]
    cards: Mapping[str, Card]

    def fill(self, text: str) -> str:
        """Put contacts and the force's names into a text.

        Raises:
            KeyError: a name in braces stands for nothing that may be shown.
        """
        return re.sub(r"\{(\w+)\}", lambda match: self._value(match[1]), text)

    def _value(self, name: str) -> str:
        if name == "force":
            return self.force.short
        if name == "force_name":
            return self.force.name
        if name == "force_website":
            return self.force.website
        service = self.services[name]
        if not service.may_be_shown:
            raise KeyError(name)
        return service.contact


def load(force: str = "cheshire", folder: Path = HERE) -> Knowledge:
    """Load and check everything for one force.

    Args:
        force: the id of a force, or the path of its settings file.
        folder: where the knowledge files are.

    Raises:
        KnowledgeError: with the file, the entry and the reason.
    """
    path = Path(force) if force.endswith(".yml") else folder / "forces" / f"{force}.yml"
    knowledge = Knowledge(
        force=_one(path, _force),
        services=_all(folder / "services.yml", _service),
        offences=_all(folder / "offences.yml", _simple(Offence)),
        answers=_all(folder / "answers.yml", _simple(Answer)),
        acts=_all(folder / "behaviours.yml", _simple(Act), "acts"),
        types=_all(folder / "behaviours.yml", _simple(Type), "types"),
        danger=danger_signs(folder),
        cards=_all(folder / "danger.yml", _simple(Card), "cards"),
    )
    _check_references(knowledge, path.name)
    return knowledge


@cache
def loaded(force: str) -> Knowledge:
    """Load once a process and force; see `load`."""
    return load(force)


@cache
def load_acts() -> Mapping[str, Act]:
    """Load the acts alone, once a process: they are the same for every force."""
    return _all(HERE / "behaviours.yml", _simple(Act), "acts")


@cache
def danger_signs(folder: Path = HERE) -> Mapping[str, DangerSign]:
    """Load the danger signs alone, once: they are heard whatever else is missing.

    Raises:
        KnowledgeError: with the file, the entry and the reason.
    """
    path = folder / "danger.yml"
    return _all(path, _danger_sign(_word_groups(path)), "signs")


@cache
def danger_wording(folder: Path = HERE) -> Wording:
    """Load how messages are spelt before danger is listened for, once.

    Raises:
        KnowledgeError: with the file, the entry and the reason.
    """
    return _one(folder / "danger.yml", _wording)


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KnowledgeError(f"{path.name}: there is no such file") from None
    except yaml.YAMLError as error:
        raise KnowledgeError(f"{path.name}: not YAML: {error}") from None


def _one(path: Path, make: Callable[[dict[str, Any]], T]) -> T:
    return _made(path, _read(path), make)


def _all(
    path: Path, make: Callable[[dict[str, Any]], T], key: str | None = None
) -> dict[str, T]:
    rows = _read(path)
    if key is not None:
        rows = rows.get(key) if isinstance(rows, dict) else None
    if not isinstance(rows, list) or not rows:
        raise KnowledgeError(f"{path.name}: expected a list of entries")
    entries: dict[str, T] = {}
    for row in rows:
        entry = _made(path, row, make)
        name = row["id"]
        if name in entries:
            raise KnowledgeError(f"{path.name}: {name}: this id stands twice")
        entries[name] = entry
    return entries


def _made(path: Path, row: Any, make: Callable[[dict[str, Any]], T]) -> T:
    name = row.get("id", "?") if isinstance(row, dict) else "?"
    try:
        if not isinstance(row, dict):
            raise ValueError("expected named fields")
        return make(dict(row))
    except (KeyError, TypeError, ValueError, re.error) as error:
        reason = (
            f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else error
        )
        raise KnowledgeError(f"{path.name}: {name}: {reason}") from None


def _simple(kind: type[T]) -> Callable[[dict[str, Any]], T]:
    def make(row: dict[str, Any]) -> T:
        _check_fact(row)
        for name in ("patterns", "unless", "matches"):
            for pattern in row.get(name, ()):
                re.compile(pattern)
        return kind(**{key: _frozen(value) for key, value in row.items()})

    return make


def _word_groups(path: Path) -> dict[str, str]:
    """Return the file's named groups of words as patterns, each using those before."""
    groups: dict[str, str] = {}
    for name, words in _made(path, _read(path), dict).get("words", {}).items():
        entry = {"id": f"words: {name}", "of": words}
        groups[name] = _made(path, entry, lambda row: _group(row["of"], groups))
    return groups


def _group(words: list[str], groups: Mapping[str, str]) -> str:
    return f"(?:{'|'.join(_spelt_out(str(word), groups) for word in words)})"


def _spelt_out(pattern: str, groups: Mapping[str, str]) -> str:
    """Put the words for their names into a pattern; a quantifier is no name."""
    try:
        return re.sub(r"\{([a-z_]+)\}", lambda match: groups[match[1]], pattern)
    except KeyError as error:
        raise ValueError(f"no words are named {error.args[0]!r}") from None


def _danger_sign(groups: Mapping[str, str]) -> Callable[[dict[str, Any]], DangerSign]:
    def make(row: dict[str, Any]) -> DangerSign:
        if row["level"] not in DANGER_LEVELS or row["lane"] not in DANGER_LANES:
            raise ValueError("level or lane is none of those in DangerSign")
        for name in ("patterns", "unless"):
            row[name] = [_spelt_out(each, groups) for each in row.get(name, ())]
        return _simple(DangerSign)(row)

    return make


def _wording(row: dict[str, Any]) -> Wording:
    spelling = row["spelling"]
    return Wording(
        short_forms={str(k): str(v) for k, v in spelling["short_forms"].items()},
        mended=tuple(spelling["mended"]),
        left_alone=frozenset(spelling["left_alone"]),
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _check_fact(row: Mapping[str, Any]) -> None:
    if not str(row["source"]).strip():
        raise ValueError("source is empty")
    if row["confidence"] not in CONFIDENCES:
        raise ValueError(f"confidence is none of {', '.join(CONFIDENCES)}")
    if not isinstance(row["checked_on"], dt.date):
        raise ValueError("checked_on is not a date (YYYY-MM-DD)")


def _service(row: dict[str, Any]) -> Service:
    _check_fact(row)
    if row["show"] not in SHOW:
        raise ValueError(f"show is none of {', '.join(SHOW)}")
    if row.get("href") and not re.match(r"(tel|sms|https):", row["href"]):
        raise ValueError("href must begin with tel:, sms: or https:")
    hours = row.get("hours")
    if isinstance(hours, list):
        row["hours"] = tuple(_opening(block) for block in hours)
    elif hours not in (None, "always"):
        raise ValueError("hours are neither always nor a list; leave out when unknown")
    return Service(**{key: _frozen(value) for key, value in row.items()})


def _opening(block: Mapping[str, Any]) -> OpeningHours:
    days = tuple(block["days"])
    if set(days) - set(DAYS):
        raise ValueError(f"days are none of {', '.join(DAYS)}")
    opens, closes = (
        dt.time.fromisoformat(str(block[end])) for end in ("open", "close")
    )
    if opens >= closes:
        raise ValueError("a day closes before it opens")
    return OpeningHours(days, opens, closes)


def _force(row: dict[str, Any]) -> Force:
    _check_fact(row)
    row["report"] = Link(**row["report"])
    row["links"] = {name: Link(**link) for name, link in row.get("links", {}).items()}
    if row["nation"] not in ("england", "wales"):
        raise ValueError("nation is neither england nor wales")
    for link in (row["report"], *row["links"].values()):
        if link.href and not link.href.startswith("https://"):
            raise ValueError(f"{link.label}: a link must begin with https://")
    return Force(**{key: _frozen(value) for key, value in row.items()})


def _check_references(knowledge: Knowledge, force_file: str) -> None:
    """Check that every id that is used exists, and every name in braces can be filled."""
    types = set(knowledge.types)
    for act in knowledge.acts.values():
        _known("behaviours.yml", act.id, act.types, types)
    for offence in knowledge.offences.values():
        _known("offences.yml", offence.id, offence.acts, knowledge.acts)
    for answer in knowledge.answers.values():
        _known("answers.yml", answer.id, answer.services, knowledge.services)
        _known("answers.yml", answer.id, answer.links, knowledge.force.links)
        _fillable("answers.yml", answer, knowledge)
    for card in knowledge.cards.values():
        _known("danger.yml", card.id, card.contacts, knowledge.services)
        _fillable("danger.yml", card, knowledge)
    _known(
        force_file, "local_services", knowledge.force.local_services, knowledge.services
    )


def _fillable(file: str, entry: Answer | Card, knowledge: Knowledge) -> None:
    for text in entry.text:
        try:
            knowledge.fill(text)
        except KeyError as error:
            raise KnowledgeError(
                f"{file}: {entry.id}: {error.args[0]!r} may not be shown"
            ) from None


def _known(file: str, entry: str, used: Iterable[str], known: Iterable[str]) -> None:
    missing = sorted(set(used) - set(known))
    if missing:
        raise KnowledgeError(f"{file}: {entry}: unknown {', '.join(missing)}")
