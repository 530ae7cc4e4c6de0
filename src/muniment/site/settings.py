"""One flat settings file. Every value that differs between installations is read from the environment."""

from pathlib import Path

from muniment.core import database, places
from muniment.site import environment

HERE = Path(__file__).parent
DEMONSTRATION = environment.yes("MUNIMENT_DEMONSTRATION", default=True)
DEBUG = environment.yes("MUNIMENT_DEBUG", default=False)
SECRET_KEY = environment.text("MUNIMENT_SECRET_KEY", places.derived("web", "django"))
ALLOWED_HOSTS = environment.listing("MUNIMENT_HOSTS", ["127.0.0.1", "localhost", "[::1]", "testserver"])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "muniment.core",
    "muniment.records",
    "muniment.people",
    "muniment.objects",
    "muniment.retention",
    "muniment.supply",
    "muniment.workbench",
    "muniment.site",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "muniment.site.middleware.no_store",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "muniment.site.middleware.absolute_session_limit",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "muniment.site.middleware.own_password",
    "muniment.site.middleware.second_factor",
    "muniment.site.middleware.within_scope",
]

ROOT_URLCONF = "muniment.site.urls"
WSGI_APPLICATION = "muniment.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "muniment.site.context.page",
            ],
            "builtins": [
                "django.contrib.humanize.templatetags.humanize",
                "muniment.site.templatetags.screens",
                "muniment.site.templatetags.restricted",
            ],
        },
    }
]
FORM_RENDERER = "muniment.core.govuk_fields.GovukRenderer"

DATABASE_ROLE = environment.text("MUNIMENT_ROLE", "web")


def _database(name: str) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": database.role_name(DATABASE_ROLE),
        "PASSWORD": database.role_password(DATABASE_ROLE),
        "HOST": database.address()["host"],
        "PORT": database.address()["port"],
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        # Of those statements alone that ask for it (`core.planned`), from the first time on.
        "OPTIONS": {"prepare_threshold": 0},
    }


DATABASES = {"default": _database(database.names()[0]), "keys": _database(database.names()[1])}
DATABASE_ROUTERS = ["muniment.core.routers.KeysApart"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "core.User"

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "muniment.site.accounts.ClosedAccounts"
ACCOUNT_FORMS = {
    "login": "muniment.site.sign_in_forms.SignIn",
    "change_password": "muniment.site.sign_in_forms.NewPassword",
    "reauthenticate": "muniment.site.sign_in_forms.ConfirmByPassword",
}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
MFA_TOTP_TOLERANCE = 1  # a code of the half minute before still counts, for slow hands and clocks (RFC 6238, 5.2)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ADAPTER = "muniment.site.accounts.SecondFactors"
MFA_FORMS = {
    "authenticate": "muniment.site.sign_in_forms.ByCode",
    "reauthenticate": "muniment.site.sign_in_forms.ConfirmByCode",
    "activate_totp": "muniment.site.sign_in_forms.AddApp",
    "add_webauthn": "muniment.site.sign_in_forms.AddKey",
    "login_webauthn": "muniment.site.sign_in_forms.ByPasskey",
}
# Whether roles that the access declaration lists under `second_factor` need more than a password.
SECOND_FACTOR = environment.yes("MUNIMENT_SECOND_FACTOR", default=not DEMONSTRATION)

SESSION_COOKIE_AGE = 30 * 60  # idle seconds
SESSION_SAVE_EVERY_REQUEST = True
SESSION_ABSOLUTE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SECURE_COOKIES = environment.yes("MUNIMENT_HTTPS", default=False)
SESSION_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_SECURE = SECURE_COOKIES
SECURE_SSL_REDIRECT = SECURE_COOKIES
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE_COOKIES else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_COOKIES else 0
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "manifest-src": ["'self'"],
    }
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_TZ = True
USE_I18N = False
DATE_FORMAT = "j F Y"

STATIC_URL = "/static/"
STATIC_ROOT = places.home() / "static"
STATICFILES_DIRS = [HERE / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "muniment.site.storage.HashedStatic"},
}
MEDIA_ROOT = places.home() / "files"
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

COOLING_OFF_MINUTES = environment.whole("MUNIMENT_COOLING_OFF_MINUTES", 14 * 24 * 60, least=0)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
