"""What is installed, what is known against it, and what it is made of."""

import datetime as dt
import json
import re
from pathlib import Path

import pytest
from packaging.version import Version

from scripts import advisories, sbom
from scripts.advisories import Advisories, Finding, Unusable, check
from scripts.locked import DEV, RUN, Pin, installed, pins

ROOT = Path(__file__).parents[2]
DAY = dt.date(2026, 11, 22)
REVIEWED = """
exceptions:
  - package: idna
    version: '{version}'
    advisories: [PYSEC-1]
    reason: because
    reachability: none
    reviewed_on: 2026-11-22
"""


def known(**told):
    """Return data that knows every locked package, with the advisories told."""
    names = {pin.name for pin in advisories.locked().values()} | {"tensorflow"}
    return {"as_of": "2026-11-01", "packages": {name: [] for name in names} | told}


def against(version):
    return [{"id": "PYSEC-1", "ranges": [], "versions": [version]}]


@pytest.fixture
def checked(tmp_path):
    """Return a check of the real lists with other data and other exceptions."""

    def run(data, exceptions="exceptions: []"):
        files = (tmp_path / "data.json", tmp_path / "exceptions.yml")
        files[0].write_text(data if isinstance(data, str) else json.dumps(data))
        files[1].write_text(exceptions)
        return check(DAY, *files)

    return run


def test_what_is_installed_is_what_is_locked():
    """D1: the environment holds the packages of the hashed list and nothing else."""
    found = installed()
    found.pop("pip", None)  # it installed the others

    assert found == {pin.name: pin.version for pin in pins(DEV).values()}


def test_nothing_is_installed_without_its_hash():
    """D1, SUP-1: every package has hashes, and the installer insists on them."""
    every = [*pins(RUN).values(), *pins(DEV).values()]
    setup = (ROOT / "scripts/setup.sh").read_text()

    assert [pin.name for pin in every if not pin.hashes] == []
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", h) for p in every for h in p.hashes)
    assert "--require-hashes" in setup
    assert "--no-deps" in setup


def test_what_runs_is_among_what_is_tested():
    """D1: both lists give a package the same version."""
    tested = pins(DEV)

    assert [pin for name, pin in pins(RUN).items() if tested.get(name) != pin] == []


def test_only_reviewed_advisories_speak_of_a_locked_package(capsys):
    """D2, SUP-2: the real lists against the real data, which says its date."""
    today = dt.datetime.now(dt.timezone.utc).date()

    assert check(today, advisories.DATA, advisories.EXCEPTIONS) == []
    assert re.search(r"as of \d{4}-\d\d-\d\d", capsys.readouterr().out)


def test_an_advisory_nobody_reviewed_is_wrong(checked):
    """D2: it is named with its package and version."""
    version = pins(RUN)["idna"].version

    assert checked(known(idna=against(version))) == [
        f"not reviewed: idna {version}: PYSEC-1"
    ]


def test_a_review_is_of_one_version(checked):
    """D2: after an update somebody has to look again."""
    data, version = known(idna=against(pins(RUN)["idna"].version)), "1.0"

    assert len(checked(data, REVIEWED.format(version=version))) == 2


def test_a_reviewed_advisory_is_right(checked):
    """D2: and one that speaks of nothing any more is wrong."""
    version = pins(RUN)["idna"].version
    review = REVIEWED.format(version=version)

    assert checked(known(idna=against(version)), review) == []
    assert checked(known(), review) == [f"no longer found: idna {version}: PYSEC-1"]


@pytest.mark.parametrize(
    "data",
    [
        "",
        "[]",
        '{"packages": {}}',
        {"as_of": "2026-11-01", "packages": {}},
        {**known(), "as_of": "2026-05-25"},
        {**known(), "as_of": "2026-11-23"},
        known(idna=[{"id": "PYSEC-1", "ranges": [[{"fixed": "not a version"}]]}]),
        known(idna=[{"id": "PYSEC-1"}]),
    ],
    ids="empty list undated unasked old future version shape".split(),
)
def test_data_that_cannot_tell_is_a_failure(checked, data):
    """D2, SUP-2: unreadable, undated, old, or without a locked package."""
    with pytest.raises(Unusable):
        checked(data)


def test_missing_data_is_a_failure(tmp_path):
    """D2, SUP-2: no data is not good news."""
    with pytest.raises(Unusable, match="missing"):
        check(DAY, tmp_path / "none.json", advisories.EXCEPTIONS)


