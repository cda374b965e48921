"""How a person's next words are taken: an answer, an account, a correction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.account import SKIPPED, UNSURE, Account
from bot.acts import clauses
from bot.behaviours import BehaviourType, Occasions, Reading
from bot.kinds import (
    MORE,
    NATIONS,
    NO_LONGER,
    NOT_HERE,
    NOT_SAFE,
    ONCE,
    PLACES,
    RELATIONS,
    SAFE,
    SINCE,
    SOMEWHERE_SAFE,
    STILL,
    all_codes,
    first_code,
)

# What a person says or presses that is never an answer to a question of the form.
# Everything else may be one: the form takes words as they come.
NOT_ANSWERS = frozenset(
    """emergency crisis_self_harm abusive perpetrator stop start_again goodbye greet
    thanks correct_previous ask_bot human_handoff show_summary show_four ask_why give_view
    remove_incident ask_offence ask_report ask_support ask_evidence ask_after_report
    ask_anonymous ask_for_other ask_safety_advice ask_online_safety
    ask_what_is_stalking ask_privacy other_language ask_penalty ask_offence_detail
    hand_off safe_now not_safe restart_confirmed no_words go_on""".split()
)
_FIRST = r"\W*(?:(?:and|so|but|ok(?:ay)?|please|pls|also|wait|hang on|sorry|no|yes|yeah)\W+)*"
_ASKS = re.compile(
    _FIRST + r"(?:do|does|did|can|could|who|what|whats|how|will|would|should|is|are|"
    r"where|which|am|won'?t|isn'?t|aren'?t|don'?t you)\b",
    re.I,
)
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
# Said when there is nothing more to tell.
_NO_MORE = re.compile(
    r"\b(?:that(?:'?s| is|s) (?:it|all|everything|about it)|no more|nothing (?:else|more)|"
    r"i'?m done|all for now|finish(?:ed)?|don'?t think so)\b",
    re.I,
)
_FEW_WORDS = 8
_FEW_NOS = 3  # "no not really" is about what was asked
_A_PLAIN_WORD = 4  # "no not any more": with more words, the words say it
_SUPPOSES = re.compile(
    r"^\W*(?:\w+ ){0,2}what (?:do i do )?if\b|\bjust asking\b|\bhypothetical|"
    r"\bdoes it count if\b|\bwhat counts\b",
    re.I,
)
_YES = re.compile(
    r"\b(?:y|ye|yes|yeah|yea|yep|yup|aye|ok|okay|safe|fine|alright|i am|we are|for now)\b",
    re.I,
)
_CALLING = re.compile(
    r"\b(?:ring(?:ing)?|rang|rung|call(?:ing|ed)?|phon(?:ing|ed)|dial(?:ling|led)?) "
    r"(?:them|999|the police|police|now|it now)\b|\bon (?:the phone|hold)\b|"
    r"\bpolice (?:are )?(?:on (?:the|their) way|coming)\b|\b(?:done|did) 999\b|"
    r"\bpressed 55\b|\bthey(?:'re| are)? (?:on (?:the|their) way|coming)\b",
    re.I,
)
_NOTHING_LIKE_THAT = re.compile(
    r"\b(?:nothing|not) like that\b|\b(?:don'?t|didn'?t|not) mean (?:that|it like)\b",
    re.I,
)
_POLICE_CAME = re.compile(
    r"\bpolice (?:came|have (?:come|been)|have got him|got him|took (?:him|her))\b",
    re.I,
)
# A question of the form that a few words can answer.
_CLOSED = ("occasions", "ongoing", "relation", "place", "nation")
_DOES = re.compile(
    r"\b(?:keeps?|kept|keyed|sends?|sent|turn(?:s|ed)|came|comes|went|goes|follow\w*|watch\w*|"
    r"message[sd]|text(?:s|ed)|rang|rings|call(?:s|ed)|left|broke|put|took|waits?|waited|"
    r"stood|sat|knows?|knew|said|says|tried|touch\w*|grab\w*|hit|threw|drove|drives)\b",
    re.I,
)
_DOES_IT = re.compile(
    r"\bi(?:'?m| am|'?ve| have| do|d|'d)? (?:\w+ ){0,2}(?:keep|kept|follow\w*|messag\w*|"
    r"text\w*|call(?:ed|ing)|ring(?:ing)?|rang|watch\w*|stalk\w*|check(?:ed|ing)|"
    r"turn(?:ed)? up|s[ai]t |(?:go|went|goes?|drove) (?:round|past|to (?:her|his))|"
    r"wait(?:ed|ing)?|only want|just want(?:ed)?|can'?t (?:stop|let)|hurt|threaten\w*|"
    r"hack\w*|contact\w*)\b",
    re.I,
)
_NAMING = {"relation": RELATIONS, "place": PLACES, "nation": NATIONS}
SURE_ENOUGH = 0.5  # below this, a question read into an open answer is an answer


@dataclass(frozen=True)
class Message:
    """One message as the form sees it.

    Attributes:
        text: what the person typed; empty when they pressed a choice.
        reading: what it says.
        choice: the value of the choice they pressed, or None.
        acts: ids of the finer acts in it.
    """

    text: str
    reading: Reading
    choice: str | None = None
    acts: tuple[str, ...] = ()


def understand(
    account: Account, question: str | None, message: Message
) -> Account | None:
    """Take a message as an answer to the question that was asked, and as an account.

    Args:
        account: what was told before.
        question: the open question, one of QUESTIONS, or None before the first.
        message: what came.

    Returns:
        The account with what the message adds, or None when the message is no answer
        and tells nothing: then rules decide, and the question is asked again.
    """
    if message.choice is not None:
        return _answered(account, question, message.choice) if question else None
    if message.reading.intent == "perpetrator" and not own(account, message.text):
        as_told = replace(message.reading, intent="describe_incident", about="me")
        message = replace(message, reading=as_told)
    reading = message.reading
    if question == "safe_now" and _says_safe(message):
        return _answered(account, question, "yes")
    if question == "anything_else" and _has_no_more(message):
        return _answered(account.hearing(message.text, reading), question, "no")
    if reading.intent in NOT_ANSWERS and not _is_open_answer(question, message):
        return None
    if reading.intent == "skip" and question:
        return _answered(account, question, SKIPPED)
    another = _answers_another(account, question, message)
    if another is not None:
        return another
    told = _told(account, message, question)
    answer = _answer(question, message) if question else None
    if answer is not None and question:
        return _answered(
            told or account.hearing(message.text, reading), question, answer
        )
    if told is None and question:
        heard = account.hearing(message.text, reading)
        if reading.impact:
            is_new = heard.impact == account.impact
            return heard.feeling(message.text, reading) if is_new else heard
        if reading.intent == "describe_incident":
            # Nothing may go round in a circle or be lost: the words are the answer.
            if question in ("what_happened", "anything_else", "impact"):
                return heard
            return _answered(heard, question, message.text)
    return told


def own(account: Account, text: str) -> bool:
    """Whether words are about what the writer does, as far as anybody can tell.

    Who has told what is done to them is believed, unless they plainly say "I follow".
    """
    return account.is_empty or bool(_DOES_IT.search(text))


def _says_safe(message: Message) -> bool:
    """Whether words say that nobody is near, however else they were read."""
    if message.reading.intent == "safe_now":
        return True
    urgent = {"emergency", "crisis_self_harm", "not_safe"}
    few = len(message.text.split()) <= _FEW_WORDS
    says = re.search(rf"{SAFE}|{NOT_HERE}|{SOMEWHERE_SAFE}", message.text, re.I)
    unsafe = re.search(NOT_SAFE, message.text, re.I) or asks(message.text)
    return bool(few and says and not unsafe and message.reading.intent not in urgent)


def _has_no_more(message: Message) -> bool:
    few = len(message.text.split()) <= _FEW_WORDS
    return few and bool(_NO_MORE.search(message.text)) and not asks(message.text)


def says_yes(text: str) -> bool:
    """Whether words that were read as a yes hold a yes, or say that they are safe."""
    return bool(_YES.search(text))


def says_safe(text: str) -> bool:
    """Whether words say that somebody is safe, or that whoever was there has gone."""
    gone = rf"{SAFE}|{NOT_HERE}|\bgone\b|\b(?:ran|drove|walked) off\b"
    return bool(re.search(gone, text, re.I)) and not re.search(NOT_SAFE, text, re.I)


def is_calling(text: str) -> bool:
    """Whether somebody says that they are on the phone to 999, or that police come."""
    return bool(_CALLING.search(text))


def takes_back(text: str) -> bool:
    """Whether a "no" after the danger card says that the card was not needed."""
    return bool(_NOTHING_LIKE_THAT.search(text))


def denies_more(text: str) -> bool:
    """Whether a "no" is followed by words that are not about being safe."""
    return len(text.split()) > _FEW_NOS and not re.search(r"safe|ok\b|help", text, re.I)


def police_came(text: str) -> bool:
    """Whether somebody says that police have already come."""
    return bool(_POLICE_CAME.search(text))


def supposes(text: str) -> bool:
    """Whether a message only supposes: what if, just asking."""
    return bool(_SUPPOSES.search(text))


def also_answers(account: Account, question: str | None, message: Message) -> Account:
    """Return the account with an answer that stands beside a question.

    "Online. Will you tell my mum?" answers where it happens, though what it asks is
    answered first.
    """
    if question not in _CLOSED or message.choice is not None or message.reading.danger:
        return account
    plain = " ".join(s for s in sentences(message.text) if not asks(s))
    if question in _NAMING:
        named = bool(plain) and first_code(plain, _NAMING[question]) is not None
    else:
        found = {"occasions": rf"{ONCE}|{MORE}", "ongoing": rf"{NO_LONGER}|{STILL}"}
        named = bool(re.search(found[question], plain, re.I))
    return _answered(account, question, plain) if named else account


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, as typed."""
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def asks(sentence: str) -> bool:
    """Whether a sentence asks something."""
    return sentence.rstrip(" )\"'").endswith("?") or bool(_ASKS.match(sentence))


