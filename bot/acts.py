"""Hears finer acts in a person's words, for explaining the law and quoting them.

Acts point to a law that may be explained; they never decide the four types, which are
the reader's business. Patterns live in bot/knowledge/behaviours.yml and meet one clause
at a time, so that "he never hit me but he follows me" tells of following alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from bot.behaviours import Span
from bot.knowledge import Act, load_acts

# Where one thing told ends and the next begins. Lists stay whole ("flowers, cards"):
# a comma or an "and" cuts only before a new subject.
_SUBJECT = (
    r"(?:i|i'm|i've|im|ive|he|he's|hes|she|she's|shes|they|they're|we|it|it's|someone|"
    r"somebody|there|there's|this|that|my|his|her|last|now|also|then|when|every)\b"
)
_CUT = re.compile(
    r"[.!?;\n…]+\s*|\s+[-–—]+\s+"
    r"|,?\s+(?:but|because|cos|cuz|coz|although|though|except|plus)\s+"
    rf"|,?\s+(?:and|then|so|&|n)\s+(?={_SUBJECT})"
    rf"|,\s+(?={_SUBJECT})"
    r"|,\s+(?:and |but |so )?(?=(?:what|how|will|would|can|could|should)\b)",
    re.I,
)

# What stands before an act and says that it did not happen. The words between must be
# ones that carry the "not" over: "can't stand him following me" keeps its act.
_CARRIED = (
    r"(?:(?:ever|actually|really|yet|even|once|been|be|being|have|has|had|got|gotten|"
    r"physically|properly|directly|any|a|an|my|to|tried|try|tries|done|made|sent)\s+)"
)
_NOT = re.compile(
    r"\b(?:not|never|(?:has|have|had|did|does|do|is|was|ain?|would|could)n'?t|nobody|"
    r"no one|without)\s+"
    rf"(?:\S+\s+(?:me\s+|us\s+|her\s+|him\s+)?or\s+)?{_CARRIED}{{0,3}}$"
    r"|\b(?:no|zero)\s+(?:(?:more|actual|real|direct|other)\s+)?$"
)
_WHAT_IF = re.compile(
    r"\bwhat if\b|\b(?:if|in case|unless|whether)\s+(?:he|she|they|someone|somebody|"
    r"anyone|a person|people|this person|it|you|u|my \S+)(?:'s|'d|'ll)?\s+(?:\S+\s+)?$"
)
_MIGHT = re.compile(
    r"\b(?:might|may|could|probably|prolly|maybe|perhaps|possibly)\s+"
    r"(?:(?:he|she|they|be|have|has|is|also|even|well|try|to|then|been|start|just)\s+){0,3}$"
)
_FEARED = re.compile(
    r"\b(?:scared|afraid|worried|frightened|terrified|dread|fear|anxious|think|reckon|sure|"
    r"convinced|know)\s+(?:that\s+)?"
    r"(?:he|she|they|it|someone|this|(?:he|she|they)(?:'ll|'d|'s|'re)|hell|shell|theyll)\s+"
    r"(?:(?:will|would|might|could|is|are|going|gonna|to|start|go|be|try|do)\s+){0,4}$"
)
# "Threatened to post it" is a threat; the posting has not happened.
_ANNOUNCED = re.compile(
    r"\b(?:threat\w*|said|says|saying|promis\w+|swore|vow\w*|warn\w*)\s+(?:\S+\s+){0,9}?"
    r"(?:to|will|would|gonna|(?:he|she|they|i)(?:'ll|'d)|hell|hed|shed|theyll)\s+"
    r"(?:\S+\s+){0,2}$"
)
_OWN = re.compile(
    r"(?<!and )\b(?:i|we)(?:'ve| have| had|'d|'ll| will| did)?\s+"
    r"(?:(?:just|then|also|always|even|only|actually|finally)\s+)*$"
)
# Verbs by which the writer receives, so that "I got a letter" is not the writer's act.
_RECEIVES = re.compile(
    r"(?:find|found|g[eo]t|receiv|ha[vd]|has|see|saw|ke[ep]|know|knew)"
)
_ONLY_ASKED = re.compile(
    r"^\W*(?:is|isn't|would|does|do|can|could|are|should|how|what|whats|what's)\b.*\b"
    r"(?:illegal|legal|crime|offence|against the law|allowed|counts?|stalking|charged|"
    r"arrested|done for|prosecuted)\b"
)
_ABOUT_SOMEONE = re.compile(r"\b(?:me|my|us|our|i'm|im|mine)\b")
_SAYS_WHAT_WILL_BE = (
    "threat",
    "self_harm_threat",
    "blackmail",
    "frightening_a_witness",
)

_DENIED = re.compile(
    r"\b(?:never|(?:has|have|had|did|does|do)n'?t)\s+(?:\S+\s+)?(?:said|say|"
    r"threat\w*|pull\w*|talk\w*|mention\w*|tried|done|ever)\b"
)

# Words whose slips are mended before anything is matched; one slip a word.
_WORDS = tuple(
    """abusive account accounts address airtag anonymous approached assaulted blackmail
    blocked bombarding boyfriend breached burgled cameras chocolates choking comments
    confidential contacting controlling controls damaged doorbell envelope evidence
    facebook followed following follows girlfriend grabbed graffiti hacked hacking
    harassed harassing harassment husband identity injunction instagram intimate kicked
    knocking letters loitering message messaged messages messaging neighbour order
    orders outside parked partner password passwords phoning photographed photos
    pictures police presents pretending profile profiles pushed recording reported
    reporting restraining screaming screenshot screenshots screenshotting scratched
    shouted shouting slashed slapped smashed snapchat spyware stalked stalker stalking
    strangled suicide texted texting threat threaten threatened threatening threatens
    threats tracker trackers tracking turning unwanted videos violence violent voicemail
    voicemails waiting watched watches watching whatsapp windows withheld""".split()
)
# Real words one slip away from a word above.
_REAL = frozenset(
    """approaches blacked bleached blocker boyfriends branched breathed breathes
    bungled camera campers chocolate choosing chosen comment comments contracting
    control cooking damage damages doorbells envelop enveloped envelopes fellows
    follow follower followers girlfriends hacker hawking husbands identify initiate
    injunctions kicker latter letter litter littering litters massage massages
    massaging messaged outsider packed paired parker parted partners paused peaked
    perked photo photon photons picture pictured policed policy polite posted
    present presented prevents profit profits pushes recordings reporter reposted
    resorted resorting retorted retraining sapped scouting scratches shooting
    shorted shorting shunted shutting slashes slipped smashes snapped splashed
    spouted spouting stacked stacker stacking staked stalkers stalled stalling
    stapling stashed stealing stranger strangers strangle strangler strangles
    streaming swapped tacking tackling tested testing text texts thread threads
    throat throats touring tracer tracers tracing track tracked trackies tracks
    treat treated treats treaty tricking trucker truckers trucking tuning video
    violet wafting wailing waiting waiving wanting wasting watcher watchers widow
    widows window witches withhold writing""".split()
)


@cache
def _deletions() -> Mapping[str, str]:
    """Return every key word with one letter left out, and which word it was."""
    return {
        short: word
        for word in _WORDS
        if len(word) >= 6
        for short in (word, *_shorter(word))
    }


def _shorter(word: str) -> tuple[str, ...]:
    # The first letter stays: people get it right, and it keeps words apart.
    return tuple(word[:i] + word[i + 1 :] for i in range(1, len(word)))


def spelt(text: str) -> str:
    """Return the text in lower case with slips in key words mended.

    Args:
        text: as typed.

    Returns:
        The same words; one letter wrong, missing, doubled or swapped is put right in
        words that matter for meaning, so that patterns need not list slips.
    """
    plain = text.lower().replace("\u2019", "'").replace("\u2018", "'")
    return re.sub(r"[a-z]{5,}", lambda match: _mended(match[0]), plain)


@cache
def _known() -> frozenset[str]:
    return frozenset(_WORDS) | _REAL


def _mended(word: str) -> str:
    if word in _known():
        return word
    table = _deletions()
    for short in (word, *_shorter(word)):
        meant = table.get(short)
        if meant is not None and abs(len(meant) - len(word)) <= 1:
            return meant
    return word


def clauses(text: str) -> tuple[str, ...]:
    """Return the clauses of a text, in order, as typed."""
    return tuple(span.text for span in clause_spans(text))


def clause_spans(text: str) -> tuple[Span, ...]:
    """Return the clauses of a text with where they stand, in order."""
    spans, start = [], 0
    for cut in (*_CUT.finditer(text), None):
        end = cut.start() if cut else len(text)
        part = text[start:end]
        if part.strip(" ,\t"):
            begin = start + len(part) - len(part.lstrip(" ,\t"))
            words = part.strip(" ,\t")
            spans.append(Span(begin, begin + len(words), words))
        start = cut.end() if cut else end
    return tuple(spans)


def acts_in(text: str) -> tuple[str, ...]:
    """Return the ids of the acts told in a text, in the order of the knowledge file.

    Acts that are denied, imagined, feared, announced or the writer's own are left out.
    """
    if not text.strip():
        return ()
    whole = spelt(text)
    likely = [act for act in load_acts().values() if _anywhere(act, whole)]
    told = [spelt(clause) for clause in clauses(text)]
    return tuple(act.id for act in likely if any(_tells(c, act) for c in told))


def quotes(text: str, act: Act) -> tuple[str, ...]:
    """Return the clauses that tell of an act, in the person's own words."""
    return tuple(clause for clause in clauses(text) if _tells(spelt(clause), act))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _anywhere(act: Act, text: str) -> bool:
    return any(_compiled(pattern).search(text) for pattern in act.patterns)


