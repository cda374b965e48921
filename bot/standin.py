"""What the reverse proxy answers by itself, in the words of the assistant.

A proxy refuses floods, broken requests and whatever comes while no assistant runs. The
person then still reads kind words and sees who can help, so these answers are written
as files, once, from the same words and numbers.
"""

from __future__ import annotations

import json
from pathlib import Path

from bot.knowledge import Knowledge
from bot.pages import english, environment, render
from bot.refusals import REFUSALS, help_contacts

# Those of REFUSALS that a proxy can find out by itself.
CODES = (
    "bad_request",
    "not_found",
    "method",
    "slow",
    "too_large",
    "rate",
    "not_kept",
    "not_ready",
)


def write_answers(folder: Path, knowledge: Knowledge) -> int:
    """Write each answer for the chat and as a page, and say how many there are.

    Raises:
        LookupError: not even the emergency number may be shown.
        PageError: the page cannot be made.
        OSError: the folder cannot be written.
    """
    contacts = help_contacts(knowledge)
    templates = environment(knowledge)
    folder.mkdir(parents=True, exist_ok=True)
    for code in CODES:
        say = REFUSALS[code].say
        answer = {"error": code, "say": say, "help": contacts}
        told = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
        (folder / f"{code}.json").write_text(told, encoding="utf-8")
        page = render(templates, "sorry.html", english(), say=say, contacts=contacts)
        (folder / f"{code}.html").write_text(page, encoding="utf-8")
    return 2 * len(CODES)