def _told(account: Account, message: Message, question: str | None) -> Account | None:
    """Return the account with the message in it, or None if it tells nothing."""
    reading = message.reading
    if supposes(message.text):
        return None
    only_asks = all(asks(sentence) for sentence in sentences(message.text))
    if only_asks and not message.acts and not reading.danger:
        return None
    if account.about == "own" and _DOES_IT.search(message.text):
        # What the writer does is not kept as something done to them.
        return None
    tells = bool(reading.behaviours) or reading.intent == "describe_incident"
    words = len(message.text.split())
    if _only_answers(question, message):
        return None
    if question == "what_happened" and not tells:
        # An open prompt takes whatever is said in more than a word or two.
        tells = words > 3 and reading.intent not in ("deny", "affirm", "unsure", "skip")
    if (
        question not in (None, "what_happened", "anything_else")
        and not reading.behaviours
    ):
        # In the middle of the questions, words without an act are an answer.
        tells = tells and question != "impact" and words > 12
    if not tells:
        return None
    return account.with_incident(message.text, reading, message.acts)


def _answers_another(
    account: Account, question: str | None, message: Message
) -> Account | None:
    """Return the account when a few words answer an earlier or later question.

    "England", while the open question is another one, says where they are and is
    neither the answer to that one nor something that happened. The open question is
    asked again.
    """
    text = message.text
    few = len(text.split()) <= _FEW_WORDS and not message.acts and not asks(text)
    if not few or message.reading.danger or account.is_empty or not _only_names(text):
        return None
    if question in _NAMING and all_codes(text, _NAMING[question]):
        return None
    if question in ("what_happened", "safe_now", "impact") or _says_when(text):
        return None
    for other, patterns in _NAMING.items():
        known = account.to_slots()[other]
        is_known = known is not None and bool(all_codes(str(known), patterns))
        if other != question and all_codes(text, patterns):
            heard = account.hearing(text, message.reading)
            return heard if is_known else _answered(heard, other, text)
    return None


