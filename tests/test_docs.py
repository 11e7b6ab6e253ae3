"""The documents say what the code does: every setting, every command."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands

from subscriptions.web.headers import PRIVATE

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINKING = [*DOCUMENTS, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"]
READERS = {"setting", "path", "os.environ.get", "os.getenv"}


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


def test_the_proxy_keeps_what_is_a_readers_out_of_its_log() -> None:
    """Addresses that are keys, and those that end in a filter."""
    text = (ROOT / "docs" / "operating.md").read_text()
    (unlogged,) = re.findall(r"location ~ (\S+) \{", text)
    keys = [f"{prefix}token" for prefix in PRIVATE if prefix != "/inbox/"]
    for path in [*keys, "/preview", "/papers", "/subscribe"]:
        assert re.search(unlogged, path), f"{path} would be logged"
    assert not re.search(unlogged, "/papers/2607.00001")


def prose(text: str) -> str:
    """A document without its blocks of code: their brackets are no links."""
    return re.sub(r"^(```+).*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)


def links_in(text: str) -> list[str]:
    """The targets of links and pictures, in Markdown and in HTML, without the web's."""
    text = prose(text)
    bare = re.sub(r"`[^`\n]*`", "", text)
    found = re.findall(r"\]\(([^()\s]+)(?: \"[^\"]*\")?\)", bare)
    found += re.findall(r"^\[[^\]]+\]: (\S+)", bare, flags=re.MULTILINE)
    found += re.findall(r"\b(?:href|src|srcset)=\"([^\"]+)\"", text)
    return [each for each in found if not re.match("[a-z]+:", each)]


def anchors_in(text: str) -> set[str]:
    """What headings are called in addresses, as GitHub makes them."""
    made: dict[str, int] = {}
    anchors = set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text))
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", prose(text), flags=re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        times = made[name] = made.get(name, -1) + 1
        anchors.add(f"{name}-{times}" if times else name)
    return anchors


def broken_links(document: Path) -> Iterator[str]:
    for link in links_in(document.read_text()):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists():
            yield f"{link}: no such file"
        elif anchor and anchor not in anchors_in(target.read_text()):
            yield f"{link}: no such heading"


@pytest.mark.parametrize("document", LINKING, ids=lambda path: path.name)
def test_every_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    assert list(broken_links(document)) == []


def test_a_link_to_a_missing_heading_or_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# One\n\n## `Two` & *three*\n\n## One\n")
    document = tmp_path / "document.md"
    document.write_text(
        "[a](other.md#one) [b](other.md#two--three) [c](other.md#one-1)"
        "[d](#here) [e](https://example.org/#x) ![f](gone.png) [g](other.md#four)\n"
        "`[h](code.md)`\n\n```\n[i](code.md)\n# Not a heading\n```\n\n## Here\n"
        "[j](#not-a-heading)\n"
    )
    assert list(broken_links(document)) == [
        "gone.png: no such file",
        "other.md#four: no such heading",
        "#not-a-heading: no such heading",
    ]


def test_the_pictures_are_a_megabyte_at_most() -> None:
    sizes = [file.stat().st_size for file in (ROOT / "docs" / "images").iterdir()]
    assert 0 < sum(sizes) <= 1_000_000