def _tells(clause: str, act: Act) -> bool:
    return any(_happened(clause, match, act) for match in _matches(clause, act))


def _matches(clause: str, act: Act) -> Iterator[re.Match[str]]:
    for pattern in act.patterns:
        yield from _compiled(pattern).finditer(clause)


def _happened(clause: str, match: re.Match[str], act: Act) -> bool:
    """Whether the words around a match leave it standing as something that was done."""
    before = clause[: match.start()]
    if any(guard.search(before) for guard in (_NOT, _WHAT_IF, _MIGHT)):
        return False
    # A threat's own pattern may begin with "he'll", which belongs to the fear.
    if _FEARED.search(before) or _FEARED.search(f"{before}{match[0].split()[0]} "):
        return False
    says_what_will_be = act.id.startswith(_SAYS_WHAT_WILL_BE)
    if says_what_will_be and _DENIED.search(match[0]):
        return False
    if not says_what_will_be and _ANNOUNCED.search(before):
        return False
    if _OWN.search(before) and not _RECEIVES.match(match[0]):
        return False
    return not (_ONLY_ASKED.match(clause) and not _ABOUT_SOMEONE.search(clause))


def quoted(words: str, longest: int = 120) -> str:
    """Return a person's words between quotation marks, shortened at a word."""
    plain = " ".join(words.split()).strip(" ,.;:")
    if len(plain) > longest:
        plain = plain[:longest].rsplit(" ", 1)[0] + " …"
    return f"“{plain}”"
