package kuflow.worker.testing;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import kuflow.worker.internal.Daemons;

/** A process whose stdin closes when this one ends in any way. */
final class LocalChild {

    private static final int STOP_SECONDS = 10;
    private static final int KEPT_LINES = 20;

    private final String name;
    private final Process process;
    private final Deque<String> output = new ArrayDeque<>();
    private final CompletableFuture<Void> ended;

    /** @param onLine gets the lines of stdout */
    LocalChild(String name, List<String> command, Map<String, String> variables, Consumer<String> onLine) {
        this.name = name;
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.directory(new File("").getAbsoluteFile());
        builder.environment().putAll(variables);
        try {
            process = builder.start();
        } catch (IOException failed) {
            throw new UncheckedIOException("Could not start " + name, failed);
        }
        ended = CompletableFuture.allOf(
                read(process.inputReader(StandardCharsets.UTF_8), onLine),
                read(process.errorReader(StandardCharsets.UTF_8), line -> {}),
                process.onExit());
    }

    private CompletableFuture<Void> read(BufferedReader stream, Consumer<String> onLine) {
        Runnable reading = () -> {
            try (stream) {
                stream.lines().forEach(line -> {
                    keep(line);
                    onLine.accept(line);
                });
            } catch (IOException | UncheckedIOException broken) {
                keep(broken.toString());
            }
        };
        return CompletableFuture.runAsync(reading, work -> Daemons.start("output of " + name, work));
    }

    private void keep(String line) {
        synchronized (output) {
            output.add(line);
            if (output.size() > KEPT_LINES) {
                output.remove();
            }
        }
    }

    /** Fails when the process ends, with the end of its output. */
    <T> CompletableFuture<T> failure() {
        return ended.thenApply(done -> {
            synchronized (output) {
                String status = name + " ended with status " + process.exitValue();
                throw new IllegalStateException(status + "\n" + String.join("\n", output));
            }
        });
    }

    /** Asks it to stop, and kills it if it does not. */
    void stop(boolean bySignal) {
        try {
            if (bySignal) {
                process.destroy();
            } else {
                process.getOutputStream().close();
            }
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            ended.join();
        } catch (IOException broken) {
            process.destroyForcibly();
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
