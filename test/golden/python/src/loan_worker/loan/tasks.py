"""The process's tasks and user actions, with their codes in KuFlow and the types of their data.

Generated from kuflow.process.yaml. Do not edit: change the definition, then run
`./kuflow generate`.
"""

from kuflow_worker.workflow import HumanTask, MessageTask, SignalAction, SystemTask, ThreadTask

from .types import ApproveLoanData, CheckCreditData, LoanApplicationData

LOAN_APPLICATION = HumanTask[LoanApplicationData]("LOAN_APPLICATION")
CHECK_CREDIT = SystemTask[CheckCreditData]("CHECK_CREDIT")
LOAN_DISCUSSION = ThreadTask("LOAN_DISCUSSION")
APPROVE_LOAN = HumanTask[ApproveLoanData]("APPROVE_LOAN")
LOAN_RESULT = MessageTask("LOAN_RESULT")
# Withdraw the application
WITHDRAW = SignalAction("WITHDRAW", "Withdraw")
