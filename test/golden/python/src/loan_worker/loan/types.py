"""Types for the data of the process and its tasks.

Generated from kuflow.process.yaml.
"""

from typing import Literal, NotRequired, TypedDict


class Metadata(TypedDict):
    # First name
    firstName: NotRequired[str]
    # Last name
    lastName: NotRequired[str]


class LoanApplicationData(TypedDict):
    # First name
    firstName: str
    # Last name
    lastName: str
    # Email · email
    email: NotRequired[str]
    # Currency
    currency: Literal["EUR", "USD", "GBP"]
    # Amount
    amount: float
    # Purpose
    purpose: NotRequired[str]


class CheckCreditData(TypedDict):
    # Score
    score: int
    # Decision
    decision: Literal["REVIEW", "ACCEPT"]


class ApproveLoanData(TypedDict):
    # Approved
    approved: bool
    # Comments
    comments: NotRequired[str]
