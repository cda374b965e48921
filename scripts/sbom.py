"""Writes what the service is made of, with licences, as a CycloneDX file.

The versions are those of requirements.txt; the licences are what each installed
package says of itself.
"""

from __future__ import annotations

import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.locked import RUN, Pin, pins

OUT = Path("reports/sbom.json")
UNTOLD = "not told by the package"
LONGEST = 80  # some packages put the whole text of their licence there
CLASSIFIER = "License :: "


def licence_of(package: Distribution) -> str:
    """Return the licence a package says it has, by a name or an SPDX expression."""
    told = package.metadata
    marks = [
        line.rsplit(" :: ", 1)[-1]
        for line in told.get_all("Classifier") or ()
        if line.startswith(CLASSIFIER) and line != f"{CLASSIFIER}OSI Approved"
    ]
    short = [
        text
        for text in told.get_all("License") or ()
        if 0 < len(text) <= LONGEST and "\n" not in text and text.upper() != "UNKNOWN"
    ]
    exact = told.get_all("License-Expression") or ()
    return " or ".join(exact or marks or short)


def component(pin: Pin) -> Component:
    """Return one package of the list."""
    told = licence_of(distribution(pin.name)) or UNTOLD
    return Component(
        type=ComponentType.LIBRARY,
        name=pin.name,
        version=pin.version,
        bom_ref=f"{pin.name}=={pin.version}",
        purl=PackageURL("pypi", name=pin.name, version=pin.version),
        licenses=[LicenseFactory().make_from_string(told)],
    )


def needs(pin: Pin) -> set[str]:
    """Return the names of what a package needs here, without its extras."""
    wanted = map(Requirement, distribution(pin.name).requires or ())
    return {
        str(canonicalize_name(each.name))
        for each in wanted
        if each.marker is None or each.marker.evaluate({"extra": ""})
    }


def bill(listed: dict[str, Pin]) -> Bom:
    """Return what the service is made of."""
    parts = {name: component(pin) for name, pin in listed.items()}
    whole = Component(
        type=ComponentType.APPLICATION,
        name="first-contact",
        bom_ref="first-contact",
        licenses=[LicenseFactory().make_from_string("Apache-2.0")],
    )
    bom = Bom(components=parts.values())
    bom.metadata.component = whole
    bom.register_dependency(whole, parts.values())
    for name, pin in listed.items():
        bom.register_dependency(
            parts[name], [parts[need] for need in sorted(needs(pin) & parts.keys())]
        )
    return bom


def main() -> int:
    """Write the file, and say which packages tell no licence."""
    bom = bill(pins(RUN))
    OUT.parent.mkdir(exist_ok=True)
    JsonV1Dot6(bom).output_to_file(str(OUT), allow_overwrite=True, indent=2)
    untold = sorted(
        part.name
        for part in bom.components
        if any(getattr(each, "name", "") == UNTOLD for each in part.licenses)
    )
    print(
        f"{OUT}: {len(bom.components)} packages; licence not told: {untold or 'none'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
