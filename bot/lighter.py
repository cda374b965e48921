"""Leaves out of a process what Rasa brings in or does and we have no use for.

Rasa brings TensorFlow in for policies and classifiers that config.yml does not name:
some 300 MB, and seconds of every start. A few of its modules are where that begins. A
process that serves gets empty ones in their place; one that trains, or that Rasa's own
commands start, does not. They belong to one release of Rasa, which is pinned, and a
model that did need them would not load.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

# What is asked of each at import, and what is given; anything else is an error that
# names the module.
_LEFT_OUT: dict[str, dict[str, Any]] = {
    "rasa.utils.train_utils": {},
    "rasa.utils.tensorflow.model_data": {"ragged_array_to_ndarray": None},
    "rasa.utils.tensorflow.model_data_utils": {},
    "rasa.engine.recipes.default_components": {"DEFAULT_COMPONENTS": []},
    # A model names it as part of how it was trained, and never makes one to answer.
    "rasa.graph_components.validators.default_recipe_validator": {
        "DefaultV1RecipeValidator": type("DefaultV1RecipeValidator", (), {})
    },
}


def leave_out_training() -> None:
    """Put the empty modules in place, unless Rasa is here already."""
    if "rasa" in sys.modules:
        return
    for name, holds in _LEFT_OUT.items():
        module = ModuleType(name, "Left out: see bot/lighter.py.")
        vars(module).update(holds)
        sys.modules[name] = module


def copy_slots_quickly() -> None:
    """Let each slot make its own shallow copy; the result is the same.

    Rasa copies every slot of a conversation some six times a turn, and by the general
    way of Python, which asks each object how it would be pickled.
    """
    from rasa.shared.core.slots import Slot

    def twin(slot: Slot) -> Slot:
        made = object.__new__(type(slot))
        vars(made).update(vars(slot))
        return made

    Slot.__copy__ = twin
