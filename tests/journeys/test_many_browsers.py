"""A ward office in the morning: hundreds of browsers hold connections open while nobody clicks."""

import http.client
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

OPEN = 200  # more than one connection a clerk, far more than the server has threads


def test_a_page_is_answered_while_many_browsers_keep_their_connections_open(site):
    host = urlsplit(site).netloc
    with ExitStack() as kept:
        for _ in range(OPEN):
            wire = kept.enter_context(closing(http.client.HTTPConnection(host, timeout=20)))
            wire.request("GET", "/healthz")
            answer = wire.getresponse()
            assert answer.status == 200
            answer.read()
            assert not answer.will_close  # the connection is kept, as a browser keeps it
