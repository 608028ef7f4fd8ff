import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import create_autospec

import pytest

from kuflow_worker._internal.engine_certificate import (
    CertificateWatch,
    EngineIdentity,
    create_identity,
    identity_from_settings,
)
from kuflow_worker._internal.metrics import no_metrics
from kuflow_worker._internal.secret import Secret
from kuflow_worker._internal.settings import Settings, load_settings

from .support.authority import Authority, Pair
from .support.clock import FakeClock
from .support.environment import ENVIRONMENT

NOW = datetime(2030, 1, 1, tzinfo=UTC)
AUTHORITY = Authority()


def issue(name: str, life: timedelta = timedelta(hours=3)) -> Pair:
    return AUTHORITY.issue(name, valid_from=NOW, valid_to=NOW + life)


class Worker:
    """The parts of a worker that the watch uses: settings, KuFlow, and the clients that receive tokens."""

    def __init__(self, directory: Path) -> None:
        self.clock = FakeClock(NOW.timestamp())
        self.metrics = create_autospec(no_metrics)
        self.answers: list[EngineIdentity | Exception] = []
        self.current = "first"
        self.clients = {"first"}
        self._directory = directory

    def identity(self, name: str, namespace: str = "tenant-1") -> EngineIdentity:
        pair = issue(name)
        return create_identity(
            source="api",
            namespace=namespace,
            cert=pair.cert,
            key=Secret(pair.key),
            ca=AUTHORITY.cert,
            now=self.clock.now,
        )

    async def request(self) -> EngineIdentity:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def swap(self, identity: EngineIdentity) -> Callable[[], None]:
        old, self.current = self.current, identity.cert
        self.clients.add(self.current)
        return lambda: self.clients.remove(old)

    def load(self) -> Settings:
        return load_settings(self._directory, ENVIRONMENT)

    def write(self, namespace: str, pair: Pair) -> None:
        for name, text in (("cert", pair.cert), ("key", pair.key), ("ca", AUTHORITY.cert)):
            (self._directory / f"{name}.pem").write_text(text)
        (self._directory / "application.yaml").write_text(
            f"temporal:\n  namespace: {namespace}\n  mutual-tls: {{ cert: cert.pem, key: key.pem, ca: ca.pem }}\n"
        )

    def watch(self, identity: EngineIdentity) -> CertificateWatch:
        return CertificateWatch(
            identity=identity,
            request=self.request,
            reload_settings=self.load,
            swap=self.swap,
            metrics=self.metrics,
            now=self.clock.now,
            sleep=self.clock.sleep,
            jitter=lambda: 1.0,
        )


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    return Worker(tmp_path)


async def test_requests_another_certificate_at_two_thirds_and_keeps_the_old_client_for_75_s(worker: Worker) -> None:
    following = worker.identity("second")
    worker.answers = [ConnectionError("down"), following]
    watch = worker.watch(worker.identity("first"))
    await worker.clock.advance(7199)
    assert worker.current == "first"
    # The first request fails and is repeated after 2 s.
    await worker.clock.advance(3)
    assert worker.current == following.cert
    await worker.clock.advance(74)
    assert worker.clients == {"first", following.cert}
    await worker.clock.advance(1)
    assert worker.clients == {following.cert}
    watch.stop()


async def test_refuses_a_certificate_for_another_namespace(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    worker.answers = [worker.identity("second", "tenant-2"), worker.identity("third")]
    watch = worker.watch(worker.identity("first"))
    await worker.clock.advance(7201)
    assert worker.current == "first"
    [record] = caplog.records
    assert record.message == "Could not replace the engine certificate"
    assert "for the namespace tenant-2, but this worker polls tenant-1. Restart the worker" in str(record.exc_info)
    watch.stop()


async def test_loads_replaced_files_for_the_same_namespace_within_30_s(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    worker.write("tenant-1", issue("first"))
    identity = identity_from_settings(worker.load())
    assert identity
    watch = worker.watch(identity)
    await worker.clock.advance(60)
    assert worker.current == "first"

    # The key does not match the certificate until both files are written.
    second = issue("second")
    worker.write("tenant-1", Pair(second.certificate, issue("first").private_key))
    await worker.clock.advance(30)
    assert worker.current == "first"
    worker.write("tenant-1", second)
    await worker.clock.advance(30)
    assert worker.current == second.cert

    worker.write("tenant-2", issue("third"))
    await worker.clock.advance(30)
    assert worker.current == second.cert
    messages = [record.message for record in caplog.records]
    failed = "Could not replace the engine certificate"
    assert messages == [failed, "Engine certificate replaced", failed]
    watch.stop()


async def test_warns_once_about_files_past_two_thirds_of_their_lifetime_and_sets_a_metric(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    worker.write("tenant-1", issue("first"))
    identity = identity_from_settings(worker.load())
    assert identity
    watch = worker.watch(identity)
    await worker.clock.advance(7200)
    worker.metrics.certificate_renewal_overdue.assert_called_with(False)
    await worker.clock.advance(600)
    worker.metrics.certificate_renewal_overdue.assert_called_with(True)
    worker.metrics.certificate_expiry.assert_called_with(3000)
    assert [record.message for record in caplog.records] == [
        "The engine certificate is past two thirds of its lifetime and has not been replaced"
    ]
    watch.stop()


async def test_requests_another_certificate_while_local_files_are_broken(worker: Worker, tmp_path: Path) -> None:
    following = worker.identity("second")
    worker.answers = [following]
    watch = worker.watch(worker.identity("first"))
    (tmp_path / "application.yaml").write_text("{")
    await worker.clock.advance(7200)
    assert worker.current == following.cert
    watch.stop()
