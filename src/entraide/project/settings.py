"""Django's settings, made from the environment (see `entraide.kernel.environment`) and from nothing else.

Importing this module has no side effects: it opens nothing and writes nothing.
"""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF

from entraide.kernel import environment

KIND = environment.read("ENTRAIDE_KIND") or "trial"
PROCESS = environment.read("ENTRAIDE_PROCESS") or "web"
HOME = Path(environment.read("ENTRAIDE_HOME") or Path.cwd() / ".entraide" / KIND)
FACES = environment.faces()
# Where people of each face type their passkeys; one address for both unless a process of its own serves the staff.
_FIRST_ORIGIN = (environment.read("ENTRAIDE_ORIGIN") or "http://localhost:8000").rstrip("/")
ORIGINS = {"agency": _FIRST_ORIGIN, "staff": environment.read("ENTRAIDE_STAFF_ORIGIN").rstrip("/") or _FIRST_ORIGIN}
ORIGIN = ORIGINS["staff"] if FACES == ("staff",) else ORIGINS["agency"]
RP_ID = urlsplit(ORIGIN).hostname or "localhost"
LOG_ORIGIN = environment.read("ENTRAIDE_LOG_ORIGIN") or (
    "demo.invalid/log" if KIND == "demo" else f"{urlsplit(_FIRST_ORIGIN).hostname or 'localhost'}/log"
)
EXCHANGE_NAME = environment.read("ENTRAIDE_EXCHANGE_NAME") or "Aurelia Exchange"
EXCHANGE_URL = environment.read("ENTRAIDE_EXCHANGE_URL")
EXCHANGE_TOKEN = environment.read("ENTRAIDE_EXCHANGE_TOKEN")
EXCHANGE_CERTIFICATE = environment.read("ENTRAIDE_EXCHANGE_CERTIFICATE")
TRUSTED_SIGNERS = environment.read("ENTRAIDE_TRUSTED_SIGNERS")
TRUSTED_PROXIES = int(environment.read("ENTRAIDE_TRUSTED_PROXIES") or "0")

KEY_STORE_FOLDER = HOME / "keys"
SPOOL_FOLDER = HOME / "spool"
PACKAGE_FOLDER = HOME / "packages"
SIGNER_SOCKET = HOME / "run" / "signer.sock"

DEBUG = False
SECRET_KEY = environment.read("ENTRAIDE_SECRET_KEY") or "used only where no page is served"
ALLOWED_HOSTS = [RP_ID, "127.0.0.1"] if RP_ID == "localhost" else [RP_ID]
CSRF_TRUSTED_ORIGINS = [ORIGIN]
IS_SECURE = ORIGIN.startswith("https://")


def _database(setting: str, **options: Any) -> dict[str, Any]:
    """Return Django's form of a database URL; `host` may be the folder of a Unix socket, percent-encoded."""
    parts = urlsplit(environment.read(setting) or "postgresql://nobody@/nothing")
    query = dict(item.split("=", 1) for item in parts.query.split("&") if "=" in item)
    return {
        "ENGINE": "entraide.database.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.pop("host", "") or parts.hostname or ""),
        "PORT": str(parts.port or query.pop("port", "")),
        "OPTIONS": {"connect_timeout": 10, **{key: unquote(value) for key, value in query.items()}, **options},
    }


DATABASES: dict[str, dict[str, Any]]
match PROCESS:
    case "worker":
        DATABASES = {"default": _database("ENTRAIDE_DATABASE_URL_WORKER")}
    case "migrate":
        DATABASES = {"default": _database("ENTRAIDE_DATABASE_URL_MIGRATE", options="-c role=entraide_owner")}
    case "auditor":
        DATABASES = {"default": _database("ENTRAIDE_DATABASE_URL_AUDITOR")}
    case "demo":  # tells the story: its people act in the roles of the pages, its look-ups in the worker's
        DATABASES = {
            "default": _database("ENTRAIDE_DATABASE_URL_WEB"),
            "agency": _database("ENTRAIDE_DATABASE_URL_AGENCY"),
            "worker": _database("ENTRAIDE_DATABASE_URL_WORKER"),
        }
    case _ if FACES == ("agency",):
        DATABASES = {"default": _database("ENTRAIDE_DATABASE_URL_AGENCY", pool=True)}
    case _ if FACES == ("staff",):
        DATABASES = {"default": _database("ENTRAIDE_DATABASE_URL_WEB", pool=True)}
    case _:
        DATABASES = {
            "default": _database("ENTRAIDE_DATABASE_URL_WEB", pool=True),
            "agency": _database("ENTRAIDE_DATABASE_URL_AGENCY", pool=True),
        }
