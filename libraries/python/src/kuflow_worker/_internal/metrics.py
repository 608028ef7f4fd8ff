from collections.abc import Callable
from typing import Literal

from temporalio.common import MetricMeter


class Metrics:
    """The worker's own metrics, on the same Prometheus port as those of Temporal's SDK."""

    def __init__(self, meter: MetricMeter) -> None:
        def seconds(name: str, about: str) -> Callable[[float], None]:
            gauge = meter.create_gauge_float(f"kuflow_{name}", about, "s")
            # The SDK's gauges reject negative numbers.
            return lambda value: gauge.set(max(0.0, value))

        self._rest_calls = meter.create_counter(
            "kuflow_rest_calls", "Calls to the KuFlow REST API, by operation and status"
        )
        self._registration_failures = meter.create_counter(
            "kuflow_worker_registration_failures", "Failed registrations of this worker with KuFlow"
        )
        self._token_failures = meter.create_counter(
            "kuflow_engine_token_failures", "Failed requests for an engine token"
        )
        self._task_failures = meter.create_counter(
            "kuflow_system_task_failures", "Failed attempts of system tasks, by code of the task"
        )
        self._failing_tasks = meter.create_gauge(
            "kuflow_system_tasks_failing", "System tasks whose last attempt failed and that this worker tries again"
        )
        self._engine_reachable = meter.create_gauge("kuflow_engine_reachable", "1 if the engine answers, otherwise 0")
        self._overdue = meter.create_gauge(
            "kuflow_engine_certificate_renewal_overdue",
            "1 if the engine certificate is past two thirds of its lifetime and has not been replaced",
        )
        self.token_age = seconds("engine_token_age_seconds", "Age of the engine token")
        self.certificate_expiry = seconds(
            "engine_certificate_expiry_seconds", "Time until the engine certificate expires. 0 if it has expired"
        )
        # A metric that was never set is not exported, so no alert could use it.
        self._registration_failures.add(0)
        self._token_failures.add(0)
        self._overdue.set(0)
        self._failing_tasks.set(0)

    def rest_call(self, operation: str, status: int | Literal["error"]) -> None:
        """Counts a call. Its status is an HTTP status, or `error` for a call without a response."""
        self._rest_calls.add(1, {"operation": operation, "status": str(status)})

    def certificate_renewal_overdue(self, value: bool) -> None:
        self._overdue.set(int(value))

    def registration_failed(self) -> None:
        self._registration_failures.add(1)

    def token_renewal_failed(self) -> None:
        self._token_failures.add(1)

    def engine_reachable(self, value: bool) -> None:
        """Sets whether the engine answered the last call that checks it."""
        self._engine_reachable.set(int(value))

    def system_task_failed(self, code: str) -> None:
        """Counts a failed attempt of a system task."""
        self._task_failures.add(1, {"code": code})

    def system_tasks_failing(self, count: int) -> None:
        """Sets how many system tasks wait for another attempt."""
        self._failing_tasks.set(count)


no_metrics = Metrics(MetricMeter.noop)
