"""The pipeline's third part: reads intent, types, danger and the rest in a message."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, METADATA, METADATA_EXAMPLE, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.asked import open_question
from bot.behaviours import Reading
from bot.nlu import judging
from bot.nlu.encoder import ENCODED, SentenceEncoder
from bot.nlu.examples import Labelled, labelled
from bot.nlu.intents import dialogue_intent
from bot.nlu.model import VERSION, NotTrained, ReaderModel
from bot.nlu.parser import PARSED, known_reading, masked_words

READING = "reading"


def example_of(message: Message) -> Labelled:
    """Return a training example with the labels that ride on it."""
    labels = message.get(METADATA, {}).get(METADATA_EXAMPLE) or {}
    return labelled(message.get(TEXT), message.get(INTENT), labels)


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True
)
class Reader(GraphComponent):
    """Sets the intent of a message and puts the whole reading beside it."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Name the parts that must come before."""
        return [SentenceEncoder]

    @staticmethod
    def required_packages() -> list[str]:
        """Name the packages that must be importable."""
        return ["scipy", "sklearn"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings that config.yml may override: none."""
        return {}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Return the version of the method, which lives outside this class."""
        return VERSION

    def __init__(
        self,
        model_storage: ModelStorage,
        resource: Resource,
        model: ReaderModel | None = None,
    ) -> None:
        """Keep what training and saving will need."""
        self._storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Reader:
        """Create an untrained reader."""
        return cls(model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Reader:
        """Load a trained reader, or fail: an untrained one must never serve."""
        with model_storage.read_from(resource) as directory:
            return cls(model_storage, resource, ReaderModel.load(directory))

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the labels, and save the result in the model archive."""
        messages = training_data.nlu_examples
        self._model = ReaderModel.train(
            [example_of(message) for message in messages],
            [message.get(PARSED) for message in messages],
            [message.get(ENCODED) for message in messages],
        )
        with self._storage.write_to(self._resource) as directory:
            self._model.save(directory)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent and the reading of each message a person typed.

        Raises:
            NotTrained: if the reader has learnt nothing.
        """
        if self._model is None:
            raise NotTrained
        for message in messages:
            reading = known_reading(message) or self._read(message)
            if reading is None:
                continue
            intent = {"name": reading.intent, "confidence": reading.intent_confidence}
            message.set(INTENT, intent, add_to_output=True)
            message.set("intent_ranking", [intent], add_to_output=True)
            message.set(READING, reading.to_dict(), add_to_output=True)
        return messages

    def _read(self, message: Message) -> Reading | None:
        """Return what a message says; None when there is nothing in it to read."""
        if self._model is None or message.get(ENCODED) is None:
            return None
        parsed, encoded = message.get(PARSED), message.get(ENCODED)
        questions = [open_question.get()]
        (reading,) = judging.read(self._model, [parsed], [encoded], questions)
        named = replace(reading, intent=dialogue_intent(reading.intent, parsed.text))
        masked = masked_words(message)
        return named if masked is None else masked.reading(named)
