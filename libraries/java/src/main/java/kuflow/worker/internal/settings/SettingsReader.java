package kuflow.worker.internal.settings;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import kuflow.worker.internal.settings.SettingsProblem.Code;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.boot.origin.PropertySourceOrigin;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/** Reads settings from the environment and the application files, with Spring's relaxed names, and collects the problems with them. */
final class SettingsReader {

    /** In ascending order of precedence. */
    private static final List<String> FILES = List.of("application.yaml", "application-local.yaml");

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

    private final List<SettingsProblem> problems = new ArrayList<>();
    private final Path directory;
    private final Map<String, String> variables;
    private final Source environment;
    private final List<Source> files;

    /**
     * A value as written, and where it comes from.
     *
     * @param text without spaces and line breaks around it
     */
    record Value(String raw, String text, String source) {

        Value(String raw, String source) {
            this(raw, raw.strip(), source);
        }
    }

    private record Source(String name, ConfigurationPropertySource properties) {}

    SettingsReader(Path directory, Map<String, String> environment) {
        this.directory = directory;
        this.variables = environment;
        String name = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
        this.environment = new Source(
                name,
                ConfigurationPropertySource.from(new SystemEnvironmentPropertySource(name, Map.copyOf(environment))));
        this.files = FILES.stream().map(this::parse).toList();
    }

    List<SettingsProblem> problems() {
        return problems;
    }

    void problem(String key, Code code, String source, String expected) {
        // One problem per key is enough.
        if (problems.stream().noneMatch(problem -> problem.key().equals(key))) {
            problems.add(new SettingsProblem(key, code, source, expected));
        }
    }

    void missing(String key, String expected) {
        missing(key, expected, Code.MISSING);
    }

    void missing(String key, String expected, Code code) {
        problem(key, code, String.join(", ", FILES) + " or " + variableOf(key), expected);
    }

    /** The environment variable of a setting, such as TEMPORAL_MUTUALTLS_CERT for {@code temporal.mutual-tls.cert}. */
    private static String variableOf(String key) {
        return key.toUpperCase(Locale.ROOT).replace("-", "").replace('.', '_');
    }

    @Nullable
    Value variable(String name) {
        return toValue(variables.getOrDefault(name, ""), name);
    }

    @Nullable
    Value fromEnvironment(String key) {
        return fromSource(environment, key);
    }

    @Nullable
    Value fromFiles(String key) {
        Value found = null;
        for (Source file : files) {
            Value value = fromSource(file, key);
            found = value == null ? found : value;
        }
        return found;
    }

    @Nullable
    Value find(String key) {
        Value inFiles = fromFiles(key);
        Value inEnvironment = fromEnvironment(key);
        return usable(key, inEnvironment == null ? inFiles : inEnvironment);
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

    private @Nullable Value fromSource(Source source, String key) {
        Value value = fromSource(source, key, key);
        String alias = ALIASES.get(key);
        return value == null && alias != null ? fromSource(source, key, alias) : value;
    }

    private @Nullable Value fromSource(Source source, String key, String writtenKey) {
        ConfigurationPropertyName name = ConfigurationPropertyName.of(writtenKey);
        ConfigurationPropertySource properties = source.properties();
        ConfigurationProperty property = properties.getConfigurationProperty(name);
        if (property != null) {
            return toValue(String.valueOf(property.getValue()), nameOf(source, property));
        }
        List<String> elements = new ArrayList<>();
        ConfigurationProperty element;
        while ((element = properties.getConfigurationProperty(name.append("[" + elements.size() + "]"))) != null) {
            elements.add(String.valueOf(element.getValue()));
        }
        if (key.equals("worker.robot-ids") && !elements.isEmpty()) {
            return toValue(String.join(",", elements), source.name());
        }
        if (source != environment && properties.containsDescendantOf(name) == ConfigurationPropertyState.PRESENT) {
            problem(key, Code.INVALID, source.name(), "a single value");
        }
        return null;
    }

    private String nameOf(Source source, ConfigurationProperty property) {
        return source == environment && property.getOrigin() instanceof PropertySourceOrigin origin
                ? origin.getPropertyName()
                : source.name();
    }

    private Source parse(String file) {
        Map<String, Object> flat = new LinkedHashMap<>();
        try {
            Object content = yaml().load(Files.readString(directory.resolve(file)));
            if (content instanceof Map<?, ?> map) {
                flatten("", map, flat);
            } else if (content != null) {
                problem(file, Code.UNREADABLE, file, "a YAML file with key-value pairs");
            }
        } catch (NoSuchFileException missing) {
            // Both files are optional.
        } catch (IOException | YAMLException unreadable) {
            problem(file, Code.UNREADABLE, file, "a readable YAML file: " + reasonOf(unreadable));
        }
        return new Source(file, ConfigurationPropertySource.from(new MapPropertySource(file, flat)));
    }

    /** Keeps every scalar as written: a secret of digits must not lose its leading zeros. */
    private static Yaml yaml() {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        DumperOptions unused = new DumperOptions();
        Resolver strings = new Resolver() {
            @Override
            protected void addImplicitResolvers() {
                // Without the others, every scalar is a string.
                addImplicitResolver(Tag.MERGE, MERGE, "<");
            }
        };
        return new Yaml(new SafeConstructor(options), new Representer(unused), unused, options, strings);
    }

    private static void flatten(String key, @Nullable Object value, Map<String, Object> flat) {
        if (value instanceof Map<?, ?> map) {
            map.forEach(
                    (name, nested) -> flatten(key.isEmpty() ? String.valueOf(name) : key + "." + name, nested, flat));
        } else if (value instanceof List<?> list) {
            for (int i = 0; i < list.size(); i++) {
                flatten(key + "[" + i + "]", list.get(i), flat);
            }
        } else if (value != null) {
            flat.put(key, value);
        }
    }

    /** Null for an empty text, which counts as not set. */
    private static @Nullable Value toValue(String raw, String source) {
        Value value = new Value(raw, source);
        return value.text().isEmpty() ? null : value;
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
