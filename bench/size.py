"""How much is installed for each: the packages it needs, their models, our own code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

# Both are installed with the smaller build of one package, which goes by another name.
BUILT_AS = {"tensorflow": "tensorflow-cpu"}
_NAME = re.compile(r"^([A-Za-z0-9._-]+)==", re.M)


def locked(lock: Path) -> set[str]:
    """Return the names of the packages in a lock file."""
    return {_plain(name) for name in _NAME.findall(lock.read_text("utf-8"))}


def needed_by(name: str) -> set[str]:
    """Return a package that is installed, and all that it needs and is there."""
    found: set[str] = set()
    waiting = [_plain(name)]
    while waiting:
        each = waiting.pop()
        package = _installed(each)
        if each not in found and package is not None:
            found.add(each)
            waiting += _needs(package)
    return found


def megabytes_of(packages: Iterable[str]) -> float:
    """Return how much the files of packages take up."""
    total = 0
    for name in packages:
        package = _installed(name)
        for file in (package.files or ()) if package is not None else ():
            path = Path(str(file.locate()))
            total += path.stat().st_size if path.is_file() else 0
    return total / 1024**2


def megabytes_in(*folders: Path) -> float:
    """Return how much the files in folders, or files, take up."""
    files = (
        file
        for each in folders
        for file in ([each] if each.is_file() else each.rglob("*"))
    )
    return sum(file.stat().st_size for file in files if file.is_file()) / 1024**2


def _needs(package: Distribution) -> list[str]:
    names = []
    for line in package.requires or ():
        try:
            wanted = Requirement(line)
        except InvalidRequirement:
            continue
        if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
            name = _plain(wanted.name)
            names.append(BUILT_AS.get(name, name))
    return names


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
