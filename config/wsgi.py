"""What a web server loads."""

import gc
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

# They need the settings.
from django.conf import settings  # noqa: E402

from config.pages import Pages  # noqa: E402
from config.pages.site import WholeSite  # noqa: E402
from config.proxies import Proxies  # noqa: E402
from config.seats import Seats  # noqa: E402

# No more seats than there are database connections in a process's pool.
application = Pages(
    Seats(WholeSite(), seats=8),
    room=settings.PAGE_CACHE * 1_000_000,
    proxies=Proxies(settings.TRUSTED_PROXIES),
)
# What was loaded stays until the end; to look through it for garbage takes a tenth of a second, in
# which this process answers nobody.
gc.collect()
gc.freeze()
