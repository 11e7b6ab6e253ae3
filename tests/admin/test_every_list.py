"""Every table is a list and pages that open, search, and cost the same when long."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from unfold.forms import AdminForm

from subscriptions import models
from subscriptions.admin.rows import Pages, Table

from .making import TODAY, one_of_everything

OURS = [getattr(models, name) for name in models.__all__]
TABLES = [m for m in OURS if hasattr(m, "_meta") and not m._meta.abstract]


def page(model: Any, name: str, *args: Any) -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{name}", args=args)


def days_of_everything(number: int) -> dict[type, Any]:
    for n in range(number):
        rows = one_of_everything(TODAY - timedelta(n))
    return rows


def test_every_table_is_registered() -> None:
    assert [m for m in TABLES if not admin.site.is_registered(m)] == []


@pytest.mark.parametrize("model", TABLES, ids=lambda m: m.__name__)
def test_the_list_shows_its_rows(desk: Client, model: Any) -> None:
    rows = days_of_everything(2)
    answer = desk.get(page(model, "changelist"))
    assert answer.status_code == 200
    assert page(model, "change", rows[model].pk) in answer.content.decode()


@pytest.mark.parametrize("model", TABLES, ids=lambda m: m.__name__)
def test_a_search_narrows_the_list(desk: Client, model: Any) -> None:
    days_of_everything(2)
    answer = desk.get(page(model, "changelist"), {"q": "nothing like this"})
    assert answer.status_code == 200
    assert answer.context["cl"].result_count == 0


@pytest.mark.parametrize("model", TABLES, ids=lambda m: m.__name__)
def test_every_filter_of_a_list_can_be_chosen(desk: Client, model: Any) -> None:
    days_of_everything(2)
    listed = desk.get(page(model, "changelist")).context["cl"]
    for each in listed.filter_specs:
        for choice in each.choices(listed):
            answer = desk.get(page(model, "changelist") + choice["query_string"])
            assert answer.status_code == 200, choice


def test_days_and_times_are_written_as_in_the_mails(desk: Client) -> None:
    days_of_everything(1)
    shown = desk.get(page(models.Delivery, "changelist")).content.decode()
    assert TODAY.strftime(f"%a {TODAY.day} %b %Y") in shown
    assert "p.m." not in shown and "noon" not in shown


@pytest.mark.parametrize("model", TABLES, ids=lambda m: m.__name__)
def test_a_row_has_a_page(desk: Client, model: Any) -> None:
    row = days_of_everything(2)[model]
    assert desk.get(page(model, "change", row.pk)).status_code == 200


def test_a_list_of_twenty_asks_no_more_than_a_list_of_two(desk: Client) -> None:
    """All tables at once: most of the time goes into making the rows of the twenty."""

    def questions(model: Any) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert desk.get(page(model, "changelist")).status_code == 200
        return len(asked)

    def of_each() -> dict[str, int]:
        return {model.__name__: questions(model) for model in TABLES}

    days_of_everything(2)
    of_each()  # content types are looked up once per process
    two = of_each()
    for n in range(2, 20):
        one_of_everything(TODAY - timedelta(n))
    assert of_each() == two


# With a million readers these have millions of rows, and more each day.
LONG = [models.Delivery, models.DeliveryEvent, models.Letter, models.Subscriber]


@pytest.mark.parametrize("model", LONG, ids=lambda m: m.__name__)
def test_a_long_list_is_never_read_as_a_whole(
    desk: Client, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    days_of_everything(2)
    monkeypatch.setattr(admin.site.get_model_admin(model), "list_per_page", 1)
    with CaptureQueriesContext(connection) as asked:
        desk.get(page(model, "changelist"))
    table = f'FROM "{model._meta.db_table}"'
    questions = [each["sql"] for each in asked if table in each["sql"]]
    assert questions
    assert [sql for sql in questions if "LIMIT" not in sql] == []


def test_a_list_counts_as_far_as_anybody_turns_pages(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    days_of_everything(5)
    monkeypatch.setattr(Pages, "MOST", 3)
    listed = desk.get(page(models.Delivery, "changelist")).context["cl"]
    assert listed.result_count == 3


@pytest.mark.parametrize("model", [models.Delivery, models.Letter])
def test_a_whole_address_is_looked_up_among_readers(desk: Client, model: Any) -> None:
    row = days_of_everything(2)[model]
    with CaptureQueriesContext(connection) as asked:
        asking = {"q": row.subscriber.email.upper()}
        listed = desk.get(page(model, "changelist"), asking).context["cl"]
    assert {each.subscriber for each in listed.result_list} == {row.subscriber}
    assert not [each for each in asked if " LIKE " in each["sql"]]


@pytest.mark.parametrize("model", [models.Paper, models.Listing])
def test_a_link_to_a_paper_finds_it(desk: Client, model: Any) -> None:
    paper = days_of_everything(2)[models.Paper]
    link = f"https://arxiv.org/abs/{paper.arxiv_id}v2"
    listed = desk.get(page(model, "changelist"), {"q": link}).context["cl"]
    assert {getattr(row, "paper", row) for row in listed.result_list} == {paper}


@pytest.mark.parametrize("model", [models.Paper, models.Listing])
def test_a_list_does_not_read_what_only_search_reads(desk: Client, model: Any) -> None:
    days_of_everything(2)
    with CaptureQueriesContext(connection) as asked:
        desk.get(page(model, "changelist"))
    read = " ".join(each["sql"] for each in asked)
    assert '"title"' in read
    for column in ("title_words", "abstract_words", "facts"):
        assert f'"{column}"' not in read


@pytest.mark.parametrize("name", ["user", "group"])
def test_staff_can_be_listed_added_and_searched(desk: Client, name: str) -> None:
    for view in ("changelist", "add"):
        assert desk.get(reverse(f"admin:auth_{name}_{view}")).status_code == 200
    listed = desk.get(reverse(f"admin:auth_{name}_changelist"), {"q": "nobody"})
    assert listed.context["cl"].result_count == 0


def test_staff_pages_are_in_the_same_clothes_as_the_others(
    desk: Client, operator: User
) -> None:
    shown = desk.get(reverse("admin:auth_user_change", args=[operator.pk]))
    assert "admin/change_form.html" in {each.name for each in shown.templates}
    assert isinstance(shown.context["adminform"], AdminForm)
    assert isinstance(admin.site.get_model_admin(User), Table)
