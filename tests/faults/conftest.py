"""The folder that the served processes share, with the toy model in it."""

import pytest
from toy.process import make_project


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("project"))
