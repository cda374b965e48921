"""A page of somebody else's on another origin, and the chat as it is embedded there."""

from __future__ import annotations

from collections.abc import Mapping

from bot.pages import Page
from browser.service import Service

BODY = "<h1>Our page</h1><p><a href='#'>Some link</a></p>"


class Site(Service):
    """A web site of one page, which a test writes."""

    def __init__(self) -> None:
        super().__init__({})

    def write(self, html: str, headers: Mapping[str, str] | None = None) -> None:
        """Make this the site's page."""
        page = f"<!doctype html><html lang=en><title>Our page</title><body>{html}</body></html>"
        kind = {"Content-Type": "text/html; charset=utf-8", **(headers or {})}
        self.pages["/"] = Page(page.encode(), b"", kind)
