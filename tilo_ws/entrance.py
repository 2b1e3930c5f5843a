"""The way in: which players are let in, who they are and what is said to whoever comes; what opens the API and the demo."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from tilo_ws import process_limits
from tilo_ws.background import Every
from tilo_ws.from_settings import player_tokens
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.hub import Hub
from tilo_ws.realtime.redis_link import RedisLink
from tilo_ws.realtime.session import Handlers
from tilo_ws.realtime.shared_counts import SharedCounts
from tilo_ws.services.authentication import Authentication
from tilo_ws.settings import Settings
from tilo_ws.web import keys
from tilo_ws.web.admission import Admission
from tilo_ws.web.client_address import ClientAddress
from tilo_ws.web.handshakes import Handshakes
from tilo_ws.web.lifecycle import Lifecycle
from tilo_ws.web.websocket import Players

_UNSHARED = 10
"""The part of the limit of a network address, a tenth, that each server has for itself: then most who come wait for nobody."""


def authentication_of(
    settings: Settings, *, hub: Hub, link: RedisLink | None, is_banned: Callable[[Connection], bool]
) -> tuple[Authentication, list[Every]]:
    """What tells who a player is, and what has to be run of it. Raises SettingError."""
    limit, shared = settings.max_connections_per_player, None
    if link is not None and limit:
        shared = SharedCounts(link, "player", lambda email: len(list(hub.of_player(email))), limit=limit)
        hub.when_player_left.append(shared.left)
    authentication = Authentication(
        hub,
        *player_tokens(settings),
        required=settings.auth_required,
        max_connections=limit,
        is_banned=is_banned,
        shared=shared,
    )
    return authentication, [
        Every(1.0, authentication.sweep, "looking at players' tokens"),
        Every(1.0, authentication.renew_keys, "looking at the keys of players' tokens"),
        *_repeating(shared),
    ]


def add_entrance(
    app: web.Application,
    settings: Settings,
    *,
    link: RedisLink | None,
    address: ClientAddress,
    hub: Hub,
    handlers: Handlers,
    lifecycle: Lifecycle,
    shuts_out: Callable[[str], bool],
    greeting: Callable[[], bytes],
    last_told: Callable[[], int],
) -> list[Every]:
    """Adds it to an application. Returns what has to be run of it. `greeting` are the two frames that everybody hears first."""
    possible, limit, shared = process_limits.possible_connections(), settings.max_connections_per_ip, None
    if link is not None and limit:
        shared = SharedCounts(
            link, "network", lambda network: admission.open_from(network), limit=limit, unshared=limit // _UNSHARED
        )
    admission = Admission(
        address,
        max_connections=min(settings.max_connections or possible, possible),
        max_for_network=limit,
        connect_rate=settings.connect_rate,
        origins=settings.allowed_origins,
        shuts_out=shuts_out,
        shared=shared,
    )
    handshakes = Handshakes(settings.handshake_timeout, asyncio.get_running_loop().time)
    app[keys.CLIENT_ADDRESS] = address
    app[keys.HANDSHAKES] = handshakes
    app[keys.SHOWS_DEMO] = settings.shows_demo
    app[keys.API_KEY] = settings.api_key or ""
    app[keys.PLAYERS] = Players(
        hub,
        handlers,
        lifecycle,
        admission,
        greeting=greeting,
        greeting_count=2,
        last_told=last_told,
        command_rate=settings.command_rate,
        command_burst=settings.command_burst,
        max_frame_bytes=settings.max_frame_bytes,
    )
    return [Every(1.0, handshakes.sweep, "cutting late handshakes"), *_repeating(shared)]


def _repeating(shared: SharedCounts | None) -> list[Every]:
    return [] if shared is None else [Every(1.0, shared.repeat, "telling other servers how many are open")]