@pytest.mark.parametrize("left_out", ["reason", "reachability", "reviewed_on"])
def test_an_exception_says_why(checked, left_out):
    """D2: who excuses an advisory gives reason, reachability and date."""
    lines = REVIEWED.format(version="1.0").splitlines()
    short = "\n".join(line for line in lines if left_out not in line)

    with pytest.raises(Unusable):
        checked(known(), short)


def test_a_version_is_not_taken_for_a_number(checked):
    """D2: 3.20 without quotes would be 3.2."""
    with pytest.raises(Unusable, match="in quotes"):
        checked(known(), REVIEWED.format(version="3.20").replace("'", ""))


@pytest.mark.parametrize(
    ("events", "inside", "outside"),
    [
        ([{"introduced": "0"}], ["0a1", "9"], []),
        ([{"introduced": "0"}, {"fixed": "2.0"}], ["1.9", "2.0rc1"], ["2.0", "2.0.1"]),
        ([{"introduced": "1"}, {"last_affected": "2"}], ["1", "2.0"], ["0.9", "2.0.1"]),
        (
            [{"fixed": "3"}, {"introduced": "2"}, {"introduced": "0"}, {"fixed": "1"}],
            ["0.5", "2.5"],
            ["1.5", "3"],
        ),
        ([{"introduced": "1.9"}, {"fixed": "1.10"}], ["1.9.1"], ["1.10", "1.11"]),
    ],
)
def test_versions_are_compared_as_versions(events, inside, outside):
    """D2: PEP 440 decides, not the alphabet."""
    data = Advisories(DAY, {"x": [{"id": "PYSEC-1", "ranges": [events]}]})

    assert [v for v in inside if not list(data.about(Pin("x", v, ())))] == []
    assert [v for v in outside if list(data.about(Pin("x", v, ())))] == []


def test_new_data_is_taken_from_a_checkout_of_the_database(tmp_path):
    """D2: withdrawn advisories stay out, and the written file can be read."""
    folder = tmp_path / "vulns" / "idna"
    folder.mkdir(parents=True)
    told = (
        "id: {id}\naffected:\n- package: {{name: idna, ecosystem: PyPI}}\n"
        "  ranges:\n  - type: GIT\n    events: [{{introduced: abc}}]\n"
        "  - type: ECOSYSTEM\n    events: [{{introduced: '0'}}, {{fixed: '2'}}]\n"
    )
    (folder / "PYSEC-1.yaml").write_text(told.format(id="PYSEC-1"))
    withdrawn = "withdrawn: '2026-01-01'\n" + told.format(id="PYSEC-2")
    (folder / "PYSEC-2.yaml").write_text(withdrawn)
    file = tmp_path / "data.json"

    advisories.write(advisories.reduced(tmp_path, ["idna", "rasa"], DAY), file)
    data = Advisories.from_file(file, DAY)

    assert list(data.about(Pin("rasa", "1", ()))) == []
    assert list(data.about(Pin("idna", "1", ()))) == [Finding("idna", "1", "PYSEC-1")]
    assert list(data.about(Pin("idna", "2", ()))) == []


def test_the_bill_of_materials_names_every_package_that_runs_and_its_licence(
    tmp_path, monkeypatch
):
    """D5: one CycloneDX file with versions, licences and what needs what."""
    monkeypatch.setattr(sbom, "OUT", tmp_path / "sbom.json")

    sbom.main()
    bill = json.loads(sbom.OUT.read_text())

    assert bill["bomFormat"] == "CycloneDX"
    assert {part["purl"] for part in bill["components"]} == {
        f"pkg:pypi/{pin.name}@{pin.version}" for pin in pins(RUN).values()
    }
    assert [part["name"] for part in bill["components"] if not part["licenses"]] == []
    assert sbom.UNTOLD not in json.dumps(bill["components"])
    needed = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
    rasa = f"rasa=={pins(RUN)['rasa'].version}"
    assert any(need.startswith("sqlalchemy==") for need in needed[rasa])


def test_versions_that_must_stay_have_stayed():
    """SUP-1: what was tested above Rasa's caps, and what must not be lifted."""
    listed = pins(RUN)

    def begins(name, version):
        return Version(listed[name].version).release[: len(version)] == version

    assert begins("packaging", (20, 9))
    assert begins("tensorflow-cpu", (2, 12))
    assert begins("scikit-learn", (1, 1))
    assert begins("sanic", (21, 12))
    assert begins("aiohttp", (3, 14))
    assert not {"skops", "huggingface-hub", "pip"} & set(listed)
