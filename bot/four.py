"""The four types over a whole account, with the person's own words for each.

The types are kinds of behaviour, never levels, and never a verdict: "this sounds like",
and the person's own view wins over what was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.account import Account
from bot.acts import quoted
from bot.behaviours import BehaviourType, Occasions
from bot.knowledge import Knowledge, Type

QUOTED_AT_MOST = 3
OPENING = (
    "This is what I hear in your words. These are kinds of behaviour, not levels. "
    "None is worse than another."
)
CLOSING = (
    "I can get things wrong. You do not have to decide if this is stalking. Police can "
    "help work that out."
)
NOTHING_TOLD = "You have not told me what happened yet. You can tell me at any time."
HOW_OFTEN = {
    Occasions.TWICE_OR_MORE: (
        "You told me about more than one time. That matters. Two or more incidents may "
        "be a crime, and you can report them."
    ),
    Occasions.ONCE: (
        "You told me about one time. One incident can still be reported. You do not "
        "have to wait for it to happen again."
    ),
    Occasions.UNCLEAR: (
        "I am not sure how many times it happened. Two or more incidents may be a "
        "crime. One incident can still be reported."
    ),
}


def changed_part(
    before: Account, after: Account, knowledge: Knowledge
) -> dict[str, Any] | None:
    """Return the `four` part for the types that a correction changed, or None."""
    rows = [
        _row(kind, after, knowledge)
        for kind in BehaviourType
        if _row(kind, before, knowledge) != _row(kind, after, knowledge)
    ]
    if not rows or after.is_empty:
        return None
    told = [
        _sounds_like(kind, knowledge.types[kind.value], after)
        for kind in BehaviourType
        if after.shows(kind) and kind.value in {row["type"] for row in rows}
    ]
    gone = [
        f"{row['heading']} is not in the list any more."
        for row in rows
        if not row["present"]
    ]
    occasions = {"value": after.occasions.value, "text": HOW_OFTEN[after.occasions]}
    text = "\n\n".join((*told, *gone))
    return {"kind": "four", "types": rows, "occasions": occasions, "text": text}


def part(account: Account, knowledge: Knowledge) -> dict[str, Any]:
    """Return the `four` part: each type, the words that led to it, and the choices."""
    types = [_row(kind, account, knowledge) for kind in BehaviourType]
    return {
        "kind": "four",
        "types": types,
        "occasions": {
            "value": account.occasions.value,
            "text": HOW_OFTEN[account.occasions],
        },
        "text": "\n\n".join(_paragraphs(account, knowledge)),
    }


def _row(kind: BehaviourType, account: Account, knowledge: Knowledge) -> dict[str, Any]:
    wording = knowledge.types[kind.value]
    row: dict[str, Any] = {
        "type": kind.value,
        "heading": wording.heading,
        "plain": wording.plain,
        "present": account.shows(kind),
        "because": list(account.evidence(kind)),
        "view": account.views.get(kind),
    }
    if row["present"]:
        row["choices"] = [
            _choice(kind, f"{wording.heading} fits", "agree"),
            _choice(kind, f"{wording.heading} does not fit", "disagree"),
        ]
    elif row["view"] == "disagree":
        row["choices"] = [_choice(kind, f"{wording.heading} does fit", "agree")]
    return row


def _choice(kind: BehaviourType, label: str, view: str) -> dict[str, str]:
    payload = f'/give_view{{"type": "{kind.value}", "view": "{view}"}}'
    return {"label": label, "payload": payload}


def _paragraphs(account: Account, knowledge: Knowledge) -> Iterator[str]:
    if account.is_empty:
        yield NOTHING_TOLD
        return
    present = [kind for kind in BehaviourType if account.shows(kind)]
    if present:
        yield OPENING
    for kind in present:
        yield _sounds_like(kind, knowledge.types[kind.value], account)
    for kind, view in account.views.items():
        if view == "disagree":
            heading = knowledge.types[kind.value].heading
            yield f"You told me that {heading} does not fit. I have left it out."
    if not present:
        for paragraph in knowledge.answers["what_none_means"].text:
            yield knowledge.fill(paragraph)
    yield HOW_OFTEN[account.occasions]
    if present:
        yield CLOSING


def _sounds_like(kind: BehaviourType, wording: Type, account: Account) -> str:
    """Say what it sounds like, and which words or what else led to it."""
    meaning = wording.plain[0].lower() + wording.plain[1:]
    words = account.evidence(kind)[:QUOTED_AT_MOST]
    if words:
        reason = f"You said: {', '.join(quoted(each) for each in words)}."
    elif account.views.get(kind) == "agree":
        reason = "You told me that it fits."
    else:
        reason = "You said that it happened more than once."
    return f"This sounds like {wording.heading}: {meaning} {reason}"
