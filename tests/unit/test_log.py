"""Logs: our events are codes and numbers, everybody else's words are withheld."""

import json
import subprocess
import sys

import pytest

from bot import log

SCRIPT = """
import asyncio, logging, sys, threading, warnings
import structlog
early = logging.getLogger("early")
early.addHandler(logging.StreamHandler())
from bot import log
log.configure(sys.argv[1])
log.event("turn.answered", duration_ms=12, turn=log.correlation_id())
log.event("turn.failed", level="error", error="CANARY in a sentence")
def everything(logger):
    for level in ("debug", "info", "warning", "error", "critical"):
        getattr(logger, level)("CANARY %s" % level)
    try:
        words = "CANARY"
        raise ValueError(words)
    except ValueError:
        logger.exception("CANARY")
for name in ("rasa.core.processor", "sanic.error", "sqlalchemy.engine", "early"):
    everything(logging.getLogger(name))
everything(structlog.get_logger())
structlog.get_logger().warning("CANARY", text="CANARY")
logging.getLogger("rasa").error("%s %s", "CANARY", {"CANARY": 1}, extra={"x": "CANARY"})
for name in ("fields", "logger", "error", "text"):
    extra = {name: {"CANARY": "CANARY"}}
    logging.getLogger("rasa").error("CANARY", extra=extra)
warnings.warn("CANARY")
async def fails():
    raise RuntimeError("CANARY")
async def main():
    task = asyncio.get_running_loop().create_task(fails())
    await asyncio.wait([task])
asyncio.run(main())
thread = threading.Thread(target=lambda: 1 / int("CANARY"))
thread.start(); thread.join()
raise KeyError("CANARY")
"""


@pytest.mark.parametrize("level", ["debug", "info", "error"])
def test_no_word_of_anybody_comes_out_at_any_level(level):
    """P1, LOG-1, LOG-2: loggers of ours and of others, warnings, tasks, threads and
    uncaught errors, at every level."""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, level],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "CANARY" not in ran.stdout + ran.stderr
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert lines[-1]["event"] == "process.failed"
    assert lines[-1]["error"] == "KeyError"


def test_a_framework_error_still_says_where_it_happened():
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, "info"],
        capture_output=True,
        text=True,
        check=False,
    )

    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    rasa = [line for line in lines if line.get("logger") == "rasa.core.processor"]
    assert {line.get("error") for line in rasa} == {None, "ValueError"}
    assert all(line["line"] > 0 for line in rasa)


def test_there_is_no_parameter_for_what_a_person_said():
    with pytest.raises(TypeError):
        log.event("turn.answered", text="words")


def test_correlation_ids_are_all_different():
    assert len({log.correlation_id() for _ in range(100)}) == 100
