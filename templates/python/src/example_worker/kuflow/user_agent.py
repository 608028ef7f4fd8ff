import re
from importlib import metadata

TEMPLATE_VERSION = "0.1.0"
"""The version of create-kuflow-worker that this code comes from."""


def user_agent() -> str:
    """How the worker identifies itself: the version of its template, and the name of this project.

    Temporal's SDK does not let a worker change the name of its client, so this is part of the identity.
    """
    return f"kuflow-worker-python/{TEMPLATE_VERSION} ({_project_name()})"


def _project_name() -> str:
    package = __name__.partition(".")[0]
    try:
        # The package may have another name than the project, such as `loan_worker` and `loan-worker`.
        name = metadata.metadata(package)["Name"]
    except metadata.PackageNotFoundError:
        # The worker must start even if it is not installed.
        return "unknown"
    # A header must not contain other characters.
    return re.sub(r"[^\w@/.~-]", "_", name, flags=re.ASCII)
