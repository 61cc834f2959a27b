"""An open transaction of a store, as services hand it on: what it is, its adapters know."""

from typing import Any, TypeAlias

Transaction: TypeAlias = Any
