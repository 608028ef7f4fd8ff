package kuflow.worker.internal;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.net.Socket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What SIGTERM and SIGINT do. By default, the JVM shuts down in the same way but exits with 143 and 130. */
public final class ShutdownSignals {

    private static final Logger LOGGER = LoggerFactory.getLogger(ShutdownSignals.class);

    private static final String SHUTDOWN_PORT = "KUFLOW_SHUTDOWN_PORT";

    private ShutdownSignals() {}

    /** Runs an action in its own thread when a signal arrives that ends the process. */
    public static void handle(Runnable action) {
        for (String signal : new String[] {"TERM", "INT"}) {
            try {
                handle(signal, action);
            } catch (ReflectiveOperationException | IllegalArgumentException notAvailable) {
                // Another program handles it, as with the JVM option -Xrs.
                LOGGER.debug("Could not install a handler for SIG{}; using the default", signal, notAvailable);
            }
        }
        String port = System.getenv(SHUTDOWN_PORT);
        if (port != null) {
            Daemons.start("shutdown-request", () -> awaitRequest(Integer.parseInt(port), action));
        }
    }

    /** On Windows, which does not have SIGTERM, {@code kuflow} ends this connection to ask the worker to shut down. */
    private static void awaitRequest(int port, Runnable action) {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (IOException broken) {
            LOGGER.debug("The connection for shutdown requests was lost", broken);
            return;
        }
        action.run();
    }

    /** The class has no replacement, and the compiler warns about each direct use. */
    private static void handle(String signal, Runnable action) throws ReflectiveOperationException {
        Class<?> signalType = Class.forName("sun.misc.Signal");
        Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
        MethodHandle run = MethodHandles.lookup()
                .findVirtual(Runnable.class, "run", MethodType.methodType(void.class))
                .bindTo(action);
        Object handler =
                MethodHandleProxies.asInterfaceInstance(handlerType, MethodHandles.dropArguments(run, 0, signalType));
        signalType
                .getMethod("handle", signalType, handlerType)
                .invoke(null, signalType.getConstructor(String.class).newInstance(signal), handler);
    }
}
