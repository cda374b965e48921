"""What the hashed lists pin, read the same way by every check of the supply chain."""

from __future__ import annotations

import sysconfig
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

RUN = Path("requirements.txt")
DEV = Path("requirements-dev.txt")


@dataclass(frozen=True)
class Pin:
    """One package of a hashed list.

    Attributes:
        name: in its canonical spelling.
        hashes: of the files that may be installed for it.
    """

    name: str
    version: str
    hashes: tuple[str, ...]


@cache
def pins(file: Path) -> dict[str, Pin]:
    """Return the packages of a hashed list by name.

    Raises:
        ValueError: a line is not a package with one exact version.
    """
    found = {}
    text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        wanted, *hashes = (part.strip() for part in line.split("--hash="))
        if not wanted or wanted.startswith("#"):
            continue
        requirement = Requirement(wanted)
        exact = list(requirement.specifier)
        if len(exact) != 1 or exact[0].operator != "==":
            raise ValueError(f"{file.name}: {requirement.name} has no exact version")
        if requirement.marker is None or requirement.marker.evaluate():
            name = str(canonicalize_name(requirement.name))
            found[name] = Pin(name, exact[0].version, tuple(hashes))
    return found


def installed() -> dict[str, str]:
    """Return the version of every package in this environment by name."""
    site = sysconfig.get_paths()["purelib"]
    return {
        str(canonicalize_name(each.metadata["Name"])): each.version
        for each in distributions(path=[site])
    }
