"""The site as it is served, in a process of its own.

`python -m tasuke.bench.office_server PORT` serves until it is terminated.
"""

import sys


def main(port: int) -> None:
    """Serve with the product's own server settings."""
    from tasuke.deploy.serving import Listen, prepare_environment, serve

    listen = Listen(port=port)
    prepare_environment(listen)
    serve(listen)


if __name__ == "__main__":
    main(int(sys.argv[1]))
