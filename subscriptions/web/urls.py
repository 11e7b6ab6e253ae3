"""Addresses of the site; design: one line per page."""

urlpatterns: list[object] = []
