"""What a page has to load."""

import gzip
from pathlib import Path

from tests.client.test_types import LIBRARY, output_of_node


def test_the_library_is_at_most_6_kb_minified_and_compressed(npm_packages: Path) -> None:
    minified = output_of_node(npm_packages / "terser" / "bin" / "terser", LIBRARY, "--compress", "--mangle")
    assert minified.startswith("(()=>{"), minified
    assert len(gzip.compress(minified.encode())) <= 6_000
