"""The names of intents: those we report, and those only the dialogue needs."""

from __future__ import annotations

import re

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
# Names of the dialogue's own, and what they are reported as. "restart" is a name that
# Rasa keeps for itself: a message read as that would wipe the conversation unasked.
_REPORTED_AS = {
    "start_again": "restart",
    "safe_now": "affirm",
    "not_safe": "emergency",
    "ask_penalty": "ask_offence",
    "ask_offence_detail": "ask_offence",
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


_FINER = {
    "ask_offence": {
        "ask_penalty": r"\b(?:prison|jail|gaol|sentenc\w*|years?|punish\w*|penalt\w*|"
        r"fined?|locked up|sent down|banged up|behind bars|how long|"
        r"(?:would|could|will|can|do) (?:he|she|they|it) (?:even )?get)\b",
        "ask_offence_detail": r"\b(?:which|what|whats) (?:is the )?"
        r"(?:laws?|acts?|sections?|legislation)\b",
    },
}


def dialogue_intent(name: str, text: str) -> str:
    """Return the name under which the dialogue's rules know an intent.

    Args:
        name: an intent of the training data.
        text: the message; a question about the law is told apart by its words.
    """
    for finer, pattern in _FINER.get(name, {}).items():
        if re.search(pattern, text, re.IGNORECASE):
            return finer
    return name
