"""What a web server loads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
site = get_wsgi_application()

from config.seats import Seats  # noqa: E402  # it needs the settings

# No more than there are database connections in a process's pool.
application = Seats(site, seats=8)
