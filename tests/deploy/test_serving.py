"""How the server is set up."""

import pytest

from tasuke.deploy.serving import threads_of


@pytest.mark.parametrize(("cores", "threads"), [(1, 3), (2, 5), (4, 8), (64, 8)])
def test_a_worker_has_no_more_threads_than_its_cores_bear(cores, threads):
    assert threads_of(cores) == threads
    assert threads <= cores * 2 + 1  # beyond that granian warns at each start
