"""What tests of several kinds share: a database server, and services in no time."""

import pytest

pytest.register_assert_rewrite("toy.oracle")


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL of our own, for as long as the tests take."""
    from toy.postgres import Postgres

    server = Postgres()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def nursery(tmp_path_factory):
    """What starts services in no time."""
    from toy.nursery import Nursery
    from toy.process import make_project

    nursery = Nursery(make_project(tmp_path_factory.mktemp("project")))
    yield nursery
    nursery.close()


@pytest.fixture
def serving(nursery, tmp_path):
    """A maker of services that end with the test; each has a folder of its own."""
    from toy.nursery import Service

    made = []

    def serve(name="data", **settings):
        made.append(Service(nursery, tmp_path / name, **settings))
        return made[-1]

    yield serve
    for service in made:
        service.kill_if_running()
