"""The ledger's writes as SQL for both engines: a batch of mails in one statement each.

The ORM has neither `UPDATE ... RETURNING` nor an update from a list of values, and a
row of Delivery is wide: what it was made of is not read here.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.functions import Now

from subscriptions.models import Delivery, Letter, Mailing, Subscriber, among
from subscriptions.models.mailings import HORIZON, HORIZON_ENDS

State = Mailing.State
Model = type[Delivery] | type[Letter]


class Owed(NamedTuple):
    """What decides whether a leased mail may go. Times are differences on the
    database's clock: to read them as instants would take most of the time of a row.

    `kind` and `recipient` are a letter's, "" for a digest. `left_since`: its reader has
    unsubscribed after it was made. `time_left` is until its horizon, `lease_left` until
    its lease is over.
    """

    id: int
    subscriber_id: int
    attempts: int
    reason: str
    kind: str
    recipient: str
    email: str
    email_folded: str
    state: str
    zone: str
    paused_until: date | None
    silence: str
    nothing_today: bool
    left_since: bool | None
    time_left: timedelta
    lease_left: timedelta

    @property
    def address(self) -> str:
        return self.recipient or self.email


class Told(NamedTuple):
    """What a leased mail becomes. `pause`: seconds until it is due again, None: never.

    `token` in hex. `owner`: whose it stays where it is held.
    """

    id: int
    token: str
    state: str
    reason: str
    pause: float | None = None
    owner: str = ""


_OF_MAIL = Owed._fields[:4]
_OF_LETTER = Owed._fields[4:6]
_OF_READER = Owed._fields[6:13]
# `HORIZON_ENDS` and the others in SQL, of a row that has just been leased for %s.
_TIMES = """reader.unsubscribed_at > mail.created_at,
        coalesce(mail.expires_at, mail.created_at + %s) - statement_timestamp(), %s"""


def owed(mails: QuerySet[Any]) -> list[Owed]:
    """These mails, in the order of their ids."""
    of_letter: list[Any] = [F(name) for name in _OF_LETTER]
    if mails.model is Delivery:
        of_letter = [Value("") for _ in _OF_LETTER]
    times: list[Any] = [
        Q(subscriber__unsubscribed_at__gt=F("created_at")),
        ExpressionWrapper(HORIZON_ENDS - Now(), DurationField()),
        ExpressionWrapper(F("leased_until") - Now(), DurationField()),
    ]
    rows = mails.order_by("id").values_list(
        *_OF_MAIL,
        *of_letter,
        *(f"subscriber__{name}" for name in _OF_READER),
        *times,
    )
    return [Owed(*row) for row in rows]


def lease(
    ready: QuerySet[Any], owner: str, token: uuid.UUID, length: timedelta
) -> list[Owed]:
    """Lease these rows and return them. Two callers at once never get the same row.

    Call it in a transaction.
    """
    if connection.vendor == "postgresql":
        return _lease_in_one_statement(ready, owner, token, length)
    # SQLite: settings make transactions IMMEDIATE, so this one is alone.
    mails = ready.model._default_manager
    ids = list(ready.values_list("id", flat=True))
    if not ids:
        return []
    mails.filter(pk__in=among(ids)).update(
        state=State.LEASED,
        attempts=F("attempts") + 1,
        lease_token=token,
        lease_owner=owner,
        leased_until=Now() + length,
        updated_at=Now(),
    )
    return owed(mails.filter(pk__in=among(ids)))


def _lease_in_one_statement(
    ready: QuerySet[Any], owner: str, token: uuid.UUID, length: timedelta
) -> list[Owed]:
    """PostgreSQL: a materialised CTE, because the planner may run a LIMITed sub-query
    of an UPDATE more than once and so take more rows than asked for. The reader is
    joined: consent is asked in the statement that leases."""
    locking = ready.select_for_update(skip_locked=True, of=("self",))
    select, parameters = locking.values("id").query.sql_with_params()
    quoted = connection.ops.quote_name
    mail, reader = (quoted(model._meta.db_table) for model in (ready.model, Subscriber))
    is_letter = ready.model is Letter
    columns = [
        *(f"mail.{name}" for name in _OF_MAIL),
        *(f"mail.{name}" if is_letter else "''" for name in _OF_LETTER),
        *(f"reader.{name}" for name in _OF_READER),
        _TIMES,
    ]
    statement = f"""
        WITH picked AS MATERIALIZED ({select})
        UPDATE {mail} AS mail
           SET state = %s, attempts = attempts + 1, lease_token = %s, lease_owner = %s,
               leased_until = statement_timestamp() + %s,
               updated_at = statement_timestamp()
          FROM picked, {reader} AS reader
         WHERE mail.id = picked.id AND reader.id = mail.subscriber_id
        RETURNING {", ".join(columns)}"""  # noqa: S608 - Django's own SQL, our names
    with connection.cursor() as cursor:
        values: list[Any] = [*parameters, State.LEASED, token, owner, length]
        values += [HORIZON, length]
        cursor.execute(statement, values)
        return sorted((Owed(*row) for row in cursor.fetchall()), key=lambda row: row.id)


_FROM = {
    "postgresql": """json_to_recordset(%s::json) AS told(
        id bigint, token uuid, state varchar, reason varchar, pause float8,
        owner varchar)""",
    "sqlite": "(SELECT "  # noqa: S608 - our own names
    + ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in Told._fields)
    + " FROM json_each(%s)) AS told",
}
_NOW = {
    "postgresql": "statement_timestamp()",
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')",
}
_AFTER_PAUSE = {
    "postgresql": "statement_timestamp() + make_interval(secs => told.pause)",
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', told.pause || ' seconds')",
}

# SQLite knows no alias there.
_WRITTEN = {"postgresql": "mail.id, mail.state", "sqlite": "id, state"}


def write(model: Model, told: Iterable[Told]) -> dict[int, str]:
    """Write what these leased mails become: where the token still holds, the id and
    the state written. The lease ends; the crashes before are not in a row with later
    ones, and are kept only of what is quarantined for them."""
    rows = [each._asdict() for each in told]
    if not rows:
        return {}
    vendor = connection.vendor
    statement = f"""
        UPDATE {connection.ops.quote_name(model._meta.db_table)} AS mail
           SET state = told.state, reason = told.reason, lease_token = NULL,
               lease_owner = told.owner, leased_until = NULL,
               next_at = {_AFTER_PAUSE[vendor]}, updated_at = {_NOW[vendor]},
               sent_at = CASE WHEN told.state = 'sent' THEN {_NOW[vendor]}
                         ELSE mail.sent_at END,
               crashes = CASE WHEN told.state = 'quarantined' THEN mail.crashes
                         ELSE 0 END
          FROM {_FROM[vendor]}
         WHERE mail.id = told.id AND mail.lease_token = told.token
           AND mail.state = 'leased'
        RETURNING {_WRITTEN[vendor]}"""  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        cursor.execute(statement, [json.dumps(rows)])
        return dict(cursor.fetchall())


def lock_readers(ids: Sequence[int]) -> None:
    """Lock these readers, in the order in which everybody does: reader before mail."""
    readers = Subscriber.objects.filter(pk__in=among(ids)).order_by("pk")
    list(readers.select_for_update(no_key=True).values_list("pk"))
