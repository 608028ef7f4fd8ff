package kuflow.worker.internal.operation;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What SIGTERM and SIGINT do. By default, the JVM shuts down in the same way but exits with 143 and 130. */
public final class ShutdownSignals {

    private static final Logger LOGGER = LoggerFactory.getLogger(ShutdownSignals.class);

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
    }

    /** The class has no replacement, and the compiler warns about each direct use. */
    private static void handle(String signal, Runnable action) throws ReflectiveOperationException {
        Class<?> signalType = Class.forName("sun.misc.Signal");
        Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
        Object handler = Proxy.newProxyInstance(
                ShutdownSignals.class.getClassLoader(), new Class<?>[] {handlerType}, (proxy, method, args) -> {
                    switch (method.getName()) {
                        case "handle" -> action.run();
                        case "hashCode" -> {
                            return System.identityHashCode(proxy);
                        }
                        case "equals" -> {
                            return proxy == args[0];
                        }
                        default -> {
                            return "shutdown";
                        }
                    }
                    return null;
                });
        try {
            signalType
                    .getMethod("handle", signalType, handlerType)
                    .invoke(null, signalType.getConstructor(String.class).newInstance(signal), handler);
        } catch (InvocationTargetException refused) {
            if (refused.getCause() instanceof IllegalArgumentException cause) {
                throw cause;
            }
            throw refused;
        }
    }
}
