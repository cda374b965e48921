"""The whole reading outside Rasa: load a trained reader, read texts."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot.behaviours import Reading
from bot.nlu import judging
from bot.nlu.examples import Labelled
from bot.nlu.intents import dialogue_intent
from bot.nlu.model import ReaderModel, Scores, UnreadableModel
from bot.nlu.parsing import Encoder, Parser
from bot.reading import Seen, Unread

_READER_FILES = ("reader.json", "reader.npz")


class Understanding:
    """Parser, encoder and reader together; the same code the Rasa pipeline runs."""

    def __init__(self, model: ReaderModel, parser: Parser, encoder: Encoder) -> None:
        """Take the three parts."""
        self._model = model
        self._parser = parser
        self._encoder = encoder

    @classmethod
    def train(cls, examples: Sequence[Labelled]) -> Understanding:
        """Return an understanding that has learnt the examples."""
        parser, encoder = Parser(), Encoder()
        parsed = parser.parse(example.text for example in examples)
        model = ReaderModel.train(examples, parsed, encoder.encode(parsed))
        return cls(model, parser, encoder)

    @classmethod
    def load(cls, directory: Path) -> Understanding:
        """Return the understanding saved in a directory."""
        return cls(ReaderModel.load(directory), Parser(), Encoder())

    @classmethod
    def from_archive(cls, archive: Path) -> Understanding:
        """Return the understanding inside a Rasa model, without importing Rasa.

        Raises:
            UnreadableModel: if there is no trained reader in the archive.
        """
        return cls(reader_in(archive), Parser(), Encoder())

    def save(self, directory: Path) -> None:
        """Write what was learnt to a directory."""
        self._model.save(directory)

    def read(self, text: str, question: str | None = None) -> Reading:
        """Return what one message says, with the intents the dialogue knows.

        Args:
            text: the message.
            question: the question that was open when it came, if one was.
        """
        return self.see([Unread(text, question)])[0].reading

    def see(self, batch: Sequence[Unread]) -> list[Seen]:
        """Return all that the conversation needs of each message, from one parse."""
        parsed = self._parser.parse(unread.text for unread in batch)
        encoded = self._encoder.encode(parsed)
        questions = [unread.question for unread in batch]
        judged = judging.judge(self._model, parsed, encoded, questions)
        return [
            Seen(
                replace(
                    each.reading,
                    intent=dialogue_intent(each.reading.intent, one.text),
                ),
                each.heard,
                *self._parser.named(one),
            )
            for one, each in zip(parsed, judged, strict=True)
        ]

    def classify(self, texts: Sequence[str]) -> list[Reading]:
        """Return what each message says, with the intents of the labelling guide."""
        parsed = self._parser.parse(texts)
        return judging.classify(self._model, parsed, self._encoder.encode(parsed))

    def scores(self, texts: Sequence[str]) -> list[Scores]:
        """Return the bare probabilities of each message, for measuring."""
        parsed = self._parser.parse(texts)
        return self._model.scores(parsed, self._encoder.encode(parsed))


def reader_in(archive: Path) -> ReaderModel:
    """Return the trained reader inside a Rasa model.

    Raises:
        UnreadableModel: if there is none in the archive.
    """
    with tempfile.TemporaryDirectory() as folder:
        _extract_reader(archive, Path(folder))
        return ReaderModel.load(Path(folder))


def has_reader(archive: Path) -> bool:
    """Whether a Rasa model holds our reader at all."""
    with tarfile.open(archive) as tar:
        return any(Path(name).name in _READER_FILES for name in tar.getnames())


def newest_archive(models: Path) -> Path:
    """Return the model trained last.

    Raises:
        UnreadableModel: if the folder holds none.
    """
    archives = sorted(models.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not archives:
        raise UnreadableModel("no trained model in the models folder")
    return archives[-1]


def _extract_reader(archive: Path, folder: Path) -> None:
    """Copy the reader's own files out of the archive, and nothing else."""
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                name = Path(member.name).name
                source = tar.extractfile(member) if name in _READER_FILES else None
                if source is not None:
                    (folder / name).write_bytes(source.read())
    except (OSError, tarfile.TarError) as error:
        raise UnreadableModel(type(error).__name__) from error
