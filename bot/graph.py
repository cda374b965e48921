"""Runs Rasa's graph of components one after the other, as it stands.

Rasa hands each message and each decision to Dask, which works out anew in which order
five components come, and writes all of it into a debug line. The order is the same
every time: it is found once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import ExecutionContext, GraphNodeHook, GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.storage import ModelStorage

Order = Sequence[tuple[str, Sequence[str]]]


class InOrder(GraphRunner):
    """Runs what a `DaskGraphRunner` has loaded, with the same results."""

    def __init__(self, loaded: DaskGraphRunner) -> None:
        """Take over the components that were loaded."""
        self._schema, self._nodes = loaded._graph_schema, loaded._instantiated_nodes
        self._orders: dict[tuple[str, ...], Order] = {}

    @classmethod
    def create(
        cls,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: list[GraphNodeHook] | None = None,
    ) -> InOrder:
        """Load the components of a schema, as Rasa's own runner does."""
        return cls(
            DaskGraphRunner.create(
                graph_schema, model_storage, execution_context, hooks
            )
        )

    def run(
        self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
    ) -> dict[str, Any]:
        """Run the components that the targets need; return what the targets gave.

        Args:
            inputs: by the names that components ask for.
            targets: the components whose output is wanted; the schema's when left out.

        Raises:
            GraphRunError: a component got less than it needs.
        """
        wanted = tuple(targets or self._schema.target_names)
        if wanted not in self._orders:
            self._orders[wanted] = self._order(wanted)
        done = {name: (name, value) for name, value in (inputs or {}).items()}
        try:
            for name, needs in self._orders[wanted]:
                done[name] = self._nodes[name](
                    *(done.get(need, need) for need in needs)
                )
        except RuntimeError as error:
            raise GraphRunError("Error running runner.") from error
        return {name: done[name][1] for name in wanted}

    def _order(self, wanted: Sequence[str]) -> Order:
        """Return the components in an order in which each comes after what it needs."""
        nodes = self._schema.minimal_graph_schema(list(wanted)).nodes
        order: dict[str, Sequence[str]] = {}

        def visit(name: str) -> None:
            if name in order or name not in nodes:
                return
            needs = tuple(nodes[name].needs.values())
            for need in needs:
                visit(need)
            order[name] = needs

        for name in wanted:
            visit(name)
        return tuple(order.items())
