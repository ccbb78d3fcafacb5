"""Django settings of one installation. Everything that differs between installations comes from the environment."""

import os

from tasuke.platform.database.systems import django_databases

# Signs nothing yet (there is no web room): a random key per process is right until sessions exist.
SECRET_KEY = os.environ.get("TASUKE_SECRET_KEY") or os.urandom(32).hex()

DATABASES = django_databases()
DATABASE_ROUTERS = ["tasuke.platform.database.systems.SystemRouter"]

INSTALLED_APPS = [
    "django.contrib.postgres",
    "procrastinate.contrib.django",
    "tasuke.platform.batch",
    "tasuke.platform.exchange",
    "tasuke.platform.audit",
    "tasuke.systems.subsidy.registry",
    "tasuke.systems.subsidy.entitlements",
    "tasuke.systems.subsidy.certificates",
    "tasuke.systems.subsidy.claims",
    "tasuke.systems.subsidy.reimbursements",
    "tasuke.systems.subsidy.payments",
    "tasuke.systems.subsidy.statistics",
]

PROCRASTINATE_DATABASE_ALIAS = "subsidy"

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "ja"
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True
