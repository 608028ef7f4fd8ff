from temporalio import workflow


def uuid7() -> str:
    """Returns a time-ordered ID (UUIDv7) from the workflow's time and randomness.

    It is the same in every replay, so that creating an item is idempotent.
    """
    time = f"{workflow.time_ns() // 1_000_000:012x}"
    return f"{time[:8]}-{time[8:]}-7{str(workflow.uuid4())[15:]}"
