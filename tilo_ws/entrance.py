"""The way in: which players are let in and what is said to whoever comes, and what opens the API and the demo."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from tilo_ws import process_limits
from tilo_ws.background import Every
from tilo_ws.realtime.hub import Hub
from tilo_ws.realtime.session import Handlers
from tilo_ws.settings import Settings
from tilo_ws.web import keys
from tilo_ws.web.admission import Admission
from tilo_ws.web.client_address import ClientAddress
from tilo_ws.web.handshakes import Handshakes
from tilo_ws.web.lifecycle import Lifecycle
from tilo_ws.web.websocket import Players


def add_entrance(
    app: web.Application,
    settings: Settings,
    *,
    address: ClientAddress,
    hub: Hub,
    handlers: Handlers,
    lifecycle: Lifecycle,
    shuts_out: Callable[[str], bool],
    greeting: Callable[[], bytes],
    last_told: Callable[[], int],
) -> list[Every]:
    """Adds it to an application. Returns what has to be run of it. `greeting` are the two frames that everybody hears first."""
    possible = process_limits.possible_connections()
    admission = Admission(
        address,
        max_connections=min(settings.max_connections or possible, possible),
        max_for_network=settings.max_connections_per_ip,
        connect_rate=settings.connect_rate,
        origins=settings.allowed_origins,
        shuts_out=shuts_out,
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
    return [Every(1.0, handshakes.sweep, "cutting late handshakes")]
