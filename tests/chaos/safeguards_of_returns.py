"""Safeguards that `mutate` takes out: what comes back, and whom it suppresses."""

from __future__ import annotations

from .safeguards_of_the_ledger import SENDING, Safeguard

RETURNS = SENDING + "returns/"
TESTS = "tests/sending/returns/test_"
WHAT_COMES_BACK = [
    # --- whom to believe
    Safeguard(
        "the sign in a bounce address",
        "subscriptions/links",
        "if hmac.compare_digest(_mailbox_mac(value, key), found[3]):",
        "if True:",
        TESTS + "belief.py::"
        "test_every_changed_character_of_the_sign_makes_it_no_address_of_ours",
    ),
    Safeguard(
        "a sign made under an earlier key is known",
        "subscriptions/links",
        "for key in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]:",
        "for key in [settings.SECRET_KEY]:",
        TESTS + "belief.py::test_a_sign_made_under_an_earlier_key_is_still_ours",
    ),
    Safeguard(
        "a report that comes twice is one event",
        RETURNS + "noticing",
        "if DeliveryEvent.objects.filter(key=key).exists():",
        "if False:",
        TESTS + "belief.py::test_the_same_report_twice_is_one_event",
    ),
    Safeguard(
        "nothing is believed of a mail of last year",
        RETURNS + "taking",
        "if timezone.now() - sent > BELIEVED_FOR:",
        "if False:",
        TESTS
        + "belief.py::test_a_report_of_a_mail_older_than_ninety_days_changes_nothing",
    ),
    Safeguard(
        "what is said of the address that a reader left",
        RETURNS + "taking",
        "if moved and sent < moved:",
        "if False:",
        TESTS + "belief.py::"
        "test_a_report_about_the_address_the_reader_left_says_nothing_of_the_new_one",
    ),
    Safeguard(
        "a letter that went elsewhere is not its reader's",
        RETURNS + "taking",
        "if isinstance(mail, Letter) and mail.kind in Letter.ABOUT_ADDRESSES:",
        "if False:",
        TESTS + "belief.py::"
        "test_a_complaint_about_a_letter_to_an_address_that_is_forgotten_is_nobodys",
    ),
    Safeguard(
        "a sign for one reader says nothing of another",
        RETURNS + "taking",
        "if not r.recipients or address in r.recipients]",
        "]",
        TESTS + "belief.py::test_a_sign_for_one_reader_says_nothing_of_another",
    ),
    Safeguard(
        "one reader's sign does not fill the table",
        RETURNS + "taking",
        "not is_done and noticed(",
        "noticed(",
        TESTS + "replies.py::test_one_who_left_already_is_told_nothing_more",
    ),
    Safeguard(
        "a program's mail unsubscribes nobody",
        RETURNS + "taking",
        "if replies.is_automatic(message, sender) or delivery_status",
        "if delivery_status",
        TESTS
        + "replies.py::test_44_an_automatic_reply_changes_nothing_and_gets_no_answer",
    ),
    # --- what it says of an address
    Safeguard(
        "gone on one day is not enough",
        RETURNS + "judging",
        "if len(gone) >= GONE_DAYS:",
        "if gone:",
        TESTS + "judging.py::test_gone_twice_on_one_day_is_once",
    ),
    Safeguard(
        "soft bounces fade",
        RETURNS + "judging",
        "        if next_one - day > QUIET:\n            break\n",
        "",
        TESTS + "judging.py::test_soft_points_fade_after_fourteen_quiet_days",
    ),
    Safeguard(
        "what came before the reader confirmed does not count",
        RETURNS + "judging",
        "(now - WINDOW, reader.confirmed_at, reader.address_changed_at)",
        "(now - WINDOW,)",
        TESTS + "judging.py::test_what_came_before_the_confirmation_does_not_count",
    ),
    Safeguard(
        "a refusal of our host is no dead mailbox",
        SENDING + "verdicts",
        "_GENERIC, text=_ABOUT_US_WORDS),",
        '_GENERIC, text="never"),',
        TESTS + "verdicts.py::"
        "test_a_refusal_of_our_host_or_sender_says_nothing_of_the_reader",
    ),
    Safeguard(
        "a busy mailbox is no dead one",
        SENDING + "verdicts",
        'text=r"\\brate\\b|too quickly",',
        'text=r"never",',
        TESTS + "verdicts.py::test_an_answer_is_judged_by_its_row",
    ),
    # --- what strangers send
    Safeguard(
        "a hostile Content-Type is cut",
        RETURNS + "opening",
        'value[:_TYPE] if name.lower() == "content-type" else value',
        "value",
        TESTS + "time.py::test_a_hostile_report_is_read_at_once_or_refused",
    ),
    Safeguard(
        "lines that are compared with too many boundaries",
        RETURNS + "opening",
        'if containers * raw.count(b"\\n") > _COMPARED:',
        "if False:",
        TESTS + "time.py::test_a_hostile_report_is_read_at_once_or_refused",
    ),
    Safeguard(
        "no more mails in memory than there is room for",
        RETURNS + "listener",
        "if self.sessions > _SESSIONS:",
        "if False:",
        TESTS + "listener.py::test_so_many_at_once_are_served_as_memory_has_room_for",
    ),
    Safeguard(
        "whoever sends a mail without end is cut off",
        RETURNS + "listener",
        "if self.held > _HELD and",
        "if self.held < 0 and",
        TESTS + "listener.py::test_who_sends_on_and_on_is_cut_off",
    ),
    Safeguard(
        "no line is tried that takes its square",
        RETURNS + "delivery_status",
        "[line[:_LINE] for line in lines]",
        "lines",
        TESTS + "time.py::test_a_hostile_report_is_read_at_once_or_refused",
    ),
    Safeguard(
        "an unreadable file keeps no other back",
        RETURNS + "folders",
        "    except OSError as error:\n        log",
        "    except FileExistsError as error:\n        log",
        TESTS
        + "folders.py::test_what_is_no_mail_or_cannot_be_read_keeps_no_other_back",
    ),
]
