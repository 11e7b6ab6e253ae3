"""What readers agree to and take back: the only writer of a subscriber's state.

Every function is one transaction under the reader's row lock and may be called twice;
those that change what a reader agreed to leave a `ConsentRecord`. Nothing here sends:
mails are `Letter` rows that `sending` finds.
"""

from .actions import (
    TooManyMutes,
    change_filter,
    mute,
    save_paper,
    unmute,
    unsave_paper,
)
from .address import (
    ADDRESS_WORDS,
    ask_for_address,
    asked_for,
    change_address,
    withdraw_address,
)
from .asking import TooManySignUps
from .change import Schedule, Wanted, default_filter
from .joining import (
    WORDS,
    add_imported,
    can_resubscribe,
    confirm,
    resubscribe,
    subscribe,
)
from .leaving import erase, forget, lift, suppress, suppress_address, unsubscribe
from .owing import (
    send_own_link,
    send_preferences_link,
    tell_nothing_matched,
    told_of_today,
    told_of_two_weeks,
)
from .preferences import (
    TooManyFilters,
    add_filter,
    change_format,
    change_schedule,
    drop_filter,
    edit_subscription,
    pause,
    replace_wishes,
)
from .silence import follow_silence, still_reading
from .stored import stored_about

__all__ = [
    "ADDRESS_WORDS",
    "WORDS",
    "Schedule",
    "TooManyFilters",
    "TooManyMutes",
    "TooManySignUps",
    "Wanted",
    "add_filter",
    "add_imported",
    "ask_for_address",
    "asked_for",
    "can_resubscribe",
    "change_address",
    "change_filter",
    "change_format",
    "change_schedule",
    "confirm",
    "default_filter",
    "drop_filter",
    "edit_subscription",
    "erase",
    "follow_silence",
    "forget",
    "lift",
    "mute",
    "pause",
    "replace_wishes",
    "resubscribe",
    "save_paper",
    "send_own_link",
    "send_preferences_link",
    "still_reading",
    "stored_about",
    "subscribe",
    "suppress",
    "suppress_address",
    "tell_nothing_matched",
    "told_of_today",
    "told_of_two_weeks",
    "unmute",
    "unsave_paper",
    "unsubscribe",
    "withdraw_address",
]
