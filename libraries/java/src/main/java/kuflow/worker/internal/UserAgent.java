package kuflow.worker.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.support.PropertiesLoaderUtils;

/**
 * How the worker identifies itself in calls to KuFlow and its engine: the version of this library, and the name of the project.
 * Temporal's SDK does not let a worker change the name of its client, so it is part of the identity.
 */
public final class UserAgent {

    private static final String VALUE = "kuflow-worker-java/%s (%s)".formatted(libraryVersion(), projectName());

    private UserAgent() {}

    public static String value() {
        return VALUE;
    }

    private static String libraryVersion() {
        return read("version.properties").getProperty("version");
    }

    private static String projectName() {
        // Written by the build of the project. The worker must start even if it was built in another way.
        String name = read("/META-INF/build-info.properties").getProperty("build.artifact", "unknown");
        // A header must not contain other characters.
        return name.replaceAll("[^\\w@/.~-]", "_");
    }

    private static Properties read(String resource) {
        ClassPathResource file = new ClassPathResource(resource, UserAgent.class);
        try {
            return file.exists() ? PropertiesLoaderUtils.loadProperties(file) : new Properties();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
