"""Finds the names of people in a message, with or without capitals.

Three ways together: names that are known (bot/names.yml), what stands around a name
("my ex …", "called …", "Mr …"), and spaCy's reading of persons, which is good on written
English and blind to much of what is typed on a phone. What spaCy sees is passed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import yaml

from bot.masking import NAME, Found, Named

LISTS = Path(__file__).with_name("names.yml")
_WORD = re.compile(r"(?<!\w)[^\W\d_]+(?:['’][^\W\d_]+)*(?!\w)")
_OWN = re.compile(r"['’]s$", re.I)
_LONGEST_NAME = 4  # words
_SHORTEST_UNKNOWN = 3  # letters
# After these a capital says nothing: a sentence, a quotation or a line begins.
_BEGINS = re.compile(r"[.!?…:;\n\"“‘(*•-]\s*$")
_SHOUTS = 0.7  # so large a share of capitals says nothing either

_KIN = frozenset(
    """ex exes husband wife partner boyfriend girlfriend bf gf fiance fiancee hubby boss
    manager supervisor neighbour neighbor mate friend bestie son daughter brother sister
    bro sis mum mam mom dad uncle auntie aunty aunt cousin nephew niece colleague coworker
    landlord landlady carer teacher tutor stepdad stepmum stepson stalker man guy bloke
    lad woman girl lady boy kid flatmate housemate worker officer doctor nurse coach
    caretaker driver cleaner someone somebody person perpetrator sibling twin kids
    children bully creep roommate client""".split()
)
_TITLES = frozenset(
    """mr mrs ms miss dr doctor prof professor pc dc ds dci sgt sergeant inspector
    constable pastor imam rabbi father sister brother uncle auntie aunty aunt nurse judge
    cllr councillor coach sir madam lady lord rev reverend""".split()
)
_SURE_TITLES = frozenset("mr mrs ms".split())  # whatever follows is a name
_RANKS = frozenset("pc dc dr miss prof".split())  # a "pc" may be a computer
_CALLED = re.compile(
    r"\b(?:called|named|goes by|known as|call (?:him|her|them)(?:self)?|"
    r"calls? (?:him|her|them)(?:sel(?:f|ves))?)\s+(?:is\s+)?[\"'“‘]?$",
    re.I,
)
_NAME_IS = re.compile(
    r"\bname(?:'?s|’s)?(?:\s+(?:is|was|of (?:him|her)))?(?:\s+(?:is|was))?"
    r"\s*[:=]?\s+[\"'“‘]?$",
    re.I,
)
_MY_NAME_IS = re.compile(
    r"\b(?:my|his|her|their|real|first|last)\s+name(?:'?s|’s| is| was)\s+$", re.I
)
_I_AM = re.compile(
    r"\b(?:i'?m|i am|im|this is|it is|it'?s|about)\s+(?:called\s+)?$", re.I
)
# Who does one of these is a person.
_DOES = frozenset(
    """is was has had keeps kept says said told tells came comes sent sends and from who
    wont won't lives works calls called rings rang texts texted messages messaged turned
    turns follows followed knows knew threatened moved saw wants wanted started did does
    doesnt doesn't hasnt hasn't isnt isn't wasnt wasn't drives stands sits waits watches
    hit hits hurt punched grabbed pushed slapped hates loves thinks lets left n or
    got""".split()
)
# Of two names, or of a name and "will", only these say that somebody does something.
_SURELY_DOES = _DOES - {"and", "or", "n", "from", "left", "hit", "got", "is", "was"}
# Whom one of these is done to or with is a person.
_TO_WHOM = frozenset("told tell ex".split())
# After these a month, a place or a thing is what it is.
_NOT_BEFORE_A_NAME = frozenset(
    """in at near since until till during this last next every early late mid of the a an
    any no some my your his her our their on these those per each one two three four five
    six""".split()
)
_MONTHS = frozenset("april may june august".split())
_LAW = re.compile(r"\b\w+['’]s law\b", re.I)  # Clare's Law is nobody's name
# "lisas mum": hers, without the apostrophe.
_OWNS = re.compile(
    r" (?:ex|mum|mam|mom|dad|mate|friend|brother|sister|son|daughter|husband|wife|partner|"
    r"boyfriend|girlfriend|bf|gf|house|flat|car|van|phone|account|work|name|number|kids|"
    r"family|cousin|uncle|nan|dog|fault|window|door)\b",
    re.I,
)


@dataclass(frozen=True)
class Word:
    """A word of the message.

    Attributes:
        start, end: without an ending such as 's.
        plain: in lower case, without that ending.
        capital: begins with a capital, in a text that is not all capitals.
        begins: stands where any word would have a capital.
    """

    start: int
    end: int
    plain: str
    capital: bool
    begins: bool


@dataclass(frozen=True)
class Lists:
    """The lists of names; what each holds is said in names.yml."""

    first: frozenset[str]
    words: frozenset[str]
    surnames: frozenset[str]
    plain_surnames: frozenset[str]
    never: frozenset[str]
    common: frozenset[str]

    @cached_property
    def sure(self) -> frozenset[str]:
        """What is a name wherever it stands."""
        return self.first | self.surnames

    @cached_property
    def everyday(self) -> frozenset[str]:
        """What is no name, capital or not."""
        return self.never | (self.common - self.plain_surnames)

    @cached_property
    def doubtful(self) -> frozenset[str]:
        """What is a name when something says so."""
        return self.words | self.plain_surnames


@cache
def lists() -> Lists:
    """Return the lists of names."""
    data = yaml.safe_load(LISTS.read_text(encoding="utf-8"))
    return Lists(**{name: frozenset(words.split()) for name, words in data.items()})


def names_in(
    text: str, is_known: Callable[[str], bool], named: Named
) -> Iterator[Found]:
    """Return where names are.

    Args:
        text: as typed.
        is_known: whether words were hidden as a name earlier in the conversation.
        named: where spaCy reads a person, and where another name.
    """
    words = _words_of(text)
    laws = {at for law in _LAW.finditer(text) for at in range(*law.span())}
    persons, things = ({at for part in each for at in range(*part)} for each in named)
    look = _Look(text, words, persons, things, laws, is_known)
    found: list[bool] = []
    for i in range(len(words)):
        found.append(look.is_name(i, after_name=bool(found) and found[-1]))
    yield from _joined(text, words, found)


def has_unknown_capital(text: str) -> bool:
    """Whether a word begins with a capital and is no everyday word.

    For others it makes no difference what spaCy takes them for.
    """
    everyday = lists().everyday
    return any(
        word.capital and len(word.plain) > 1 and word.plain not in everyday
        for word in _words_of(text)
    )


@dataclass(frozen=True)
class _Look:
    """One look at a message: its words, what spaCy reads where, and named laws."""

    text: str
    words: Sequence[Word]
    persons: AbstractSet[int]
    things: AbstractSet[int]
    laws: AbstractSet[int]
    is_known: Callable[[str], bool]

    def is_name(self, i: int, after_name: bool) -> bool:
        """Say whether a word is a name or a part of one."""
        word, known = self.words[i], lists()
        if word.plain in known.never or word.plain.startswith("i'"):
            return False
        if word.start in self.laws:
            return False
        if word.plain in known.sure:
            return True
        owner = word.plain.removesuffix("s") in known.first
        if owner and _OWNS.match(self.text, word.end):
            return True
        if after_name and self._is_beside(i) and self._is_surname(word):
            return True
        if self._is_said_to_be(i):
            return True
        if word.plain in known.words:
            return self._is_meant(i)
        if word.plain in known.common:
            return word.plain in known.plain_surnames and self._is_alone(i)
        if len(word.plain) > 1 and self.is_known(self.text[word.start : word.end]):
            return True
        return self._is_alone(i) or self._does_what_people_do(i)

    def _plain(self, i: int) -> str:
        """Return the word at a place, plain; nothing past the ends."""
        return self.words[i].plain if 0 <= i < len(self.words) else ""

    def _is_beside(self, i: int) -> bool:
        """Whether only a blank parts a word from the one before."""
        gap = self.text[self.words[i - 1].end : self.words[i].start]
        return i > 0 and gap in (" ", "-", ". ")

    def _is_surname(self, word: Word) -> bool:
        known = lists()
        if word.capital:
            return word.plain in known.doubtful or not word.begins
        return word.plain in known.plain_surnames - known.common

    def _is_alone(self, i: int) -> bool:
        """Whether a capital makes a name of a word that no list of first names has."""
        word, after = self.words[i], self.words[i + 1 : i + 2]
        if not word.capital or len(word.plain) < 2:
            return False
        if word.plain in lists().plain_surnames and not word.begins:
            return self._plain(i - 1) not in _NOT_BEFORE_A_NAME
        goes_on = any(each.capital and each.start in self.persons for each in after)
        if word.start in self.persons and (not word.begins or goes_on):
            return True
        if word.plain in lists().common or len(word.plain) < _SHORTEST_UNKNOWN:
            return False
        # No everyday word, no place or firm that spaCy knows: most often a person.
        raw = self.text[word.start : word.end]
        if raw.isupper() or "'" in word.plain or word.start in self.things:
            return False
        return word.begins or self._plain(i - 1) not in _NOT_BEFORE_A_NAME

    def _does_what_people_do(self, i: int) -> bool:
        """Whether an unknown word stands where a person would."""
        word, after = self.words[i], self._plain(i + 1)
        if len(word.plain) < _SHORTEST_UNKNOWN or "'" in word.plain:
            return False
        if word.capital and word.begins and after in _DOES:
            return True
        starts = (
            i == 0 or word.begins or self._plain(i - 1) in ("and", "but", "cos", "if")
        )
        if starts and after in _SURELY_DOES:
            return True
        return self._plain(i - 1) in _TO_WHOM and self._is_beside(i)

    def _is_meant(self, i: int) -> bool:
        """Whether a word that is also a name is one here."""
        word, after = self.words[i], self._plain(i + 1)
        if not word.capital:
            return i == 0 and word.plain != "will" and after in _SURELY_DOES
        surname = after in lists().surnames or after in lists().plain_surnames
        if surname and self.words[i + 1].capital and not self.words[i + 1].begins:
            return True
        if _OWN.match(self.text[word.end : word.end + 2]):
            return True
        if word.begins:
            return after in _DOES
        before = self._plain(i - 1)
        return before not in _NOT_BEFORE_A_NAME and word.plain not in _MONTHS

    def _is_said_to_be(self, i: int) -> bool:
        """Whether the words before say that a name follows."""
        word, known = self.words[i], lists()
        before = self.text[max(0, word.start - 40) : word.start]
        listed = word.plain in known.doubtful
        if word.plain in known.common and not listed:
            return False
        if _CALLED.search(before):
            return word.capital or listed or word.plain not in known.common
        if _NAME_IS.search(before):
            said = _MY_NAME_IS.search(before) and not word.plain.endswith(("ed", "ing"))
            return word.capital or listed or bool(said)
        last = self._plain(i - 1)
        gap = self.text[self.words[i - 1].end : word.start] if i else ""
        if last in _TITLES and re.fullmatch(r"\.?\s+", gap):
            sure = last in _SURE_TITLES or (
                last in _RANKS and word.plain in known.plain_surnames
            )
            return word.capital or sure
        if last in _KIN and re.fullmatch(r",?\s+", gap):
            return word.capital
        return word.capital and listed and bool(_I_AM.search(before))


def _words_of(text: str) -> list[Word]:
    letters = [letter for letter in text if letter.isalpha()]
    shouts = sum(map(str.isupper, letters)) > max(3, _SHOUTS * len(letters))
    found: list[Word] = []
    at = 0
    for match in _WORD.finditer(text):
        begins = not found or bool(_BEGINS.search(text[at : match.start()]))
        word = _OWN.sub("", match[0])
        found.append(
            Word(
                start=match.start(),
                end=match.start() + len(word),
                plain=word.replace("’", "'").lower(),
                capital=word[0].isupper() and not shouts,
                begins=begins,
            )
        )
        at = match.end()
    return found


def _joined(text: str, words: Sequence[Word], named: Sequence[bool]) -> Iterator[Found]:
    """Return names, the words of one name together."""
    name: list[Word] = []
    for word, is_name in zip(words, named, strict=True):
        beside = name and text[name[-1].end : word.start] in (" ", "-")
        if name and not (is_name and beside and len(name) < _LONGEST_NAME):
            yield Found(name[0].start, name[-1].end, NAME)
            name = []
        if is_name:
            name.append(word)
    if name:
        yield Found(name[0].start, name[-1].end, NAME)
