"""A quotation begins and ends where a person would stop for breath."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.behaviours import Span
from bot.quoting import LONGEST, quotes

RAMBLING = (
    "my daughter shes 19 at uni in leeds theres a lad on her course keeps following her to"
    " the library and back to halls and shes had about 40 messages off him in a week"
)


def quoted(words, *evidence):
    spans = [Span(words.index(e), words.index(e) + len(e), e) for e in evidence]
    return [span.text for span in quotes(words, spans)]


@pytest.mark.parametrize(
    ("words", "evidence", "expected"),
    [
        (
            "Since March he has been sending me messages, first on whatsapp and then when"
            " I blocked him on email",
            "he has been sending me messages, first on whatsapp and then when I",
            "Since March he has been sending me messages, first on whatsapp and then when"
            " I blocked him on email",
        ),
        (
            "last week he followed her right to her close door and tried to talk to her",
            "week he followed her right to her",
            "last week he followed her right to her close door and tried to talk to her",
        ),
        (
            RAMBLING,
            "about 40 messages off him in",
            "shes had about 40 messages off him in a week",
        ),
        (
            RAMBLING,
            "course keeps following her to the library",
            "theres a lad on her course keeps following her to the library",
        ),
        ("and then he rang. I hung up.", "he rang", "he rang"),
    ],
)
def test_half_a_clause_becomes_a_whole_one(words, evidence, expected):
    assert quoted(words, evidence) == [expected]


def test_two_stretches_of_one_clause_are_quoted_once():
    words = "he followed her to the door and tried to talk to her"

    assert quoted(words, "followed her", "tried to talk") == [words]


@given(st.text(alphabet="abhe .,’'\n", max_size=200), st.data())
def test_a_quotation_is_a_part_of_what_was_said(words, data):
    start = data.draw(st.integers(0, max(len(words) - 1, 0)))
    end = data.draw(st.integers(start, len(words)))

    for span in quotes(words, [Span(start, end, words[start:end])]):
        assert words[span.start : span.end] == span.text


def test_a_clause_that_never_stops_is_cut():
    words = " ".join(f"word{n}" for n in range(200))

    (quote,) = quoted(words, "word100 word101")

    assert "word100 word101" in quote
    assert len(quote.split()) <= LONGEST + 2
