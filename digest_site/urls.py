"""Addresses: the operators' under /admin/, everything else in `subscriptions.web`."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("subscriptions.web.urls")),
]
handler400 = "subscriptions.web.about.not_understood"
