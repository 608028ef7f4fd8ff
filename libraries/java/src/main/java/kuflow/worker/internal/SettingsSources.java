package kuflow.worker.internal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import kuflow.worker.internal.SettingsException.Code;
import kuflow.worker.internal.SettingsException.Problem;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.config.ConfigDataEnvironmentPostProcessor;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.boot.env.OriginTrackedMapPropertySource;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.origin.PropertySourceOrigin;
import org.springframework.boot.origin.TextResourceOrigin;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SimpleCommandLinePropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.FileSystemResource;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * The sources of Spring Boot, such as the environment and the application files, in Spring's order and with its relaxed names. Collects
 * the problems with settings.
 */
public final class SettingsSources {

    private static final String LOCAL_FILE = "application-local.yaml";
    private static final List<String> FILES = List.of("application.yaml", LOCAL_FILE);
    static final String VARIABLES = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;

    /** The property that a file has in Spring Boot if its content is not a map. */
    private static final ConfigurationPropertyName NO_MAP = ConfigurationPropertyName.of("document");

    /** Other names of settings in KuFlow's own samples and templates. */
    private static final Map<String, String> ALIASES = Map.of(
            "kuflow.api.tenant-id", "temporal.tenant-id",
            "worker.installation-id", "temporal.installation-id",
            "worker.robot-ids", "temporal.robot-ids",
            "temporal.target", "application.temporal.target",
            "temporal.kuflow-queue", "application.temporal.kuflow-queue");

    private static final Pattern QUOTED = Pattern.compile("^([\"']).*\\1$", Pattern.DOTALL);

    /** Characters without width, marks of direction and byte order marks, which come with copied text. PEM may start with one. */
    private static final Pattern INVISIBLE = Pattern.compile(
            "[\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2064\\u2066-\\u206f\\ufeff]");

    private final List<Problem> problems = new ArrayList<>();
    private final StandardEnvironment environment = new StandardEnvironment();
    private final Path directory;
    private final Iterable<ConfigurationPropertySource> sources;

    /**
     * A value as written, and where it comes from.
     *
     * @param text without spaces and line breaks around it
     * @param group the files count as one source
     */
    record Value(String raw, String text, String source, String group) {

        static final String FILES = "files";

        boolean isInFile() {
            return group.equals(FILES);
        }
    }

    /**
     * @param directory the folder of the application files
     * @param arguments the command line, whose properties override all others
     */
    SettingsSources(Path directory, Map<String, String> variables, String... arguments) {
        this.directory = directory;
        environment
                .getPropertySources()
                .replace(VARIABLES, new SystemEnvironmentPropertySource(VARIABLES, Map.copyOf(variables)));
        environment.getPropertySources().addFirst(new SimpleCommandLinePropertySource(arguments));
        environment.getPropertySources().addLast(new MapPropertySource("locations", locations(directory)));
        try {
            ConfigDataEnvironmentPostProcessor.applyTo(environment);
        } catch (RuntimeException failed) {
            // It does not name the file.
            FILES.forEach(this::checkFile);
            if (problems.isEmpty()) {
                throw failed;
            }
        }
        this.sources = ConfigurationPropertySources.from(environment.getPropertySources());
        FILES.forEach(this::checkMap);
    }

    /** Where Spring Boot finds the application files, in addition to its default: in a file that git ignores. */
    public static Map<String, Object> locations(Path directory) {
        Map<String, Object> locations = new HashMap<>();
        String folder = directory.toString().isEmpty() ? "./" : directory.toAbsolutePath() + "/";
        locations.put("spring.config.additional-location", "optional:file:" + folder + LOCAL_FILE);
        if (!directory.toString().isEmpty()) {
            locations.put("spring.config.location", "optional:file:" + folder);
        }
        return locations;
    }

    List<Problem> problems() {
        return problems;
    }

    void problem(String key, Code code, String source, String expected) {
        // One problem per key is enough.
        if (problems.stream().noneMatch(problem -> problem.key().equals(key))) {
            problems.add(new Problem(key, code, source, expected));
        }
    }

    void missing(String key, String expected) {
        missing(key, expected, Code.MISSING);
    }

    void missing(String key, String expected, Code code) {
        // Such as TEMPORAL_MUTUALTLS_CERT for temporal.mutual-tls.cert
        String variable = key.toUpperCase(Locale.ROOT).replace("-", "").replace('.', '_');
        problem(key, code, String.join(", ", FILES) + " or " + variable, expected);
    }

    @Nullable
    Value variable(String name) {
        return toValue(environment.getPropertySources().get(VARIABLES).getProperty(name), name, VARIABLES);
    }

    private void checkFile(String file) {
        FileSystemResource resource = new FileSystemResource(directory.resolve(file));
        try {
            if (resource.exists()) {
                new YamlPropertySourceLoader().load(file, resource);
            }
        } catch (IOException | YAMLException unreadable) {
            problem(file, Code.UNREADABLE, file, "a readable YAML file: " + reasonOf(unreadable));
        }
    }

    private void checkMap(String file) {
        for (ConfigurationPropertySource properties : sources) {
            ConfigurationProperty found = properties.getConfigurationProperty(NO_MAP);
            ConfigurationProperty element = properties.getConfigurationProperty(NO_MAP.append("[0]"));
            if (Stream.of(found, element)
                    .anyMatch(one -> one != null && nameOf(one).equals(file))) {
                problem(file, Code.UNREADABLE, file, "a YAML file with key-value pairs");
            }
        }
    }

