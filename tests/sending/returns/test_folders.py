"""A Maildir and an mbox: taken once, however often they are read."""

from __future__ import annotations

import mailbox
import os
import time
from pathlib import Path

import pytest
from django.db import DatabaseError

from subscriptions.models import Delivery, DeliveryEvent
from subscriptions.sending.returns import folders

from .mails import Target, failed, mail, nested


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    mailbox.Maildir(tmp_path / "bounces", create=True)
    return tmp_path / "bounces"


def put(maildir: Path, *raws: bytes) -> None:
    box = mailbox.Maildir(maildir)
    for raw in raws:
        box.add(raw)


def files(maildir: Path) -> list[Path]:
    return [*(maildir / "new").iterdir(), *(maildir / "cur").iterdir()]


def test_what_is_understood_is_taken_and_deleted(
    maildir: Path, digest: Delivery
) -> None:
    put(maildir, failed(Target.of(digest), "5.1.1"))
    assert folders.collect(maildir) == {"bounced": 1}
    assert files(maildir) == []
    assert DeliveryEvent.objects.count() == 1


def test_what_is_refused_stays_marked_as_read_for_a_week(
    maildir: Path, digest: Delivery
) -> None:
    put(maildir, mail("somebody@example.net", "An advertisement."))
    assert folders.collect(maildir) == {"refused": 1}
    assert folders.collect(maildir) == {}
    (left,) = files(maildir)
    assert left.parent.name == "cur" and left.name.endswith(":2,S")
    eight_days = time.time() - 8 * 24 * 3600
    os.utime(left, (eight_days, eight_days))
    folders.collect(maildir)
    assert files(maildir) == []


def test_a_crash_before_it_is_deleted_does_no_harm(
    maildir: Path, digest: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(maildir, failed(Target.of(digest), "5.1.1"))
    with monkeypatch.context() as crash:

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        crash.setattr(Path, "unlink", die)
        with pytest.raises(KeyboardInterrupt):
            folders.collect(maildir)
    assert len(files(maildir)) == 1
    folders.collect(maildir)
    assert files(maildir) == []
    assert DeliveryEvent.objects.count() == 1


def test_with_no_database_a_mail_stays_where_it_is(
    maildir: Path, digest: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(maildir, failed(Target.of(digest), "5.1.1"))

    def refuse(*_: object, **__: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(DeliveryEvent, "save", refuse)
    with pytest.raises(DatabaseError):
        folders.collect(maildir)
    assert len(files(maildir)) == 1


def test_what_is_no_mail_or_cannot_be_read_keeps_no_other_back(
    maildir: Path, digest: Delivery
) -> None:
    (maildir / "new" / "0").mkdir()
    (maildir / "new" / "1").symlink_to("1")
    (maildir / "new" / "2").symlink_to("/proc/self/mem")  # its first byte: EIO
    put(maildir, failed(Target.of(digest), "5.1.1"))
    assert folders.collect(maildir) == {"bounced": 1}


def test_an_mbox_is_emptied_of_what_was_understood(
    tmp_path: Path, digest: Delivery
) -> None:
    path = tmp_path / "bounces"
    box = mailbox.mbox(path)
    box.add(mail("somebody@example.net", "An advertisement."))
    box.add(failed(Target.of(digest), "5.1.1"))
    box.close()
    assert folders.collect(path) == {"bounced": 1, "refused": 1}
    assert folders.collect(path) == {}
    assert len(mailbox.mbox(path)) == 1
    assert DeliveryEvent.objects.count() == 1


def test_what_is_refused_stays_in_an_mbox_for_a_week(
    tmp_path: Path, digest: Delivery
) -> None:
    path = tmp_path / "bounces"
    now = time.time()
    for days in (6, 8):
        came = time.asctime(time.localtime(now - days * 24 * 3600))
        with path.open("a") as box:
            box.write(f"From a@example.net {came}\nSubject: of {days} days\n\nBuy.\n\n")
    assert folders.collect(path) == {"refused": 2}
    folders.collect(path)
    (left,) = mailbox.mbox(path)
    assert left["Subject"] == "of 6 days"


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(nested(b"", "multipart/mixed", 2_000), id="nested"),
        pytest.param(b"Subject: \xfc\n\nAn advertisement, \xfc.\n", id="8-bit"),
    ],
)
def test_an_odd_mail_in_an_mbox_keeps_no_other_back(
    odd: bytes, tmp_path: Path, digest: Delivery
) -> None:
    path = tmp_path / "bounces"
    box = mailbox.mbox(path)
    box.add(odd)
    box.add(failed(Target.of(digest), "5.1.1"))
    box.close()
    assert folders.collect(path) == {"bounced": 1, "refused": 1}
    assert folders.collect(path) == {}
    assert path.read_bytes().endswith(b"\nStatus: RO\n" + odd + b"\n")


def test_an_mbox_that_the_mail_server_holds_waits(
    tmp_path: Path, digest: Delivery
) -> None:
    path = tmp_path / "bounces"
    box = mailbox.mbox(path)
    box.add(failed(Target.of(digest), "5.1.1"))
    box.close()
    Path(f"{path}.lock").touch()
    assert folders.collect(path) == {}
    Path(f"{path}.lock").unlink()
    assert folders.collect(path) == {"bounced": 1}


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="BOUNCE_MAILBOX"):
        folders.collect(tmp_path / "nothing")


def test_time_that_is_over_leaves_the_rest_for_the_next_bell(
    maildir: Path, digest: Delivery
) -> None:
    put(maildir, failed(Target.of(digest), "5.1.1"))
    assert folders.collect(maildir, until=time.monotonic()) == {}
    assert len(files(maildir)) == 1
