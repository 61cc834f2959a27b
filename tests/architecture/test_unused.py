"""Of .ci/unused.py each name is still one that vulture finds no use of."""

import ast
import re
import subprocess
import sys
import tomllib

from stack.places import CHECKOUT

LIST = ".ci/unused.py"
UNUSED = re.compile(r"unused \w+ '(\w+)'")


def test_no_name_is_listed_that_is_used() -> None:
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    paths = [path for path in settings["tool"]["vulture"]["paths"] if path != LIST]
    done = subprocess.run(
        (sys.executable, "-m", "vulture", *paths),
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    tree = ast.parse((CHECKOUT / LIST).read_text(encoding="utf-8"))
    listed = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert listed == set(UNUSED.findall(done.stdout))
