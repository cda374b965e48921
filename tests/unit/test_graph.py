"""Rasa's components run in the same order and to the same end as under Rasa's runner."""

from typing import ClassVar

import pytest
from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner
from toy.house import agent

from bot.graph import InOrder


class Adds(GraphComponent):
    """Adds what it is given, and writes down that it ran."""

    ran: ClassVar[list] = []

    @classmethod
    def create(cls, config, model_storage, resource, execution_context):
        made = cls()
        made.more = config["more"]
        return made

    def add(self, one, two=0):
        self.ran.append(self.more)
        if one == "broken":
            raise RuntimeError("broken")
        return one + two + self.more


def node(needs, more, target=False):
    return SchemaNode(
        needs=needs,
        uses=Adds,
        constructor_name="create",
        fn="add",
        config={"more": more},
        is_target=target,
    )


SCHEMA = GraphSchema(
    {
        "last": node({"one": "left", "two": "right"}, 1000, target=True),
        "left": node({"one": "first"}, 10),
        "right": node({"one": "first", "two": "given"}, 100),
        "first": node({"one": "given"}, 1),
        "apart": node({"one": "given"}, 7),
    }
)


def runners():
    context = ExecutionContext(SCHEMA)
    return (
        DaskGraphRunner.create(SCHEMA, None, context),
        InOrder.create(SCHEMA, None, context),
    )


@pytest.mark.parametrize("targets", [None, ["last"], ["left", "right"], ["apart"]])
def test_it_gives_what_rasas_own_runner_gives(targets):
    rasas, ours = runners()

    expected = rasas.run({"given": 5}, targets)

    assert ours.run({"given": 5}, targets) == expected
    assert ours.run({"given": 6}, targets) != expected


def test_only_what_is_wanted_runs_and_each_once():
    _, ours = runners()
    Adds.ran.clear()

    ours.run({"given": 5}, ["right"])

    assert Adds.ran == [1, 100]


@pytest.mark.parametrize("inputs", [{}, {"given": "broken"}])
def test_what_fails_there_fails_here(inputs):
    for runner in runners():
        with pytest.raises(Exception) as failure:  # noqa: PT011 - compared below
            runner.run(inputs, ["first"])
        assert isinstance(failure.value, GraphRunError) or "first" in str(failure.value)


def test_an_assistant_that_is_served_runs_so():
    assert isinstance(agent().processor.graph_runner, InOrder)