def _says_when(text: str) -> bool:
    return bool(re.search(rf"{STILL}|{SINCE}|{NO_LONGER}|{ONCE}|{MORE}", text, re.I))


def _only_names(text: str) -> bool:
    """Whether words hold no verb of doing: "gym and online mostly", "my old boss"."""
    return not _DOES.search(text)


def _only_answers(question: str | None, message: Message) -> bool:
    """Whether a few words name what was asked for, and no act: "outside my work"."""
    if question not in _NAMING or message.acts:
        return False
    few = len(message.text.split()) <= _FEW_WORDS
    return few and bool(all_codes(message.text, _NAMING[question]))


def _answer(question: str, message: Message) -> str | None:
    """Return what the words answer to a question, or None when they do not."""
    intent, text = message.reading.intent, message.text
    if intent == "unsure":
        return UNSURE
    if question == "what_happened":
        return SKIPPED if intent == "deny" else None
    if question == "anything_else":
        return "no" if intent == "deny" else None
    if question == "safe_now":
        return _safe(message)
    if question == "ongoing":
        return _still(message)
    if question == "occasions":
        return _how_often(message)
    if question == "impact":
        return SKIPPED if intent == "deny" else _felt(message)
    if intent == "deny" and question == "relation":
        return "unknown"
    said = all_codes(text, _NAMING[question])
    other = message.reading.behaviours or message.reading.impact
    short = len(text.split()) <= 6 and intent not in ("affirm", "deny") and not other
    return text if said or short else None


