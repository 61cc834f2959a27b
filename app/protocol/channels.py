"""Redis: every channel and key pattern, in one place.

A gateway subscribes to few channels for as long as it runs, and to one for each auction and room
that a socket of it watches, and for each user who is there: so it reads what its own sockets need.
"""

CHAT_EVENTS = "chat-event"
SESSIONS = "session"
EVICTIONS = "eviction"
BACKLOGS = "backlog"
RIGHTS = "rights"

# Of every gateway, always.
GATEWAY_CHANNELS = (CHAT_EVENTS, SESSIONS, EVICTIONS, BACKLOGS, RIGHTS)

# What the list of auctions shows, of those that have changed.
AUCTIONS = "auctions"

# The kinds of channels of which there is one for each number.
AUCTION, ROOM, USER, NOTICE = "auction", "room", "user", "notice"


def kind_and_number(channel: str) -> tuple[str, str]:
    """The kind of a channel, and its number; empty where there is one channel of the kind."""
    kind, _, number = channel.partition(":")
    return kind, number


def auction_channel(auction_id: int) -> str:
    """The states of an auction; browsers call it the same."""
    return f"{AUCTION}:{auction_id}"


def room_channel(room_id: int) -> str:
    """The messages of a room; browsers call it the same."""
    return f"{ROOM}:{room_id}"


def user_channel(user_id: int) -> str:
    """The outcomes of a user's bids."""
    return f"{USER}:{user_id}"


def notice_channel(user_id: int) -> str:
    """The notices of a user."""
    return f"{NOTICE}:{user_id}"


# The flag that coalesces the tasks which publish notices.
NOTICE_FLAG_KEY = "wake:notices"
# The room up to which old chat was deleted in this round.
OLD_CHAT_KEY = "chat:old-room"


def room_tail_key(room_id: int) -> str:
    """The capped list of a room's newest messages."""
    return f"room:{room_id}:tail"


def chat_seen_key(message_id: str) -> str:
    """The offset a chat message was first pushed at, so that a repeat is not pushed again."""
    return f"chat:seen:{message_id}"


def session_key(session_id: str) -> str:
    """A signed-in session: exists as long as its access tokens are good."""
    return f"session:{session_id}"


def user_sessions_key(user_id: int) -> str:
    """The ids of a user's sessions, scored by when each was used last."""
    return f"session:of:{user_id}"


def sessions_ended_key(user_id: int) -> str:
    """All sessions of a user were ended: those that are not in their set have ended as well."""
    return f"session:ended:{user_id}"


def family_key(family_id: str) -> str:
    """A refresh-token family: the hash of its one valid token, and its user."""
    return f"refresh:{family_id}"


def last_signed_in_key(epoch: str) -> str:
    """The greatest id of a user who has signed in during an epoch of the database."""
    return f"session:signed-in:{epoch}"


def used_state_key(state: str) -> str:
    """A log-in by a provider that was finished: its callback counts once."""
    return f"session:callback:{state}"


def rate_key(name: str, who: int | str) -> str:
    """The token bucket of one caller."""
    return f"rate:{name}:{who}"


def login_tries_key(account: str, source: str) -> str:
    """Wrong passwords of an account from one network or device, and until when it waits."""
    return f"login:{account}:{source}"


def account_tries_key(account: str) -> str:
    """Wrong passwords of an account from all networks."""
    return f"login:{account}"


def presence_key(channel: str) -> str:
    """The sockets at a channel: gateway → number, each entry short-lived."""
    return f"presence:{channel}"


def user_sockets_key(user_id: int) -> str:
    """The open sockets of a user over all gateways, scored by the time of their last frame."""
    return f"sockets:{user_id}"
