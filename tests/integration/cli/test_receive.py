"""`muniment receive`: its own settings load as they are when it is started, without the site's sign-in."""

import subprocess
import sys

LOADED = """
import django, os
os.environ["DJANGO_SETTINGS_MODULE"] = "muniment.site.receiving_settings"
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
from django.test import Client
from django.conf import settings
settings.ALLOWED_HOSTS.append("testserver")
print([Client().get(path).status_code for path in ("/health", "/v1/openapi.json", "/accounts/login/", "/people/")])
"""


def test_it_starts_and_shows_no_page_of_the_site(server):
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", LOADED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[200, 200, 404, 404]"
