"""The documents as a site, by `./run.sh docs`; docs/decisions/documents.md has the reasons."""

import re
from typing import Any

from tilo_ws import __version__

project = "tilo_ws"
html_title = f"tilo_ws {__version__}"
extensions = ["myst_parser"]

# The pages lie where GitHub shows them, so links between them are the same in both places.
root_doc = "docs/index"
include_patterns = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs/**.md", "benchmarks/README.md"]
exclude_patterns = [".*", "build", "data", "**/node_modules"]
myst_heading_anchors = 4

html_theme = "furo"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#4a3aff", "color-brand-content": "#4a3aff"},
    "dark_css_variables": {"color-brand-primary": "#9b8cff", "color-brand-content": "#9b8cff"},
}
# The counterpart of the theme's light one; its own dark one underlines names as if they were links.
pygments_dark_style = "a11y-high-contrast-dark"
html_favicon = "../static/favicon.svg"
html_extra_path = ["site/index.html"]
html_static_path = ["site/site.css"]
html_css_files = ["site.css"]
html_copy_source = False
html_use_index = False
html_show_copyright = False


def break_long_code(_app: object, _page: str, _template: str, context: dict[str, Any], _doctree: object) -> None:
    """Lets a browser break code within a line: after a comma, and after `_`, `@` and `/` where there is little room."""

    def breakable(code: re.Match[str]) -> str:
        return code[1] + re.sub(r",(?=\S)", ",<wbr>", re.sub(r"(_|@|(?<=[\w/])/)(?=\w)", r'\1<wbr class="if-narrow">', code[2]))

    context["body"] = re.sub(r'(<span class="pre">)([^<]*)', breakable, context.get("body", ""))


def setup(app: Any) -> None:
    """Sphinx's entry."""
    app.connect("html-page-context", break_long_code)
