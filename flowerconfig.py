"""Flower's settings: its log-in, from the file named by FLOWER_BASIC_AUTH_FILE when that is set.

Flower itself reads FLOWER_BASIC_AUTH, which is as it should be where no file holds it.
"""

import os
from pathlib import Path

if _file := os.environ.get("FLOWER_BASIC_AUTH_FILE"):
    basic_auth = [Path(_file).read_text(encoding="utf-8").strip()]
