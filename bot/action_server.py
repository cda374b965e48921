"""Makes `rasa run actions` safe: as it is, anybody may call, and errors tell everything.

Its SDK calls this as its plugin (rasa_sdk_plugins.py), before it listens. Calls must
carry the secret of the settings; without one, only this machine is listened to. No error
holds anything of a request, and the log follows our rules.
"""

from __future__ import annotations

import hmac
import json
import os

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from bot import log
from bot.settings import SECRET_HEADER, Settings, SettingsError, is_this_machine

LISTENS_ON = "SANIC_HOST"  # what the SDK reads
HEALTH = "/health"
NOT_ANSWERED = {"error": "not_answered"}


def protect(app: Sanic) -> None:
    """Put the rules into an action server that is about to start.

    Raises:
        SystemExit: the settings are wrong, or it would listen to others unprotected.
    """
    try:
        settings = Settings.from_env(os.environ)
        host = os.environ.setdefault(LISTENS_ON, "127.0.0.1")
        if not settings.action_secret and not is_this_machine(host):
            raise SettingsError(
                "FIRST_CONTACT_ACTION_SECRET: must be set when actions listen to "
                "other machines"
            )
    except SettingsError as error:
        raise SystemExit(f"First Contact cannot go on: {error}.") from None
    log.configure(settings.log_level)
    app.config.ACCESS_LOG = False
    secret = settings.action_secret.encode()

    async def admit(request: Request) -> HTTPResponse | None:
        given = str(request.headers.get(SECRET_HEADER, "")).encode()
        if request.path == HEALTH or hmac.compare_digest(given, secret):
            return None
        return json_response(NOT_ANSWERED, 403)

    async def withhold(request: Request, response: HTTPResponse) -> HTTPResponse | None:
        if response.status < 400 or _says_rejected(response):
            return None
        return json_response(NOT_ANSWERED, response.status)

    app.register_middleware(admit, "request")
    app.register_middleware(withhold, "response")


def _says_rejected(response: HTTPResponse) -> bool:
    """Whether an action has decided not to run, which the caller must be told."""
    try:
        body = json.loads(response.body or b"")
    except ValueError:
        return False
    return isinstance(body, dict) and set(body) == {"error", "action_name"}
