package kuflow.worker.internal;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Registers this worker with KuFlow at regular intervals. A failure is logged and counted, and does not stop the worker. */
final class Registration {

    private static final Logger LOGGER = LoggerFactory.getLogger(Registration.class);

    private static final int DEFAULT_DELAY_WINDOW = 300;
    private static final int MAX_DELAY_WINDOW = 86_400;
    private static final int MAX_LENGTH = 255;

    private final RestClient rest;
    private final Body body;
    private final WorkerMetrics metrics;
    private long window = DEFAULT_DELAY_WINDOW;
    private int failures;

    private record Body(
            String identity,
            String hostname,
            String ip,
            String taskQueue,
            List<String> workflowTypes,
            List<String> activityTypes,
            @Nullable UUID tenantId,
            @Nullable UUID installationId,
            @Nullable List<UUID> robotIds) {}

    Registration(
            RestClient rest,
            WorkerSettings settings,
            String identity,
            List<String> workflowTypes,
            List<String> activityTypes,
            WorkerMetrics metrics) {
        List<UUID> robotIds = settings.worker().robotIds();
        this.rest = rest;
        this.body = new Body(
                shorten(identity),
                shorten(hostname()),
                ownAddress(),
                settings.temporal().kuflowQueue(),
                workflowTypes,
                activityTypes,
                settings.api().tenantId(),
                settings.worker().installationId(),
                robotIds.isEmpty() ? null : robotIds);
        this.metrics = metrics;
    }

    /** Registers the worker. Returns the pause until the next registration. */
    Duration register() {
        try {
            RestRequest request =
                    RestRequest.of("createWorker", "POST", "/workers").body(body);
            window = parseDelayWindow(rest.call(request, JsonNode.class)
                    .headers()
                    .firstValue("x-kf-delay-window")
                    .orElse(""));
            failures = 0;
            LOGGER.atDebug().addKeyValue("seconds", window).log("Registered the worker with KuFlow");
            return Duration.ofSeconds(window);
        } catch (RuntimeException error) {
            // Not a failure: the worker is shutting down.
            if (Thread.currentThread().isInterrupted()) {
                return Duration.ZERO;
            }
            failures++;
            metrics.registrationFailed();
            long pause = Math.min(window, Math.round(Math.pow(2.5, failures)));
            LOGGER.atWarn()
                    .setCause(error)
                    .addKeyValue("seconds", pause)
                    .log("Could not register the worker with KuFlow");
            return Duration.ofSeconds(pause);
        }
    }

    /** Seconds until the next registration. */
    static long parseDelayWindow(String header) {
        try {
            double seconds = Double.parseDouble(header);
            // At most a day.
            return seconds >= 1 ? (long) Math.min(seconds, MAX_DELAY_WINDOW) : DEFAULT_DELAY_WINDOW;
        } catch (NumberFormatException notANumber) {
            return DEFAULT_DELAY_WINDOW;
        }
    }

    static String hostname() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException unknown) {
            return "localhost";
        }
    }

    private static String ownAddress() {
        try {
            return NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .filter(address -> !address.isLoopbackAddress())
                    .min(Comparator.comparing(address -> !(address instanceof Inet4Address)))
                    .map(address -> address.getHostAddress().split("%", 2)[0])
                    .filter(address -> address.length() >= 7 && address.length() <= 40)
                    .orElse("127.0.0.1");
        } catch (SocketException unknown) {
            return "127.0.0.1";
        }
    }

    private static String shorten(String text) {
        return text.length() > MAX_LENGTH ? text.substring(0, MAX_LENGTH) : text;
    }
}
