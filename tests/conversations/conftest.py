"""The assistant as it is served: the trained model, the real form, actions and store."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from bot import log
from bot.assembly import assemble
from bot.cli import QUIET
from bot.nlu.understanding import Understanding
from bot.reading import ThreadReader
from bot.session import ServerKey, Sessions, new_key
from bot.settings import Settings
from conversations.person import Person

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def meet():
    """Return a function that starts a new conversation."""
    os.environ.update(QUIET)
    settings = replace(Settings.from_env({}), database_url="sqlite://")
    log.configure("error")
    from bot.model import model_path, verified
    from bot.serving import load_agent

    loop = asyncio.new_event_loop()
    model = verified(model_path(ROOT, settings.models_dir))
    agent = load_agent(model)
    keys = [ServerKey.from_text(new_key())]
    reader = ThreadReader(Understanding.from_archive(model).see)
    assistant = assemble(settings, agent, keys, reader=reader)
    loop.run_until_complete(assistant.start())
    sessions = Sessions(keys, settings.absolute_s)

    yield lambda: Person(assistant, sessions, loop)

    loop.run_until_complete(assistant.stop())
    loop.close()
