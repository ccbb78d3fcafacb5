"""The WSGI application: what `tasuke serve` runs, and what any other WSGI server can run."""

from tasuke.deploy.profiles import open_profile
from tasuke.deploy.setup import configure
from tasuke.systems.subsidy.profile import set_profile

configure()
set_profile(open_profile())

from django.core.wsgi import get_wsgi_application  # noqa: E402 Django reads its settings here

from tasuke.deploy.chain.opening import open_chain  # noqa: E402
from tasuke.deploy.clock import now  # noqa: E402
from tasuke.deploy.sealing import start_sealing  # noqa: E402

open_chain(profile=open_profile(), clock=now)
application = get_wsgi_application()
start_sealing()
