"""Where spaCy sees names in a message, for masking one that was not read before."""

from __future__ import annotations

import threading
from functools import cache, cached_property
from typing import TYPE_CHECKING

from bot.masking import Named
from bot.names import has_unknown_capital
from bot.nlu.parsing import SPACY_MODEL, calm, load_spacy, named_in

if TYPE_CHECKING:
    from spacy.language import Language

_OTHER_PARTS = ("tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer")


class Entities:
    """The part of spaCy's model that knows names, loaded when it is first needed."""

    def __init__(self, model: str = SPACY_MODEL) -> None:
        """Take the name of the model."""
        self._model = model
        self._one_at_a_time = threading.Lock()

    @cached_property
    def _nlp(self) -> Language:
        return load_spacy(self._model, exclude=_OTHER_PARTS)

    def find(self, text: str) -> Named:
        """Return where persons are named, and where other things are."""
        if not has_unknown_capital(text):
            return (), ()
        with self._one_at_a_time:
            return named_in(self._nlp(calm(text)))


@cache
def shared_entities() -> Entities:
    """Return what finds them, one for the process."""
    return Entities()
