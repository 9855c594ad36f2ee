"""The admin: the newsroom."""

from django.contrib import admin


class NewsroomSite(admin.AdminSite):
    site_header = site_title = "Pennypost"
    index_title = "Newsroom"
