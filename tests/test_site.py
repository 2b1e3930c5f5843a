"""The documents as a site: built as `./run.sh docs` does, and every link of the finished pages followed."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.command import PROJECT

START = "docs/index.html"
WHOLE_ADDRESS = re.compile(r"https://([\w-]+\.)+[a-z]{2,}(/\S*)?|http://localhost:\d+(/\S*)?")
DOCUMENTS = [file for pattern in ("*.md", "docs/**/*.md", "benchmarks/*.md") for file in PROJECT.glob(pattern)]


class Links(HTMLParser):
    """What a page names: places to be linked to, links, and files that a browser loads with it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.add(given["href"])
        elif tag == "link" and "href" in given:
            self.loaded.add(given["href"])
        elif "src" in given:
            self.loaded.add(given["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it lies, built by the words of `run.sh` without a warning."""
    [words] = re.findall(r"^docs\) exec python (.*) \"\$@\" \. build/docs ;;$", (PROJECT / "run.sh").read_text(), re.MULTILINE)
    place = tmp_path_factory.mktemp("site")
    command = [sys.executable, *words.split(), ".", str(place)]
    built = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=240, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    return place


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Links]:
    """Every page of it."""
    return {file: Links(file.read_text(encoding="utf-8")) for file in site.rglob("*.html")}


def is_elsewhere(link: str) -> bool:
    return bool(urlsplit(link).scheme or urlsplit(link).netloc)


def page_of(document: Path, site: Path) -> Path:
    return site / document.relative_to(PROJECT).with_suffix(".html")


def test_every_document_is_a_page(site: Path) -> None:
    for document in DOCUMENTS:
        assert page_of(document, site).is_file(), document


def test_every_page_is_reached_from_the_navigation(site: Path) -> None:
    start = site / START
    navigation = start.read_text(encoding="utf-8").partition('class="sidebar-tree"')[2].partition("</aside>")[0]
    reached = {(start.parent / urlsplit(link).path).resolve() for link in Links(navigation).links}
    assert {page_of(document, site) for document in DOCUMENTS} - {start} <= reached


def test_every_link_within_the_site_leads_somewhere(pages: dict[Path, Links]) -> None:
    for page, named in pages.items():
        for link in named.links | named.loaded:
            if not is_elsewhere(link):
                path, anchor = unquote(urlsplit(link).path), unquote(urlsplit(link).fragment)
                target = (page.parent / path).resolve() if path else page
                assert target.is_file(), f"{page.name} names {link}"
                assert not anchor or target not in pages or anchor in pages[target].ids, f"{page.name} names {link}"


def test_links_to_other_sites_are_whole_addresses(pages: dict[Path, Links]) -> None:
    """Whether they are still there cannot be seen without the internet."""
    for page, named in pages.items():
        for link in filter(is_elsewhere, named.links):
            assert WHOLE_ADDRESS.fullmatch(link), f"{page.name} names {link}"


def test_a_page_loads_nothing_from_elsewhere(pages: dict[Path, Links]) -> None:
    for page, named in pages.items():
        assert not [link for link in named.loaded if is_elsewhere(link)], page.name


def test_a_reader_without_a_page_in_the_address_comes_to_the_start(site: Path) -> None:
    assert f"url={START}" in (site / "index.html").read_text(encoding="utf-8")


def test_a_long_name_can_be_broken_where_a_page_is_narrow(site: Path) -> None:
    narrow = '<wbr class="if-narrow">'
    settings = (site / "docs" / "settings.html").read_text(encoding="utf-8")
    assert f'<span class="pre">TILO_{narrow}CHAT_{narrow}RATE</span>' in settings
    assert '<span class="pre">admin,<wbr>system,<wbr>server,<wbr>moderator</span>' in settings
    assert "wbr.if-narrow {" in (site / "_static" / "site.css").read_text(encoding="utf-8")
