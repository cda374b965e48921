"""Which tests prove what is to be proved, and how they last did.

A test claims rows of proof.yml by beginning its docstring with their ids. As a pytest
plugin this notes how each such test did, in reports/proof/; run as a program it writes
docs/proof.md.
"""

from __future__ import annotations

import ast
import datetime as dt
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "proof.md"
RUNS = Path("reports") / "proof"
ID = r"[A-Z]{1,3}-?\d+"
CLAIM = re.compile(rf"({ID}(?:, {ID})*)[:.](?:\s|$)")
LOOKS_LIKE_CLAIM = re.compile(ID)
ROW = re.compile(rf"^\| ({ID}) \|(.*)\|$", re.MULTILINE)
TEST = re.compile(r"`([^`]+::[^`]+)`")
NOT_YET, NOT_RUN = "not yet", "not run"
KINDS = {
    "F": "Faults",
    "I": "Bad input",
    "S": "Attacks",
    "P": "Privacy and leaving",
    "L": "Load",
    "D": "Supply chain and configuration",
}
HEAD = """# What is proved, and by which test

Written by `make proof`; do not edit.
A row stands when every test named beside it passes.
How often and how hard a test tries is told in the test.
The date is that of the oldest of their last runs.
When: `q` with every change, `n` before a release.

"""

Claims = dict[str, list[str]]


@dataclass(frozen=True)
class Outcome:
    """How one test last did, and on which day."""

    result: str
    day: str


@dataclass(frozen=True)
class ToProve:
    """The rows, by id: when each is tested and what it is; and the other known ids."""

    rows: dict[str, tuple[str, str]]
    without: dict[str, str]
    promises: dict[str, str]

    @classmethod
    def from_file(cls, file: Path = ROOT / "tests" / "proof.yml") -> ToProve:
        """Read what is to be proved."""
        told = yaml.safe_load(file.read_text(encoding="utf-8"))
        rows = {name: tuple(text.split(", ", 1)) for name, text in told["rows"].items()}
        promises = {
            f"{area}-{number}": each["about"]
            for area, each in told["promises"].items()
            for number in range(1, each["count"] + 1)
        }
        return cls(rows, told["without"], promises)


def claimed(docstring: str | None) -> list[str]:
    """Return the ids a docstring begins with."""
    found = CLAIM.match(docstring or "")
    return found[1].split(", ") if found else []


def claims(root: Path = ROOT) -> Claims:
    """Return the tests that claim each id, as pytest names them."""
    found: Claims = {}
    for name, docstring in docstrings(root):
        for each in claimed(docstring):
            found.setdefault(each, []).append(name)
    return found


def docstrings(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Yield the name and the docstring of every test that has one."""
    for file in sorted((root / "tests").rglob("test_*.py")):
        place = file.relative_to(root).as_posix()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                docstring = ast.get_docstring(node)
                if node.name.startswith("test_") and docstring:
                    yield f"{place}::{node.name}", docstring


@dataclass(eq=False)
class Notes:
    """Notes how the tests of one run did that claim anything."""

    root: Path
    outcomes: dict[str, str] = field(default_factory=dict)
    _claiming: set[str] = field(default_factory=set)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """See which tests claim anything."""
        self._claiming = {
            item.nodeid
            for item in session.items
            if isinstance(item, pytest.Function) and claimed(item.function.__doc__)
        }

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note one phase of one test; a failure in any of them stays."""
        name = report.nodeid
        tells = report.when == "call" or report.outcome != "passed"
        if tells and name in self._claiming and self.outcomes.get(name) != "failed":
            self.outcomes[name] = report.outcome

    def pytest_sessionfinish(self) -> None:
        """Keep the notes of this run beside those of the others."""
        if not self.outcomes:
            return
        now = dt.datetime.now(dt.timezone.utc)
        file = self.root / RUNS / f"{now:%Y-%m-%dT%H%M%S.%f}Z-{os.getpid()}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(self.outcomes, indent=1), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Take notes of this run."""
    config.pluginmanager.register(Notes(config.rootpath), "proof-notes")


def last_outcomes(root: Path = ROOT) -> dict[str, Outcome]:
    """Return how each test last did, its parameters taken together."""
    each: dict[str, Outcome] = {}
    for file in sorted((root / RUNS).glob("*.json")):
        for name, result in json.loads(file.read_text(encoding="utf-8")).items():
            each[name] = Outcome(result, file.name[:10])
    together: dict[str, Outcome] = {}
    for name, outcome in each.items():
        test = name.partition("[")[0]
        so_far = together.get(test, outcome)
        day = min(so_far.day, outcome.day)
        together[test] = Outcome(_worse(so_far.result, outcome.result), day)
    return together


def _worse(one: str, other: str) -> str:
    return next((each for each in (one, other) if each != "passed"), "passed")


def result_of(tests: list[str], outcomes: Mapping[str, Outcome], before: str) -> str:
    """Return what to say of the tests of a row.

    Args:
        tests: that claim it.
        outcomes: of the runs whose notes are still here.
        before: what the page said of these very tests, or that they were not run.
    """
    found = [outcomes[test] for test in tests if test in outcomes]
    if not found:
        return before
    bad = [each for each in found if each.result != "passed"]
    if bad:
        return f"{bad[0].result}, {bad[0].day}"
    if len(found) < len(tests):
        return f"{len(found)} of {len(tests)} run"
    return f"passed, {min(each.day for each in found)}"


def shown(page: str) -> dict[str, tuple[list[str], str]]:
    """Return the tests and the result a page gives for each id."""
    rows = {}
    for name, cells in ROW.findall(page):
        rows[name] = (TEST.findall(cells), cells.rpartition("|")[2].strip())
    return rows


def page(
    wanted: ToProve, found: Claims, outcomes: Mapping[str, Outcome], before: str
) -> str:
    """Return the page.

    Args:
        wanted: what is to be proved.
        found: who claims it.
        outcomes: how they last did.
        before: the page as it was.
    """
    said = shown(before)

    def cells(name: str) -> str:
        tests = found.get(name, [])
        if not tests:
            return f"{wanted.without.get(name, NOT_YET)} | "
        old_tests, old = said.get(name, ([], NOT_RUN))
        result = result_of(tests, outcomes, old if old_tests == tests else NOT_RUN)
        return f"{'<br>'.join(f'`{test}`' for test in tests)} | {result}"

    proved = [name for name in wanted.rows if name in found]
    parts = [f"{len(proved)} of {len(wanted.rows)} rows have a test."]
    for letter, title in KINDS.items():
        parts.append(f"\n## {title}\n")
        parts.append("| id | what happens | when | tests | last result |")
        parts.append("| --- | --- | --- | --- | --- |")
        for name, (when, what) in wanted.rows.items():
            if name.startswith(letter):
                parts.append(f"| {name} | {what} | {when} | {cells(name)} |")
    parts.append("\n## Promises that tests name beside these\n")
    parts.append("| id | about | tests | last result |")
    parts.append("| --- | --- | --- | --- |")
    for name, about in wanted.promises.items():
        if name in found:
            parts.append(f"| {name} | {about} | {cells(name)} |")
    return HEAD + "\n".join(parts) + "\n"


def main() -> None:
    """Write the page."""
    before = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    written = page(ToProve.from_file(), claims(), last_outcomes(), before)
    PAGE.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
