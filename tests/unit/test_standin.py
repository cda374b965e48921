"""The answers of a proxy that has nobody behind it."""

import json
import re

from bot.knowledge import loaded
from bot.refusals import REFUSALS, help_contacts
from bot.standin import CODES, write_answers


def test_every_answer_says_the_words_of_the_refusal_and_who_can_help(tmp_path):
    """TRN-6: the numbers do not depend on an assistant that runs."""
    knowledge = loaded("cheshire")

    write_answers(tmp_path, knowledge)

    for code in CODES:
        answer = json.loads((tmp_path / f"{code}.json").read_text())
        page = (tmp_path / f"{code}.html").read_text()
        assert answer == {
            "error": code,
            "say": REFUSALS[code].say,
            "help": help_contacts(knowledge),
        }
        assert REFUSALS[code].say in page
        assert 'href="tel:999"' in page


def test_a_page_of_the_proxy_needs_nothing_that_is_not_in_it(tmp_path):
    """What would load it is down: no script, style or picture; links lead away."""
    write_answers(tmp_path, loaded("cheshire"))

    page = (tmp_path / "not_ready.html").read_text()

    assert not re.search(r"<(script|link|img|form|iframe)\b|\bsrc=|\bstyle=", page)
    assert set(re.findall(r'href="([a-z]+):', page)) <= {"https", "tel", "sms"}
