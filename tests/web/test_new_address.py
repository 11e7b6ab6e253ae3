"""Another address: the form, the page from the letter, and the way to stop it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client

from subscriptions import consent, links
from subscriptions.models import Letter, Subscriber, Suppression
from tests.factories import a_reader

from .world import checksum, path_of

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
ONE_CLICK = "List-Unsubscribe=One-Click"
NEW = "new@example.com"


@pytest.fixture
def reader() -> Subscriber:
    return a_reader(email="old@example.org")


def form_of(reader: Subscriber) -> str:
    return path_of(links.account(reader)) + "address"


def without_key(page: HttpResponse) -> str:
    """A page without what protects its form, which is never the same."""
    return re.sub(r'csrfmiddlewaretoken" value="\w+', "", page.content.decode())


def letter(reader: Subscriber) -> Letter:
    consent.ask_for_address(reader.pk, NEW)
    return reader.letters.get(kind="new_address")


def address_of(reader: Subscriber) -> str:
    reader.refresh_from_db()
    return reader.email


def test_a_reader_moves_by_two_pages_and_two_buttons(
    client: Client, reader: Subscriber
) -> None:
    page = path_of(links.account(reader))
    assert f'action="{page}address"' in client.get(page).content.decode()
    answer = client.post(f"{page}address", {"address": NEW}).content.decode()
    assert "Now look into both inboxes" in answer
    asked = reader.letters.get(kind="new_address")
    at = path_of(links.new_address(asked))
    assert ">Yes, send my papers here</button>" in client.get(at).content.decode()
    assert address_of(reader) == "old@example.org"
    for _ in range(2):
        assert "come here now" in client.post(at).content.decode()
    assert address_of(reader) == NEW
    assert "come here now" in client.get(at).content.decode()


def test_a_forwarded_digest_cannot_take_a_subscription_over(
    client: Client, reader: Subscriber
) -> None:
    page = path_of(links.preferences(reader))
    assert "you need a fresh link" in client.get(page).content.decode()
    assert "Your new e-mail address" not in client.get(page).content.decode()
    client.post(page + "address", {"address": NEW})
    assert [each.kind for each in reader.letters.all()] == ["preferences"]


def test_a_letter_of_yesterday_no_longer_asks(
    client: Client, reader: Subscriber
) -> None:
    with time_machine.travel(datetime(2026, 7, 7, tzinfo=UTC), tick=False) as clock:
        at = form_of(reader)
        clock.shift(timedelta(days=1, minutes=1))
        assert client.post(at, {"address": NEW}).status_code == 410
    assert not reader.letters.exists()


def test_the_answer_is_the_same_for_every_address(client: Client) -> None:
    reader = a_reader(email="old@example.org")
    for state in ("active", "unsubscribed", "suppressed", "pending"):
        confirmed = {"confirmed_at": None} if state == "pending" else {}
        a_reader(email=f"{state}@example.com", state=state, **confirmed)
    Suppression.objects.create(
        address_hash=Suppression.hash_of("never@example.com"), reason="bounced"
    )
    at = form_of(reader)
    names = ("new", "active", "unsubscribed", "suppressed", "pending", "never", "new")
    answers = {
        (response.status_code, response.content)
        for name in names
        for response in [client.post(at, {"address": f"{name}@example.com"})]
    }
    assert len(answers) == 1


def test_what_is_no_address_is_shown_with_what_is_wrong(
    client: Client, reader: Subscriber
) -> None:
    answer = client.post(form_of(reader), {"address": "new@"}).content.decode()
    assert 'value="new@"' in answer
    assert "not an address that mail can be sent to" in answer
    assert not reader.letters.exists()


def test_an_address_in_any_script_is_asked_as_mail_servers_write_it(
    client: Client, reader: Subscriber
) -> None:
    client.post(form_of(reader), {"address": "new@b\u00fccher.example"})
    asked = reader.letters.get(kind="new_address")
    assert asked.recipient == "new@xn--bcher-kva.example"
    consent.change_address(asked.pk)
    assert address_of(reader) == "new@xn--bcher-kva.example"
    odd = client.post(form_of(reader), {"address": "\u03b4\u03bf@example.com"})
    assert "not an address that mail can be sent to" in odd.content.decode()


@pytest.mark.parametrize("why", ["taken", "suppressed", "left", "stopped", "erased"])
def test_where_it_cannot_be_the_words_are_the_same(
    client: Client, reader: Subscriber, why: str
) -> None:
    asked = letter(reader)
    at = path_of(links.new_address(asked))
    before = without_key(client.get(at))
    if why == "taken":
        a_reader(email=NEW)
    elif why == "suppressed":
        hashed = Suppression.hash_of(NEW)
        Suppression.objects.create(address_hash=hashed, reason="bounced")
    elif why == "left":
        consent.unsubscribe(reader.pk, "letter")
    elif why == "stopped":
        consent.withdraw_address(asked.pk)
    else:
        consent.erase(reader.pk)
    if why in {"taken", "suppressed"}:
        assert without_key(client.get(at)) == before
    never = path_of(links.new_address(Letter(pk=0)))
    answer = client.post(at)
    assert answer.status_code == 200
    assert answer.content == client.post(never).content
    assert "Nothing was changed" in answer.content.decode()
    assert NEW not in Subscriber.objects.filter(pk=reader.pk).values_list("email")


def test_the_page_tells_neither_address(client: Client, reader: Subscriber) -> None:
    html = client.get(path_of(links.new_address(letter(reader)))).content.decode()
    assert "n•••@example.com" in html
    assert NEW not in html
    assert "example.org" not in html


def test_a_link_from_before_a_restore_moves_nobody_whose_letter_got_its_number(
    client: Client, reader: Subscriber
) -> None:
    with time_machine.travel(datetime(2026, 7, 7, tzinfo=UTC), tick=False) as clock:
        old = path_of(links.new_address(Letter(pk=letter(reader).pk)))
        clock.shift(timedelta(hours=1))
        Letter.objects.update(created_at=datetime.now(UTC))
        before = checksum()
        pages = [client.get(old), client.post(old)]
        assert checksum() == before
    for page in pages:
        assert "Nothing was changed" in page.content.decode()


def test_after_three_days_the_page_says_how_to_go_on(
    client: Client, reader: Subscriber
) -> None:
    with time_machine.travel(datetime(2026, 7, 7, tzinfo=UTC), tick=False) as clock:
        at = path_of(links.new_address(letter(reader)))
        clock.shift(timedelta(hours=71))
        assert client.get(at).status_code == 200
        clock.shift(timedelta(hours=2))
        late = client.post(at)
    assert late.status_code == 410
    assert "work for three days" in late.content.decode()
    assert address_of(reader) == "old@example.org"


def test_the_button_needs_the_sites_own_form(reader: Subscriber) -> None:
    at = path_of(links.new_address(letter(reader)))
    assert Client(enforce_csrf_checks=True).post(at).status_code == 403
    assert address_of(reader) == "old@example.org"


def test_links_in_earlier_mails_open_no_preferences_after_the_change(
    client: Client, reader: Subscriber
) -> None:
    with time_machine.travel(datetime(2026, 7, 7, tzinfo=UTC), tick=False) as clock:
        old = [path_of(links.preferences(reader)), path_of(links.account(reader))]
        asked = letter(reader)
        clock.shift(timedelta(minutes=1))
        page = client.post(path_of(links.new_address(asked))).content.decode()
        reader.refresh_from_db()
        assert [client.get(at).status_code for at in old] == [410, 410]
        new = path_of(links.preferences(reader))
        assert new in page
        assert client.get(new).status_code == 200


def test_the_link_that_confirmed_the_old_address_opens_nothing_of_the_new_one(
    client: Client, reader: Subscriber
) -> None:
    """Its page leads on to the preferences, for as long as three days."""
    with time_machine.travel(datetime(2026, 7, 7, tzinfo=UTC), tick=False) as clock:
        old = [path_of(links.confirm(reader)), path_of(links.still_useful(reader))]
        asked = letter(reader)
        clock.shift(timedelta(minutes=1))
        client.post(path_of(links.new_address(asked)))
        pages = [client.get(at) for at in old]
    assert [page.status_code for page in pages] == [410, 410]
    assert not [page for page in pages if "example.com" in page.content.decode()]


# --- stopping it -------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["new_address", "address_asked"])
def test_either_letter_stops_it_by_a_page_with_a_button(
    client: Client, reader: Subscriber, kind: str
) -> None:
    asked = letter(reader)
    at = path_of(links.withdraw_address(reader.letters.get(kind=kind)))
    assert ">Stop it</button>" in client.get(at).content.decode()
    assert consent.asked_for(asked.pk)
    answer = client.post(at, {"action": "withdraw"})
    assert "It is stopped" in answer.content.decode()
    assert consent.asked_for(asked.pk) is None


def test_one_click_of_a_stranger_stops_it_and_unsubscribes_nobody(
    reader: Subscriber,
) -> None:
    asked = letter(reader)
    client = Client(enforce_csrf_checks=True)
    at = path_of(links.withdraw_address(asked))
    for _ in range(2):
        response = client.post(at, ONE_CLICK, content_type=FORM)
        assert (response.status_code, len(response.cookies)) == (200, 0)
    assert consent.asked_for(asked.pk) is None
    reader.refresh_from_db()
    assert reader.state == "active"


def test_one_click_in_that_letter_unsubscribes_once_it_is_the_readers_address(
    reader: Subscriber,
) -> None:
    asked = letter(reader)
    consent.change_address(asked.pk)
    client = Client(enforce_csrf_checks=True)
    at = path_of(links.withdraw_address(asked))
    assert client.post(at, ONE_CLICK, content_type=FORM).status_code == 200
    reader.refresh_from_db()
    assert reader.state == "unsubscribed"


@pytest.mark.parametrize("body", ["", "List-Unsubscribe=", f"{ONE_CLICK}&more=1"])
def test_any_other_body_stops_nothing(reader: Subscriber, body: str) -> None:
    asked = letter(reader)
    at = path_of(links.withdraw_address(asked))
    before = checksum()
    assert Client().post(at, body, content_type=FORM).status_code == 400
    assert checksum() == before


def test_a_changed_token_opens_nothing(client: Client, reader: Subscriber) -> None:
    asked = letter(reader)
    for at in (path_of(links.new_address(asked)), form_of(reader)):
        start, _, rest = at.rpartition("~")
        other = "A" if rest[0] != "A" else "B"
        assert client.post(f"{start}~{other}{rest[1:]}").status_code == 404
    confirming = links.token("address", asked.pk)
    assert client.get(f"/address/{confirming}/stop").status_code == 404
