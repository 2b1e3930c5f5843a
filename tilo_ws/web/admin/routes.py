"""Every path of the dashboard with the least role that may use it, and its sections, in the order of the navigation."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from aiohttp import web

from tilo_ws.services.roles import Role
from tilo_ws.web import keys
from tilo_ws.web.admin import (
    account,
    accounts,
    audit,
    audit_file,
    bans,
    chat,
    chat_actions,
    clients,
    corrections,
    events,
    login,
    overview,
    player,
    players,
    recurring_events,
    refused_scores,
    settings,
)
from tilo_ws.web.admin.feed import Beat, Part
from tilo_ws.web.admin.links import EMAIL


async def _feed(request: web.Request) -> web.StreamResponse:
    return await request.app[keys.FEED].serve(request)


class AdminRoute(NamedTuple):
    """A path, and the least role that may use it; None: for everybody, before the login."""

    method: str
    path: str
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    least: Role | None

    @property
    def pattern(self) -> str:
        """The path as aiohttp takes it, `path` being its canonical form."""
        return self.path.replace("{email}", EMAIL)


ROUTES = [
    AdminRoute("GET", "/admin/login", login.page, None),
    AdminRoute("POST", "/admin/login", login.log_in, None),
    AdminRoute("POST", "/admin/logout", login.log_out, Role.VIEWER),
    AdminRoute("POST", "/admin/logout/everywhere", login.log_out_everywhere, Role.VIEWER),
    AdminRoute("GET", "/admin/feed", _feed, Role.VIEWER),
    AdminRoute("GET", "/admin", overview.page, Role.VIEWER),
    AdminRoute("GET", "/admin/", overview.without_slash, Role.VIEWER),
    AdminRoute("GET", "/admin/clients", clients.page, Role.VIEWER),
    AdminRoute("GET", "/admin/clients/{id}", clients.one, Role.VIEWER),
    AdminRoute("POST", "/admin/clients/{id}/message", clients.send_message, Role.MODERATOR),
    AdminRoute("POST", "/admin/clients/{id}/kick", clients.kick, Role.MODERATOR),
    AdminRoute("GET", "/admin/bans", bans.page, Role.VIEWER),
    AdminRoute("POST", "/admin/bans", bans.create, Role.MODERATOR),
    AdminRoute("POST", "/admin/bans/{id}/lift", bans.lift, Role.MODERATOR),
    AdminRoute("GET", "/admin/chat", chat.page, Role.VIEWER),
    AdminRoute("POST", "/admin/chat/{seq}/delete", chat_actions.delete, Role.MODERATOR),
    AdminRoute("POST", "/admin/chat/announcements", chat_actions.announce, Role.MODERATOR),
    AdminRoute("POST", "/admin/chat/slow-mode", chat_actions.slow_mode, Role.MODERATOR),
    AdminRoute("GET", "/admin/events", events.page, Role.VIEWER),
    AdminRoute("POST", "/admin/events", events.start, Role.ADMIN),
    AdminRoute("POST", "/admin/events/preview", events.preview, Role.ADMIN),
    AdminRoute("POST", "/admin/events/{id}/change", events.change, Role.ADMIN),
    AdminRoute("POST", "/admin/events/{id}/end", events.end, Role.ADMIN),
    AdminRoute("GET", "/admin/events/recurring", recurring_events.page, Role.VIEWER),
    AdminRoute("POST", "/admin/events/recurring", recurring_events.create, Role.ADMIN),
    AdminRoute("POST", "/admin/events/recurring/preview", recurring_events.preview, Role.ADMIN),
    AdminRoute("POST", "/admin/events/recurring/{id}/change", recurring_events.change, Role.ADMIN),
    AdminRoute("POST", "/admin/events/recurring/{id}/enable", recurring_events.enable, Role.ADMIN),
    AdminRoute("POST", "/admin/events/recurring/{id}/disable", recurring_events.disable, Role.ADMIN),
    AdminRoute("POST", "/admin/events/recurring/{id}/remove", recurring_events.remove, Role.ADMIN),
    AdminRoute("GET", "/admin/players", players.page, Role.VIEWER),
    AdminRoute("GET", "/admin/players/refused", refused_scores.page, Role.VIEWER),
    AdminRoute("GET", "/admin/players/{email}", player.page, Role.VIEWER),
    AdminRoute("POST", "/admin/players/{email}/score", corrections.correct, Role.ADMIN),
    AdminRoute("POST", "/admin/players/{email}/reset", corrections.reset, Role.ADMIN),
    AdminRoute("POST", "/admin/players/{email}/nickname", corrections.rename, Role.ADMIN),
    AdminRoute("POST", "/admin/players/{email}/forget", corrections.forget, Role.ADMIN),
    AdminRoute("GET", "/admin/accounts", accounts.page, Role.ADMIN),
    AdminRoute("POST", "/admin/accounts", accounts.create, Role.ADMIN),
    AdminRoute("POST", "/admin/accounts/{name}/role", accounts.change_role, Role.ADMIN),
    AdminRoute("POST", "/admin/accounts/{name}/password", accounts.reset_password, Role.ADMIN),
    AdminRoute("POST", "/admin/accounts/{name}/totp-off", accounts.turn_codes_off, Role.ADMIN),
    AdminRoute("POST", "/admin/accounts/{name}/disable", accounts.disable, Role.ADMIN),
    AdminRoute("POST", "/admin/accounts/{name}/enable", accounts.enable, Role.ADMIN),
    AdminRoute("POST", "/admin/accounts/{name}/remove", accounts.remove, Role.ADMIN),
    AdminRoute("GET", "/admin/account", account.page, Role.VIEWER),
    AdminRoute("POST", "/admin/account/password", account.change_password, Role.VIEWER),
    AdminRoute("POST", "/admin/account/totp", account.offer_codes, Role.VIEWER),
    AdminRoute("POST", "/admin/account/totp/confirm", account.confirm_codes, Role.VIEWER),
    AdminRoute("POST", "/admin/account/totp/off", account.turn_codes_off, Role.VIEWER),
    AdminRoute("GET", "/admin/audit", audit.page, Role.VIEWER),
    AdminRoute("GET", "/admin/audit.csv", audit_file.export, Role.VIEWER),
    AdminRoute("GET", "/admin/settings", settings.page, Role.VIEWER),
]

PERMISSIONS: Mapping[tuple[str, str], AdminRoute] = {(route.method, route.path): route for route in ROUTES}


class Section(NamedTuple):
    """A page of the navigation. Its name is the icon's and the feed's; `part` is what its frames have beside the head."""

    name: str
    label: str
    path: str
    part: Part | None = None

    def is_for(self, role: Role) -> bool:
        """Whether this role sees the section."""
        return may(role, "GET", self.path)


SECTIONS = [
    Section("overview", "Overview", "/admin", overview.part),
    Section("clients", "Clients", "/admin/clients", clients.part),
    Section("chat", "Chat", "/admin/chat", chat.part),
    Section("events", "Events", "/admin/events", events.part),
    Section("players", "Players", "/admin/players", players.part),
    Section("bans", "Bans", "/admin/bans", bans.part),
    Section("audit", "Audit", "/admin/audit"),
    Section("settings", "Settings", "/admin/settings"),
    Section("accounts", "Accounts", "/admin/accounts"),
]


def navigation(role: Role) -> list[Section]:
    """The sections that this role sees."""
    return [section for section in SECTIONS if section.is_for(role)]


def may(role: Role, method: str, path: str) -> bool:
    """Whether a role may use a path as it stands in the table; templates ask before they show a form."""
    permission = PERMISSIONS.get((method, path))
    return permission is not None and (permission.least is None or role.may(permission.least))


def part_of(section: str, role: Role) -> Part:
    """What the feed of a section's page has; `""` is the page of no section. Raises KeyError for what is not for this role."""
    if not section:
        return _nothing
    return {one.name: one.part or _nothing for one in navigation(role)}[section]


async def _nothing(app: web.Application, beat: Beat) -> dict[str, Any]:
    return {}
