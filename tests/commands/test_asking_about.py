"""`match`, `explain` and `preview`: what they answer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from subscriptions import matching
from tests.factories import (
    TUESDAY,
    a_listing,
    a_paper,
    a_reader,
    a_subscription,
    an_edition,
)

from .asking import ask, said

pytestmark = pytest.mark.django_db


def words_of(**fields: str) -> dict[str, str]:
    title, abstract = matching.normalise(fields["title"], fields.get("abstract", ""))
    return {"title_words": title, "abstract_words": abstract, "abstract": "", **fields}


def test_match_gives_id_title_and_the_distinct_words_as_written() -> None:
    told = {
        "title": "Gradients of a gradient",
        "abstract": "A gradient representation.",
    }
    a_paper(arxiv_id="2607.70001", **words_of(**told))
    a_paper(arxiv_id="2607.70002", **words_of(title="Protein folding"))
    (found,) = ask("match", "gradient representation")["papers"]
    assert set(found) == {"id", "title", "words"}
    assert (found["id"], found["title"]) == ("2607.70001", "Gradients of a gradient")
    assert sorted(found["words"]) == ["Gradients", "gradient", "representation"]


def test_match_finds_all_stored_papers_or_those_of_the_newest_days() -> None:
    for back in range(3):
        paper = a_paper(**words_of(title=f"Gradient {back}"))
        a_listing(paper, an_edition(day=TUESDAY - timedelta(days=back)))
    assert len(ask("match", "gradient")["papers"]) == 3
    newest = ask("match", "gradient", "--days", 2)["papers"]
    assert sorted(each["title"] for each in newest) == ["Gradient 0", "Gradient 1"]
    assert ask("match", "hessian") == {"papers": []}


def test_match_without_json_is_a_table_and_a_count() -> None:
    a_paper(arxiv_id="2607.70003", **words_of(title="Gradient [flows]"))
    lines = said("match", "gradient").splitlines()
    assert lines[1].split() == ["2607.70003", "Gradient", "[flows]", "Gradient"]
    assert lines[-1] == "1 papers"


def test_explain_gives_the_verdict_and_each_filters_say() -> None:
    paper = a_paper(title="Gradient flows")
    a_listing(paper, an_edition(state="open"))
    reader = a_reader()
    a_subscription(reader, "gradient", name="Optimisers")
    a_subscription(reader, "protein", enabled=False)
    answer = ask("explain", reader.email, paper.arxiv_id)
    assert (answer["verdict"], answer["due_date"]) == ("upcoming", None)
    assert [each["name"] for each in answer["filters"]] == ["Optimisers", "protein"]
    assert answer["filters"][0]["words"] == ["Gradient"]
    shown = said("explain", reader.email, paper.arxiv_id).splitlines()
    assert shown[0].startswith("upcoming: arXiv, Tue 7 July 2026")
    assert [line.split()[:2] for line in shown[2:4]] == [
        ["Optimisers", "yes"],
        ["protein", "off"],
    ]


@pytest.mark.parametrize(
    ("text_only", "kinds"), [(False, ["eml", "html", "txt"]), (True, ["eml", "txt"])]
)
def test_preview_names_the_files_it_wrote(
    text_only: bool, kinds: list[str], tmp_path: Path
) -> None:
    a_listing(a_paper(title="Gradient flows"))
    reader = a_reader(text_only=text_only)
    a_subscription(reader, "gradient")
    answer = ask("preview", reader.email, "--day", TUESDAY, "--out", tmp_path)
    assert "Gradient flows" in answer["subject"]
    assert answer["files"] == [str(tmp_path / f"2026-07-07.{kind}") for kind in kinds]
    assert all(Path(path).stat().st_size for path in answer["files"])


def test_preview_without_a_folder_prints_the_text() -> None:
    a_listing(a_paper(title="Gradient flows"))
    reader = a_reader()
    a_subscription(reader, "gradient")
    assert "Gradient flows" in said("preview", reader.email, "--day", TUESDAY)
    assert ask("preview", reader.email, "--day", TUESDAY)["files"] == []


def test_preview_of_nothing_says_so() -> None:
    reader = a_reader()
    asked = ("preview", reader.email, "--day", TUESDAY)
    assert ask(*asked) == {"subject": None, "files": []}
    assert "none on 2026-07-07: nothing new matches" in said(*asked)
