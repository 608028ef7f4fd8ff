"""Added to a generated project by the end-to-end tests."""

from kuflow_worker import Process

from .journey_activities import JourneyActivities
from .journey_workflows import JourneyWorkflow
from .task_activities import TaskActivities
from .task_workflows import (
    DeadlineWorkflow,
    DocumentsWorkflow,
    EarlySignalWorkflow,
    ExportWorkflow,
    HandlesWorkflow,
    InvalidWorkflow,
    OverdueWorkflow,
    StricterWorkflow,
    StuckWorkflow,
    UnassignableWorkflow,
)
from .trial_activities import TrialActivities
from .trial_workflows import (
    BrokenWorkflow,
    FailingWorkflow,
    FlakyWorkflow,
    LargeWorkflow,
    MisspelledWorkflow,
    OutsideWorkflow,
    PostsWorkflow,
    SlowWorkflow,
    SteadyWorkflow,
    TooLargeWorkflow,
)

WORKFLOWS = [
    BrokenWorkflow,
    DeadlineWorkflow,
    DocumentsWorkflow,
    EarlySignalWorkflow,
    ExportWorkflow,
    FailingWorkflow,
    FlakyWorkflow,
    HandlesWorkflow,
    InvalidWorkflow,
    JourneyWorkflow,
    LargeWorkflow,
    MisspelledWorkflow,
    OutsideWorkflow,
    OverdueWorkflow,
    PostsWorkflow,
    SlowWorkflow,
    SteadyWorkflow,
    StricterWorkflow,
    StuckWorkflow,
    TooLargeWorkflow,
    UnassignableWorkflow,
]
ACTIVITIES = [TrialActivities, TaskActivities, JourneyActivities]
PROCESSES = [Process(workflow) for workflow in WORKFLOWS[1:]] + [Process(WORKFLOWS[0], ACTIVITIES)]