def _felt(message: Message) -> str | None:
    """Return the words that tell a feeling, without questions and without acts."""
    reading = message.reading
    acts = [s.text for b in reading.behaviours for s in b.evidence]
    felt = " ".join(
        part
        for sentence in sentences(message.text)
        if not asks(sentence)
        for part in (clauses(sentence) if acts else (sentence,))
        if not any(act in part or part in act for act in acts)
    )
    when = reading.dates or re.search(SINCE, felt, re.I)
    if not reading.impact and (reading.intent == "affirm" or when):
        return None
    if not felt and reading.impact:
        return message.text
    return felt or None


def _safe(message: Message) -> str | None:
    """Return "yes" for safe; no answer for "no", which the rules hear as danger."""
    intent, text = message.reading.intent, message.text
    if intent == "deny" or re.search(NOT_SAFE, text, re.I):
        return None
    if intent == "affirm" or re.search(SAFE, text, re.I):
        return "yes"
    return None if message.reading.behaviours else text


def _still(message: Message) -> str | None:
    intent, text = message.reading.intent, message.text
    few = len(text.split()) <= _A_PLAIN_WORD
    if intent in ("affirm", "deny") and few:
        return "yes" if intent == "affirm" else "no"
    still = re.search(rf"{STILL}|{SINCE}", text, re.I)
    if message.reading.behaviours:
        # What happened is kept as an account; the answer to this is only that it goes on.
        return "yes" if still else None
    says_when = still or re.search(NO_LONGER, text, re.I)
    brief = len(text.split()) <= _FEW_WORDS
    often = brief and message.reading.occasions is not Occasions.UNCLEAR
    if says_when or often:
        return text
    if not brief:
        return None
    # A feeling is no answer to this; it is kept, and this is asked again.
    return None if message.reading.impact else text


def _how_often(message: Message) -> str | None:
    intent, text = message.reading.intent, message.text
    if re.search(ONCE, text, re.I) and not re.search(r"more than once|not", text, re.I):
        return Occasions.ONCE.value
    if message.reading.occasions is not Occasions.UNCLEAR:
        return str(message.reading.occasions.value)
    if re.search(MORE, text, re.I) or intent == "affirm":
        return Occasions.TWICE_OR_MORE.value
    if intent == "deny":
        return Occasions.ONCE.value
    feels_or_tells = message.reading.behaviours or message.reading.impact
    return None if feels_or_tells else text


def _answered(account: Account, question: str, answer: str) -> Account:
    """Return the account with one question answered."""
    return Account.from_slots({**account.to_slots(), question: answer})


