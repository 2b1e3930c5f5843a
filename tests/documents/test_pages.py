"""What no test can run is known in full, and every page is followed by a test."""

from pathlib import Path

import pytest

from tests.command import PROJECT
from tests.documents.steps import LeaveOut, steps

PAGES = ["tutorial.md", *sorted(f"howto/{page.name}" for page in PROJECT.glob("docs/howto/*.md"))]

NOT_RUN = [
    ("howto/backups.md", "30 4 * * * /opt/tilo_ws/nightly-backup.sh\n"),
    ("howto/nginx.md", "systemctl restart tilo-ws\n"),
    (
        "howto/nginx.md",
        "apt-get install nginx certbot\n"
        'certbot certonly --webroot -w /var/www/html -d play.example.com --deploy-hook "systemctl reload nginx"\n',
    ),
    ("howto/nginx.md", "systemctl reload nginx\n"),
    ("howto/nginx.md", "certbot renew --dry-run\n"),
    ("howto/upgrades.md", "systemctl restart tilo-ws\n"),
    (
        "howto/upgrades.md",
        "for machine in web-1 web-2 web-3; do\n"
        '    ssh "$machine" "cd /opt/tilo_ws && git pull && ./run.sh --version && systemctl restart tilo-ws" || break\n'
        '    timeout 120 ssh "$machine" "until curl -sf http://127.0.0.1:8765/readyz; do sleep 1; done" || break\n'
        "done\n",
    ),
]
"""They need systemd, certbot, a name in the DNS, or further machines."""


def test_these_commands_are_not_run_and_the_page_says_why() -> None:
    left_out = [
        (page, step)
        for page in PAGES
        for step in steps((PROJECT / "docs" / page).read_text(encoding="utf-8"))
        if isinstance(step, LeaveOut)
    ]
    assert [(page, step.commands) for page, step in left_out] == NOT_RUN
    assert all(step.reason for _, step in left_out)


def test_every_page_is_followed() -> None:
    files = set(Path(__file__).parent.glob("test_*.py")) - {Path(__file__)}
    tests = "".join(file.read_text(encoding="utf-8") for file in files)
    for page in PAGES:
        assert f'"{page}"' in tests, f"no test follows {page}"


@pytest.mark.parametrize(
    "page",
    [
        "- a list\n  ```sh\n  ls\n  ```\n",
        "```js\nno sentence names its file\n```\n",
        "```text\nwhich commands say this?\n```\n",
        "<!-- stay -->\n```sh\nls\n```\n",
        "<!-- stays -->\nwords\n",
        "```sh\nls\n",
    ],
)
def test_a_block_that_would_be_left_out_silently_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        steps(page)
