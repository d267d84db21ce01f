"""The packages of the extras, which are not everybody's: asked for where they are needed, with what to do without."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from detections.errors import NotInstalled


def extra(module: str, name: str = "elasticsearch") -> Any:
    """The module of a package that the extra ``name`` brings.

    Raises:
        NotInstalled: the package is not installed.
    """
    demand(module, name)
    return importlib.import_module(module)


def demand(module: str, name: str = "elasticsearch") -> None:
    """See that a package is there, without loading it.

    Raises:
        NotInstalled: it is not.
    """
    package = module.partition(".")[0]
    if importlib.util.find_spec(package) is None:
        raise NotInstalled(f"the package {package} is not installed: pip install 'detections[{name}]'")
