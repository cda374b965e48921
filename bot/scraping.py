"""Shows the released counts to Prometheus, on a port of this machine alone."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bot.metrics import FAMILIES, STEPS_S, Metrics, Released

HOST = "127.0.0.1"
PREFIX = "first_contact_"


@contextlib.contextmanager
def exposed(metrics: Metrics, port: int) -> Iterator[None]:
    """Answer Prometheus while the service runs.

    Raises:
        OSError: the port cannot be used.
    """
    registry = CollectorRegistry()  # the usual one also shows figures of the process
    registry.register(_Released(metrics))
    server, thread = start_http_server(port, HOST, registry)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Released(Collector):
    """What has been released, in the shapes of Prometheus."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Yield every metric; a cell that was never released is not among them."""
        released = self._metrics.released()
        for name, family in FAMILIES.items():
            labels = [family.label] if family.label else []
            counter = CounterMetricFamily(PREFIX + name, family.says, labels=labels)
            for (of, label), count in sorted(released.counts.items()):
                if of == name:
                    counter.add_metric([label] if labels else [], count)
            yield counter
        yield _durations(released)
        open_now = "Conversations open when the last window closed, in steps of five."
        yield GaugeMetricFamily(f"{PREFIX}live_sessions", open_now, released.live)
        closed = "Windows of counting that have closed."
        yield CounterMetricFamily(f"{PREFIX}windows", closed, released.windows)


def _durations(released: Released) -> Metric:
    buckets, total = [], 0
    for step in STEPS_S:
        total += released.durations.get(step, 0)
        buckets.append(("+Inf" if step == math.inf else str(step), float(total)))
    says = "Seconds a turn took, rounded up to a step that enough people share."
    name = f"{PREFIX}turn_duration_seconds"
    return HistogramMetricFamily(name, says, buckets=buckets)
