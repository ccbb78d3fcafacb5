"""The WSGI application: what `tasuke serve` runs, and what any other WSGI server can run."""

from tasuke.deploy.profiles import open_profile
from tasuke.deploy.setup import configure
from tasuke.systems.subsidy.profile import set_profile

configure()
set_profile(open_profile())

from django.core.wsgi import get_wsgi_application  # noqa: E402 Django reads its settings here

from tasuke.deploy.sealing import start_sealing  # noqa: E402

application = get_wsgi_application()
start_sealing()
