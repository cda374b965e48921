"""Found by its name: the action server's SDK imports it and calls `init_hooks`."""

import sys

from pluggy import HookimplMarker, PluginManager

try:
    from bot.action_server import protect
except ModuleNotFoundError as error:
    # The SDK would take it for a missing plugin and go on without protection.
    raise ImportError(f"the action server cannot be protected: {error}") from error

attach_sanic_app_extensions = HookimplMarker("rasa_sdk")(protect)


def init_hooks(manager: PluginManager) -> None:
    """Register the protection."""
    manager.register(sys.modules[__name__])
