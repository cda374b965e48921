"""The page of what is proved is in step with the tests that prove it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from proof import (
    LOOKS_LIKE_CLAIM,
    PAGE,
    ROOT,
    TEST,
    Outcome,
    ToProve,
    claimed,
    claims,
    docstrings,
    last_outcomes,
    page,
    result_of,
    shown,
)

WANTED = ToProve.from_file()
TESTS = ["tests/test_x.py::test_one", "tests/test_x.py::test_two"]
RUN_OF = '''
import pytest

def test_good():
    """F1, SES-2: it goes well."""

@pytest.mark.parametrize("value", [1, 2])
def test_bad(value):
    """F2: it goes wrong once."""
    assert value == 1

@pytest.fixture
def broken():
    raise ValueError

def test_unprepared(broken):
    """F3."""

def test_of_nothing():
    assert True
'''


def test_no_test_claims_what_nobody_asked_for():
    known = WANTED.rows.keys() | WANTED.promises.keys()

    assert set(claims()) - known == set()


def test_a_claim_is_written_so_that_it_is_found():
    lost = [
        name
        for name, text in docstrings()
        if LOOKS_LIKE_CLAIM.match(text) and not claimed(text)
    ]

    assert lost == []


def test_the_page_names_every_row_and_every_test_that_claims_one():
    """After a change of a claim: `make proof`."""
    told = shown(PAGE.read_text(encoding="utf-8"))

    assert WANTED.rows.keys() <= told.keys()
    assert {name: tests for name, (tests, _) in told.items() if tests} == claims()


def test_every_test_a_document_names_is_there():
    there = {
        f"{file.relative_to(ROOT).as_posix()}::{name}"
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))
    }
    named = {
        name
        for document in (ROOT / "docs").glob("*.md")
        for name in TEST.findall(document.read_text(encoding="utf-8"))
    }

    assert named - there == set()


def test_the_figures_of_the_transparency_record_are_those_that_were_measured():
    def rows(name):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if line.startswith("|")]
        return [tuple(re.findall(r"\d+\.\d+", line)) for line in lines]

    measured = {row for row in rows("adr/0005-read-clause-by-clause.md") if row}
    told = [row for row in rows("transparency-record.md") if len(row) == 4]

    assert len(told) >= 7
    assert [row for row in told if row not in measured] == []


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("F9, F22: what it proves.", ["F9", "F22"]),
        ("F9.", ["F9"]),
        ("OPS-6, P5: what it proves.", ["OPS-6", "P5"]),
        ("F9 and F22: both.", []),
        ("It proves F9: really.", []),
        (None, []),
    ],
)
def test_ids_stand_first_in_a_docstring(text, ids):
    assert claimed(text) == ids


def test_a_run_is_noted_whole(tmp_path):
    (tmp_path / "test_x.py").write_text(RUN_OF)
    path = os.pathsep.join([str(Path(__file__).parents[1])])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "proof", "test_x.py"]
    subprocess.run(
        [*command, "--rootdir", str(tmp_path), "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        check=False,
    )

    found = {name: each.result for name, each in last_outcomes(tmp_path).items()}

    assert found == {
        "test_x.py::test_good": "passed",
        "test_x.py::test_bad": "failed",
        "test_x.py::test_unprepared": "failed",
    }


def test_a_later_run_counts_and_an_older_one_dates(tmp_path):
    runs = tmp_path / "reports" / "proof"
    runs.mkdir(parents=True)
    for day, told in (
        ("2026-11-20", {"t.py::test_a[1]": "failed", "t.py::test_a[2]": "passed"}),
        ("2026-11-22", {"t.py::test_a[1]": "passed"}),
    ):
        (runs / f"{day}T000000Z.json").write_text(json.dumps(told))

    assert last_outcomes(tmp_path) == {"t.py::test_a": Outcome("passed", "2026-11-20")}


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ({}, "as before"),
        ({TESTS[0]: Outcome("passed", "2026-11-22")}, "1 of 2 run"),
        (
            {
                TESTS[0]: Outcome("passed", "2026-11-22"),
                TESTS[1]: Outcome("passed", "2026-11-21"),
            },
            "passed, 2026-11-21",
        ),
        (
            {
                TESTS[0]: Outcome("passed", "2026-11-22"),
                TESTS[1]: Outcome("failed", "2026-11-21"),
            },
            "failed, 2026-11-21",
        ),
        ({TESTS[1]: Outcome("skipped", "2026-11-21")}, "skipped, 2026-11-21"),
    ],
)
def test_a_row_is_as_good_as_the_worst_of_its_tests(outcomes, said):
    assert result_of(TESTS, outcomes, "as before") == said


def test_results_stay_on_the_page_until_the_tests_run_again_or_change():
    done = {test: Outcome("passed", "2026-11-22") for test in TESTS}
    first = page(WANTED, {"F1": TESTS}, done, "")
    again = page(WANTED, {"F1": TESTS}, {}, first)
    changed = page(WANTED, {"F1": TESTS[:1]}, {}, first)

    assert shown(first)["F1"] == (TESTS, "passed, 2026-11-22")
    assert again == first
    assert shown(changed)["F1"] == (TESTS[:1], "not run")
    assert "| F2 | The action server dies in mid-form | q | not yet |  |" in first
