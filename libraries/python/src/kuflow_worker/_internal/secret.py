from pydantic import SecretStr


class Secret(SecretStr):
    """A value that prints as `[redacted]` everywhere. Only `reveal()` returns it."""

    def reveal(self) -> str:
        return self.get_secret_value()

    def _display(self) -> str:
        return "[redacted]"
