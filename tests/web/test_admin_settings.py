"""The settings page without a browser."""

from tests.conftest import ADMIN_PASSWORD, API_KEY, StartServer
from tests.web.test_admin import log_in
from tilo_ws.settings import setting_names


async def test_every_setting_is_on_the_page_and_no_secret(dsn: str, start_server: StartServer) -> None:
    secret = "0123456789abcdef0123456789abcdef"
    client = await start_server(database_url=f"{dsn} password='hush hush'", auth_secret=secret)
    await log_in(client)
    text = await (await client.get("/admin/settings")).text()
    for name in setting_names():
        assert f'id="{name}"' in text
    for hidden in (ADMIN_PASSWORD, API_KEY.replace("'", "&#39;"), secret, "hush"):
        assert hidden not in text
    assert ":(hidden)@" in text
