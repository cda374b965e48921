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
        r"(?:show me |see |give me |read )?(?:the |my |a )?(?:short version|summary)"
        r"(?: (?:then|and) [\w' ]{1,40})?",
        r"(?:what have (?:you|u) got|what did (?:you|u) write down)(?: so far)?",
        r"what have i (?:told|said to) (?:you|u)(?: so far)?",
    ),
    "go_on": (
        r"(?:let'?s |(?:shall|can|could|should) (?:we|i) )?(?:carry on|continue|go on|resume|"
        r"keep going|go back)(?: (?:then|now))?(?: (?:with|to) (?:the|my|your|what)"
        r"(?: \w+){0,6})?",
        r"(?:ye[sah]+|yep|yeh|ok) (?:go on|carry on|continue)(?: [\w']+){0,5}",
        r"(?:i(?:'ll| will| want to| can)? )?tell (?:you )?more",
        # The open question is asked again.
        r"(?:[\w']+ ){0,8}what (?:was|is|were|did) (?:it )?(?:you|the question|your question|"
        r"that question)(?: (?:ask|asked|asking|again|me)){0,3}",
        r"(?:\w+ ){0,6}(?:shall|can|could) we (?:carry on|continue|go on)(?: then| now)?"
        r"(?: (?:with|to) (?:\w+ ?){1,8})?",
    ),
    "stop": (
        r"(?:stop|quit|exit|cancel)(?: (?:it|this|now))?",
        r"(?:\w+ ){0,4}(?:rather|like to|want to) (?:leave it|stop)(?: (?:there|here|now|at "
        r"that|for (?:now|today|tonight)))?(?: thanks?(?: you)?)?",
        r"(?:\w+ ){0,3}i (?:don'?t|do not) (?:think i(?:'?ll| will)|want to) "
        r"(?:go on|carry on|continue|do this)(?: (?:with )?(?:this|it|the questions))?"
        r"(?: (?:after all|any ?more|now))?(?: thanks?(?: you)?)?",
    ),
    "ask_penalty": (
        r"(?:(?:so|and|but) )?what(?:'?s| is) the (?:most|worst|maximum|max|longest) "
        r"(?:that )?(?:he|she|they|you|someone|it) (?:can|could|would|might) "
        r"(?:get|face|go down for)(?: for (?:this|that|it))?",
    ),
    "goodbye": (
        r"(?:(?:no|ok(?:ay)?|right|thank(?:s| you)|cheers|ta|that'?s (?:it|all))\b.{0,40} )"
        r"(?:bye|goodbye|good ?night|night night|cya|see you|(?:got|have) to go|gotta go|"
        r"i will leave now|i'?m off)(?: now| bye)?",
        r".{0,60}\b(?:thanks|thank you|ta|cheers) (?:bye|good ?night|night)(?: night)?",
    ),
    "affirm": (
        r"(?:yes|yeah|yep)(?: please)? (?:forget|delete|do|wipe) (?:it|that|everything)"
        r"(?: (?:and|then) start again)?",
    ),
    "other_language": (
        r"(?:no |sorry )?(?:i )?(?:don'?t|do not|not|no) understand(?: \w+){0,5}",
        r"too (?:much|many) words?(?: \w+){0,3}",
        r"(?:sorry )?my english (?:is )?(?:not|no) (?:very )?good(?: sorry)?",
    ),
    "out_of_scope": (
        r"(?:\w+ ){0,4}ignore (?:all )?(?:your|previous|the) (?:previous )?"
        r"(?:instructions|rules)(?: .*)?",
    ),
    "ask_support": (
        r"(?:\w+ ){0,2}who (?:can|could|should|do|would) (?:i|we|she|he) "
        r"(?:ring|call|phone|talk to|speak to|contact|go to|ask)(?: \w+){0,3}",
        r"(?:is there|have you got) (?:someone|anyone|somebody|anything) (?:for|in) \w+"
        r"(?: \w+)?",
    ),
    "ask_bot": (
        r"(?:(?:hi|hello|hey|sorry) )?(?:i'?m )?(?:not sure|don'?t know|dunno) (?:if|whether) "
        r"(?:this is|i'?m in|it'?s) the right place(?: \w+){0,5}",
    ),
    "start_again": (r"(?:start (?:again|over)|restart|reset)",),
    "safe_now": (
        r"(?:yes |yeah |yep )?(?:i'?m|i am|we'?re|we are) safe(?: (?:now|for now))?",
        r"(?:yes |yeah )?safe(?: (?:now|for now))?",
        r"(?:yes |ok )?(?:the )?police (?:is|are|r) here(?: now)?(?: thanks?(?: you)?)?",
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
        r"(?:\w+ ){0,3}(?:fixat\w+|obsess\w+|unwanted(?: attention)?|"
        r"repeated(?: behaviou?r)?)(?: \w+){0,2} (?:doesn'?t|does not|don'?t|isn'?t|"
        r"is not|not)(?: really)? (?:fit|right|apply|match)(?: \w+){0,4}",
        r"(?:i )?(?:don'?t|do not) think (?:the |it'?s )?(?:fixat\w+|obsess\w+|"
        r"unwanted(?: attention)?|repeated(?: behaviou?r)?)(?: [\w']+){0,20}",
        r"(?!(?:should|shall|can|could|do|does|did|how|what|will|would|if|he|she|they)\b)"
        r"(?:[\w']+ ){1,8}(?:remove|delete|scrap) (?:it|that|this)(?: [\w']+){0,3}",
        r"(?:no )?(?:remove|delete|cross out|scrap|take out|leave out)(?: \w+){1,12}",
        r"(?:no )?take (?:\w+ ){1,7}out(?: \w+){0,12}",
    ),
}
_PATTERNS = [
    (name, re.compile(rf"(?:{_FILLER} )*(?:{'|'.join(forms)})(?: {_FILLER})*", re.I))
    for name, forms in _COMMANDS.items()
]
_MARKS = re.compile(r"[^\w\s']+")


