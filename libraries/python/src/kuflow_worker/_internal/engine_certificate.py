import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from .background import Background
from .metrics import Metrics
from .pem import load_certificate
from .secret import Secret
from .settings import Settings

LOG = logging.getLogger(__name__)

CHECK_INTERVAL = 30.0
# Longer than Temporal's long poll, so that no poll of the old client is left without a valid token.
DROP_OLD_CLIENT_AFTER = 75.0


@dataclass(frozen=True, slots=True)
class EngineIdentity:
    """How this worker authenticates to the engine: a namespace and a client certificate for it, in PEM format."""

    source: Literal["api", "files", "data"]
    namespace: str
    cert: str
    key: Secret
    """PKCS#8"""
    ca: str
    valid_from: float
    """Seconds since the epoch."""
    valid_to: float


def create_identity(
    *,
    source: Literal["api", "files", "data"],
    namespace: str,
    cert: str,
    key: Secret,
    ca: str,
    now: Callable[[], float] = time.time,
) -> EngineIdentity:
    certificate = load_certificate(cert)
    valid_from = certificate.not_valid_before_utc.timestamp()
    return EngineIdentity(
        source=source,
        namespace=namespace,
        cert=cert,
        key=key,
        ca=ca,
        # Issuers backdate certificates to allow for clock skew. The lifetime of a requested one starts when it arrives.
        valid_from=max(valid_from, now()) if source == "api" else valid_from,
        valid_to=certificate.not_valid_after_utc.timestamp(),
    )


def identity_from_settings(settings: Settings) -> EngineIdentity | None:
    """The identity from the settings, or None if it must be requested from KuFlow."""
    tls, namespace = settings.temporal.mutual_tls, settings.temporal.namespace
    if tls is None or namespace is None:
        return None
    return create_identity(source=tls.source, namespace=namespace, cert=tls.cert, key=tls.key, ca=tls.ca)


@dataclass(kw_only=True, eq=False)
class CertificateWatch:
    """Replaces the engine certificate while the worker runs.

    A certificate from KuFlow is requested again after two thirds of its lifetime. Files and inline data are read again
    every 30 s. `swap` moves the worker to a client with the new certificate, and returns a function that drops the old
    client.
    """

    identity: EngineIdentity
    request: Callable[[], Awaitable[EngineIdentity]]
    reload_settings: Callable[[], Settings]
    swap: Callable[[EngineIdentity], Awaitable[Callable[[], None]]]
    metrics: Metrics
    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        self._retry_at = 0.0
        self._failures = 0
        self._warned = False
        self._drops: list[Background] = []
        self._watch = Background("certificate watch", self._keep_checking())

    def stop(self) -> None:
        for work in (self._watch, *self._drops):
            work.stop()

    async def _keep_checking(self) -> None:
        while True:
            await self._check()
            await self.sleep(min(CHECK_INTERVAL, max(0.1, self._due_at() - self.now())))

    async def _check(self) -> None:
        try:
            await self._replace_if_due()
        except Exception as error:
            self._failures += 1
            pause = min(60.0, 2.0 ** min(self._failures, 10)) * (0.5 + self.jitter() / 2)
            self._retry_at = self.now() + pause
            extra = {"seconds": math.ceil(pause)}
            LOG.warning("Could not replace the engine certificate", exc_info=error, extra=extra)
        self.metrics.certificate_expiry(self._seconds_left())
        overdue = self.now() > self._renewal_time()
        self.metrics.certificate_renewal_overdue(overdue)
        if overdue and not self._warned and self.identity.source != "api":
            self._warned = True
            LOG.warning(
                "The engine certificate is past two thirds of its lifetime and has not been replaced",
                extra={
                    "seconds": round(self._seconds_left()),
                    "hint": "Replace the files of temporal.mutual-tls. The worker uses them within 30 seconds",
                },
            )

    async def _replace_if_due(self) -> None:
        if self.identity.source == "api" and self.now() < self._due_at():
            return
        if self.identity.source == "api":
            # Independent of local files, which may be incomplete at this moment.
            following = await self.request()
        else:
            configured = identity_from_settings(self.reload_settings())
            if configured is None or configured == self.identity:
                return
            following = configured
        # With a certificate for another namespace, the engine would reject the worker's polls or return no tasks.
        if following.namespace != self.identity.namespace:
            raise RuntimeError(
                f"The new certificate is for the namespace {following.namespace}, "
                f"but this worker polls {self.identity.namespace}. Restart the worker"
            )
        drop_old = await self.swap(following)
        drop = Background("closing of the old client", self._drop_later(drop_old))
        self._drops = [*(earlier for earlier in self._drops if not earlier.has_ended), drop]
        self.identity = following
        self._failures = 0
        # A new certificate may already be due for renewal. Do not request one after the other without a pause.
        self._retry_at = self.now() + 10
        self._warned = False
        LOG.info("Engine certificate replaced", extra={"seconds": round(self._seconds_left())})

    async def _drop_later(self, drop: Callable[[], None]) -> None:
        await self.sleep(DROP_OLD_CLIENT_AFTER)
        drop()

    def _renewal_time(self) -> float:
        return self.identity.valid_from + (self.identity.valid_to - self.identity.valid_from) * 2 / 3

    def _due_at(self) -> float:
        """When to request a certificate. Never for one from the settings."""
        return max(self._renewal_time(), self._retry_at) if self.identity.source == "api" else math.inf

    def _seconds_left(self) -> float:
        return self.identity.valid_to - self.now()
