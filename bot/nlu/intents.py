"""The names of intents: those we report, and those only the dialogue needs."""

from __future__ import annotations

REPORTED = (
    "describe_incident",
    "emergency",
    "crisis_self_harm",
    "ask_offence",
    "ask_report",
    "ask_support",
    "ask_evidence",
    "ask_after_report",
    "ask_anonymous",
    "ask_for_other",
    "ask_safety_advice",
    "ask_online_safety",
    "ask_what_is_stalking",
    "ask_privacy",
    "ask_bot",
    "greet",
    "goodbye",
    "affirm",
    "deny",
    "unsure",
    "thanks",
    "restart",
    "stop",
    "out_of_scope",
    "abusive",
    "perpetrator",
    "human_handoff",
    "correct_previous",
)
FALLBACK = "nlu_fallback"
OTHER_LANGUAGE = "other_language"
NO_WORDS = "no_words"
_REPORTED_AS = {
    "skip": "stop",
    "ask_why": "ask_bot",
    "show_summary": "ask_bot",
    "go_on": "affirm",
    NO_WORDS: "out_of_scope",
}


def public_intent(name: str, guess: str = "out_of_scope") -> str:
    """Return the reported name of an intent of the dialogue.

    Args:
        name: what the reader decided.
        guess: its best guess, for the two names that mean "could not tell".
    """
    if name in (FALLBACK, OTHER_LANGUAGE):
        return _REPORTED_AS.get(guess, guess)
    return _REPORTED_AS.get(name, name)
