"""The tasks and user actions of the process: the code of each in KuFlow and the type of its data.

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