# "Police came, he ran off, I'm safe now": over, whatever the words before say.
_SAFE_AGAIN = re.compile(
    r"\b(?:i'?m|i am|we'?re|we are) (?:all )?(?:ok(?:ay)?|safe|alright|fine)"
    r"(?: now| again)\b|"
    r"\b(?:i'?m|i am|we are) (?:perfectly|quite|totally|completely) safe\b|"
    r"\bi'?m not suicidal\b|\bnot suicidal\b|"
    r"\bpolice (?:is|are) here\b|\b(?:perfectly|quite) (?:well|all ?right|ok(?:ay)?|fine)\b|"
    r"\bi (?:just |only )?mean(?:t)? (?:about |with |in )?(?:the|these|this|your|those) "
    r"(?:\w+ )?(?:police|questions?|chat|form|officers?|reporting|report)\b|"
    r"\bsafe now\b|\bpolice (?:came|have come|have got him|got him|"
    r"took (?:him|her)|arrested)\b|"
    r"^\W*(?:(?:yes|yeah|no|what|oh)\W+)*(?:i'?m|i am|we'?re|we are) "
    r"(?:all )?(?:safe|ok(?:ay)?|fine|alright)\b",
    re.I,
)
_NOT_THEIR_LIFE = re.compile(
    r"\b(?:i'?m|i am|im|am) not (?:suicidal|(?:going to|gonna) (?:hurt|harm|kill|top) myself|"
    r"thinking of (?:suicide|killing myself|ending))|\bnot suicidal\b|"
    r"\bi am perfectly (?:well|all ?right|fine)\b|"
    r"\bi (?:just |only )?mean(?:t)? (?:about |with |in )?(?:the|these|this|your|those) "
    r"(?:\w+ )?(?:police|questions?|chat|form|officers?|reporting|report)\b",
    re.I,
)
_LONGEST_RELIEF = 20
# What it is the point of is named; "what's the point of any of it" is despair.
_WHAT_FOR = re.compile(
    r"\b(?:what'?s|what is|see|no) the point (?:of|in) (?:me |even )?(?:ring|call|"
    r"report|tell|phon|contact|speak|talk|ask|go(?:ing)? to|block|the police|making a)\w*",
    re.I,
)


def is_over(text: str) -> bool:
    """Whether a short message says that a danger has passed."""
    few = len(text.split()) <= _LONGEST_RELIEF
    return few and bool(_SAFE_AGAIN.search(text.replace("’", "'")))


def stops(text: str) -> bool:
    """Whether one sentence of a message says to stop: "I would rather leave it there"."""
    parts = re.split(r"[.!?\n]+", text)
    return len(parts) > 1 and any(command(part) == "stop" for part in parts)


def denies_crisis(text: str) -> bool:
    """Whether a message says that the writer will not harm themself."""
    return bool(_NOT_THEIR_LIFE.search(text.replace("’", "'")))


def doubts_reporting(text: str) -> bool:
    """Whether a message doubts that it helps to tell: "the point of ringing them"."""
    return bool(_WHAT_FOR.search(text.replace("’", "'")))


def command(text: str) -> str | None:
    """Return the intent of a message that is a command and nothing else."""
    plain = " ".join(_MARKS.sub(" ", text.replace("’", "'")).split())
    for name, pattern in _PATTERNS:
        if pattern.fullmatch(plain):
            return name
    return None
