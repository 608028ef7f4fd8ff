"""Imports all modules of the package with this name. Warnings are errors."""

import importlib
import pkgutil
import sys
import warnings

warnings.simplefilter("error")
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
