"""The pages the service answers with while it has no others: help comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from bot.knowledge import Knowledge

PAGE = """<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>First Contact</title>
</head>
<body>
<main>
<h1>First Contact</h1>
<p>If you are in danger now, call <a href="tel:999">999</a>.</p>
<ul>
{contacts}
</ul>
{report}
<p>The chat will be on this page. It helps you tell what has been happening to you.</p>
<p><a href="{leave}" rel="noopener noreferrer">Leave this page</a></p>
</main>
</body>
</html>
"""
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
}


@dataclass(frozen=True)
class Page:
    """One answer to GET, complete.

    Attributes:
        body: as it is.
        gzipped: the same for browsers that take it smaller, or empty.
        headers: beside those that are on every answer.
    """

    body: bytes
    gzipped: bytes
    headers: Mapping[str, str]


def front_pages(
    knowledge: Knowledge, contacts: Sequence[Mapping[str, str]]
) -> Mapping[str, Page]:
    """Return every page by its path."""
    items = "\n".join(
        f"<li>{escape(contact['name'])}: {_link(contact['contact'], contact['href'])}</li>"
        for contact in contacts
    )
    report = knowledge.force.report
    line = f"<p>{_link(report.label, report.href)}</p>" if report.href else ""
    text = PAGE.format(
        contacts=items, report=line, leave=escape(knowledge.force.exit_url)
    )
    page = Page(text.encode(), b"", HEADERS)
    return {"/": page, "/plain": page}


def _link(label: str, href: str) -> str:
    if not href:
        return escape(label)
    return f'<a href="{escape(href)}" rel="noopener noreferrer">{escape(label)}</a>'
