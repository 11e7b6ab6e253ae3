"""How the operators' pages look and what their sidebar lists; read by django-unfold.

Values that need settings or addresses are functions: this module is imported by them.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _name(request: HttpRequest) -> str:
    return str(settings.SITE_NAME)


def _style(request: HttpRequest) -> str:
    return static("subscriptions/admin/admin.css")


def _script(request: HttpRequest) -> str:
    return static("subscriptions/admin/theme.js")


def _icon(request: HttpRequest) -> str:
    return static("subscriptions/favicon.svg")


def _trial(request: HttpRequest) -> tuple[str, str] | None:
    """The badge beside the title: mail stays on this machine."""
    return ("Trial", "warning") if settings.EMBEDDED_INBOX else None


def _item(title: str, icon: str, model: str) -> dict[str, Any]:
    app, name = model.split(".")

    def may_see(request: HttpRequest) -> bool:
        return request.user.has_perm(f"{app}.view_{name}")

    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": may_see,
    }


def _group(title: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": list(items)}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _name,
    "SITE_HEADER": _name,
    "SITE_SUBHEADER": "Operators' desk",
    "SITE_SYMBOL": "newspaper",
    "SITE_URL": "/",
    "ENVIRONMENT": _trial,
    "DASHBOARD_CALLBACK": "subscriptions.admin.dashboard.show",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _icon}],
    "STYLES": [_style],
    "SCRIPTS": [_script],
    "BORDER_RADIUS": "4px",
    "COLORS": {
        "base": {
            "50": "#fbf9f4",
            "100": "#f3f0e8",
            "200": "#e4decf",
            "300": "#cfc8b8",
            "400": "#a59d8d",
            "500": "#6d675d",
            "600": "#575148",
            "700": "#38342c",
            "800": "#2a2721",
            "900": "#1b1a17",
            "950": "#141311",
        },
        # 600 is the site's accent on light, 500 on dark.
        "primary": {
            "50": "#fcf4f1",
            "100": "#f8e6e0",
            "200": "#f1cdc2",
            "300": "#ecb3a3",
            "400": "#ea9c87",
            "500": "#e8846b",
            "600": "#a3341c",
            "700": "#8b2b16",
            "800": "#722413",
            "900": "#5c1e10",
            "950": "#341009",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "items": [
                    {
                        "title": "Today",
                        "icon": "monitoring",
                        "link": reverse_lazy("admin:index"),
                    }
                ]
            },
            _group(
                "Papers",
                _item("Papers", "article", "subscriptions.paper"),
                _item("Editions", "newspaper", "subscriptions.edition"),
                _item("Listings", "list", "subscriptions.listing"),
                _item("Source runs", "sync", "subscriptions.sourcerun"),
            ),
            _group(
                "Readers",
                _item("Subscribers", "group", "subscriptions.subscriber"),
                _item("Subscriptions", "bookmark", "subscriptions.subscription"),
                _item("Filters", "filter_alt", "subscriptions.topicfilter"),
                _item("Mutes", "volume_off", "subscriptions.mute"),
                _item("Saved papers", "star", "subscriptions.savedpaper"),
                _item("Consent", "task_alt", "subscriptions.consentrecord"),
                _item("Suppressions", "block", "subscriptions.suppression"),
            ),
            _group(
                "Mail",
                _item("Rounds", "event", "subscriptions.round"),
                _item("Deliveries", "outgoing_mail", "subscriptions.delivery"),
                _item("Letters", "mail", "subscriptions.letter"),
                _item("Events", "reply", "subscriptions.deliveryevent"),
                _item("Pauses", "pause", "subscriptions.pause"),
                _item("Notices", "notifications", "subscriptions.notice"),
            ),
            _group(
                "Staff",
                _item("Users", "badge", "auth.user"),
                _item("Groups", "groups", "auth.group"),
            ),
        ],
    },
}
