"""The WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "muniment.site.settings")
application = get_wsgi_application()

from muniment.people.shown import finding  # noqa: E402 - apps have to be ready first

finding.warm()
