"""Every setting, from the environment. The defaults make `bin/up` work on a laptop.

docs/settings.md describes each. A wrong value stops the start with its name, what it
was and what it takes.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from jinja2 import StrictUndefined, select_autoescape

from . import mail_values, places, values

BASE_DIR = Path(__file__).resolve().parent.parent
T = TypeVar("T")

places.take_env_file(os.environ.get("ENV_FILE"), BASE_DIR / ".env")


def setting(name: str, default: str, read: Callable[[str], T]) -> T:
    """The value of the variable `name`; an unusable one stops the start."""
    given = os.environ.get(name) or default
    try:
        return read(given)
    except ValueError as error:
        # `from None`: what urlsplit says of a wrong port may be half a password.
        shown = values.masked(given) if name.endswith("_URL") else given
        shown = "***" if name in {"ANYMAIL", "WEBHOOK_SECRET"} else shown
        raise ImproperlyConfigured(f"{name} is {shown!r}; it {error}.") from None


def path(name: str) -> str:
    """A file or folder, meant from this one unless it begins with /; "": none."""
    given = os.environ.get(name, "")
    return str(BASE_DIR / given) if given else ""


def flag(text: str) -> bool:
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False}
    if text.strip().lower() not in known | {"no": False}:
        raise ValueError("takes true or false")
    return known.get(text.strip().lower(), False)


# --- this installation --------------------------------------------------------
VAR_DIR = setting("VAR_DIR", "var", lambda text: places.folder(text, BASE_DIR))
DEBUG = setting("DEBUG", "false", flag)
SITE_NAME = setting("SITE_NAME", "Paper Round", str)
PUBLIC_URL = setting("PUBLIC_URL", "http://127.0.0.1:8000", values.web_address)
HOME_ZONE = setting("HOME_ZONE", "UTC", values.zone)

# Django's own names
_public = urlsplit(PUBLIC_URL)
_host = _public.hostname or ""
PUBLIC_IS_LOOPBACK = values.is_loopback(_host)

SECRET_KEY = os.environ.get("SECRET_KEY") or places.secret_key(VAR_DIR)
SECRET_KEY_FALLBACKS = values.several(os.environ.get("SECRET_KEY_FALLBACKS", ""))
ALLOWED_HOSTS = setting("ALLOWED_HOSTS", "", values.hosts) or [_host]
if DEBUG and not os.environ.get("ALLOWED_HOSTS"):
    ALLOWED_HOSTS += ["127.0.0.1", "localhost"]

# --- where papers come from ---------------------------------------------------
SOURCES = setting(
    "SOURCES", "hf,arxiv", lambda text: values.choices(text, {"hf", "arxiv"})
)
ARXIV_CATEGORIES = setting(
    "ARXIV_CATEGORIES", "cs.AI,cs.CL,cs.CV,cs.LG", values.categories
)
HF_BASE_URL = setting("HF_BASE_URL", "https://huggingface.co", values.web_address)
ARXIV_RSS_URL = setting(
    "ARXIV_RSS_URL", "https://rss.arxiv.org/rss", values.web_address
)
HF_SETTLES = setting("HF_SETTLES", "19:30 UTC", values.clock_time)
ARXIV_SETTLES = setting("ARXIV_SETTLES", "00:30 America/New_York", values.clock_time)
HOLD_FOR_SOURCE = setting("HOLD_FOR_SOURCE", "90m", values.duration)
DEFAULT_FILTER = os.environ.get("DEFAULT_FILTER") or (
    "in:hf" if "hf" in SOURCES else "*"
)

# --- mail ---------------------------------------------------------------------
EMAIL_SERVER = setting("EMAIL_URL", "smtp://127.0.0.1:2525", mail_values.mail_server)
_mail_domain = mail_values.mail_domain(_host)
EMAIL_FROM = setting("EMAIL_FROM", f"digest@{_mail_domain}", mail_values.sender)
SENDER_IS_LOOPBACK = values.is_loopback(EMAIL_FROM.rpartition("@")[2].rstrip(">"))
LIST_ID = setting("LIST_ID", f"digest.{_mail_domain}", mail_values.list_id)
POSTAL_ADDRESS = os.environ.get("POSTAL_ADDRESS", "")
CONTROLLER = os.environ.get("CONTROLLER", "")
CONTACT = setting("CONTACT", "", mail_values.contact)
# What comes back, by mail and by webhook.
BOUNCE_ADDRESS = setting("BOUNCE_ADDRESS", "", mail_values.bounce_address)
BOUNCE_LISTEN = setting("BOUNCE_LISTEN", "", values.listen)
BOUNCE_MAILBOX = path("BOUNCE_MAILBOX")
WEBHOOK_SECRET = setting("WEBHOOK_SECRET", "", mail_values.webhook_secret)
# A mail service's own settings, for sending and for webhooks. Giving up early on a call
# makes duplicates.
ANYMAIL = {
    **setting("ANYMAIL", "", mail_values.anymail),
    "WEBHOOK_SECRET": WEBHOOK_SECRET,
    "REQUESTS_TIMEOUT": 60,
}
EMAIL_TIMEOUT = 120  # of Django's own backend for SMTP: for each of its commands
EMAIL_FILE_PATH = VAR_DIR / "mail"  # of the one that writes files
# The keys themselves are read by whoever signs; subscriptions/checks.py tries them.
DKIM_DOMAIN = setting("DKIM_DOMAIN", "", mail_values.signing_domain)
DKIM_SELECTOR = setting("DKIM_SELECTOR", "", mail_values.selector)
DKIM_KEY_FILE = path("DKIM_KEY_FILE")
DKIM_ED25519_SELECTOR = setting("DKIM_ED25519_SELECTOR", "", mail_values.selector)
DKIM_ED25519_KEY_FILE = path("DKIM_ED25519_KEY_FILE")
OPERATOR_EMAIL = setting("OPERATOR_EMAIL", "", values.optional(mail_values.addressee))
OPERATOR_SERVER = (
    setting("OPERATOR_EMAIL_URL", "", values.optional(mail_values.mail_server))
    or EMAIL_SERVER
)
ALERT_URL = setting("ALERT_URL", "", values.optional(values.link))
PING_URL = setting("PING_URL", "", values.optional(values.link))
# Received mail is shown to anyone who asks: only for a trial on one's own machine.
EMBEDDED_INBOX = (
    DEBUG
    and PUBLIC_IS_LOOPBACK
    and EMAIL_SERVER.is_loopback
    and not EMAIL_SERVER.backend
)
INBOX_DIR = VAR_DIR / "inbox"

# --- limits -------------------------------------------------------------------
FILTERS_PER_READER, MUTES_PER_READER = 20, 50
FILTER_LENGTH, FILTER_TERMS, FILTER_DEPTH = 1000, 50, 10
COMPOSE_SLICE = setting("COMPOSE_SLICE", "20000", values.positive)
SEND_BATCH = setting("SEND_BATCH", "2000", values.positive)
IN_DOUBT = setting("IN_DOUBT", "resend", values.in_doubt)
SMTP_CONNECTIONS = setting("SMTP_CONNECTIONS", "10", values.positive)
RELAY_RATE = setting("RELAY_RATE", "0", values.count)
DOMAIN_RATE = setting("DOMAIN_RATE", "0", values.count)
DOMAIN_CONNECTIONS = setting("DOMAIN_CONNECTIONS", "20", values.positive)
SEND_WINDOW = setting("SEND_WINDOW", "", values.optional(values.send_window))
DAILY_RAMP = setting("DAILY_RAMP", "", values.ramp)
RAMP_FROM = setting("RAMP_FROM", "", values.optional(values.day))
# A trial reaches nobody whose provider could mind.
CANARY = setting("CANARY", "0" if EMBEDDED_INBOX else "200", values.count)
# By the form: from one network an hour, and three times as many a day; for addresses
# at one domain a day. 0: any number.
SIGNUPS_PER_NETWORK = setting("SIGNUPS_PER_NETWORK", "20", values.count)
SIGNUPS_PER_DOMAIN = setting("SIGNUPS_PER_DOMAIN", "500", values.count)
# How many proxies in front set X-Forwarded-Proto and add to X-Forwarded-For; 0: the
# headers are ignored.
TRUSTED_PROXIES = setting("TRUSTED_PROXIES", "0", values.count)

# --- database -----------------------------------------------------------------
DATABASES = {
    "default": setting(
        "DATABASE_URL",
        f"sqlite:///{VAR_DIR / 'paper_round.sqlite3'}",
        lambda text: values.database(text, BASE_DIR),
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- queue --------------------------------------------------------------------
CELERY_BROKER_URL = setting("CELERY_BROKER_URL", "filesystem://", values.broker)
CELERY_BROKER_TRANSPORT_OPTIONS = values.broker_options(
    CELERY_BROKER_URL, VAR_DIR / "broker"
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False  # a lost bell is rung again by the next tick
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TIMEZONE = "UTC"
# Beat keeps no file: what is due is in the database, and each bell asks anew.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
from .schedule import TIMETABLE as CELERY_BEAT_SCHEDULE  # noqa: E402, F401

# --- Django -------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "subscriptions",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "subscriptions.web.headers.PolicyMiddleware",
    "subscriptions.web.health.HealthMiddleware",
    "subscriptions.web.networks.NetworkMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "digest_site.urls"
WSGI_APPLICATION = "digest_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "environment": "digest_site.jinja2.environment",
            "undefined": StrictUndefined,
            "autoescape": select_autoescape(),
        },
    },
    {  # the admin's own templates only
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "subscriptions" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
PASSWORD_HASHERS = [
    "digest_site.passwords.Argon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_REDIRECT_URL = "/admin/"  # only operators sign in
LANGUAGE_CODE = "en"
USE_I18N = False
FORMAT_MODULE_PATH = "digest_site.formats"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # WhiteNoise warns where it is missing
WHITENOISE_USE_FINDERS = DEBUG
APPEND_SLASH = False  # a redirect would break the POST of RFC 8058
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
FILE_UPLOAD_HANDLERS = ["subscriptions.web.uploads.NoFiles"]

# --- security -----------------------------------------------------------------
_https = _public.scheme == "https"
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
SECURE_SSL_REDIRECT = False  # the proxy in front does it; a POST must not be redirected
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
)
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_REFERRER_POLICY = "strict-origin"  # none at all: browsers say Origin: null
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "SAMEORIGIN"
# `check --deploy` asks for these; the proxy in front redirects, and sub-domains are
# not ours to promise for.
SILENCED_SYSTEM_CHECKS = [
    "security.W005",
    "security.W008",
    "security.W019",
    "security.W021",
]

from .unfold import UNFOLD  # noqa: E402, F401

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    },
    "filters": {"without tokens": {"()": "digest_site.logs.WithoutTokens"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["without tokens"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        # Anybody can send a wrong Host or too large a form; the answer is 400.
        "django.security": {"level": "CRITICAL"},
        "kombu.connection": {"level": "ERROR"},
        "stamina": {"level": "ERROR"},
        # They log what strangers send, addresses and all.
        "flufl.bounce": {"level": "CRITICAL"},
        "mail.log": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
    },
}
