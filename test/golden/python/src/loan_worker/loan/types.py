"""Types for the data of the process and its tasks.

Generated from kuflow.process.yaml. Do not edit: change the definition, then run
`./kuflow generate`.
"""

from typing import Literal, NotRequired, TypedDict


class Metadata(TypedDict):
    firstName: NotRequired[str]
    lastName: NotRequired[str]


class LoanApplicationData(TypedDict):
    firstName: str
    lastName: str
    email: NotRequired[str]
    currency: Literal["EUR", "USD", "GBP"]
    amount: float
    purpose: NotRequired[str]


class CheckCreditData(TypedDict):
    score: int
    decision: Literal["REVIEW", "ACCEPT"]


class ApproveLoanData(TypedDict):
    approved: bool
    comments: NotRequired[str]
