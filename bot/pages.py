"""Every page and file a browser may ask for, filled once with words and facts.

Numbers come from the knowledge and words from bot/widget/words, so neither is typed
into a page. A page that names something nobody may be shown stops the start.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from markupsafe import Markup

from bot.knowledge import Knowledge, Link, Service

WIDGET = Path(__file__).parent / "widget"
FILES: Mapping[str, str] = MappingProxyType(
    {
        "chat.css": "text/css; charset=utf-8",
        "page.css": "text/css; charset=utf-8",
        "embed.js": "text/javascript; charset=utf-8",
        "chat.mjs": "text/javascript; charset=utf-8",
        "frame.mjs": "text/javascript; charset=utf-8",
        "leave.mjs": "text/javascript; charset=utf-8",
        "line.mjs": "text/javascript; charset=utf-8",
        "page.mjs": "text/javascript; charset=utf-8",
        "parts.mjs": "text/javascript; charset=utf-8",
        "takeaway.mjs": "text/javascript; charset=utf-8",
        "icon.svg": "image/svg+xml",
    }
)
LOADER = "embed.js"
HTML = "text/html; charset=utf-8"
# Longer contacts are directions, not something to press.
LONGEST_LINK = 24
OWN = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; {more}; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
PLAIN = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
NOTHING_ALLOWED = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "autoplay",
        "camera",
        "clipboard-read",
        "display-capture",
        "encrypted-media",
        "fullscreen",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "screen-wake-lock",
        "usb",
        "xr-spatial-tracking",
    )
)


class PageError(Exception):
    """A page cannot be made; the message says which and why."""


@dataclass(frozen=True)
class Page:
    """One answer to GET, complete.

    Attributes:
        body: as it is.
        gzipped: the same for browsers that take it smaller.
        headers: beside those that are on every answer.
    """

    body: bytes
    gzipped: bytes
    headers: Mapping[str, str]


def rendered(
    knowledge: Knowledge,
    origins: Sequence[str] = (),
    frame_ancestors: Sequence[str] = (),
    folder: Path = WIDGET,
) -> Mapping[str, Page]:
    """Return everything that may be asked for, by its path.

    Args:
        knowledge: where numbers, links and names come from.
        origins: addresses whose pages the frame listens to, beside its own.
        frame_ancestors: addresses whose pages may hold the frame, beside its own.
        folder: the widget's files.

    Raises:
        PageError: a file is missing or wrong, or names what may not be shown.
    """
    templates = environment(knowledge, folder)
    pages = {f"/{name}": _file(folder / name, sort) for name, sort in FILES.items()}
    framing = " ".join(("frame-ancestors 'self'", *frame_ancestors))
    heard = tuple(dict.fromkeys((*origins, *frame_ancestors)))
    frame_policy = OWN.format(more=f"form-action 'none'; {framing}")
    first, *others = languages(folder)
    for words in (first, *others):
        query = "" if words is first else f"?lang={words['lang']}"
        text = render(templates, "frame.html", words, origins=heard)
        pages[f"/frame{query}"] = _page(text, frame_policy)
    pages["/"] = _page(
        render(templates, "index.html", first),
        OWN.format(more="frame-src 'self'; form-action 'none'; frame-ancestors 'none'"),
    )
    return MappingProxyType(pages)


def environment(knowledge: Knowledge, folder: Path = WIDGET) -> Environment:
    """Return the templates, with the facts they may name.

    Words are escaped wherever they stand; an unknown name is an error.
    """
    templates = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def service(name: str) -> Service:
        found = knowledge.services.get(name)
        if found is None or not found.may_be_shown:
            raise PageError(f"{name}: there is no such service that may be shown")
        return found

    templates.globals.update(
        service=service,
        contact=lambda name: _contact(service(name)),
        name_of=lambda name: service(name).name,
        extra=lambda name: " ".join((*service(name).also, service(name).note)).strip(),
        link=lambda name: knowledge.force.links.get(name, Link("")),
        force=knowledge.force,
        types=tuple(knowledge.types.values()),
        exit_url=knowledge.force.exit_url,
    )
    return templates


def render(
    templates: Environment, name: str, words: Mapping[str, Any], **more: Any
) -> str:
    """Return a page in a language.

    Raises:
        PageError: the template is wrong or names what is not there.
    """
    given = {**words, "words_json": json.dumps(words["words"], ensure_ascii=False)}
    try:
        return templates.get_template(name).render(**given, **more)
    except TemplateError as error:
        raise PageError(f"{name}: {error}") from None


def languages(folder: Path = WIDGET) -> list[Mapping[str, Any]]:
    """Return the language files a person has checked, English first.

    A word that a language does not have yet stands in English.

    Raises:
        PageError: a file cannot be read, or has a word that English has not.
    """
    first = english(folder)
    others = sorted((folder / "words").glob("*.json"))
    found = [_language(path) for path in others if path.stem != "en"]
    for each in found:
        unknown = sorted(set(each["words"]) - set(first["words"]))
        if unknown:
            raise PageError(f"words/{each['lang']}.json: unknown {', '.join(unknown)}")
    checked = [each for each in found if each["checked"]]
    return [first, *(_with_english(each, first) for each in checked)]


def english(folder: Path = WIDGET) -> Mapping[str, Any]:
    """Return the words that every other language falls back to.

    Raises:
        PageError: the file cannot be read.
    """
    return _language(folder / "words" / "en.json")


def integrity(page: Page) -> str:
    """Return the value of the `integrity` attribute for a script."""
    digest = hashlib.sha384(page.body).digest()
    return f"sha384-{base64.b64encode(digest).decode()}"


def page_headers(policy: str) -> Mapping[str, str]:
    """Return the headers of a page that nobody keeps and nothing leaves."""
    return {
        "Content-Type": HTML,
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": NOTHING_ALLOWED,
    }


def _page(text: str, policy: str) -> Page:
    return _packed(text.encode(), page_headers(policy))


def _file(path: Path, sort: str) -> Page:
    try:
        body = path.read_bytes()
    except OSError:
        raise PageError(f"{path.name}: the file cannot be read") from None
    # The loader is on a page that anybody reads and may stay in a browser; files of
    # the chat itself would tell that somebody opened it.
    keep = "no-cache" if path.name == LOADER else "no-store"
    headers = {
        "Content-Type": sort,
        "Cache-Control": keep,
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return _packed(body, headers)


def _packed(body: bytes, headers: Mapping[str, str]) -> Page:
    return Page(body, gzip.compress(body, 9, mtime=0), MappingProxyType(dict(headers)))


def _contact(service: Service) -> Markup:
    """Return what to dial as a link, or as words when it is more than that."""
    if not service.href or len(service.contact) > LONGEST_LINK:
        return Markup("<span>{}</span>").format(service.contact)
    return Markup('<a href="{}">{}</a>').format(service.href, service.contact)


def _language(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise PageError(f"words/{path.name}: cannot be read") from None
    if not isinstance(found, dict) or set(found) != {"lang", "dir", "checked", "words"}:
        raise PageError(f"words/{path.name}: expected lang, dir, checked and words")
    return found


def _with_english(
    other: Mapping[str, Any], first: Mapping[str, Any]
) -> Mapping[str, Any]:
    said = {name: word for name, word in other["words"].items() if word}
    return {**other, "words": {**first["words"], **said}}
