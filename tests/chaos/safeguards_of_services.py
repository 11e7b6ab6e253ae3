"""Safeguards that `mutate` takes out: mail services instead of a relay."""

from __future__ import annotations

from .safeguards_of_the_ledger import SENDING, Safeguard

BACKEND = SENDING + "backend/"
SERVICES = [
    Safeguard(
        "no call is sent on to another address",
        BACKEND + "line",
        "        backend.session.get_redirect_target = lambda response: None\n",
        "        pass\n",
        "answers_of_services::"
        "test_a_call_that_is_sent_on_is_not_followed_and_burns_no_attempt",
    ),
    Safeguard(
        "an answer that drips is given up",
        BACKEND + "line",
        "ended.get(timeout=2 * float(backend.timeout))",
        "ended.get()",
        "answers_of_services::test_an_answer_that_drips_holds_nobody",
    ),
    Safeguard(
        "a call is noted before it is made",
        BACKEND + "service",
        "            run.journal.begun(offer.key)\n",
        "",
        "runs_by_services::test_the_journal_hears_of_a_call_before_the_service_does "
        "senders_by_services::"
        "test_what_a_killed_sender_had_in_a_call_is_held_where_the_operator_wants_it",
    ),
    Safeguard(
        "a call that was refused for all leaves no mail in doubt",
        BACKEND + "service",
        "            self._note(run, offer, Outcome",
        "            print(run, offer, Outcome",
        "runs_by_services::test_a_mail_of_which_nothing_was_said_is_not_in_doubt",
    ),
    Safeguard(
        "the first call is made alone",
        BACKEND + "service",
        "if self._is_proven or not self._calls:",
        "if True:",
        "runs_by_services::test_the_first_call_is_made_alone",
    ),
    Safeguard(
        "a run ends whose last mails were given up",
        BACKEND + "service",
        "                self._settle_all()  # to",
        "                # to",
        "runs_by_services::test_a_domain_that_rests_leaves_the_others_alone",
    ),
    Safeguard(
        "a service is left alone when it asks for it",
        SENDING + "brakes/pace",
        'in {"MAIL", "call"}',
        'in {"MAIL"}',
        "answers_of_services::test_after_a_pause_that_was_asked_for_the_rest_is_untried",
    ),
    Safeguard(
        "a service is left alone for as long as it asks",
        SENDING + "brakes/pace",
        "self._relay.rest_for(outcome.rest, now)",
        "pass",
        "batches_by_services::test_a_service_is_left_alone_for_as_long_as_it_asks",
    ),
    Safeguard(
        "no service is left alone for days",
        SENDING + "brakes/pace",
        "min(seconds, LONGEST_REST) * jitter",
        "seconds * jitter",
        "batches_by_services::test_a_service_is_left_alone_for_as_long_as_it_asks",
    ),
    Safeguard(
        "after its time no call begins",
        BACKEND + "service",
        "if run.down or now >= run.stop:",
        "if run.down:",
        "runs_by_services::test_after_its_time_no_call_begins "
        "batches_by_services::"
        "test_a_slow_service_does_not_keep_an_unsubscribing_reader_waiting",
    ),
    Safeguard(
        "a handshake that fails leaves no mail in doubt",
        BACKEND + "answers",
        " or _was_connecting(each) for",
        " for",
        "tls_of_services::test_a_handshake_that_fails_leaves_no_mail_in_doubt",
    ),
    Safeguard(
        "only what fails before there is a connection has sent nothing",
        BACKEND + "answers",
        "any(frame.f_code in _CONNECTS for frame, _ in frames)",
        "any(frames)",
        "tls_of_services::"
        "test_an_answer_that_is_lost_after_the_handshake_leaves_its_mail_in_doubt",
    ),
    Safeguard(
        "one who gave up waiting for the service leaves the mail in doubt",
        BACKEND + "answers",
        " or code == HTTPStatus.GATEWAY_TIMEOUT",
        "",
        "answers_of_services::test_each_answer_has_its_state",
    ),
    Safeguard(
        "what is no address fails, and is not tried for hours",
        BACKEND + "answers",
        "if isinstance(error, AnymailInvalidAddress):",
        "if False:",
        "batches_by_services::"
        "test_what_is_no_address_fails_alone_and_the_next_mail_goes_by_a_service",
    ),
    Safeguard(
        "a call that broke off leaves its mail in doubt",
        BACKEND + "answers",
        'return Outcome("in_doubt", STAGE, f"no answer: {kind}")',
        'return Outcome("deferred", STAGE, f"no answer: {kind}")',
        "answers_of_services::"
        "test_a_lost_answer_means_one_more_copy_with_the_same_message_id",
    ),
    Safeguard(
        "a key that is refused burns no attempt",
        BACKEND + "answers",
        "    if code in _ABOUT_US:",
        "    if False:",
        "answers_of_services::"
        "test_a_key_that_is_refused_stops_sending_and_burns_no_attempt",
    ),
    Safeguard(
        "no address in what a service says",
        BACKEND + "answers",
        '_ADDRESS.sub("(address)", str(response.text)[:2_000])',
        "str(response.text)[:2_000]",
        "answers_of_services::test_neither_an_address_nor_a_key_is_kept_or_logged",
    ),
    Safeguard(
        "no key in what a service says",
        BACKEND + "answers",
        'text = text.replace(value, "(key)")',
        "pass",
        "answers_of_services::test_neither_an_address_nor_a_key_is_kept_or_logged",
    ),
    Safeguard(
        "a request that was refused suppresses nobody",
        BACKEND + "answers",
        '_ABOUT_MAIL = {400: "5.5.4"',
        '_ABOUT_MAIL = {400: ""',
        "answers_of_services::test_a_request_that_was_refused_does_not_suppress_its_reader",
    ),
    Safeguard(
        "a recipient of whom anymail is not sure was refused",
        BACKEND + "answers",
        "    if said & _REFUSED:",
        "    if said <= _REFUSED:",
        "answers_of_services::test_a_recipient_that_the_service_refuses_has_failed",
    ),
    Safeguard(
        "the Message-ID goes beside the mail",
        BACKEND + "line",
        '"metadata": {MAIL_ID: named}, ',
        "",
        "services_of_all_kinds::test_a_service_is_given_the_mail_and_its_message_id",
    ),
    Safeguard(
        "a trial calls no mail service",
        "digest_site/mail_values",
        "self.backend in _BACKENDS_OF_TRIALS or",
        "self.backend or",
        "tests/up/test_mail_services.py::test_a_trial_mails_nobody_by_any_other",
    ),
]
