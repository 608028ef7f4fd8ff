package kuflow.worker.internal.settings;

/**
 * One problem with the settings. Never contains the value of a secret.
 *
 * @param source where the value is set (application.yaml, an environment variable), or where it can be set
 */
public record SettingsProblem(String key, Code code, String source, String expected) {

    public enum Code {
        MISSING,
        INVALID,
        PLACEHOLDER,
        UNREADABLE,
        CONFLICT,
        MIXED_CREDENTIALS,
        ENDPOINT_MISMATCH
    }

    @Override
    public String toString() {
        return "%s (%s): %s %s".formatted(key, source, code == Code.MISSING ? "missing" : "expected", expected);
    }
}
