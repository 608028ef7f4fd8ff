import logging
from typing import Any

from .connection import with_timeout
from .engine_certificate import EngineIdentity, create_identity
from .engine_token import EngineToken, create_token
from .pem import read_authorities, read_certificate, read_private_key
from .rest_client import RestClient, RestRequest
from .secret import Secret
from .settings import ApiSettings, Settings, secret_in

LOG = logging.getLogger(__name__)

TIMEOUT = 30.0


async def request_engine_token(rest: RestClient, settings: Settings) -> EngineToken:
    """Requests a new bearer token for the engine. Reads the file with the client secret again, if there is one."""
    _use_current_secret(rest, settings.api)
    engine_token = await _authenticate(rest, settings, "ENGINE_TOKEN", "engineToken")
    if not engine_token.get("token"):
        raise RuntimeError("POST /authentications: the response has no engineToken.token")
    return create_token(engine_token["token"], engine_token.get("expiredAt"))


async def request_engine_certificate(rest: RestClient, settings: Settings) -> EngineIdentity:
    """Requests a new client certificate for the engine, and the namespace it is valid for."""
    engine_certificate = await _authenticate(rest, settings, "ENGINE_CERTIFICATE", "engineCertificate")
    namespace, tls = engine_certificate.get("namespace"), engine_certificate.get("tls") or {}
    cert, key, ca = map(tls.get, ("clientCertificate", "clientPrivateKey", "serverRootCaCertificate"))
    if not (namespace and cert and key and ca):
        raise RuntimeError("POST /authentications: the response has no complete engineCertificate")
    try:
        return create_identity(
            source="api",
            namespace=settings.temporal.namespace or namespace,
            cert=read_certificate(cert),
            key=Secret(read_private_key(key)),
            ca=read_authorities(ca),
        )
    except ValueError as error:
        raise RuntimeError(f"The engine certificate from KuFlow is not usable: found {error}") from None


def _use_current_secret(rest: RestClient, api: ApiSettings) -> None:
    if api.client_secret_file is None:
        return
    try:
        secret = secret_in(api.client_secret_file.read_text(errors="replace"))
    except OSError as error:
        # KuFlow may still accept the previous one.
        LOG.warning("Could not read the file with the client secret again", exc_info=error)
        return
    # The file is empty while it is being replaced.
    if secret.strip():
        rest.use_credentials(api.client_id, Secret(secret))


async def _authenticate(rest: RestClient, settings: Settings, kind: str, field: str) -> dict[str, Any]:
    """Requests credentials of this type, and returns this field of the response."""
    tenant_id = settings.api.tenant_id
    request = RestRequest(
        operation="createAuthentication",
        method="POST",
        path="/authentications",
        body={"type": kind} | ({"tenantId": tenant_id} if tenant_id else {}),
    )
    message = f"POST /authentications: no response within {TIMEOUT:.0f} s"
    response = await with_timeout(rest.call(request), TIMEOUT, message)
    credentials = response.body.get(field) if isinstance(response.body, dict) else None
    return credentials if isinstance(credentials, dict) else {}
