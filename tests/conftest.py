"""What tests of several add-ons, and of the tool, share."""

import pytest

from tools.kh import environment


@pytest.fixture(scope="session")
def kh_environment():
    """The prepared environment, to start Odoo in a process and on a database of its own."""
    return environment.prepare(dev=True)
