"""Imports point down; siblings never import each other; see subscriptions/__init__."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = {"subscriptions", "digest_site"}
LAYERS = [
    {"crashpoint"},
    {"models"},
    {"links", "addresses"},
    {"consent"},
    {"ingestion", "matching", "rendering", "rounds", "sending"},
    {"pipeline"},
    {"tasks", "benchmarks", "gallery"},
    {"web", "admin", "management"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
# Known to Django and to whoever starts the service; they know the settings, the filter
# language that one of these is written in, and the signer that others name keys for.
WIRING = {"apps", "checks"}
CHECKED_BY = {"matching", "rendering"}
MAY_CALL_CHECKS = {"pipeline", "management"}
# Read while Django is being set up, when there is no app to import from.
BEFORE_THE_APP = {"digest_site", "digest_site.settings"} | {
    f"digest_site.{part}" for part in ("places", "values", "mail_values", "schedule")
}


def imports(module: str, source: str, is_package: bool = False) -> Iterator[str]:
    """Dotted names of ours that a module imports, at any depth of its functions."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")
                above = above[: len(above) - node.level + 1]
                base = ".".join([*above, *filter(None, [base])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        yield from (name for name in names if name.split(".")[0] in OURS)


def objection(module: str, imported: str) -> str:
    """Why `module` must not import `imported`; "" if it may."""
    inside, unit = [*module.split("."), ""][:2]
    target, target_unit = [*imported.split("."), ""][:2]
    if inside == target == "digest_site":
        return ""
    if inside == "digest_site":
        return "settings know no app" if module in BEFORE_THE_APP else ""
    if target == "digest_site":
        return "settings come from django.conf"
    if unit == target_unit:
        return ""
    if unit in WIRING:
        known = WIRING | CHECKED_BY
        return "" if target_unit in known else "wiring knows the settings only"
    if target_unit in WIRING:
        return "" if unit in MAY_CALL_CHECKS else f"{unit} starts nothing"
    for name in (unit, target_unit):
        if name not in LEVEL:
            return f"{name or 'the package itself'} has no layer: name a stage"
    if LEVEL[unit] == LEVEL[target_unit]:
        return "siblings never import each other"
    return "" if LEVEL[unit] > LEVEL[target_unit] else "imports point down"


def violations(module: str, source: str, is_package: bool = False) -> list[str]:
    found = []
    for imported in imports(module, source, is_package):
        if why := objection(module, imported):
            found.append(f"{module} imports {imported}: {why}")
    return found


def our_modules() -> Iterator[tuple[str, Path]]:
    for folder in OURS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                parts = path.relative_to(ROOT).with_suffix("").parts
                yield ".".join(parts).removesuffix(".__init__"), path


def test_imports_point_down() -> None:
    found = [
        violation
        for module, path in our_modules()
        for violation in violations(
            module, path.read_text(), path.name == "__init__.py"
        )
    ]
    assert not found, "\n".join(found)


def test_every_part_of_the_app_has_a_layer() -> None:
    parts = {module.split(".")[1] for module, _ in our_modules() if "." in module}
    site = {path.stem for path in (ROOT / "digest_site").iterdir()}
    assert parts - site <= set(LEVEL) | WIRING


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("subscriptions.models.papers", "from subscriptions import links"),
        ("subscriptions.models.papers", "from ..consent import subscribe"),
        ("subscriptions.crashpoint", "from subscriptions.models import Letter"),
        ("subscriptions.consent", "from subscriptions import matching"),
        ("subscriptions.sending.smtp", "import subscriptions.rendering.mail"),
        ("subscriptions.sending.smtp", "from ..rendering import mail"),
        (
            "subscriptions.rounds.due",
            "def f():\n    from subscriptions import matching",
        ),
        ("subscriptions.matching.parse", "if TYPE_CHECKING:\n    from .. import tasks"),
        ("subscriptions.pipeline", "from subscriptions.tasks import tick"),
        ("subscriptions.web.pages", "from subscriptions.admin import staff"),
        ("subscriptions.web.pages", "from subscriptions import somewhere"),
        ("subscriptions.web.pages", "from subscriptions import checks"),
        ("subscriptions.web.pages", "import subscriptions"),
        ("subscriptions.checks", "from subscriptions.models import Subscriber"),
        ("subscriptions.links", "from digest_site.settings import PUBLIC_URL"),
        ("subscriptions.links", "import digest_site"),
        ("digest_site.settings", "from subscriptions.models import Source"),
        ("digest_site", "def f():\n    from subscriptions import tasks"),
    ],
)
def test_a_planted_violation_is_found(module: str, source: str) -> None:
    assert len(violations(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("subscriptions.links", "from subscriptions.models import Subscriber"),
        ("subscriptions.links", "from .models import Subscriber"),
        ("subscriptions.models.papers", "from ..crashpoint import crashpoint"),
        ("subscriptions.sending.smtp", "from .outcome import Sent"),
        ("subscriptions.sending.smtp", "from ..models import Delivery"),
        ("subscriptions.pipeline.round", "from subscriptions import checks, matching"),
        ("subscriptions.web.pages", "from subscriptions import pipeline, consent"),
        ("subscriptions.management.commands.up", "from subscriptions import tasks"),
        ("subscriptions.links", "from django.conf import settings\nimport re"),
        ("digest_site.celery", "def f():\n    from subscriptions import checks"),
        ("digest_site.settings", "from . import values"),
    ],
)
def test_an_import_that_points_down_is_fine(module: str, source: str) -> None:
    assert violations(module, source) == []


def test_a_package_finds_its_own_parts() -> None:
    assert violations("subscriptions.web", "from . import pages", True) == []
    assert violations("subscriptions.web", "from .. import tasks", True) == []
