package com.example.worker.kuflow.rest;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/**
 * How the worker identifies itself in calls to KuFlow and its engine: the version of its template, and the name of this project.
 * Temporal's SDK does not let a worker change the name of its client, so it is part of the identity.
 */
public final class UserAgent {

    /** The version of create-kuflow-worker that this code comes from. */
    private static final String TEMPLATE_VERSION = "0.1.0";

    private static final String VALUE = "kuflow-worker-java/%s (%s)".formatted(TEMPLATE_VERSION, projectName());

    private UserAgent() {}

    public static String value() {
        return VALUE;
    }

    private static String projectName() {
        // Written by the build.
        try (InputStream file = UserAgent.class.getResourceAsStream("/META-INF/build-info.properties")) {
            // The worker must start even if it was built in another way.
            if (file == null) {
                return "unknown";
            }
            Properties build = new Properties();
            build.load(file);
            // A header must not contain other characters.
            return build.getProperty("build.artifact", "unknown").replaceAll("[^\\w@/.~-]", "_");
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
