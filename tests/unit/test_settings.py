"""Settings: read once, refused when wrong, all of them documented."""

import re
from pathlib import Path

import pytest
from toy.keys import KEY, OTHER_KEY

from bot.settings import NAMES, PREFIX, Settings, SettingsError

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def env(**values):
    return {PREFIX + name: value for name, value in values.items()}


def test_every_setting_is_in_the_example_with_words_on_it():
    lines = EXAMPLE.read_text().splitlines()
    named = [line.split("=")[0] for line in lines if re.match(r"[A-Z]", line)]

    assert sorted(named) == sorted(PREFIX + name for name in NAMES)
    for at, line in enumerate(lines):
        if re.match(r"[A-Z]", line):
            assert lines[at - 1].startswith("#"), line


def test_the_example_as_it_stands_is_the_default():
    pairs = (line.split("=", 1) for line in EXAMPLE.read_text().splitlines())
    values = {
        pair[0]: pair[1] for pair in pairs if len(pair) == 2 and pair[0][0] != "#"
    }

    assert Settings.from_env(values) == Settings()


def test_nothing_set_means_this_machine_alone():
    settings = Settings.from_env({"PATH": "/bin"})

    assert settings.host == "127.0.0.1"
    assert settings.origins == ()
    assert settings.database == "sqlite:///var/conversations.db"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "70000"),
        ("PORT", "-1"),
        ("IDLE_S", "1"),
        ("ABSOLUTE_S", "1000000"),
        ("MAX_SESSIONS", "0"),
        ("ORIGINS", "*"),
        ("ORIGINS", "chat.example.net"),
        ("ORIGINS", "https://chat.example.org/"),
        ("ORIGINS", "https://*.example.org"),
        ("FRAME_ANCESTORS", "ftp://example.org"),
        ("TRUSTED_PROXIES", "proxy"),
        ("ACTION_URL", "localhost:5055"),
        ("ACTION_URL", "http://10.0.0.7:5055/webhook"),
        ("ACTION_SECRET", "too short"),
        ("ACTION_SECRET_FILE", "/nowhere/at/all"),
        ("METRICS_PORT", "0"),
        ("METRICS_WINDOW_S", "899"),
        ("LOG_LEVEL", "loud"),
        ("SESSION_KEY_FILE", "/nowhere/at/all"),
        ("SESSION_KEY_PREVIOUS", OTHER_KEY),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not_told(name, value):
    with pytest.raises(SettingsError) as refusal:
        Settings.from_env(env(**{name: value}))

    assert str(refusal.value).startswith(PREFIX)
    assert f": {value}" not in str(refusal.value)


def test_a_misspelt_setting_is_refused():
    with pytest.raises(SettingsError, match="FIRST_CONTACT_ORIGNS"):
        Settings.from_env(env(ORIGNS="https://chat.example.org"))


def test_the_key_can_come_from_a_file(tmp_path):
    file = tmp_path / "key"
    file.write_text(KEY + "\n")

    settings = Settings.from_env(env(SESSION_KEY_FILE=str(file)))

    assert settings.session_keys == (KEY,)


def test_the_current_key_comes_before_the_previous_one():
    settings = Settings.from_env(env(SESSION_KEY=KEY, SESSION_KEY_PREVIOUS=OTHER_KEY))

    assert settings.session_keys == (KEY, OTHER_KEY)


def test_a_real_site_needs_a_key_of_its_own():
    """F29."""
    with pytest.raises(SettingsError, match="SESSION_KEY"):
        Settings.from_env(env(ORIGINS="https://chat.example.org"))


def test_actions_on_another_machine_need_a_secret():
    """ACT-1."""
    url = "http://10.0.0.7:5055/webhook"
    near = Settings.from_env(env(ACTION_URL="http://127.0.0.1:5055/webhook"))
    far = Settings.from_env(env(ACTION_URL=url, ACTION_SECRET=OTHER_KEY))

    assert (near.action_secret, far.action_secret) == ("", OTHER_KEY)
    assert OTHER_KEY not in repr(far)


def test_secrets_do_not_show_when_settings_are_printed():
    settings = Settings.from_env(
        env(SESSION_KEY=KEY, DATABASE_URL="postgresql://user:hidden@host/name")
    )

    assert KEY not in repr(settings)
    assert "hidden" not in repr(settings)
