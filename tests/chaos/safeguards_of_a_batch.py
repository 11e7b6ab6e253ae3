"""Safeguards that `mutate` takes out: the end of a batch, and the relay."""

from __future__ import annotations

from .safeguards_of_the_ledger import SENDING, Safeguard

RELAY = [
    # --- the end of a batch
    Safeguard(
        "what was not tried goes back",
        SENDING + "loop",
        "            attempts.release(untried)",
        "            pass",
        "runs::test_when_the_time_is_over_the_rest_goes_back_untried "
        "runs::test_a_relay_that_goes_down_on_the_way_keeps_what_was_sent",
    ),
    Safeguard(
        "a mail that crashed its sender is alone",
        SENDING + "loop",
        "sound=True",
        "sound=False",
        "two_batches::"
        "test_a_mail_that_crashed_its_sender_is_sent_with_no_other_in_hand",
    ),
    Safeguard(
        "an error in one batch ends the other",
        SENDING + "loop",
        "                self._end_all()\n                if isinstance",
        "                if isinstance",
        "two_batches::"
        "test_an_error_while_one_is_prepared_loses_no_outcome_of_the_other",
    ),
    Safeguard(
        "no second batch before the first has shown that mails can be made",
        SENDING + "loop",
        "breaker.Watch(), 1",
        "breaker.Watch(), 2",
        "batches::"
        "test_bytes_that_cannot_be_made_for_anybody_stop_the_run_and_count_for_none",
    ),
    Safeguard(
        "what a machine had locked that is gone is let go of",
        "digest_site/values",
        '        options.setdefault("options", _GONE_AFTER_A_MINUTE)\n',
        "",
        "lost_database::"
        "test_a_machine_that_is_gone_without_a_word_is_given_up_within_a_minute",
        postgresql=True,
    ),
    Safeguard(
        "a database that is gone without a word is not waited for",
        "digest_site/values",
        '        entry["OPTIONS"] = _NOTICED_IN_A_MINUTE | options\n',
        "",
        "lost_database::"
        "test_a_database_that_is_gone_without_a_word_is_given_up_within_a_minute",
        postgresql=True,
    ),
    Safeguard(
        "outcomes wait for a database that restarts",
        SENDING + "ledger/persistence",
        "if pause is None or connection.in_atomic_block:",
        "if True:",
        "lost_database::test_outcomes_are_written_once_the_database_is_back",
    ),
    Safeguard(
        "coverage is given back",
        SENDING + "ledger/attempts",
        "Delivery.objects.filter(pk__in=ended).give_coverage_back()",
        "pass",
        "outcomes::test_failed_is_final_with_an_event_and_comes_with_the_next_digest",
    ),
    Safeguard(
        "a mail past its horizon expires",
        SENDING + "ledger/attempts",
        "if left is not None and left > pause:",
        "if left is not None:",
        "outcomes::test_deferred_past_its_horizon_is_expired_and_comes_with_the_next_digest",
    ),
    Safeguard(
        "a mail that cannot be made is quarantined",
        SENDING + "ledger/attempts",
        "if is_unmade and lease.attempts >= RENDERING_ATTEMPTS:",
        "if False:",
        "outcomes::test_a_mail_that_cannot_be_made_is_quarantined_at_the_third_attempt",
    ),
    Safeguard(
        "a fault common to all mails quarantines none",
        SENDING + "batch",
        "if sum(not lease.unmade for lease in faults) > 1:",
        "if False:",
        "runs::test_a_fault_common_to_all_mails_stops_the_run_and_counts_for_none",
    ),
    Safeguard(
        "a paper that was had does not come again",
        "subscriptions/pipeline/had",
        'had[reader].setdefault(pick["paper"], Before(due, pick["listing"]))',
        "pass",
        "tests/pipeline/test_compose.py::"
        "test_rule_10_a_paper_reaches_a_reader_once_across_sources",
    ),
    # --- the relay
    Safeguard(
        "no mail is begun after its lease",
        SENDING + "batch",
        "if awake() > self.begin_by:",
        "if False:",
        "batches::test_a_sender_that_slept_begins_nothing",
    ),
    Safeguard(
        "no dot is written after its lease",
        SENDING + "batch",
        "if awake() > self.end_by:",
        "if False:",
        "stopped_senders::"
        "test_a_sender_stopped_past_its_lease_sends_and_writes_nothing_when_it_goes_on",
    ),
    Safeguard(
        "a mail is noted before its lease is looked at",
        SENDING + "batch",
        "        self.journal.begun(lease)\n        if awake() > self.end_by:\n",
        "        if awake() > self.end_by:\n            self.journal.begun(lease)\n",
        "end_of_a_lease::test_who_is_stopped_while_it_notes_a_mail_does_not_send_it",
    ),
    Safeguard(
        "a mail that is too late is noted as not sent",
        SENDING + "batch",
        "            self.journal.ended(lease, _TOO_LATE)\n",
        "",
        "end_of_a_lease::test_who_is_stopped_while_it_notes_a_mail_does_not_send_it",
    ),
    Safeguard(
        "no body is begun long after its time",
        SENDING + "smtp/connection",
        "if not self._desk.may_begin(mail.offer):",
        "if False:",
        "stages_of_a_failure::test_a_body_is_not_begun_long_after_its_time",
    ),
    Safeguard(
        "no reply after the dot is in doubt",
        SENDING + "smtp/connection",
        "        elif stage == _DOT and not is_dot_unsent:",
        "        elif False:",
        "stages_of_a_failure::test_no_reply_after_the_dot_leaves_the_mail_in_doubt",
    ),
    Safeguard(
        "a mail whose dot surely did not leave is not in doubt",
        SENDING + "smtp/connection",
        "return self._transport.get_write_buffer_size() > self._behind_body",
        "return False",
        "many_connections::"
        "test_a_mail_that_is_still_being_written_at_its_timeout_is_not_in_doubt",
    ),
    Safeguard(
        "a refused envelope is reset",
        SENDING + "smtp/connection",
        '            if digit != 3:\n                self.go_on(b"RSET\\r\\n")',
        "            if digit != 3:\n                self.go_on()",
        "pipelined_refusals",
    ),
    Safeguard(
        "DATA let through without a recipient is ended by a lone dot",
        SENDING + "smtp/connection",
        'self.go_on(b".\\r\\n")',
        'self.go_on(b"RSET\\r\\n")',
        "pipelined_refusals::"
        "test_a_go_ahead_without_a_recipient_is_ended_with_nothing_but_a_dot",
    ),
    Safeguard(
        "no empty mail where only MAIL was refused",
        SENDING + "smtp/connection",
        "            elif has_recipient:",
        "            elif False:",
        "pipelined_refusals::"
        "test_no_empty_mail_is_sent_where_only_the_sender_was_refused",
    ),
    Safeguard(
        "421 ends the session",
        SENDING + "smtp/connection",
        "if stage == _PAYLOAD or reply.code == 421:",
        "if stage == _PAYLOAD:",
        "many_connections::test_421_to_the_dot_defers_that_mail_and_no_other "
        "many_connections::"
        "test_what_is_pipelined_behind_the_end_of_a_session_is_offered_again",
    ),
    Safeguard(
        "a domain that asks to slow down rests",
        SENDING + "brakes/pace",
        "flow.rest_from(now, FIRST_REST, LONGEST_REST)",
        "pass",
        "pace::test_a_domain_that_asks_to_slow_down_rests_alone",
    ),
    Safeguard(
        "a relay that gives no answers is left alone",
        SENDING + "brakes/pace",
        "self._relay.rest_from(now, FIRST_REST, LONGEST_REST)",
        "pass",
        "pace::test_a_relay_that_takes_mails_and_never_answers_gets_a_few_and_not_all "
        "pace::test_after_a_silence_a_few_are_tried_and_an_answer_ends_it",
    ),
    Safeguard(
        "bounces above the limit stop all",
        SENDING + "loop",
        'if watch.trips(self._tally["failed"]):',
        "if False:",
        "breaker::"
        "test_a_provider_that_refuses_three_in_ten_stops_all_and_resuming_sends_the_rest",
    ),
]
