import re
from importlib.metadata import version


def user_agent(name: str) -> str:
    """How the worker identifies itself: the version of this library, and the name of its project.

    Temporal's SDK does not let a worker change the name of its client, so this is part of the identity.
    """
    # A header must not contain other characters.
    project = re.sub(r"[^\w@/.~-]", "_", name, flags=re.ASCII)
    return f"kuflow-worker-python/{version('kuflow-worker')} ({project})"
