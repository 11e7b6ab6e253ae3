"""Safeguards that `mutate` takes out: pauses, canary, breaker, ramp, a restored ledger,
and what says whether a round adds up."""

from __future__ import annotations

from .safeguards_of_the_ledger import SENDING, Safeguard

BRAKES = SENDING + "brakes/"
OF_SERVICE = "tests/pipeline/test_"
BRAKES_AND_ROUNDS = [
    Safeguard(
        "two pauses give their time once",
        BRAKES + "pauses",
        "until = min(now, all_paused.started_at) if all_paused else now",
        "until = now",
        "pauses::test_two_pauses_over_one_another_give_their_time_once",
    ),
    Safeguard(
        "a round that is resumed while all is being resumed waits for that",
        BRAKES + "pauses",
        "all_paused = Pause.objects.select_for_update().filter(lasts=True).first()",
        "all_paused = lasting()",
        "two_resume_at_once::"
        "test_a_round_is_resumed_while_all_sending_is_being_resumed",
        postgresql=True,
    ),
    Safeguard(
        "the first of the never mailed go first",
        BRAKES + "canary",
        "cause = imported or len(never_mailed) > _MANY * due",
        "cause = False",
        "canary::test_those_never_mailed_go_first_and_the_others_wait_for_all_senders",
    ),
    Safeguard(
        "a slow domain in the canary holds nobody up for a day",
        BRAKES + "canary",
        "if not tried.exists() or round_.paused",
        "if True or round_.paused",
        "canary::"
        "test_a_domain_that_rests_for_a_day_holds_nobody_up_for_longer_than_two_hours",
    ),
    Safeguard(
        "a relay that is down makes nobody go without a canary",
        BRAKES + "canary",
        "if not tried.exists() or round_.paused",
        "if round_.paused",
        "canary::"
        "test_a_relay_that_is_down_for_two_hours_makes_nobody_go_without_a_canary",
    ),
    Safeguard(
        "letters cannot trip the breaker",
        BRAKES + "breaker",
        "at__gt=since, delivery__isnull=False)",
        "at__gt=since)",
        "breaker::test_letters_cannot_trip_it",
    ),
    Safeguard(
        "one dead mailbox counts once",
        BRAKES + "breaker",
        'Count("subscriber", distinct=True)',
        'Count("subscriber")',
        "breaker::test_one_dead_mailbox_is_one_however_often_it_bounces",
    ),
    Safeguard(
        "resuming acknowledges what tripped it",
        BRAKES + "breaker",
        "which & Q(at__gt=news)",
        "which",
        "breaker::test_resuming_acknowledges_and_the_same_events_do_not_trip_it_again",
    ),
    Safeguard(
        "a domain at its rate keeps nobody behind it waiting",
        SENDING + "loop",
        "self._others_first |= dict.fromkeys(domains, until)",
        "pass",
        "slow_domains::test_a_domain_at_its_rate_keeps_nobody_behind_it_waiting",
    ),
    Safeguard(
        "what is on its way from yesterday has its place in the ramp",
        "subscriptions/rounds/ramp",
        " | Q(state__in=Delivery.OPEN)",
        "",
        OF_SERVICE
        + "pausing.py::test_what_still_waits_from_yesterday_takes_its_place_too",
    ),
    Safeguard(
        "a backup made before the relay went down is noticed",
        SENDING + "loop",
        "                    clock.stop()\n                raise\n",
        "                    pass\n                raise\n",
        "restored::test_a_backup_made_before_the_relay_went_down_is_noticed",
    ),
    Safeguard(
        "no number from before a restore is given again",
        SENDING + "ledger/epoch",
        "for model in (Subscriber, Delivery, Letter):",
        "for model in ():",
        "restored::test_no_number_given_since_the_backup_comes_to_mean_somebody_else",
    ),
    Safeguard(
        "an open digest of a complete round is seen",
        "subscriptions/pipeline/completeness",
        "    if still_open:\n        faults",
        "    if False:\n        faults",
        OF_SERVICE + "completeness.py::test_an_open_digest_of_a_complete_round_is_seen",
    ),
    Safeguard(
        "a lost row is seen",
        "subscriptions/pipeline/completeness",
        "if rows != written:",
        "if False:",
        OF_SERVICE + "completeness.py::"
        "test_a_lost_row_is_seen_as_a_row_too_few_and_a_reader_without",
    ),
    Safeguard(
        "a second copy raises no alarm",
        "subscriptions/pipeline/completeness",
        "still_open = waiting.exclude(sending.DOUBTED).count()",
        "still_open = waiting.count()",
        OF_SERVICE + "completeness.py::test_a_second_copy_on_its_way_is_no_open_digest",
    ),
    Safeguard(
        "a time zone that this machine lacks holds nobody up",
        "subscriptions/models/readers",
        "except (zoneinfo.ZoneInfoNotFoundError, ValueError):",
        "except ImportError:",
        "tests/rounds/test_due.py::"
        "test_a_zone_that_this_machine_does_not_know_holds_nobody_up",
    ),
    Safeguard(
        "pings that nobody takes keep no alert back",
        SENDING + "notices",
        'turn = F("tried_at").asc(nulls_first=True), "-id"',
        'turn = ("id",)',
        "notices::test_pings_that_nobody_takes_for_weeks_do_not_keep_an_alert_back",
    ),
]
