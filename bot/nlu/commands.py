"""Short phrases that steer the conversation, understood only when they stand alone."""

from __future__ import annotations

import re

_FILLER = (
    r"(?:ok(?:ay)?|please|pls|plz|thanks|ta|um+|er+|oh|well|just|can (?:you|we|i))"
)
_COMMANDS = {
    "skip": (
        r"skip(?: (?:this|that|it|this one|that one|this question|the question))?",
        r"pass",
        r"next(?: (?:one|question))?",
        r"(?:i(?:'?d| would)? )?(?:rather|prefer) not(?: to)? (?:say|answer)"
        r"(?: that)?",
        r"no comment",
    ),
    "ask_why": (
        r"why",
        r"why (?:do|did|are|would) (?:you|u) (?:ask|asking|need|want)"
        r"(?: (?:me|to know|to ask))?(?: (?:that|this|it))?",
        r"why do (?:you|u) need to know(?: (?:that|this))?",
        r"why does (?:that|this|it) matter",
    ),
    "show_summary": (
        r"(?:show me |see |give me |read )?(?:the |my |a )?(?:short version|summary)",
        r"(?:what have (?:you|u) got|what did (?:you|u) write down)(?: so far)?",
        r"what have i (?:told|said to) (?:you|u)(?: so far)?",
    ),
    "go_on": (
        r"(?:let'?s )?(?:carry on|continue|go on|resume|keep going)",
        r"(?:let'?s )?go back to (?:the|my) (?:questions?|account)",
    ),
    "stop": (r"(?:stop|quit|exit|cancel)(?: (?:it|this|now))?",),
    "start_again": (r"(?:start (?:again|over)|restart|reset)",),
    "safe_now": (
        r"(?:yes |yeah |yep )?(?:i'?m|i am|we'?re|we are) safe(?: (?:now|for now))?",
        r"safe(?: (?:now|for now))",
    ),
    "not_safe": (
        r"(?:no )?(?:i'?m|i am|we'?re|we are) not (?:really )?safe(?: right)?(?: now)?",
        r"(?:no )?not (?:really )?safe(?: right)?(?: now)?",
        r"(?:no )?i (?:don'?t|do not) feel safe(?: right)?(?: now)?",
    ),
    "correct_previous": (
        r"(?:no )?(?:remove|delete|take out|cross out|scrap|undo)"
        r"(?: (?:that|it|this|(?:the|that|my) last (?:one|bit|thing|part|message)))?"
        r"(?: out)?",
        r"(?:no )?that'?s (?:not right|wrong|not what i (?:said|meant))",
    ),
}
_PATTERNS = [
    (name, re.compile(rf"(?:{_FILLER} )*(?:{'|'.join(forms)})(?: {_FILLER})*", re.I))
    for name, forms in _COMMANDS.items()
]
_MARKS = re.compile(r"[^\w\s']+")


def command(text: str) -> str | None:
    """Return the intent of a message that is a command and nothing else."""
    plain = " ".join(_MARKS.sub(" ", text.replace("’", "'")).split())
    for name, pattern in _PATTERNS:
        if pattern.fullmatch(plain):
            return name
    return None
