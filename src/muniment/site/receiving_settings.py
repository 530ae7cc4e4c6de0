"""The settings of `muniment receive`: those of the site, without its pages, sessions and forms."""

from muniment.site.settings import *  # noqa: F403 - the one flat file, but for what follows

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "muniment.site.middleware.no_store",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "muniment.site.receiving"
APPEND_SLASH = False
