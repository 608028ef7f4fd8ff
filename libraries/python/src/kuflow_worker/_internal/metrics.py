from collections.abc import Callable
from typing import Literal

from temporalio.common import MetricMeter


class Metrics:
    """The worker's own metrics, on the same Prometheus port as those of Temporal's SDK."""

    def __init__(self, meter: MetricMeter) -> None:
        # A metric that was never set is not exported, so no alert could use it.
        def counter(name: str, about: str) -> Callable[[], None]:
            created = meter.create_counter(f"kuflow_{name}", about)
            created.add(0)
            return lambda: created.add(1)

        def gauge(name: str, about: str) -> Callable[[int], None]:
            return meter.create_gauge(f"kuflow_{name}", about).set

        def seconds(name: str, about: str) -> Callable[[float], None]:
            created = meter.create_gauge_float(f"kuflow_{name}", about, "s")
            # The SDK's gauges reject negative numbers.
            return lambda value: created.set(max(0.0, value))

        self.registration_failed = counter(
            "worker_registration_failures", "Failed registrations of this worker with KuFlow"
        )
        self.token_renewal_failed = counter("engine_token_failures", "Failed requests for an engine token")
        self.token_age = seconds("engine_token_age_seconds", "Age of the engine token")
        self.certificate_expiry = seconds(
            "engine_certificate_expiry_seconds", "Time until the engine certificate expires. 0 if it has expired"
        )
        self.certificate_renewal_overdue = gauge(
            "engine_certificate_renewal_overdue",
            "1 if the engine certificate is past two thirds of its lifetime and has not been replaced",
        )
        self.certificate_renewal_overdue(False)
        self.engine_reachable = gauge("engine_reachable", "1 if the engine answers, otherwise 0")
        self.system_tasks_failing = gauge(
            "system_tasks_failing", "System tasks whose last attempt failed and will be retried"
        )
        self.system_tasks_failing(0)
        self._rest_calls = meter.create_counter(
            "kuflow_rest_calls", "Calls to the KuFlow REST API, by operation and status"
        )
        self._task_failures = meter.create_counter(
            "kuflow_system_task_failures", "Failed system task attempts, by task code"
        )

    def rest_call(self, operation: str, status: int | Literal["error"]) -> None:
        """Counts a call. Its status is an HTTP status, or `error` for a call without a response."""
        self._rest_calls.add(1, {"operation": operation, "status": str(status)})

    def system_task_failed(self, code: str) -> None:
        self._task_failures.add(1, {"code": code})


no_metrics = Metrics(MetricMeter.noop)
