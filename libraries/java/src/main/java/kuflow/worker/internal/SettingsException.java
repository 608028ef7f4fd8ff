package kuflow.worker.internal;

import java.util.List;
import java.util.stream.Collectors;
import kuflow.worker.internal.WorkerSettings.LogFormat;
import org.jspecify.annotations.Nullable;

/** Invalid settings, with all problems at once. */
public final class SettingsException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * One problem with the settings. Never contains the value of a secret.
     *
     * @param source where the value is set (application.yaml, an environment variable), or where it can be set
     */
    public record Problem(String key, Code code, String source, String expected) {

        @Override
        public String toString() {
            return "%s (%s): %s %s".formatted(key, source, code == Code.MISSING ? "missing" : "expected", expected);
        }
    }

    public enum Code {
        MISSING,
        INVALID,
        PLACEHOLDER,
        UNREADABLE,
        CONFLICT,
        MIXED_CREDENTIALS,
        ENDPOINT_MISMATCH
    }

    private final transient List<Problem> problems;
    private final @Nullable LogFormat logFormat;

    SettingsException(List<Problem> problems, @Nullable LogFormat logFormat) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
        this.logFormat = logFormat;
    }

    public List<Problem> problems() {
        return problems;
    }

    /** How to log this exception, if it is set. */
    public @Nullable LogFormat logFormat() {
        return logFormat;
    }
}
