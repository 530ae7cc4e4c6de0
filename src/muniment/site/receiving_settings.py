"""The settings of `muniment receive`: those of the site, without its pages, sessions, sign-in and forms."""

from muniment.site.settings import *  # noqa: F403 - the one flat file, but for what follows
from muniment.site.settings import INSTALLED_APPS

# Whoever calls is known by the key of a source: nobody signs in.
INSTALLED_APPS = [each for each in INSTALLED_APPS if not each.startswith(("allauth", "muniment.site"))]
AUTHENTICATION_BACKENDS = []
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "muniment.site.receiving.no_store",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "muniment.site.receiving"
APPEND_SLASH = False
