"""A process that serves goes without what only training needs."""

import copy
import subprocess
import sys
from pathlib import Path

from rasa.shared.core.slots import AnySlot
from toy.house import model

from bot.lighter import copy_slots_quickly

ROOT = Path(__file__).parents[2]
CODE = """
import sys
from pathlib import Path
from bot.lighter import leave_out_training
leave_out_training()
from bot.serving import load_agent
agent = load_agent(Path(sys.argv[1]), "endpoints.yml")
assert agent.processor.domain.user_actions
print(*sorted({"tensorflow", "sklearn", "spacy"} & set(sys.modules)))
"""


def test_a_model_is_loaded_without_what_only_training_needs():
    loaded = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE, str(model())],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )

    assert (loaded.returncode, loaded.stdout) == (0, "\n"), loaded.stderr[-2000:]


def test_a_copy_of_a_slot_is_what_it_was_and_goes_its_own_way():
    copy_slots_quickly()
    slot = AnySlot("told", mappings=[{"type": "custom"}], value_reset_delay=2)
    slot.value = ["a"]

    twin = copy.copy(slot)
    same = vars(twin) == vars(slot) and type(twin) is AnySlot
    twin.value = ["b"]

    assert same
    assert slot.value == ["a"]
