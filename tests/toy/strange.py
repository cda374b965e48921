"""Input that no browser of ours sends, and how every piece of it must be answered."""

import json
import re

from hypothesis import assume
from hypothesis import strategies as st

from bot.gate import Unacceptable, clean
from bot.refusals import REFUSALS
from toy.served import parts_text

# Each makes the toy do something else than say what it heard.
TOY_WORDS = re.compile(
    r"\b(?:hello|tell|pick|fail|hang|mute|circle|picture|nonsense|warn|forget|again|nap|hog)\b",
    re.I,
)
AT_ONCE = 5  # messages of one conversation before it has to slow down
PATHS = ("/chat/session", "/chat/messages", "/chat/end")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda some: (
        st.lists(some, max_size=4)
        | st.dictionaries(st.text(max_size=12), some, max_size=4)
    ),
    max_leaves=12,
)
paths = st.sampled_from(PATHS)


class Speakers:
    """Goes on to a new conversation at a new address before the limits are met."""

    def __init__(self, someone):
        self.someone = someone
        self.spoken = AT_ONCE

    def say(self, text):
        """Say it; return its number, the status and the answer."""
        if self.spoken == AT_ONCE:
            self.caller = self.someone()
            self.token, _ = self.caller.begin()
            self.spoken = 0
        status, answer = self.caller.say(self.token, self.spoken + 1, text)
        self.spoken += status == 200
        return self.spoken, status, answer


def cleaned(text):
    """Return what is kept of words, or the code of their refusal."""
    try:
        return clean(text), None
    except Unacceptable as refusal:
        return "", refusal.code


def is_refusal(code, status, answer):
    """Whether an answer is this refusal, in its fixed words and with who can help."""
    meant = REFUSALS[code]
    given = json.loads(answer) if isinstance(answer, bytes) else answer
    return (status, given["error"], given["say"]) == (meant.status, code, meant.say)


def check_words(speakers, text):
    """Say any words, and see them kept as they are or refused for what is in them."""
    assume(not TOY_WORDS.search(text))
    kept, _ = cleaned(f"note {text}")
    half = any("\ud800" <= letter <= "\udfff" for letter in text)

    n, status, answer = speakers.say(f"note {text}")

    if "\x00" in text or half:
        assert is_refusal("bad_request", status, answer)
    else:
        assert (status, parts_text(answer)) == (200, [f"{n}: {kept}"])


def check_json(talker, value, path):
    """Send any JSON, and see it refused."""
    assume(value not in ({}, {"keep": "tab"}))
    caller, token = talker

    status, _, answer = caller.call("POST", path, value, token)

    assert is_refusal("bad_request", status, answer)
