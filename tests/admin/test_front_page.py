"""The operator's first page answers "did this morning's round go well?"."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from subscriptions.admin import dashboard, figures
from subscriptions.models import DeliveryEvent, LedgerEpoch
from subscriptions.sending.ledger import epoch

from .making import a_delivery, a_reader, a_round, a_run, one_of_everything


@pytest.fixture
def today(db: None) -> date:
    return figures.home_day(timezone.now())


def front(desk: Client) -> str:
    answer = desk.get(reverse("admin:index"))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def front_steps(today: date) -> list[dashboard.Step]:
    morning = figures.morning(today)
    assert morning is not None
    return dashboard.steps(morning)


def test_an_empty_installation_says_that_there_is_no_round(desk: Client) -> None:
    shown = front(desk)
    assert "No round yet" in shown
    assert "Nothing: the sources answer" in shown


def test_without_digests_there_is_a_sentence_and_no_empty_chart(desk: Client) -> None:
    html = front(desk)
    assert "None has ended in the last 30 days" in html
    assert "Digests over 30 days" not in html


def test_todays_round_is_a_funnel_with_links_to_each_step(
    desk: Client, today: date
) -> None:
    round_ = a_round(today, papers=4321, filters=17)
    for state in ("sent", "sent", "sent", "skipped", "failed", "pending"):
        a_delivery(round_, state)
    shown = front(desk)
    assert "This morning's round" in shown
    assert "<b>4,321</b><span>papers</span>" in shown
    assert 'aria-valuenow="83"' in shown
    where = f"?due_date={today}&amp;state__exact=sent"
    assert where in shown
    listed = desk.get(
        reverse("admin:subscriptions_delivery_changelist") + where.replace("&amp;", "&")
    )
    assert listed.context["cl"].result_count == 3


def test_a_good_round_says_that_none_failed(desk: Client, today: date) -> None:
    a_delivery(a_round(today), "sent")
    shown = [(each.label, each.count) for each in front_steps(today)]
    assert shown == [("sent", 1), ("skipped", 0), ("failed", 0), ("pending", 0)]


def test_a_step_of_several_states_leads_to_all_of_them(
    desk: Client, today: date
) -> None:
    round_ = a_round(today)
    for state in ("failed", "expired", "quarantined", "sent"):
        a_delivery(round_, state)
    (failed,) = [step for step in front_steps(today) if step.label == "failed"]
    assert desk.get(failed.url).context["cl"].result_count == failed.count == 3


def test_without_a_round_today_the_newest_is_shown_and_said(
    desk: Client, today: date
) -> None:
    a_round(today - timedelta(2))
    shown = front(desk)
    assert "The newest round" in shown
    assert "has no round yet" in shown


def test_what_needs_a_person_leads_to_it(desk: Client, today: date) -> None:
    round_ = a_round(today, paused=True)
    a_delivery(round_, "in_doubt")
    run = a_run("arxiv", today, "down", reason="<b>503</b> for an hour")
    shown = front(desk)
    assert "arXiv is down: &lt;b&gt;503&lt;/b&gt; for an hour" in shown
    assert reverse("admin:subscriptions_sourcerun_change", args=[run.pk]) in shown
    assert reverse("admin:subscriptions_round_change", args=[round_.pk]) in shown
    for notice in dashboard.wanted(figures.attention(today), today):
        assert desk.get(notice.url).status_code == 200
    assert "1 digest in doubt in 30 days" in shown


def test_refusals_by_policy_are_told_for_a_week(desk: Client, today: date) -> None:
    digest = a_delivery(a_round(today), "failed")
    for days in (0, 6, 7):
        event = DeliveryEvent.objects.create(
            delivery=digest, type="bounced", status="5.7.1", verdict="policy"
        )
        DeliveryEvent.objects.filter(pk=event.pk).update(
            at=event.at - timedelta(days=days)
        )
    assert "2 mails were refused by policy in a week" in front(desk)


def test_the_charts_and_their_tables_have_the_same_numbers(
    desk: Client, today: date
) -> None:
    round_ = a_round(today)
    a_delivery(round_, "sent")
    context = desk.get(reverse("admin:index")).context
    for chart in (context["readers_chart"], context["deliveries_chart"]):
        drawn = [each["data"] for each in json.loads(chart.data)["datasets"]]
        columns = list(zip(*reversed(chart.rows), strict=True))[1:]
        assert [[abs(v) for v in each] for each in drawn] == [list(c) for c in columns]
        assert json.loads(chart.options)["animation"] is False


def test_a_sources_day_has_a_shape_and_words_besides_its_colour(
    desk: Client, today: date
) -> None:
    a_run("hf", today, "fresh", seen=43, listed=41)
    a_run("arxiv", today, "down")
    shown = front(desk)
    assert f"{today}: fresh, 41 listed, 43 seen" in shown
    cells = [dashboard.cell(d[-1]) for d in figures.sources(today).values()]
    assert len({each.shape for each in cells}) == 2


def test_it_asks_as_much_for_many_readers_as_for_few(desk: Client, today: date) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            front(desk)
        return len(asked)

    one_of_everything(today)
    few = questions()
    for n in range(1, 25):
        one_of_everything(today - timedelta(n))
        a_reader()
    assert questions() == few


def test_it_takes_nothing_from_another_host(desk: Client, today: date) -> None:
    one_of_everything(today)
    shown = front(desk)
    assert 'src="http' not in shown
    assert "url(http" not in shown
    assert not [
        each for each in shown.split("<link ")[1:] if 'href="http' in each.split(">")[0]
    ]


def test_the_sidebar_leads_to_every_list(desk: Client) -> None:
    shown = front(desk)
    for title in ("Papers", "Readers", "Mail", "Staff"):
        assert f"{title} </h2>" in shown
    for name in ("paper", "edition", "subscriber", "topicfilter", "round", "letter"):
        assert reverse(f"admin:subscriptions_{name}_changelist") in shown


def test_someone_not_signed_in_sees_the_door_only(client: Client, db: None) -> None:
    answer = client.get(reverse("admin:index"))
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]


def test_a_restored_database_needs_a_person(
    desk: Client, settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    epoch.advance()
    LedgerEpoch.objects.update(number=0)
    assert "restored from a backup" in front(desk)
