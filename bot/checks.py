"""What would stop a start, and what the force must still confirm, in plain words."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from bot.assembly import configured_endpoint
from bot.database import UnsafeStore
from bot.endpoint import ActionsMissing
from bot.knowledge import Fact, Force, Knowledge, KnowledgeError, load
from bot.model import ModelUnfit, model_path, verified
from bot.pages import PageError, integrity, rendered
from bot.refusals import help_contacts
from bot.session import ServerKey, WeakKey
from bot.settings import Settings
from bot.store import Conversations

CHANNEL = "bot.channel.WebChat"
EMBED = "/embed.js"
STORE = "bot.store.ConversationStore"
REVIEW = dt.timedelta(days=92)
UNSURE = {"K": "nobody has confirmed it", "D": "the sources disagree"}


@dataclass(frozen=True)
class Findings:
    """What a check found.

    Attributes:
        stops: what stops a start.
        confirm: what the force must confirm before people use it.
        notes: what is worth knowing.
    """

    stops: tuple[str, ...]
    confirm: tuple[str, ...]
    notes: tuple[str, ...] = ()


def report(settings: Settings, root: Path, say: Callable[[str], None]) -> bool:
    """Say what was found, and whether a start would succeed."""
    findings = check(settings, root, dt.datetime.now(dt.timezone.utc).date())
    if findings.stops:
        _list("These stop a start:", findings.stops, say)
    else:
        say("Nothing stops a start.")
    if findings.confirm:
        _list("Before people use it, the force must see to:", findings.confirm, say)
    if findings.notes:
        _list("Good to know:", findings.notes, say)
    return not findings.stops


def check(settings: Settings, root: Path, today: dt.date) -> Findings:
    """Return everything that stops a start or must be confirmed."""
    stops = [
        *_key_problems(settings),
        *_file_problems(root),
        *_action_problems(settings, root),
        *_store_problems(settings),
    ]
    notes: list[str] = []
    path = model_path(root, settings.models_dir)
    if not path.is_file():
        notes.append("There is no model for this code and data; `bot serve` trains.")
    else:
        stops += _problem(lambda: verified(path), ModelUnfit)
    confirm = list(_settings_to_confirm(settings))
    try:
        knowledge = load(settings.force)
        help_contacts(knowledge)
    except (KnowledgeError, LookupError) as error:
        stops.append(str(error))
    else:
        confirm += to_confirm(knowledge, today)
        stops += _problem(
            lambda: notes.append(_line_for_a_website(knowledge)), PageError
        )
    return Findings(tuple(stops), tuple(confirm), tuple(notes))


def _line_for_a_website(knowledge: Knowledge) -> str:
    """Return the one line that puts the chat on a page, held to this very script."""
    script = rendered(knowledge)[EMBED]
    return (
        "The line for a website, with your own address: "
        f'<script src="https://chat.example.org{EMBED}" integrity="{integrity(script)}" '
        'crossorigin="anonymous" async></script>'
    )


def to_confirm(knowledge: Knowledge, today: dt.date) -> Iterator[str]:
    """Yield what the force must confirm of the facts."""
    yield from _links_to_confirm(knowledge.force)
    for service in knowledge.services.values():
        if service.show in ("check", "local"):
            why = "ring or open it, then set show and checked_on"
            yield f"services.yml: {service.id} ({service.name}) is not shown: {why}."
    kinds: tuple[tuple[str, Iterable[Fact]], ...] = (
        ("services.yml", knowledge.services.values()),
        ("offences.yml", knowledge.offences.values()),
        ("answers.yml", knowledge.answers.values()),
        ("behaviours.yml", [*knowledge.types.values(), *knowledge.acts.values()]),
        ("danger.yml", [*knowledge.danger.values(), *knowledge.cards.values()]),
        ("the force's file", [knowledge.force]),
    )
    for file, facts in kinds:
        yield from _facts_to_confirm(file, list(facts), today)


def _facts_to_confirm(file: str, facts: list[Fact], today: dt.date) -> Iterator[str]:
    for mark, why in UNSURE.items():
        names = [fact.id for fact in facts if fact.confidence == mark]
        if names:
            yield f"{file}: {why} for {', '.join(names)}."
    old = [fact.id for fact in facts if today - fact.checked_on > REVIEW]
    if old:
        yield f"{file}: last checked over three months ago: {', '.join(old)}."


def _links_to_confirm(force: Force) -> Iterator[str]:
    for name, link in (("report", force.report), *force.links.items()):
        if not link.href:
            yield f"{force.short}: the {name} link is not set ({link.label})."
        elif not link.confirmed:
            yield f"{force.short}: the {name} link is not confirmed: {link.href}"
    yield f"{force.short}: “Leave this page” leads to {force.exit_url}: is that right?"


def _settings_to_confirm(settings: Settings) -> Iterator[str]:
    if not settings.session_keys:
        yield "FIRST_CONTACT_SESSION_KEY is not set; make one with `bot new-key`."
    if not settings.origins:
        yield "FIRST_CONTACT_ORIGINS is not set; only this machine's pages may call."


def _key_problems(settings: Settings) -> Iterator[str]:
    for text in settings.session_keys:
        yield from _problem(partial(ServerKey.from_text, text), WeakKey)


def _file_problems(root: Path) -> Iterator[str]:
    for name in ("config.yml", "domain.yml", "endpoints.yml", "credentials.yml"):
        if not (root / name).is_file():
            yield f"{name} is missing."
    channels = _yaml(root / "credentials.yml")
    others = sorted(set(channels) - {CHANNEL})
    if others:
        yield f"credentials.yml: only {CHANNEL} may be there, not {', '.join(others)}."
    endpoints = _yaml(root / "endpoints.yml")
    if (endpoints.get("tracker_store") or {}).get("type") != STORE:
        yield f"endpoints.yml: tracker_store must be of type {STORE}."
    for name in ("event_broker", "models", "nlg", "nlu"):
        if name in endpoints:
            yield f"endpoints.yml: {name} would take words out of this service."


def _action_problems(settings: Settings, root: Path) -> list[str]:
    domain = _yaml(root / "domain.yml")
    listed: Iterable[str] = domain.get("actions") or ()
    names = [name for name in listed if not name.startswith("utter_")]

    def check() -> None:
        endpoint = configured_endpoint(settings, str(root / "endpoints.yml"))
        asyncio.run(endpoint.check(names))

    return _problem(check, ActionsMissing)


def _store_problems(settings: Settings) -> list[str]:
    folder = settings.data_dir
    if not settings.database_url and not folder.exists():
        return []  # `bot serve` makes it

    async def check() -> None:
        conversations = Conversations(settings.database, settings.absolute_s)
        try:
            await conversations.open()
        finally:
            conversations.close()

    return _problem(lambda: asyncio.run(check()), UnsafeStore)


def _problem(work: Callable[[], object], *kinds: type[Exception]) -> list[str]:
    try:
        work()
    except kinds as error:
        return [f"{str(error)[:1].upper()}{str(error)[1:]}."]
    return []


def _yaml(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}


def _list(title: str, lines: Iterable[str], say: Callable[[str], None]) -> None:
    say("")
    say(title)
    for line in lines:
        say(f"- {line}")
