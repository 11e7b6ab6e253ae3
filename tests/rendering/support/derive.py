"""Derive clients.json, what mail clients know of HTML and CSS, from caniemail's data.

    npm pack caniemail@2.0.2 && tar xzf caniemail-2.0.2.tgz
    python tests/rendering/support/derive.py package caniemail@2.0.2

caniemail (caniemail.com, MIT licence) tests each feature in each version of each
client. Kept is one letter for each of five families: y (supported), a (partly) or n,
the worst among the newest versions of a family's apps; u where none was tested.
"""

import json
import sys
from pathlib import Path
from typing import Any

FAMILIES = {
    "gmail": ("gmail", ("desktop-webmail", "mobile-webmail", "ios", "android")),
    "outlook-windows": ("outlook", ("windows",)),
    "outlook-web": ("outlook", ("outlook-com",)),
    "apple-mail": ("apple-mail", ("macos", "ios")),
    "yahoo": ("yahoo", ("desktop-webmail", "ios", "android")),
}
WORST_FIRST = "nauy"


def letter(stats: dict[str, Any], client: str, apps: tuple[str, ...]) -> str:
    found = []
    for app in apps:
        versions = stats.get(client, {}).get(app, {})
        if versions:  # in the order of their release
            found.append(str(list(versions.values())[-1])[0])
    return min(found, key=WORST_FIRST.index) if found else "u"


def derived(package: Path, version: str) -> dict[str, Any]:
    data = json.loads((package / "data" / "caniemail.json").read_text())
    features = {
        feature["slug"]: "".join(
            letter(feature["stats"], *family) for family in FAMILIES.values()
        )
        for feature in data["data"]
        if feature["slug"].startswith(("css-", "html-"))
    }
    return {
        "read from": f"{version}, data of {data['last_update_date'][:10]}",
        "families": list(FAMILIES),
        "features": dict(sorted(features.items())),
    }


if __name__ == "__main__":
    target = Path(__file__).with_name("clients.json")
    table = derived(Path(sys.argv[1]), sys.argv[2])
    target.write_text(json.dumps(table, indent=1) + "\n")
