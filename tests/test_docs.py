"""The documents say what the code does: every setting, every command."""

import ast
import re
from pathlib import Path

from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
READERS = {"setting", "os.environ.get", "os.getenv"}


def settings_read() -> dict[str, str | None]:
    """The variables settings.py reads, with their default where it is plain text."""
    tree = ast.parse((ROOT / "digest_site" / "settings.py").read_text())
    found: dict[str, str | None] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in READERS:
            continue
        name, *rest = [
            argument.value if isinstance(argument, ast.Constant) else None
            for argument in node.args
        ]
        if isinstance(name, str):  # not `setting`'s own call
            plain = rest[0] if rest and isinstance(rest[0], str) else None
            found[name] = plain or None
    return found


def settings_documented() -> dict[str, str]:
    """The first two columns of the tables of docs/settings.md: variable, default."""
    rows = re.findall(
        r"^\| `([A-Z0-9_]+)` \| ([^|]+) \|",
        (ROOT / "docs" / "settings.md").read_text(),
        flags=re.MULTILINE,
    )
    assert len(rows) == len(dict(rows)), "a setting is described twice"
    return dict(rows)


def commands_in(text: str) -> set[str]:
    return set(re.findall(r"manage\.py ([a-z_]+)", text))


def our_commands() -> set[str]:
    return {name for name, app in get_commands().items() if app == "subscriptions"}


def test_every_setting_is_described_and_every_description_is_of_one() -> None:
    assert set(settings_documented()) == set(settings_read())


def test_the_described_defaults_are_those_of_the_code() -> None:
    described = settings_documented()
    wrong = {
        name: (described[name], default)
        for name, default in settings_read().items()
        if default is not None and described[name] != f"`{default}`"
    }
    assert not wrong


def test_the_example_names_every_setting() -> None:
    text = (ROOT / ".env.example").read_text()
    named = re.findall(r"^#?([A-Z0-9_]+)=", text, flags=re.MULTILINE)
    assert sorted(named) == sorted(settings_read())


def test_the_example_is_a_trial() -> None:
    text = (ROOT / ".env.example").read_text()
    assert re.findall(r"^[A-Z0-9_]+=.*", text, flags=re.MULTILINE) == ["DEBUG=true"]


def test_every_command_is_described() -> None:
    described = set().union(
        *(commands_in(path.read_text()) for path in DOCUMENTS if path.exists())
    )
    assert our_commands() <= described


def test_every_described_command_exists() -> None:
    for path in filter(Path.exists, DOCUMENTS):
        unknown = commands_in(path.read_text()) - set(get_commands())
        assert not unknown, f"{path.name} names commands that do not exist"
