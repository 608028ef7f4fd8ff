"""The public interface. A change of these lists is a change for every project."""

import kuflow_worker
from kuflow_worker import testing, workflow


def test_of_activities_and_the_program() -> None:
    assert sorted(kuflow_worker.__all__) == [
        "FileFields",
        "GroupFields",
        "KuFlowClient",
        "KuFlowFile",
        "KuFlowGroup",
        "KuFlowPrincipal",
        "PrincipalFields",
        "Process",
        "RestError",
        "Worker",
        "run",
    ]


def test_of_workflows() -> None:
    assert sorted(workflow.__all__) == [
        "ActionRequest",
        "ActionResponse",
        "CallRejected",
        "HumanTask",
        "KuFlowProcess",
        "MessageTask",
        "SignalAction",
        "SystemTask",
        "TRANSFER",
        "TaskCancelled",
        "TaskHandle",
        "ThreadTask",
        "UserActionSignal",
        "WorkflowRequest",
        "WorkflowResponse",
        "all_of",
        "fail_on_rejection",
        "run_activity",
        "with_options",
    ]


def test_of_tests() -> None:
    assert sorted(testing.__all__) == [
        "Answer",
        "FakeKuFlow",
        "LocalKuFlow",
        "LocalProcess",
        "ProcessRun",
        "TaskLog",
        "read_sample",
        "replay",
        "start_action",
        "start_process",
    ]
