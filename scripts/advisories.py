"""Checks every locked package against known advisories; data that cannot tell fails.

    python -m scripts.advisories                       check
    python -m scripts.advisories reduce SOURCE [NAME]  take new data in

SOURCE is a checkout of github.com/pypa/advisory-database, or a file in the shape of
supply/advisories.json. Kept are the advisories of the packages that are locked, and of
each further NAME that is about to be.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.version import InvalidVersion, Version

from scripts.locked import DEV, RUN, Pin, pins

DATA = Path("supply/advisories.json")
EXCEPTIONS = Path("supply/exceptions.yml")
SOURCE = "Python Packaging Advisory Database (PyPA)"
LICENCE = "CC-BY 4.0"
OLDEST = dt.timedelta(days=180)
# The same code under another name; its advisories may name either.
ALSO_KNOWN_AS = {"tensorflow-cpu": ("tensorflow",)}
REVIEW = {"package", "version", "advisories", "reason", "reachability", "reviewed_on"}


class Unusable(Exception):
    """The data or the list of exceptions is missing, unreadable or too old."""


@dataclass(frozen=True, order=True)
class Finding:
    """One advisory that speaks of one locked package."""

    package: str
    version: str
    advisory: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.package} {self.version}: {self.advisory}"


@dataclass(frozen=True)
class Advisories:
    """What was known on a day of the packages that were asked about."""

    as_of: dt.date
    packages: Mapping[str, list[dict[str, Any]]]

    @classmethod
    def from_file(cls, file: Path, today: dt.date) -> Advisories:
        """Read the data.

        Raises:
            Unusable: it is missing, unreadable, too old or from the future.
        """
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            as_of = dt.date.fromisoformat(found["as_of"])
            packages = dict(found["packages"])
        except (OSError, ValueError, KeyError, TypeError):
            raise Unusable(f"{file} is missing or cannot be read") from None
        if not dt.timedelta() <= today - as_of <= OLDEST:
            limit = f"at most {OLDEST.days} days old"
            raise Unusable(f"{file} is of {as_of}; it must be {limit}")
        return cls(as_of, packages)

    def about(self, pin: Pin) -> Iterator[Finding]:
        """Yield the advisories that speak of a package's locked version.

        Raises:
            Unusable: nobody asked about this package when the data was taken.
        """
        for name in (pin.name, *ALSO_KNOWN_AS.get(pin.name, ())):
            if name not in self.packages:
                raise Unusable(f"the data does not say whether {name} was looked for")
            for advisory in self.packages[name]:
                if _affects(advisory, Version(pin.version)):
                    yield Finding(pin.name, pin.version, str(advisory["id"]))


def _affects(advisory: Mapping[str, Any], version: Version) -> bool:
    """Whether a version is in one of an advisory's ranges or lists, as OSV defines."""
    try:
        listed = any(Version(each) == version for each in advisory.get("versions", ()))
        return listed or any(_within(each, version) for each in advisory["ranges"])
    except (InvalidVersion, KeyError, TypeError):
        raise Unusable(f"{advisory.get('id')} cannot be read") from None


def _within(events: Iterable[Mapping[str, str]], version: Version) -> bool:
    steps = [step for event in events for step in event.items()]
    inside = False
    for kind, at in sorted(steps, key=lambda step: _from_zero(step[1])):
        passed = version >= _from_zero(at)
        if kind == "introduced" and passed:
            inside = True
        elif (kind == "fixed" and passed) or (
            kind == "last_affected" and version > _from_zero(at)
        ):
            inside = False
    return inside


def _from_zero(text: str) -> Version:
    """Return a version; OSV's "0" comes before all others, early ones included."""
    return Version("0.dev0") if text == "0" else Version(text)


