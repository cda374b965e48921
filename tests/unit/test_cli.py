"""The command line: its contracts, its plain refusals, the terminal."""

import base64
import datetime as dt
import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from toy.house import facts, model, run, started
from toy.keys import KEY

from bot.behaviours import Behaviour, BehaviourType, Danger, Occasions, Reading, Span
from bot.checks import check, to_confirm
from bot.classify import classify_lines, lines_as_they_come
from bot.model import ModelUnfit, fingerprint, model_path, verified
from bot.refusals import help_contacts
from bot.serving import CannotServe, alone_in, server_keys
from bot.session import WeakKey
from bot.settings import Settings
from bot.terminal import LEAVE, hold

ROOT = Path(__file__).parents[2]


def bot(*arguments, **env):
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **env},
        check=False,
    )


def read_as_told(texts):
    """Read messages for the classifying test, without a model."""
    if "odd" in texts:
        raise RuntimeError("odd")
    return [
        Reading(
            "describe_incident",
            0.8,
            behaviours=(
                Behaviour(BehaviourType.FIXATED, 0.91, (Span(0, 3, text[:3]),)),
            ),
            danger=(Danger.IMMEDIATE,),
            signs=("here",),
            occasions=Occasions.ONCE,
        )
        for text in texts
    ]


def classified(*lines):
    out = io.StringIO()
    good = classify_lines([lines], read_as_told, out)
    return good, [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_message_is_classified_as_the_contract_says():
    good, (answer,) = classified(b'{"id": 7, "text": "he waits"}\n')

    assert good
    assert answer == {
        "id": 7,
        "intent": "describe_incident",
        "intent_confidence": 0.8,
        "behaviours": [
            {
                "type": "fixated",
                "confidence": 0.91,
                "evidence": [{"start": 0, "end": 3, "text": "he "}],
            }
        ],
        "danger": ["immediate"],
        "occasions": "once",
        "impact": [],
        "language": "en",
    }


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"nonsense", None),
        (b"[]", None),
        (b"{}", None),
        (b'{"id": "a"}', "a"),
        (b'{"id": "a", "text": 1}', "a"),
        (b'{"id": "a", "text": null}', "a"),
        (b'{"id": "a", "text": "\\ud800"}', "a"),
        (b'{"id": {}, "text": "x"}', None),
        (b'{"text": "x"}', None),
        (b'\xff{"id": "a", "text": "x"}', None),
        (b"[" * 100_000, None),
        (b'{"id": "a", "text": "odd"}', "a"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_bad_line_is_said_and_the_next_is_still_read(line, name):
    good, (bad, after) = classified(line, b'{"id": "b", "text": "fine"}')

    assert not good
    assert set(bad) == {"id", "error"}
    assert bad["id"] == name
    assert after["id"] == "b"


def test_empty_lines_are_no_messages():
    assert classified(b"", b"  ") == (True, [])


def test_answers_come_in_the_order_of_the_lines():
    lines = [b'{"id": %d, "text": "x"}' % n for n in range(5)]
    _, answers = classified(lines[0], b"bad", *lines[1:3], b'{"id": 9, "text": "odd"}')

    assert [answer["id"] for answer in answers] == [0, None, 1, 2, 9]
    assert ["error" in answer for answer in answers] == [
        False,
        True,
        False,
        False,
        True,
    ]


def test_a_line_is_read_as_soon_as_it_is_whole():
    chunks = iter([b"one\ntw", b"o\n", b"three\nfour\n\nfi", b"ve", b""])

    batches = list(lines_as_they_come(lambda size: next(chunks)))

    assert batches == [[b"one"], [b"two"], [b"three", b"four", b""], [b"five"]]


def talk(tmp_path, *lines):
    """Hold a conversation in the terminal and return what was printed."""
    printed, waiting = [], iter(lines)

    def read(prompt):
        try:
            return next(waiting)
        except StopIteration:
            raise EOFError from None

    async def work():
        async with started(tmp_path) as toy:
            await hold(toy.turns, help_contacts(facts()), read, printed.append)
            return await toy.conversations.count()

    left = run(work())
    return "\n".join(printed), left


def test_the_terminal_shows_parts_and_takes_choices_by_number(tmp_path):
    printed, left = talk(tmp_path, "2", "pick", "1", LEAVE)

    assert "  1. First door\n  2. Second door" in printed
    assert "You picked second." in printed
    assert "  1. Third door" in printed
    assert "You picked third." in printed
    assert left == 0


def test_the_terminal_puts_the_persons_own_words_back(tmp_path):
    printed, _ = talk(tmp_path, "note by Dave Platt", "note by dave platt again", LEAVE)

    assert "1: note by Dave Platt" in printed
    assert "2: note by Dave Platt again" in printed
    assert "[name-1]" not in printed


def test_the_terminal_ends_with_its_input(tmp_path):
    assert talk(tmp_path, "hello")[1] == 0


def test_the_terminal_says_when_a_message_was_not_kept(tmp_path):
    printed, _ = talk(tmp_path, "fail he is outside my door right now", "", "hello")

    assert "Call 999." in printed
    assert "not saved" in printed
    assert "could not see any words" in printed
    assert "Hello." in printed


@pytest.mark.parametrize(
    "command", ["serve", "chat", "classify", "purge", "check", "train", "model-path"]
)
def test_every_command_explains_itself(command):
    ran = bot(command, "--help")

    assert ran.returncode == 0
    assert ran.stdout.startswith(f"usage: bot {command}")


def test_a_wrong_setting_is_said_in_one_plain_line():
    ran = bot("purge", FIRST_CONTACT_PORT="many")

    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert "FIRST_CONTACT_PORT" in ran.stderr


def test_there_is_nothing_to_purge_where_nothing_was_kept(tmp_path):
    ran = bot("purge", "--data-dir", str(tmp_path / "nowhere"))

    assert (ran.returncode, ran.stdout) == (0, "Nothing is kept here.\n")


def test_a_new_key_can_be_used():
    ran = bot("new-key")

    assert len(ran.stdout.strip()) >= 32


def test_a_key_for_trying_things_out_is_made_once_and_is_private(tmp_path):
    said = []
    settings = Settings(data_dir=tmp_path)

    keys = [server_keys(settings, said.append) for _ in range(2)]

    assert keys[0] == keys[1]
    assert (tmp_path / "session.key").stat().st_mode & 0o777 == 0o600
    assert "trying things out" in said[0]
    assert (tmp_path / "session.key").read_text() not in said[0]


def test_an_example_key_stops_the_start(tmp_path):
    """F29."""
    settings = Settings(
        data_dir=tmp_path, session_keys=("change-me-change-me-change-me-x",)
    )

    with pytest.raises(WeakKey):
        server_keys(settings, str)


def test_two_services_do_not_share_a_folder(tmp_path):
    """STO-5."""
    folder = tmp_path / "data"
    with (
        alone_in(folder),
        pytest.raises(CannotServe, match="another First Contact"),
        alone_in(folder),
    ):
        pass
    with alone_in(folder):
        assert folder.stat().st_mode & 0o777 == 0o700


def project(folder):
    """Write a project with nothing in it but names."""
    for name in ("config.yml", "domain.yml", "data/nlu/a.yml", "bot/nlu/a.py"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


@pytest.mark.parametrize(
    "name", ["config.yml", "domain.yml", "data/nlu/a.yml", "bot/nlu/a.py"]
)
def test_a_changed_file_asks_for_another_model(tmp_path, name):
    root = project(tmp_path)
    before = fingerprint(root)

    (root / name).write_text("changed")

    assert fingerprint(root) != before


def test_a_changed_phone_number_asks_for_no_training(tmp_path):
    root = project(tmp_path)
    before = fingerprint(root)

    (root / "bot/knowledge").mkdir()
    (root / "bot/knowledge/services.yml").write_text("changed")

    assert fingerprint(root) == before


def test_a_model_that_was_changed_is_refused(tmp_path):
    """F25, S14: one bit is enough."""
    root = project(tmp_path)
    path = model_path(root, Path("models"))
    with pytest.raises(ModelUnfit, match="bot train"):
        verified(path)
    path.parent.mkdir()
    good = model().read_bytes()
    path.write_bytes(good)
    with pytest.raises(ModelUnfit, match="missing"):
        verified(path)
    seal = path.with_name(path.name.replace(".tar.gz", ".sha256"))
    seal.write_text(hashlib.sha256(good).hexdigest())

    assert verified(path) == path
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(ModelUnfit, match="changed"):
        verified(path)


def test_what_the_force_must_confirm_is_listed(tmp_path):
    facts_then = facts()
    lines = "\n".join(
        to_confirm(facts_then, facts_then.force.checked_on.replace(year=2028))
    )

    assert "the report link is not confirmed" in lines
    assert "services.yml: last checked over three months ago: e999, p101, nsh." in lines
    assert "“Leave this page” leads to https://www.bbc.co.uk/weather" in lines


def test_a_channel_too_many_stops_the_start(tmp_path):
    """S13."""
    (tmp_path / "credentials.yml").write_text("rest:\nbot.channel.WebChat:\n")
    (tmp_path / "endpoints.yml").write_text(
        "action_endpoint:\n  package: toy.actions\n"
    )
    settings = Settings(data_dir=tmp_path, session_keys=(KEY, "short"))

    found = "\n".join(check(settings, tmp_path, facts().force.checked_on).stops)

    assert "not rest." in found
    assert "config.yml is missing." in found
    assert "tracker_store must be of type bot.store.ConversationStore" in found
    assert "The session key is shorter than 32 bytes." in found


def test_the_line_for_a_website_is_held_to_the_script_that_is_served():
    script = (ROOT / "bot" / "widget" / "embed.js").read_bytes()
    digest = base64.b64encode(hashlib.sha384(script).digest()).decode()

    notes = check(Settings.from_env({}), ROOT, dt.date(2026, 11, 22)).notes

    assert any(f'integrity="sha384-{digest}"' in note for note in notes)
