package kuflow.worker.internal.settings;

import java.util.List;
import java.util.stream.Collectors;
import kuflow.worker.internal.settings.WorkerSettings.LogFormat;
import org.jspecify.annotations.Nullable;

/** Invalid settings, with all problems at once. */
public final class SettingsException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient List<SettingsProblem> problems;
    private final @Nullable LogFormat logFormat;

    SettingsException(List<SettingsProblem> problems, @Nullable LogFormat logFormat) {
        super(problems.stream().map(SettingsProblem::toString).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
        this.logFormat = logFormat;
    }

    public List<SettingsProblem> problems() {
        return problems;
    }

    /** How to log this exception, if it is set. */
    public @Nullable LogFormat logFormat() {
        return logFormat;
    }
}
