import pytest

from tests.system import development, manage


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> dict[str, str]:
    """The environment of a site under development that is ready to be served."""
    environment = development(tmp_path_factory.mktemp("site"))
    assert manage("migrate", "-v0", **environment) == (0, "")
    return environment
