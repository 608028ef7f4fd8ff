import json
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, SecretStr

from kuflow_worker._internal.settings import SettingsError, load_settings

ID = "11111111-2222-4333-8444-555555555555"
CREDENTIALS = {"KUFLOW_API_CLIENTID": ID, "KUFLOW_API_CLIENTSECRET": "the-secret"}


def write(directory: Path, file: str, content: object) -> None:
    # JSON is valid YAML.
    (directory / file).write_text(json.dumps(content))


def problems_of(directory: Path, environment: dict[str, str]) -> dict[str, str]:
    with pytest.raises(SettingsError) as raised:
        load_settings(directory, environment)
    return {problem.key: str(problem) for problem in raised.value.problems}


def test_are_complete_with_a_queue_and_credentials(tmp_path: Path) -> None:
    write(tmp_path, "application.yaml", {"temporal": {"kuflow-queue": "A"}})
    settings = load_settings(tmp_path, {**CREDENTIALS, "KUFLOW_API_ENDPOINT": "https://kuflow.example/"})
    assert settings.temporal.kuflow_queue == "A"
    assert settings.api.endpoint == "https://kuflow.example/v2024-06-14"


def test_from_the_environment_override_local_yaml_which_overrides_application_yaml(tmp_path: Path) -> None:
    write(tmp_path, "application.yaml", {"temporal": {"kuflow-queue": "A", "target": "a:1", "namespace": "a"}})
    write(tmp_path, "application-local.yaml", {"temporal": {"target": "b:2", "namespace": "b"}})
    temporal = load_settings(tmp_path, {**CREDENTIALS, "TEMPORAL_NAMESPACE": "c"}).temporal
    assert (temporal.kuflow_queue, temporal.target, temporal.namespace) == ("A", "b:2", "c")


def test_report_all_problems_at_once(tmp_path: Path) -> None:
    api = {"client-id": "FILL_ME", "tenant-id": "not-a-uuid"}
    write(tmp_path, "application.yaml", {"kuflow": {"api": api}, "worker": {"health-port": "x"}})
    (tmp_path / "application-local.yaml").write_text("temporal:\n  target: a: b\n")
    problems = problems_of(tmp_path, {})
    assert set(problems) == {
        "application-local.yaml",
        "kuflow.api.client-id",
        "kuflow.api.client-secret",
        "kuflow.api.tenant-id",
        "temporal.kuflow-queue",
        "worker.health-port",
    }
    assert problems["kuflow.api.tenant-id"] == "kuflow.api.tenant-id (application.yaml): expected a UUID"
    assert "not valid YAML at line 2" in problems["application-local.yaml"]


def test_never_combine_an_id_from_the_environment_with_a_secret_from_a_file(tmp_path: Path) -> None:
    write(tmp_path, "application-local.yaml", {"kuflow": {"api": {"client-id": ID, "client-secret": "x"}}})
    problems = problems_of(tmp_path, {"KUFLOW_API_CLIENTID": ID, "TEMPORAL_KUFLOWQUEUE": "A"})
    assert set(problems) == {"kuflow.api.client-secret"}


def test_redact_secrets_also_in_errors(tmp_path: Path) -> None:
    proxy = "http://user:the-secret@proxy:1"
    settings = load_settings(tmp_path, {**CREDENTIALS, "TEMPORAL_KUFLOWQUEUE": "A", "TEMPORAL_PROXY": proxy})
    assert "the-secret" not in f"{settings} {settings!r}"
    assert settings.api.client_secret.reveal() == "the-secret"

    (tmp_path / "application-local.yaml").write_text("kuflow: { api: { client-secret: the-secret\n")
    environment = {"KUFLOW_API_CLIENTID": "x", "TEMPORAL_PROXY": "socks://the-secret@x"}
    problems = problems_of(tmp_path, environment)
    assert len(problems) > 3
    assert "the-secret" not in str(problems)


def test_keep_the_zeros_of_a_secret_that_consists_of_digits(tmp_path: Path) -> None:
    text = f"kuflow:\n  api:\n    client-id: {ID}\n    client-secret: 00012345678901234567\n"
    (tmp_path / "application-local.yaml").write_text(text)
    settings = load_settings(tmp_path, {"TEMPORAL_KUFLOWQUEUE": "A"})
    assert settings.api.client_secret.reveal() == "00012345678901234567"


class Scoring(BaseModel):
    api_key: SecretStr
    attempts: int = Field(3, gt=0, description="a number greater than 0")


class AppSettings(BaseModel):
    scoring: Scoring
    archive: Scoring | None = None
    countries: list[str] = []
    is_strict: bool = False


def test_of_the_project_have_its_types_and_come_from_the_same_sources(tmp_path: Path) -> None:
    scoring = {"api-key": "from-the-file", "attempts": "5"}
    write(tmp_path, "application.yaml", {"app": {"scoring": scoring, "countries": ["ES", "PT"]}})
    write(tmp_path, "application-local.yaml", {"app": {"is-strict": "true"}})
    environment = {**CREDENTIALS, "TEMPORAL_KUFLOWQUEUE": "A", "APP_SCORING_APIKEY": "the-key"}
    app: AppSettings = load_settings(tmp_path, environment, AppSettings).app
    assert app.scoring.api_key.get_secret_value() == "the-key"
    assert (app.scoring.attempts, app.archive, app.countries, app.is_strict) == (5, None, ["ES", "PT"], True)
    archive: Scoring | None = load_settings(
        tmp_path, environment | {"APP_ARCHIVE_APIKEY": "x"}, AppSettings
    ).app.archive
    assert archive is not None and archive.attempts == 3


def test_of_the_project_are_reported_with_all_other_problems_and_without_values(tmp_path: Path) -> None:
    write(tmp_path, "application.yaml", {"app": {"scoring": {"attempts": "canary"}, "is-strict": "canary"}})
    with pytest.raises(SettingsError) as raised:
        load_settings(tmp_path, CREDENTIALS, AppSettings)
    assert str(raised.value).splitlines() == [
        "temporal.kuflow-queue (application.yaml, application-local.yaml or TEMPORAL_KUFLOWQUEUE): "
        "missing the task queue of the process definition",
        "app.scoring.api-key (application.yaml, application-local.yaml or APP_SCORING_APIKEY): missing a value",
        "app.scoring.attempts (application.yaml): expected a number greater than 0",
        "app.is-strict (application.yaml): expected a valid value: Input should be a valid boolean, "
        "unable to interpret input",
    ]
