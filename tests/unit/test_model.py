"""The model that is served: whole, ours, and of this release, or none at all."""

import hashlib
import io
import json
import socket
import tarfile

import pytest
from rasa.core.agent import Agent
from rasa.core.processor import MessageProcessor
from toy.house import assistant, model, run

from bot import guards
from bot.metrics import Metrics
from bot.model import ModelUnfit, training_s, verified
from bot.serving import CannotServe, _listening, _shown, load_agent
from bot.settings import Settings

ENDPOINTS = "endpoints.yml"
RULES = "components/train_RulePolicy0/rule_policy.json"


def remade(folder, change):
    """Return the toy model with its files changed, and sealed as if it had been trained.

    `change` takes a file's name and bytes and returns other bytes, or None to leave it
    out.
    """
    path = folder / "other.tar.gz"
    with tarfile.open(model()) as old, tarfile.open(path, "w:gz") as new:
        for member in old.getmembers():
            if not member.isfile():
                new.addfile(member)
                continue
            data = change(member.name, old.extractfile(member).read())
            if data is not None:
                member.size = len(data)
                new.addfile(member, io.BytesIO(data))
    return sealed(path)


def sealed(path):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(path.name.replace(".tar.gz", ".sha256")).write_text(digest)
    return path


def of_other_release(name, data):
    if name != "metadata.json":
        return data
    return json.dumps(
        {**json.loads(data), "rasa_open_source_version": "3.5.0"}
    ).encode()


def without(part):
    return lambda name, data: None if part in name else data


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (of_other_release, "made by Rasa 3.5.0"),
        (without("train_RulePolicy0"), "lacks train_RulePolicy0"),
        (without("train_Keyword"), "lacks train_KeywordIntentClassifier0"),
        (without("metadata"), "is no model"),
    ],
    ids=["release", "rules", "reader", "metadata"],
)
def test_a_model_that_is_not_whole_is_refused(tmp_path, change, said):
    """F25: even when its seal fits."""
    with pytest.raises(ModelUnfit, match=said):
        verified(remade(tmp_path, change))


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b broken", b"words" * 1000])
def test_what_is_no_archive_is_no_model(tmp_path, content):
    """F25."""
    path = tmp_path / "broken.tar.gz"
    path.write_bytes(content)

    with pytest.raises(ModelUnfit, match="is no model"):
        verified(sealed(path))


def test_the_toy_model_itself_is_whole(tmp_path):
    assert verified(remade(tmp_path, lambda name, data: data))


def test_a_model_that_rasa_cannot_load_is_named(tmp_path):
    """F25."""
    broken = remade(tmp_path, lambda name, data: b"{" if "metadata" in name else data)

    with pytest.raises(CannotServe, match=r"other\.tar\.gz cannot be loaded"):
        load_agent(broken, ENDPOINTS)


def of_no_rules(name, data):
    if name != RULES:
        return data
    return json.dumps({**json.loads(data), "lookup": {"rules": {}}}).encode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without(RULES), "the model does not answer"),
        (of_no_rules, "how a conversation begins"),
    ],
    ids=["missing", "empty"],
)
def test_rules_that_were_not_loaded_stop_the_start(tmp_path, change, said):
    """F25: Rasa takes a policy without its file for one that was never trained."""
    agent = load_agent(remade(tmp_path, change), ENDPOINTS)

    async def work():
        await assistant(tmp_path, agent=agent).start()

    with pytest.raises(guards.GuardMissing, match=said):
        run(work())


def test_no_model_at_all_stops_the_start(tmp_path):
    with pytest.raises(guards.GuardMissing, match="no model is loaded"):
        assistant(tmp_path, agent=Agent())


def test_a_private_name_that_is_gone_stops_the_start(tmp_path, monkeypatch):
    """F30: the attribute is renamed in another release of Rasa."""
    monkeypatch.delattr(MessageProcessor, "_run_action")

    with pytest.raises(guards.GuardMissing, match="_run_action"):
        assistant(tmp_path, agent=load_agent(model(), ENDPOINTS))


@pytest.mark.parametrize("use", ["chat", "metrics"])
def test_a_port_that_is_taken_is_named(tmp_path, use):
    """OPS-1."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        uses = {
            "chat": lambda: _listening(Settings(port=port)),
            "metrics": lambda: _shown(Metrics(), port).__enter__(),
        }

        with pytest.raises(CannotServe, match=f"127.0.0.1:{port}: Address"):
            uses[use]()


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ('{"seconds": 312.5, "from_nothing": true}', 312.5),
        ('{"seconds": 4.0, "from_nothing": false}', None),
        ("{}", None),
        ("[]", None),
        ("no JSON", None),
    ],
)
def test_how_long_training_took_is_known_when_it_was_from_nothing(
    tmp_path, written, seconds
):
    path = tmp_path / "abc.tar.gz"
    assert training_s(path) is None
    (tmp_path / "abc.training.json").write_text(written)
    assert training_s(path) == seconds
