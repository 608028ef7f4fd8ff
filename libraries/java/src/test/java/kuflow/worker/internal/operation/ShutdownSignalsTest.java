package kuflow.worker.internal.operation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.condition.OS.WINDOWS;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;

@DisplayName("the worker")
class ShutdownSignalsTest {

    /** Handles signals as the worker does. With an argument, it exits with that status. */
    public static final class Program {

        public static void main(String[] args) throws InterruptedException {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
            ShutdownSignals.handle(() -> System.exit(0));
            System.out.println("ready");
            if (args.length > 0) {
                System.exit(Integer.parseInt(args[0]));
            }
            Thread.sleep(60_000);
        }
    }

    @Test
    @DisabledOnOs(value = WINDOWS, disabledReason = "Windows has no SIGTERM")
    @DisplayName("exits with 0 after SIGTERM, when all shutdown hooks have run")
    void terminated() throws Exception {
        Process program = start();
        try (BufferedReader output = program.inputReader()) {
            assertThat(output.readLine()).isEqualTo("ready");
            program.toHandle().destroy();
            assertThat(output.readLine()).isEqualTo("hook");
        }
        assertThat(exitStatus(program)).isZero();
    }

    @Test
    @DisplayName("keeps the status with which the application exits")
    void exits() throws Exception {
        assertThat(exitStatus(start("7"))).isEqualTo(7);
    }

    private static int exitStatus(Process program) throws InterruptedException {
        assertThat(program.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return program.exitValue();
    }

    private static Process start(String... args) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        ProcessBuilder builder =
                new ProcessBuilder(java, "-cp", System.getProperty("java.class.path"), Program.class.getName());
        builder.command().addAll(List.of(args));
        return builder.start();
    }
}
