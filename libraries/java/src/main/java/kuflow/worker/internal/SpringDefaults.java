package kuflow.worker.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Map;
import kuflow.worker.internal.WorkerSettings.LogFormat;
import kuflow.worker.internal.WorkerSettings.Worker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.springframework.core.env.PropertiesPropertySource;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.support.PropertiesLoaderUtils;

/** The properties of Spring Boot that follow from the settings of this worker. */
public final class SpringDefaults {

    private static final Logger LOGGER = LoggerFactory.getLogger(SpringDefaults.class);

    private static final String LOOPBACK = "127.0.0.1";
    private static final int DISABLED = -1;
    private static final int ANY_FREE = 0;

    private SpringDefaults() {}

    /**
     * Returns the properties for {@code SpringApplication.setDefaultProperties}.
     *
     * @param applicationPackage the package of the project, for the levels and stacks of the log
     * @param development listen only on loopback addresses, tolerate ports that are in use, and log for people
     */
    public static Map<String, Object> of(Worker worker, boolean development, String applicationPackage) {
        Map<String, Object> properties = readFixed();
        // Your own settings may be in the same files.
        properties.putAll(SettingsSources.locations(Path.of("")));
        int healthPort = worker.healthPort();
        int metricsPort = worker.metricsPort() == 0 ? DISABLED : worker.metricsPort();
        if (development) {
            // Other machines have no reason to ask.
            properties.put("server.address", LOOPBACK);
            properties.put("management.server.address", LOOPBACK);
            if (isInUse(healthPort)) {
                LOGGER.warn("The health port {} is in use, so another port is used", healthPort);
                healthPort = ANY_FREE;
            }
            if (metricsPort != DISABLED && isInUse(metricsPort)) {
                LOGGER.warn("Metrics are disabled because the metrics port {} is in use", metricsPort);
                metricsPort = DISABLED;
            }
        }
        properties.put("server.port", healthPort);
        properties.put("management.server.port", metricsPort);

        LogFormat format = worker.logFormat();
        if (format == null) {
            format = development ? LogFormat.PRETTY : LogFormat.JSON;
        }
        properties.put("logging.structured.format.console", WorkerLogFormatter.class.getName());
        properties.put(WorkerLogFormatter.FORMAT, format.name());
        properties.put(WorkerLogFormatter.DEVELOPMENT, development);
        properties.put(WorkerLogFormatter.APPLICATION_PACKAGE, applicationPackage);
        // Below INFO, libraries log too much to find the lines of this worker.
        Level level = worker.logLevel();
        Level ofLibraries = level.toInt() < Level.INFO.toInt() ? Level.INFO : level;
        properties.put("logging.level.root", ofLibraries.name());
        properties.put("logging.level." + applicationPackage, level.name());
        properties.put("logging.level." + WorkerLogFormatter.LIBRARY_PACKAGE, level.name());
        properties.put("logging.level.io.temporal", level.name());
        return properties;
    }

    private static Map<String, Object> readFixed() {
        try {
            ClassPathResource file = new ClassPathResource("spring.properties", SpringDefaults.class);
            return new PropertiesPropertySource("fixed", PropertiesLoaderUtils.loadProperties(file)).getSource();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static boolean isInUse(int port) {
        try {
            new ServerSocket(port, 1, InetAddress.getByName(LOOPBACK)).close();
            return false;
        } catch (IOException inUse) {
            return true;
        }
    }
}
