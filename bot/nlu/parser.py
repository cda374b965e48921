"""The pipeline's first part: spaCy's parse and the clauses of each message."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.behaviours import Reading
from bot.masking import Masked, of_this_turn
from bot.nlu.parsing import SPACY_MODEL, Parser
from bot.reading import of_this_turn as read_before

PARSED = "parsed"
# A message that begins so is a choice the page made, not words to be read.
CHOICE = "/"


def is_read(message: Message) -> bool:
    """Say whether a message holds words that a person typed."""
    text = message.get(TEXT)
    return isinstance(text, str) and not text.startswith(CHOICE)


def known_reading(message: Message) -> Reading | None:
    """Return what the running turn's message says, if it has been read already."""
    known = read_before.get()
    same = known is not None and known[0] == message.get(TEXT)
    return known[1] if known is not None and same else None


def masked_words(message: Message) -> Masked | None:
    """Return what the running turn masked in a message; None outside such a turn."""
    masked = of_this_turn.get()
    same = masked is not None and masked.text == message.get(TEXT)
    return masked if same else None


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False
)
class ClauseParser(GraphComponent):
    """Parses each message and cuts it into clauses.

    A message that is masked is read as it was typed; only the parse, which nothing
    keeps, knows those words.
    """

    @staticmethod
    def required_packages() -> list[str]:
        """Name the packages that must be importable."""
        return ["spacy"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings that config.yml may override."""
        return {"model": SPACY_MODEL}

    def __init__(self, parser: Parser) -> None:
        """Take the parser."""
        self._parser = parser

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ClauseParser:
        """Load the spaCy model that config.yml names."""
        return cls(Parser(config["model"]))

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Parse the training examples."""
        self.process(training_data.nlu_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Parse the messages."""
        read = [
            message
            for message in messages
            if is_read(message) and known_reading(message) is None
        ]
        if not read:
            return messages
        parses = self._parser.parse(_words(message) for message in read)
        for message, parsed in zip(read, parses, strict=True):
            message.set(PARSED, parsed)
        return messages


def _words(message: Message) -> str:
    masked = masked_words(message)
    return str(message.get(TEXT) if masked is None else masked.raw)
