"""Pytest plugin (`-p tasuke.platform.database.testing`): a running server before Django reads its settings.

Every test runs on the real engine: the embedded PostgreSQL in `var/test`, or the server in TASUKE_DATABASE_URL.
"""

import os

os.environ.setdefault("TASUKE_HOME", "var/test")
os.environ.setdefault("TASUKE_PROFILE", "kawasaki")

from tasuke.platform.database.embedded import ensure_server
from tasuke.platform.database.migrating import migrate_own_tables_alone
from tasuke.platform.database.systems import create_missing

create_missing(ensure_server())
migrate_own_tables_alone()