DATABASE_ROUTERS = ["entraide.database.doors.FaceRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ATOMIC_REQUESTS = False

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "django.contrib.messages",
    "django_htmx",
    "template_partials",
    "procrastinate.contrib.django",
    "entraide.database",
    "entraide.audit",
    "entraide.ui",
    "entraide.outbox",
    "entraide.access",
    "entraide.agencies",
    "entraide.requests",
    "entraide.disclosure",
    "entraide.desk",
    "entraide.project",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "entraide.desk.middleware.AddressMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "entraide.ui.zones.ReaderZoneMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "entraide.access.web.middleware.ActorMiddleware",
    "entraide.desk.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "entraide.project.urls"
WSGI_APPLICATION = "entraide.project.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "entraide.ui.context.pages",
                "entraide.desk.context.desk",
            ],
        },
    },
]
FORM_RENDERER = "entraide.ui.forms.FieldRenderer"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

LANGUAGES = [("en", "English"), ("fr", "Français"), ("es", "Español"), ("ar", "العربية")]
LANGUAGE_CODE = "en"
LOCALE_PATHS = [Path(__file__).resolve().parent.parent / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

# Cookies named __Host- need https; on http://localhost (demo, trial) the plain names serve.
_PREFIX = "__Host-" if IS_SECURE else ""
SIGN_IN_COOKIE = f"{_PREFIX}entraide"
CSRF_COOKIE_NAME = f"{_PREFIX}csrf"
CSRF_COOKIE_SECURE = IS_SECURE
CSRF_COOKIE_HTTPONLY = False
CSRF_FAILURE_VIEW = "entraide.ui.errors.csrf_failure"
LANGUAGE_COOKIE_SECURE = IS_SECURE
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if IS_SECURE else 0
SECURE_SSL_REDIRECT = False
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 6_000  # 500 identifiers of one request, each with everything asked about it
# The largest instrument with the form around it.  Instruments stay in memory: nothing unsealed is written to a file.
FILE_UPLOAD_MAX_MEMORY_SIZE = 26_280_000
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
INSTRUMENT_MAX_BYTES = 26_214_400  # 25 MB, the channel's limit in Implementing Regulation (EU) 2025/1550

# Notices are sent by the worker, which alone knows the mail server; the pages know only whether there is one.
_SMTP = urlsplit(environment.read("ENTRAIDE_SMTP_URL"))
SENDS_MAIL = bool(_SMTP.hostname) or environment.read("ENTRAIDE_SENDS_MAIL") == "1"
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = _SMTP.hostname or "localhost"
EMAIL_USE_SSL = _SMTP.scheme == "smtps"
EMAIL_USE_TLS = not EMAIL_USE_SSL and EMAIL_HOST not in ("localhost", "127.0.0.1", "::1")
EMAIL_PORT = _SMTP.port or (465 if EMAIL_USE_SSL else 587)
EMAIL_HOST_USER = unquote(_SMTP.username or "")
EMAIL_HOST_PASSWORD = unquote(_SMTP.password or "")
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = environment.read("ENTRAIDE_MAIL_FROM") or "desk@localhost"

# A killed worker's jobs are taken up by the sweep; see entraide.outbox.jobs.
PROCRASTINATE_WORKER_DEFAULTS = {"update_heartbeat_interval": 10.0, "stalled_worker_timeout": 30.0}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # Whoever looks at a demo or a trial looks at its terminal too: a mistake in a form is no news there.
    "loggers": {"django.request": {"level": "ERROR" if KIND in ("demo", "trial") else "WARNING"}},
}
