"""What the assistant asked last, told to the reader beside the message itself.

Rasa reads a message without its conversation. "The man upstairs" is an answer to who it
is, and may be an emergency when nothing was asked.
"""

from __future__ import annotations

from contextvars import ContextVar

open_question: ContextVar[str | None] = ContextVar("open_question", default=None)
