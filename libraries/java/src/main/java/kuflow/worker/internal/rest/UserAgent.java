package kuflow.worker.internal.rest;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

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
        Properties properties = new Properties();
        try (InputStream file = UserAgent.class.getResourceAsStream(resource)) {
            if (file != null) {
                properties.load(file);
            }
            return properties;
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
