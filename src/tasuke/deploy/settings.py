"""Django settings of one installation. Everything that differs between installations comes from the environment."""

from tasuke.deploy.environment import read_environment
from tasuke.deploy.secret_key import secret_key
from tasuke.platform.database.systems import SYSTEMS, django_databases

ENVIRONMENT = read_environment()

SECRET_KEY = secret_key()
ALLOWED_HOSTS = list(ENVIRONMENT.hosts)

DATABASES = django_databases()
DATABASE_ROUTERS = ["tasuke.platform.database.systems.SystemRouter"]

_SUBSIDY_APPS = [
    "procrastinate.contrib.django",
    "tasuke.systems.subsidy.registry",
    "tasuke.systems.subsidy.entitlements",
    "tasuke.systems.subsidy.inquiries",
    "tasuke.systems.subsidy.sharing",
    "tasuke.systems.subsidy.certificates",
    "tasuke.systems.subsidy.claims",
    "tasuke.systems.subsidy.reimbursements",
    "tasuke.systems.subsidy.payments",
    "tasuke.systems.subsidy.statistics",
    "tasuke.systems.subsidy.desk",
    "tasuke.systems.subsidy.settings",
]

INSTALLED_APPS = [
    "django.contrib.postgres",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "django_htmx",
    "tasuke.platform.batch",
    "tasuke.platform.exchange",
    "tasuke.platform.accounts",
    "tasuke.platform.access",
    "tasuke.platform.audit",
    "tasuke.platform.transport",
    "tasuke.platform.ui",
    *(_SUBSIDY_APPS if "subsidy" in SYSTEMS else []),
    *(f"tasuke.systems.{name}" for name in SYSTEMS if name not in ("subsidy", "accounts")),
]

MIDDLEWARE = [
    "tasuke.deploy.middleware.ServerSide",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tasuke.platform.accounts.middleware.LiveSession",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "tasuke.deploy.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "tasuke.platform.ui.context.office",
            ],
        },
    }
]
FORM_RENDERER = "tasuke.platform.ui.renderer.QuickRenderer"

# --- people -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "tasuke.platform.accounts.backends.PersonalIdBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "/signin/"
REQUIRE_TERMINAL = ENVIRONMENT.require_terminal
CLIENT_CERTIFICATE_HEADER = ENVIRONMENT.certificate_header
PROXY_ADDRESSES = ENVIRONMENT.proxies
WEBAUTHN_ORIGIN = ENVIRONMENT.webauthn_origin  # security keys: off where it is empty
WEBAUTHN_ON_LOCALHOST = ENVIRONMENT.plain_http  # but for http://localhost, where nobody has to name anything
IDLE_SECONDS = ENVIRONMENT.idle_minutes * 60
WORKDAY_SECONDS = 12 * 3600  # after that everybody signs in again, however busy

AXES_LOCKOUT_PARAMETERS = ["username"]  # by person: a whole ward office shares one address
SILENCED_SYSTEM_CHECKS = ["axes.W006"]  # which warns that the address is not among them
AXES_FAILURE_LIMIT = 5  # PINs, one-time codes and security keys together
AXES_COOLOFF_TIME = ENVIRONMENT.lockout
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "personal_id"
AXES_PASSWORD_FORM_FIELD = "pin"  # noqa: S105 a field's name
AXES_SENSITIVE_PARAMETERS = ["pin", "code", "credential"]
AXES_LOCKOUT_TEMPLATE = "access/locked_out.html"
AXES_ENABLE_ADMIN = False
AXES_ENABLE_ACCESS_FAILURE_LOG = True  # failed sign-ins are what an auditor asks for
AXES_VERBOSE = False

# --- sessions and cookies ---------------------------------------------------------------------------------------------
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = IDLE_SECONDS  # works without any script: the cookie of an empty chair is gone
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_SECURE = not ENVIRONMENT.plain_http
SESSION_COOKIE_NAME = "tasuke" if ENVIRONMENT.plain_http else "__Host-tasuke"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SECURE = not ENVIRONMENT.plain_http
CSRF_COOKIE_NAME = "tasuke-csrf" if ENVIRONMENT.plain_http else "__Host-tasuke-csrf"
CSRF_FAILURE_VIEW = "tasuke.deploy.errors.forged"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- the wire ---------------------------------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 0 if ENVIRONMENT.plain_http else 365 * 24 * 3600
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.behind_proxy else None
X_FRAME_OPTIONS = "DENY"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # straight from the installed package: nothing to collect, nothing to forget
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20

PROCRASTINATE_DATABASE_ALIAS = "subsidy"

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "ja"
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True
# OFFICE_CLOCK: read at the edge, once per request (tests set another one)
OFFICE_CLOCK = "tasuke.deploy.clock.now"
