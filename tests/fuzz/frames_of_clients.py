"""A coverage-guided fuzz target: looks for a frame that breaks one of the rules for all frames.

    python -m tests.fuzz.frames_of_clients FINDS tests/fuzz/corpus -dict=tests/fuzz/frames.dict -max_total_time=60

It takes libFuzzer's options. What reaches new code is kept in the first directory; the first find ends it with a status
other than 0, its traceback and its bytes.
"""

import sys

import atheris

# Only what is imported in here for the first time tells which code was reached.
with atheris.instrument_imports(include=["tilo_ws.protocol"]):
    from tests.fuzz.rules import check

if __name__ == "__main__":
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
