"""The table of what servers say: one answer for each row, and for what none knows."""

from __future__ import annotations

import pytest

from subscriptions.sending.verdicts import REST, TABLE, code_in, row_for, verdict_of

# Row -> (enhanced status, what the server said, the command, what it says of us).
ANSWERS = {
    "not now, by policy": ("4.7.28", "421 4.7.28 unusual rate", "", "policy"),
    "mailbox full, for now": ("4.2.2", "452 4.2.2 over quota", "RCPT", "soft"),
    "not now": ("4.3.0", "451 4.3.0 try later", "RCPT", "soft"),
    "not now, without a status": ("", "450 greylisted", "RCPT", "soft"),
    "Microsoft's unknown recipient": (
        *("5.4.1", "550 5.4.1 Recipient address rejected: Access denied."),
        *("RCPT", "gone"),
    ),
    "refused by policy": ("5.7.1", "550 5.7.1 no such user here", "RCPT", "policy"),
    "too much at once": (
        *("5.2.1", "450 5.2.1 The user is receiving mail at a rate that prevents"),
        *("RCPT", "soft"),
    ),
    "no such mailbox": ("5.1.1", "550 5.1.1 unknown", "RCPT", "gone"),
    "not an address": ("5.1.3", "501 5.1.3 bad syntax", "RCPT", "gone"),
    "moved, no forwarding": ("5.1.6", "550 5.1.6 moved", "RCPT", "gone"),
    "a domain without mail": ("5.1.10", "556 5.1.10 null MX", "RCPT", "gone"),
    "no such domain": ("5.1.2", "550 5.1.2 unknown host", "RCPT", "perhaps_gone"),
    "no route to its host": ("5.4.4", "550 5.4.4 not found", "", "perhaps_gone"),
    "mailbox disabled": ("5.2.1", "550 5.2.1 disabled", "RCPT", "perhaps_gone"),
    "mailbox full": ("5.2.2", "552 5.2.2 full", "RCPT", "soft"),
    "our sender's address": ("5.1.8", "550 5.1.8 sender rejected", "MAIL", "policy"),
    "our mail is too large": ("5.3.4", "552 5.3.4 too big", "MAIL", "policy"),
    "how we speak SMTP": ("5.5.2", "500 5.5.2 syntax error", "DATA", "policy"),
    "what is in our mail": ("5.6.7", "550 5.6.7 not ASCII", "dot", "policy"),
    "about us, in words": ("", "550 relay not permitted", "RCPT", "policy"),
    "policy, in words": ("", "554 listed in the DNSBL", "RCPT", "policy"),
    "full, in words": ("", "550 mailbox is full", "RCPT", "soft"),
    "full, by its code": ("", "552 storage allocation", "RCPT", "soft"),
    "gone, in words": ("5.0.0", "550 no such user", "", "gone"),
    "gone, by its code": ("", "550 rejected", "RCPT", "gone"),
}


def test_every_row_has_an_answer_and_names_are_not_used_twice() -> None:
    assert [row.name for row in TABLE] == list(ANSWERS)


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_judged_by_its_row(name: str) -> None:
    status, said, stage, verdict = ANSWERS[name]
    row = row_for(status, said, code_in(said), stage)
    assert (row.name, row.verdict) == (name, verdict)


@pytest.mark.parametrize(
    ("status", "said", "stage"),
    [
        ("", "550 rejected", "dot"),
        ("", "554 transaction failed", "RCPT"),
        ("5.4.1", "550 5.4.1 no answer from host", ""),
        ("5.3.0", "550 5.3.0 other", "RCPT"),
        ("", "", ""),
    ],
)
def test_what_no_row_knows_may_be_taken_another_day(
    status: str, said: str, stage: str
) -> None:
    assert row_for(status, said, code_in(said), stage) == REST


@pytest.mark.parametrize(
    "said",
    [
        "550 relay not permitted",
        "550 Relaying denied",
        "550-[192.0.2.1] is currently not permitted to relay through this server",
        "550 Please turn on SMTP Authentication in your mail client",
        "550 authentication required",
        "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
        "550 Verification failed for (address) No such user. Sender verify failed",
        "550 sender rejected",
        "553 sorry, your envelope sender is in my badmailfrom list (#5.7.1)",
        "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)",
        "550 your host has no reverse DNS",
        "550 no PTR record",
        "550 Administrative prohibition",
        "550 Domain papers.example.org has exceeded the max emails per hour (100/100)",
        "550 Max defers and failures per hour exceeded. Message discarded.",
        "550 You have reached your daily sending limit",
        "550 Daily sending quota exceeded for this account",
        "550 Sending rate limit exceeded",
        "553 too many recipients",
        "550 must issue a STARTTLS command first",
        "550 authentication failed",
        "550 mailbox unavailable. invalid DNS MX or A/AAAA resource record",
    ],
)
def test_a_refusal_of_our_host_or_sender_says_nothing_of_the_reader(said: str) -> None:
    """Whoever answers so, our own relay or the reader's server, answers it to all."""
    assert verdict_of("bounced", "", f"at RCPT: {said}") == "policy"


@pytest.mark.parametrize(
    "said",
    [
        "550 no such user here",
        "550 recipient rejected",
        "550 Unrouteable address",
        "550 invalid recipient",
        "551 user not local",
        "550 Requested action not taken: mailbox unavailable",
    ],
)
def test_a_refusal_of_the_recipient_without_a_status_is_no_word_on_us(
    said: str,
) -> None:
    assert verdict_of("bounced", "", f"at RCPT: {said}") == "gone"


@pytest.mark.parametrize(
    "said",
    [
        "550 quota exceeded",
        "550 exceeded storage allocation",
        "550 the recipient has exceeded their storage limit",
        "550 user's mailbox exceeds allowed size",
    ],
)
def test_a_full_mailbox_in_words_is_no_dead_one(said: str) -> None:
    assert verdict_of("bounced", "", f"at RCPT: {said}") == "soft"


def test_a_word_that_ends_in_rate_is_no_rate() -> None:
    assert row_for("5.2.1", "550 5.2.1 corporate mailbox closed", "550").verdict == (
        "perhaps_gone"
    )


def test_the_ledgers_words_name_the_command() -> None:
    assert verdict_of("bounced", "", "at RCPT: 550 rejected") == "gone"
    assert verdict_of("bounced", "", "at dot: 550 rejected") == "soft"
    assert verdict_of("bounced", "", "550 rejected (in reply to RCPT TO)") == "gone"


def test_only_a_refusal_says_something_of_an_address() -> None:
    assert verdict_of("deferred", "4.1.1", "450 4.1.1 unknown") == "none"
    assert verdict_of("unknown", "5.1.1", "550 5.1.1 unknown") == "none"
