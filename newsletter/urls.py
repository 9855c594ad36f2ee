"""The newsletter's addresses, as readers bookmark them and mails carry them for years."""

from django.urls import path

import blog.converters  # noqa: F401 (which makes `uslug` and `row` known)
from blog.cache import public
from newsletter import feeds, webhooks
from newsletter.views import counted, data, documents, issues, sign_up, subscription

app_name = "newsletter"
urlpatterns = [
    path("newsletter/", issues.home, name="home"),
    path("newsletter/feed/", public(feeds.issues), name="feed"),
    path("newsletter/issues/<uslug:slug>/", issues.issue, name="issue"),
    path("newsletter/click/<row:issue>/<row:number>/", counted.click, name="click"),
    path("newsletter/load/<row:issue>.gif", counted.load, name="load"),
    path("newsletter/subscribe/", sign_up.subscribe, name="subscribe"),
    path("newsletter/check-your-inbox/", sign_up.check_inbox, name="check_inbox"),
    path("newsletter/confirm/<str:token>/", subscription.confirm, name="confirm"),
    path("newsletter/preferences/<slug:token>/", subscription.preferences, name="preferences"),
    path("newsletter/unsubscribe/<slug:token>/", subscription.unsubscribe, name="unsubscribe"),
    # A mail program that lost the slash must not be redirected (RFC 8058 section 3.1).
    path("newsletter/unsubscribe/<slug:token>", subscription.unsubscribe),
    path("newsletter/hooks/<slug:service>/", webhooks.tracking, name="hook"),
    path("newsletter/data/<str:token>/", data.data, name="data"),
    path("newsletter/address/<str:token>/", data.address, name="address"),
    path("terms/", documents.terms, name="terms"),
    path("terms/<str:version>/", documents.terms_version, name="terms_version"),
    path("privacy/", documents.privacy, name="privacy"),
]