def reviewed(file: Path) -> dict[Finding, dt.date]:
    """Return the findings somebody has looked at, and when.

    Raises:
        Unusable: the list is missing, unreadable or says less than it must.
    """
    try:
        entries = yaml.safe_load(file.read_text(encoding="utf-8"))["exceptions"]
        found = {}
        for entry in entries:
            if set(entry) != REVIEW or not all(entry.values()):
                raise Unusable(f"{file}: each entry says {', '.join(sorted(REVIEW))}")
            package, version = entry["package"], entry["version"]
            if not isinstance(version, str):  # YAML reads 3.20 as the number 3.2
                raise Unusable(f"{file}: put the version of {package} in quotes")
            for advisory in entry["advisories"]:
                finding = Finding(package, version, advisory)
                found[finding] = dt.date.fromisoformat(str(entry["reviewed_on"]))
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError):
        raise Unusable(f"{file} is missing or cannot be read") from None
    return found


def locked() -> dict[tuple[str, str], Pin]:
    """Return what both hashed lists pin."""
    every = [*pins(RUN).values(), *pins(DEV).values()]
    return {(pin.name, pin.version): pin for pin in every}


def check(today: dt.date, data_file: Path, exceptions_file: Path) -> list[str]:
    """Print what is known of the locked packages, and return what is wrong.

    Raises:
        Unusable: nothing can be said.
    """
    data, known = Advisories.from_file(data_file, today), reviewed(exceptions_file)
    every = locked()
    found = {finding for pin in every.values() for finding in data.about(pin)}
    print(f"{SOURCE}, {LICENCE}, as of {data.as_of}: {len(every)} locked packages,")
    print(f"{len(found)} advisories, {len(found & set(known))} reviewed.")
    return [
        *(f"not reviewed: {finding}" for finding in sorted(found - set(known))),
        *(f"no longer found: {finding}" for finding in sorted(set(known) - found)),
    ]


def reduced(source: Path, names: Iterable[str], today: dt.date) -> dict[str, Any]:
    """Return the data of the named packages alone.

    Args:
        source: a checkout of the database, or a file in our shape.
        names: of the packages.
        today: the day a checkout is taken to be of.
    """
    wanted = sorted(set(names))
    if source.is_dir():
        as_of = today.isoformat()
        packages = {name: list(_from_checkout(source, name)) for name in wanted}
    else:
        whole = json.loads(source.read_text(encoding="utf-8"))
        as_of = whole["as_of"]
        packages = {name: whole["packages"].get(name, []) for name in wanted}
    about = {"source": SOURCE, "licence": LICENCE, "as_of": as_of}
    return {**about, "packages": packages}


def _from_checkout(source: Path, name: str) -> Iterator[dict[str, Any]]:
    for file in sorted((source / "vulns" / name).glob("*.yaml")):
        told = yaml.safe_load(file.read_text(encoding="utf-8"))
        if "withdrawn" in told:
            continue
        for affected in told["affected"]:
            spans = affected.get("ranges", ())
            yield {
                "id": told["id"],
                "aliases": told.get("aliases", []),
                "ranges": [s["events"] for s in spans if s["type"] == "ECOSYSTEM"],
                "versions": affected.get("versions", []),
            }


def write(data: Mapping[str, Any], file: Path) -> None:
    """Write the data with one package a line, so that a change can be read."""
    head = {key: value for key, value in data.items() if key != "packages"}
    lines = [
        f"{json.dumps(name)}: {json.dumps(known, separators=(',', ':'))}"
        for name, known in data["packages"].items()
    ]
    packages = ",\n".join(lines)
    text = f'{json.dumps(head)[:-1]}, "packages": {{\n{packages}\n}}}}\n'
    file.write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Do what the command line asks for, and return the exit status."""
    today = dt.datetime.now(dt.timezone.utc).date()
    if arguments[:1] == ["reduce"]:
        names = {pin.name for pin in locked().values()}
        twins = (twin for name in names for twin in ALSO_KNOWN_AS.get(name, ()))
        source, *more = arguments[1:]
        write(reduced(Path(source), {*names, *twins, *more}, today), DATA)
        return 0
    try:
        wrong = check(today, DATA, EXCEPTIONS)
    except Unusable as error:
        wrong = [str(error)]
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
