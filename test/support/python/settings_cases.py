"""Loads the settings of several cases in one process.

Reads [{ directory, env }] from stdin and writes [{ problems, values, shown }]. Values are what the settings contain;
shown is how they print.
"""

import json
import sys
from pathlib import Path

from kuflow_worker._internal.settings import Settings, SettingsError, load_settings


def load(directory: Path, environment: dict[str, str]) -> dict[str, object]:
    try:
        settings = load_settings(directory, environment)
    except SettingsError as invalid:
        problems = [
            {"key": problem.key, "code": problem.code, "expected": problem.expected}
            for problem in invalid.problems
        ]
        return {"problems": problems, "values": {}, "shown": f"{invalid} {invalid!r}"}
    return {"problems": [], "values": values_of(settings), "shown": repr(settings)}


def values_of(settings: Settings) -> dict[str, object]:
    api, temporal, worker = settings.api, settings.temporal, settings.worker
    tls = temporal.mutual_tls
    data = tls if tls is not None and tls.source == "data" else None
    return {
        "kuflow.api.endpoint": api.endpoint,
        "kuflow.api.client-id": api.client_id,
        "kuflow.api.client-secret": api.client_secret.reveal(),
        "kuflow.api.tenant-id": api.tenant_id,
        "temporal.target": temporal.target,
        "temporal.namespace": temporal.namespace,
        "temporal.kuflow-queue": temporal.kuflow_queue,
        "temporal.mutual-tls.cert-data": data and data.cert,
        "temporal.mutual-tls.key-data": data and data.key.reveal(),
        "temporal.mutual-tls.ca-data": data and data.ca,
        "temporal.mutual-tls.server-name": temporal.server_name,
        "temporal.proxy": temporal.proxy and temporal.proxy.reveal(),
        "worker.installation-id": worker.installation_id,
        "worker.robot-ids": worker.robot_ids,
        "worker.health-port": worker.health_port,
        "worker.metrics-port": worker.metrics_port,
        "worker.max-concurrent-workflow-tasks": worker.max_concurrent_workflow_tasks,
        "worker.max-concurrent-activities": worker.max_concurrent_activities,
        "worker.log-level": worker.log_level,
        "worker.log-format": worker.log_format,
        "worker.attempts-before-task-log": worker.attempts_before_task_log,
        "worker.max-payload-bytes": worker.max_payload_bytes,
    }


json.dump([load(Path(case["directory"]), case["env"]) for case in json.load(sys.stdin)], sys.stdout)