    @Nullable
    Value find(String key) {
        return usable(key, find(key, value -> true));
    }

    /** The first value that is not empty, whether it is usable or not. */
    @Nullable
    Value find(String key, Predicate<Value> filter) {
        for (ConfigurationPropertySource properties : sources) {
            Value value = valueIn(properties, key);
            if (value != null && filter.test(value)) {
                return value;
            }
        }
        return null;
    }

    /** The source that has one of these settings and overrides the others. */
    @Nullable
    String firstGroupWith(String... keys) {
        for (ConfigurationPropertySource properties : sources) {
            if (Stream.of(keys).anyMatch(key -> valueIn(properties, key) != null)) {
                return groupOf(properties);
            }
        }
        return null;
    }

    private @Nullable Value valueIn(ConfigurationPropertySource properties, String key) {
        Value value = valueIn(properties, key, key);
        String alias = ALIASES.get(key);
        return value == null && alias != null ? valueIn(properties, key, alias) : value;
    }

    private @Nullable Value valueIn(ConfigurationPropertySource properties, String key, String writtenKey) {
        ConfigurationPropertyName name = ConfigurationPropertyName.of(writtenKey);
        String group = groupOf(properties);
        ConfigurationProperty property = properties.getConfigurationProperty(name);
        if (property != null) {
            return toValue(property.getValue(), nameOf(property), group);
        }
        List<String> elements = new ArrayList<>();
        ConfigurationProperty element;
        ConfigurationProperty first = null;
        while ((element = properties.getConfigurationProperty(name.append("[" + elements.size() + "]"))) != null) {
            first = first == null ? element : first;
            elements.add(String.valueOf(element.getValue()));
        }
        if (first != null && key.equals("worker.robot-ids")) {
            return toValue(String.join(",", elements), nameOf(first), group);
        }
        if (group.equals(Value.FILES) && properties.containsDescendantOf(name) == ConfigurationPropertyState.PRESENT) {
            problem(key, Code.INVALID, String.join(", ", FILES), "a single value");
        }
        return null;
    }

    private static String groupOf(ConfigurationPropertySource properties) {
        Object source = properties.getUnderlyingSource();
        if (source instanceof OriginTrackedMapPropertySource) {
            return Value.FILES;
        }
        return source instanceof PropertySource<?> named ? named.getName() : String.valueOf(source);
    }

    /** The name of a variable or file, or Spring's description of another source. */
    private static String nameOf(ConfigurationProperty property) {
        PropertySourceOrigin origin = (PropertySourceOrigin) property.getOrigin();
        return origin.getOrigin() instanceof TextResourceOrigin text && text.getResource() != null
                ? String.valueOf(text.getResource().getFilename())
                : origin.getPropertyName();
    }

    /** Null for an empty text, which counts as not set. */
    private static @Nullable Value toValue(@Nullable Object value, String source, String group) {
        String raw = value == null ? "" : value.toString();
        return raw.isBlank() ? null : new Value(raw, raw.strip(), source, group);
    }

    /** Reports KuFlow's placeholder, quotes around a value and invisible characters as problems, and returns null for them. */
    @Nullable
    Value usable(String key, @Nullable Value found) {
        if (found == null) {
            return null;
        }
        if (found.text().contains("FILL_ME")) {
            problem(key, Code.PLACEHOLDER, found.source(), "a value instead of FILL_ME");
        } else if (QUOTED.matcher(found.text()).matches()) {
            problem(key, Code.INVALID, found.source(), "a value without quotes around it");
        } else if (INVISIBLE.matcher(found.raw()).find() && !key.endsWith("-data")) {
            problem(key, Code.INVALID, found.source(), "a value without invisible characters; type it again");
        } else {
            return found;
        }
        return null;
    }

    /** The setting as read by {@code parse}, which returns null for a text that is not {@code expected}. */
    <T> @Nullable T read(String key, String expected, Function<String, @Nullable T> parse) {
        Value found = find(key);
        if (found == null) {
            return null;
        }
        T value = parse.apply(found.text());
        if (value == null) {
            problem(key, Code.INVALID, found.source(), expected);
        }
        return value;
    }

    @Nullable
    String readFile(String key, Value path) {
        try {
            // Binary files are reported by their content.
            return new String(Files.readAllBytes(resolve(path.text())), StandardCharsets.UTF_8);
        } catch (IOException | IllegalArgumentException unreadable) {
            problem(key, Code.UNREADABLE, path.source(), "a readable file: " + reasonOf(unreadable));
            return null;
        }
    }

    Path resolve(String path) {
        return directory.resolve(path);
    }

    /** Only the position in a YAML file: the message of the exception quotes the file, which may contain the secret. */
    private static String reasonOf(Exception exception) {
        if (exception instanceof MarkedYAMLException invalid && invalid.getProblemMark() != null) {
            int line = invalid.getProblemMark().getLine() + 1;
            return "not valid YAML at line %d, column %d"
                    .formatted(line, invalid.getProblemMark().getColumn() + 1);
        }
        if (exception instanceof YAMLException) {
            return "not valid YAML";
        }
        if (exception instanceof NoSuchFileException) {
            return "it does not exist";
        }
        return exception instanceof AccessDeniedException ? "access is denied" : "it cannot be read";
    }
}
