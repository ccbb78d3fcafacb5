"""What the workers of the bench's server load."""

from tasuke.bench.office_server import make_application

application = make_application()
