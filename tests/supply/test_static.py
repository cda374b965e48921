"""What must not be in the code, read from the code itself."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from detect_secrets import SecretsCollection
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "actions", "scripts")
PYTHON = [
    *sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")),
    *sorted(ROOT.glob("*.py")),
]
WIDGET = sorted(
    path
    for path in (ROOT / "bot/widget").rglob("*")
    if path.suffix in (".mjs", ".js", ".html")
)

# Reading these back can run what somebody else wrote.
UNSAFE_MODULES = {
    "cloudpickle",
    "dill",
    "joblib",
    "jsonpickle",
    "marshal",
    "pickle",
    "shelve",
}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__"}
UNSAFE_MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    r"|localStorage|indexedDB|document\.cookie|serviceWorker|\bcaches\b|Notification"
    r"|console\.(?:log|debug|info|trace)"
)
# Where the rules of the linter are lifted, and why that is right.
LIFTED = {
    "bot/cli.py": {"T201"},  # speaks to whoever typed the command
    "bot/model.py": {"S603"},  # runs this program again, to train
    "bot/nlu/calibrate.py": {"S311"},  # draws examples, not secrets
    "bot/nlu/evaluate.py": {"S311"},
    "bot/nlu/examples.py": {"S506"},  # the safe loader, in C
    # Runs this program again, to read; and says that it was started with pipes.
    "bot/reader_process.py": {"S101", "S603"},
    "bot/settings.py": {"S105"},  # the name of a header
}
# What looks like a secret and is none.
HARMLESS = {
    (".env.example", "Basic Auth Credentials"),  # user:password@host
    ("bot/settings.py", "Secret Keyword"),  # the name of a header
    ("docs/deploying.md", "Basic Auth Credentials"),
    ("tests/faults/test_attacks.py", "Secret Keyword"),  # a guess, and a wrong one
    ("tests/toy/keys.py", "Base64 High Entropy String"),  # the toy house's keys
    ("tests/unit/test_settings.py", "Basic Auth Credentials"),
}
# Sentences and hashes: reading them for secrets takes longer than all the rest.
UNREAD = re.compile(
    r"requirements.*\.txt|supply/advisories\.json|.*\.min\.js|domain\.yml"
    r"|(data|bot/knowledge|tests/nlu|tests/conversations)/.*\.yml"
)
SECRETS = {
    "plugins_used": [
        {"name": "AWSKeyDetector"},
        {"name": "Base64HighEntropyString", "limit": 4.5},
        {"name": "BasicAuthDetector"},
        {"name": "GitHubTokenDetector"},
        {"name": "JwtTokenDetector"},
        {"name": "KeywordDetector"},
        {"name": "PrivateKeyDetector"},
    ],
    "filters_used": [
        {"path": f"detect_secrets.filters.heuristic.{name}"}
        for name in (
            "is_indirect_reference",
            "is_potential_uuid",
            "is_sequential_string",
            "is_templated_secret",
        )
    ],
}


def named(path):
    return path.relative_to(ROOT).as_posix()


def nodes(kind):
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kind):
                yield path, node


def secrets_in(files):
    found = SecretsCollection(root=str(ROOT))
    with transient_settings(SECRETS):
        for file in files:
            found.scan_file(file)
    return {(file, secret.type) for file, secret in found}


def test_nothing_is_read_back_that_could_run():
    """D3, SUP-3: no pickle, no joblib, and nothing that turns words into code."""
    imports = {
        (named(path), module.split(".")[0])
        for path, node in nodes((ast.Import, ast.ImportFrom))
        for module in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
        )
    }
    calls = {
        (named(path), node.func.id)
        for path, node in nodes(ast.Call)
        if isinstance(node.func, ast.Name)
    }

    assert {found for found in imports if found[1] in UNSAFE_MODULES} == set()
    assert {found for found in calls if found[1] in UNSAFE_CALLS} == set()


def test_arrays_are_read_without_objects_in_them():
    """D3, SUP-3: NumPy's own format can hold a pickle; ours is told to refuse it."""
    loads = [
        (named(path), node)
        for path, node in nodes(ast.Call)
        if isinstance(node.func, ast.Attribute)
        and node.func.attr == "load"
        and getattr(node.func.value, "id", "") in ("np", "numpy")
    ]
    pickling = [
        (file, word.arg)
        for file, node in loads
        for word in node.keywords
        if word.arg == "allow_pickle" and getattr(word.value, "value", True)
    ]

    assert pickling == []


def test_the_widget_makes_no_markup_from_words_and_stores_nothing():
    """D3, WID-3, WID-4: text is text, and the browser keeps none of it."""
    found = {
        (named(path), match)
        for path in WIDGET
        for match in UNSAFE_MARKUP.findall(path.read_text(encoding="utf-8"))
    }
    in_the_tab = {
        named(path) for path in WIDGET if "sessionStorage" in path.read_text("utf-8")
    }

    assert found == set()
    assert in_the_tab <= {"bot/widget/line.mjs"}  # the token, in tab mode alone


def test_only_the_command_line_prints():
    """D3: print( stands where an operator is spoken to, and nowhere near a message."""
    printing = {
        named(path)
        for path, node in nodes(ast.Call)
        if isinstance(node.func, ast.Name) and node.func.id == "print"
    }

    assert {name for name in printing if not name.startswith("scripts/")} <= {
        "bot/cli.py"
    }


def test_the_security_linter_is_on_and_lifted_only_where_that_was_reviewed():
    """D3: ruff's S and T20 hold everywhere but in tests, and at the lines named here."""
    ruff = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    ignored = re.findall(r'^"([^"]+)" = \[([^\]]*)\]', ruff, re.MULTILINE)
    deaf = {room for room, rules in ignored if '"S"' in rules}
    lifted = {}
    for path in PYTHON:
        for codes in re.findall(r"noqa: ([A-Z0-9, ]+)", path.read_text("utf-8")):
            security = set(re.findall(r"\b(?:S\d+|T20\d)\b", codes))
            if security:
                lifted.setdefault(named(path), set()).update(security)

    assert re.search(r"^select = \[[^\]]*\"S\"[^\]]*\"T20\"", ruff, re.MULTILINE)
    assert deaf == {"tests/*"}
    beyond = {name: codes - LIFTED.get(name, set()) for name, codes in lifted.items()}
    assert {name: codes for name, codes in beyond.items() if codes} == {}
    assert not [path for path in PYTHON if re.search(r"# noqa\s*$", path.read_text())]


def test_no_secret_is_in_the_repository():
    """D3: every file that git keeps, but for the lists of sentences and hashes."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [name for name in listed.stdout.splitlines() if not UNREAD.fullmatch(name)]

    assert len(files) > 100
    assert secrets_in(files) - HARMLESS == set()


@pytest.mark.parametrize(
    "line",
    [
        "-----BEGIN " + "RSA PRIVATE KEY-----",
        'password = "' + 'h7Gq2mVx9Lp4Rt"',
        "url = https://someone:" + "h7Gq2mVx9Lp4Rt@host.example",
        'key = "' + 'kZ3qWm0v7uQe1yTn9rXb5cDf8hJl2pAs4gUi6oVtB"',
    ],
)
def test_a_secret_would_be_seen(tmp_path, line):
    """D3: the scan above can fail."""
    file = tmp_path / "settings.py"
    file.write_text(line + "\n")

    assert secrets_in([str(file)])