def _is_open_answer(question: str | None, message: Message) -> bool:
    """Whether an unsure reading of a question is really an answer in free words."""
    reading = message.reading
    if asks(message.text):
        return False
    guessed = reading.intent.startswith("ask_") and reading.intent != "ask_why"
    return (
        question in ("what_happened", "impact", "anything_else")
        and guessed
        and reading.intent_confidence < SURE_ENOUGH
    )


_LAST = r"\b(?:last (?:bit|one|thing|part|message)|that|it|what i (?:just )?said)\b"
_REMOVE = (
    r"\b(?:remove|delete|take (?:that |it )?(?:out|back|off)|scrub|scratch|forget|ignore|"
    r"undo|cross out|leave out)\b"
)
_TAKE_OUT = r"\btake (?:\w+ ){1,7}out\b"
_TYPE_WORDS: Mapping[BehaviourType, str] = {
    BehaviourType.FIXATED: r"fixat",
    BehaviourType.OBSESSION: r"obsess",
    BehaviourType.UNWANTED_ATTENTION: r"unwanted|attention",
    BehaviourType.REPEATED_BEHAVIOUR: r"repeat",
}


_SHORT_REMOVAL = 8
_LEAST_SHARED = 2
# "The bit about my mum" names one thing by one word, when only one thing has it.
_NAMES_ONE = r"\b(?:bit|one|thing|part) (?:about|with|where|when)\b"
# A longer list tells several things: which of them is meant has to be asked.
_SHORT_LIST = 12
_COMMON = frozenset(
    """the and out take one bit about that this was his her him she for not you can
    please thing what when with from they them has have had are but just prob
    probably actually actualy still""".split()
)


def _meant(account: Account, text: str) -> str | None:
    """Return the id of the thing that a removal names, if it is clear which one.

    A few words mean the last message; more words have to be found in one thing.
    """
    words = _telling_words(re.sub(_REMOVE, " ", text, flags=re.I))
    things = account.things()
    shared = [len(words & _telling_words(each.words)) for each in things]
    most = max(shared)
    least = 1 if re.search(_NAMES_ONE, text, re.I) else _LEAST_SHARED
    if most >= least and shared.count(most) == 1:
        thing = things[shared.index(most)]
        listed = thing.words.count(",") > 1 and len(thing.words.split()) > _SHORT_LIST
        return None if listed else thing.id
    last = re.search(_LAST, text, re.I) and len(text.split()) <= _SHORT_REMOVAL
    last_told = [each for each in things if each.number == account.incidents[-1].number]
    return last_told[0].id if last and len(last_told) == 1 else None


def _telling_words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{3,}", text.lower())) - _COMMON


def removes(text: str) -> bool:
    """Whether words ask for something told to be taken out."""
    return bool(re.search(_REMOVE, text, re.I) or re.search(_TAKE_OUT, text, re.I))


def correct(account: Account, message: Message) -> Account | None:
    """Put right what a correction names.

    Understood: a type that does not fit, the last thing told taken out, another kind of
    person ("I meant my neighbour, not my ex"), another place, another number of times.

    Returns:
        The corrected account, or None when the words do not say what is wrong.
    """
    text = message.text
    for kind, pattern in _TYPE_WORDS.items():
        if re.search(pattern, text, re.I):
            return account.with_view(kind, "disagree")
    if removes(text) and account.incidents:
        which = _meant(account, text)
        return None if which is None else account.without(which)
    relation = first_code(text, RELATIONS)
    if relation is not None and relation != account.relation:
        return replace(account, relation_said=relation)
    places = all_codes(
        re.sub(r"\bnot (?:at |my |the )*\w+", " ", text, flags=re.I), PLACES
    )
    if places and account.place_said is not None and places[0] not in account.places:
        return replace(account, place_said=places[0])
    if account.occasions_said is not None and re.search(ONCE, text, re.I):
        return replace(account, occasions_said=Occasions.ONCE.value)
    if account.occasions is not Occasions.TWICE_OR_MORE and re.search(MORE, text, re.I):
        return replace(account, occasions_said=Occasions.TWICE_OR_MORE.value)
    return None
