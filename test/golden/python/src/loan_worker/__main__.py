"""Starts the worker. `--help` lists its options."""

from kuflow_worker import Worker, run

from .processes import PROCESSES


def main() -> None:
    run(Worker(name="loan-worker", processes=PROCESSES))


if __name__ == "__main__":
    main()
