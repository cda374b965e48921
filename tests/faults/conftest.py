"""What the served processes share: a folder with the toy model, and one that serves."""

import itertools

import pytest
from toy.process import make_project
from toy.served import Served


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def served(project, tmp_path_factory):
    """Return the assistant, served from a process; it must outlive every test."""
    served = Served(project, tmp_path_factory.mktemp("served"))
    yield served
    status, log = served.stop()
    assert status == 0
    assert "request.failed" not in log
    assert "process.failed" not in log
    assert not [token for token in served.tokens if token in log]


@pytest.fixture(scope="session")
def someone(served):
    """Return a function that returns a caller with an address nobody else has."""
    numbers = itertools.count(1)
    return lambda: served.caller(next(numbers))
