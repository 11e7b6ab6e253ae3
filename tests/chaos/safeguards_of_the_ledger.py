"""Safeguards that `mutate` takes out: rows, leases, consent, the journal."""

from __future__ import annotations

from typing import NamedTuple

SENDING = "subscriptions/sending/"


class Safeguard(NamedTuple):
    """`file` without its suffix; `tests`: file::test, below tests/sending/test_ where
    no folder is named, several separated by blanks."""

    name: str
    file: str
    text: str
    instead: str
    tests: str
    postgresql: bool = False


LEDGER = [
    # --- once: rows and leases
    Safeguard(
        "a row for each reader and date, by constraint",
        "subscriptions/migrations/0001_initial",
        "fields=('subscriber', 'due_date'), name='one_delivery",
        "fields=('id', 'due_date'), name='one_delivery",
        "tests/pipeline/test_compose_meanwhile.py::"
        "test_the_database_itself_refuses_a_second_row_of_a_date",
    ),
    Safeguard(
        "the fencing token",
        SENDING + "ledger/statements",
        "AND mail.lease_token = told.token",
        "",
        "journal::test_a_sender_that_comes_back_late_writes_nothing "
        "outcomes::test_a_stale_sender_writes_nothing",
    ),
    Safeguard(
        "a lease once lost is not taken back by its token",
        SENDING + "ledger/attempts",
        "lease_token__in={lease.token for lease in held},",
        "",
        "claims::test_many_claimers_at_once_never_share_a_mail "
        "journal::test_a_sender_that_comes_back_late_writes_nothing "
        "outcomes::test_a_stale_sender_writes_nothing "
        "recovery runs",
    ),
    Safeguard(
        "rows that another claims are passed over",
        SENDING + "ledger/statements",
        "ready.select_for_update(skip_locked=True, ",
        "ready.select_for_update(",
        "claims::test_a_locked_mail_is_passed_over_not_waited_for",
        postgresql=True,
    ),
    Safeguard(
        "rows that are claimed are locked",
        SENDING + "ledger/statements",
        'locking = ready.select_for_update(skip_locked=True, of=("self",))',
        "locking = ready",
        "claims::test_many_claimers_at_once_never_share_a_mail "
        "claims::test_a_locked_mail_is_passed_over_not_waited_for",
        postgresql=True,
    ),
    Safeguard(
        "the attempt is counted before the work",
        SENDING + "ledger/statements",
        '        attempts=F("attempts") + 1,\n',
        "",
        "claims::test_a_claim_leases_what_waits_and_counts_the_attempt_before_the_work",
    ),
    Safeguard(
        "leases that ran out are found",
        SENDING + "recovery/lost",
        "leased_until__lt=Now())",
        'leased_until__lt="2000-01-01T00:00Z")',
        "journal::test_the_mails_of_a_host_that_does_not_come_back_are_held",
    ),
    Safeguard(
        "leases are renewed before a batch is offered",
        SENDING + "ledger/claims",
        "held.update(leased_until=Now() + LEASE)",
        "pass",
        "consent_at_the_claim::test_a_mail_that_may_go_has_its_lease_renewed",
    ),
    # --- who must not be mailed
    Safeguard(
        "consent at the claim",
        SENDING + "ledger/refusals",
        "    if mail.state != Reader.ACTIVE:",
        "    if False:",
        "consent_at_the_claim::test_a_digest_of_a_reader_who_is_not_active_ends",
    ),
    Safeguard(
        "suppression at the claim",
        SENDING + "ledger/refusals",
        "    if mail.id in suppressed:",
        "    if False:",
        "consent_at_the_claim::"
        "test_a_digest_to_an_address_on_the_suppression_list_ends",
    ),
    Safeguard(
        "both asked again before the mail begins",
        SENDING + "ledger/claims",
        "wanted += _judged(rows, by_id, tally)",
        "wanted += [by_id[row.id] for row in rows]",
        "consent_at_the_claim::"
        "test_unsubscribing_after_the_claim_ends_it_before_the_mail_begins "
        "consent_at_the_claim::"
        "test_suppressing_after_the_claim_ends_it_before_the_mail_begins",
    ),
    Safeguard(
        "a paused reader",
        SENDING + "ledger/refusals",
        "        if today < mail.paused_until:",
        "        if False:",
        "consent_at_the_claim::test_a_digest_of_a_paused_reader_is_skipped",
    ),
    Safeguard(
        "a paused round stays where it is",
        SENDING + "brakes/pauses",
        "allowed &= ~Q(round=round_.pk)\n",
        "pass\n",
        "claims::test_mails_of_a_paused_round_stay_where_they_are",
    ),
    Safeguard(
        "what is paused after the claim goes back",
        SENDING + "ledger/claims",
        "back = pauses.held_among(held)",
        "back = set()",
        "consent_at_the_claim::"
        "test_pausing_the_round_after_the_claim_puts_the_mail_back "
        "pauses::test_a_mail_that_was_claimed_before_the_pause_goes_back",
    ),
    # --- the journal and its recovery
    Safeguard(
        "a sender holds the lock on its journal",
        SENDING + "recovery/journal",
        "fcntl.flock(self._file, fcntl.LOCK_EX)",
        "pass",
        "recovery::test_a_living_sender_keeps_its_leases",
    ),
    Safeguard(
        "a batch is in the journal before it is looked at",
        SENDING + "recovery/journal",
        'self._write(*(_line("P", spelled(lease)) for lease in leases))',
        "pass",
        "journal",
    ),
    Safeguard(
        "a batch is on the disk before it is offered",
        SENDING + "recovery/journal",
        "os.fdatasync(self._file)",
        "pass",
        "journal::test_a_batch_is_on_the_disk_before_it_is_offered",
    ),
    Safeguard(
        "a mail is in the journal before its dot",
        SENDING + "recovery/journal",
        'self._write(_line("B", spelled(lease)))',
        "pass",
        "journal::test_what_was_begun_and_has_no_outcome_is_in_doubt_and_due_again",
    ),
    Safeguard(
        "the dot waits for the journal",
        SENDING + "smtp/connection",
        "        self._desk.begun(mail.offer)\n        self._await(_DOT)\n"
        "        self._transport.writelines([mail.body, behind])\n",
        "        self._await(_DOT)\n"
        "        self._transport.writelines([mail.body, behind])\n"
        "        self._desk.begun(mail.offer)\n",
        "offers_and_journal",
    ),
    Safeguard(
        "an outcome is in the journal",
        SENDING + "recovery/journal",
        'self._write(_line("E", f"{spelled(lease)} {told}"))',
        "pass",
        "journal::test_outcomes_that_were_known_reach_the_ledger",
    ),
    Safeguard(
        "a batch in the ledger is cut from the journal",
        SENDING + "recovery/journal",
        "os.ftruncate(self._file, self._head)",
        "pass",
        "journal::test_the_journal_of_a_batch_that_is_in_the_ledger_is_empty",
    ),
    Safeguard(
        "a torn line counts for nothing",
        SENDING + "recovery/journal",
        'whole = total == b"%08x" % zlib.crc32(text)',
        "whole = True",
        "journal::test_a_torn_last_line_counts_for_nothing "
        "journal::test_a_line_that_is_not_what_was_written_counts_for_nothing",
    ),
    Safeguard(
        "after a power cut any mail offered is in doubt",
        SENDING + "recovery/journal",
        "rebooted = self.offered and self.boot != boot()",
        "rebooted = False",
        "journal::test_after_a_power_cut_whatever_was_offered_may_have_been_begun",
    ),
    Safeguard(
        "outcomes of the dead reach the ledger",
        SENDING + "recovery/senders",
        "ended = attempts.record(told.ended.items())",
        "ended: dict[attempts.Lease, str] = {}",
        "journal::test_outcomes_that_were_known_reach_the_ledger",
    ),
    Safeguard(
        "what the dead had begun is in doubt",
        SENDING + "recovery/senders",
        "doubtful = lost.doubt(told.doubtful)",
        "doubtful = 0",
        "journal::test_what_was_begun_and_has_no_outcome_is_in_doubt_and_due_again",
    ),
    Safeguard(
        "what they had not begun is given back",
        SENDING + "recovery/senders",
        "freed = lost.free(owner, told.in_hand, tally)",
        "freed = 0",
        "journal::test_what_was_not_begun_was_never_sent_and_waits_as_if_never_claimed",
    ),
    Safeguard(
        "crashes are counted",
        SENDING + "recovery/lost",
        'freed += mine(model, leases).update(**BACK, crashes=F("crashes") + 1)',
        "freed += mine(model, leases).update(**BACK)",
        "recovery::test_three_crashes_on_one_mail_quarantine_it_and_spare_its_batch",
    ),
    Safeguard(
        "the third crash quarantines",
        SENDING + "recovery/lost",
        "freed += _quarantine(model, leases, tally)",
        "pass",
        "recovery::test_three_crashes_on_one_mail_quarantine_it_and_spare_its_batch",
    ),
    Safeguard(
        "after a crash a mail is leased alone",
        SENDING + "ledger/claims",
        "yield pending.filter(crashes__gt=0), True, False",
        "yield pending.filter(crashes__gt=0), False, False",
        "recovery::test_after_a_crash_mails_are_claimed_alone_and_after_the_others",
    ),
    Safeguard(
        "in doubt twice is not sent a third time",
        SENDING + "ledger/attempts",
        "    if lease.again:",
        "    if False:",
        "outcomes::test_in_doubt_twice_is_left_alone",
    ),
    Safeguard(
        "in doubt unless the second copy is taken",
        SENDING + "ledger/attempts",
        "if not (lease.again and lease.model is Delivery) or",
        "if True or",
        "outcomes::test_a_digest_whose_second_copy_is_not_taken_is_still_in_doubt",
    ),
    Safeguard(
        "a host that comes back knows what it sent",
        SENDING + "recovery/senders",
        "    lost.revive(owner)\n",
        "",
        "journal::test_a_host_that_comes_back_late_knows_what_came_of_its_mails",
    ),
    Safeguard(
        "nor is it held again while it tells",
        SENDING + "recovery/lost",
        "            leased_until=Now() + LEASE,\n            reason=",
        "            leased_until=Now(),\n            reason=",
        "journal::test_a_host_that_comes_back_late_knows_what_came_of_its_mails",
    ),
    Safeguard(
        "nor where nobody held it before",
        SENDING + "recovery/lost",
        "        _of(model, owner).update(leased_until=Now() + LEASE)\n",
        "",
        "long_stops::test_what_one_sender_takes_over_is_not_held_by_another",
    ),
    Safeguard(
        "after a power cut a second sender gives nothing back",
        SENDING + "recovery/senders",
        " | set(told.ended) | told.doubtful",
        " | set(told.ended)",
        "long_stops::test_after_a_power_cut_a_second_sender_gives_nothing_back_"
        "of_what_was_offered",
    ),
    Safeguard(
        "a restored database sends nothing",
        SENDING + "loop",
        "            epoch.refuse_restored()\n",
        "",
        "restored::test_a_restored_database_is_noticed_and_sends_nothing",
    ),
]
