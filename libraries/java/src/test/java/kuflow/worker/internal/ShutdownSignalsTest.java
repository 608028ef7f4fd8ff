package kuflow.worker.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.condition.OS.WINDOWS;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
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
    @DisabledOnOs(value = WINDOWS, disabledReason = "SIGTERM does not exist on Windows")
    @DisplayName("exits with 0 after SIGTERM, when all shutdown hooks have run")
    void terminated() throws Exception {
        Process program = start(Program.class);
        try (BufferedReader output = program.inputReader()) {
            assertThat(output.readLine()).isEqualTo("ready");
            program.toHandle().destroy();
            assertThat(output.readLine()).isEqualTo("hook");
        }
        assertThat(exitStatus(program)).isZero();
    }

    @Test
    @DisplayName("exits with 0 when kuflow ends its connection, as on Windows")
    void asked() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            ProcessBuilder builder = builderOf(Program.class);
            builder.environment().put("KUFLOW_SHUTDOWN_PORT", String.valueOf(server.getLocalPort()));
            Process program = builder.start();
            try (BufferedReader output = program.inputReader();
                    Socket connection = server.accept()) {
                assertThat(output.readLine()).isEqualTo("ready");
                connection.shutdownOutput();
                assertThat(output.readLine()).isEqualTo("hook");
            }
            assertThat(exitStatus(program)).isZero();
        }
    }

    @Test
    @DisplayName("keeps the status with which the application exits")
    void exits() throws Exception {
        assertThat(exitStatus(start(Program.class, "7"))).isEqualTo(7);
    }

    /** Starts as the worker does. With an argument, it polls, and its application starts when it gets a line. */
    public static final class Starting {

        public static void main(String[] args) throws IOException, InterruptedException {
            StartStage stage = new StartStage();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
            ShutdownSignals.handle(stage::end);
            if (args.length > 0) {
                stage.polls();
            }
            System.out.println("ready");
            System.in.read();
            System.out.println("started");
            stage.started();
            Thread.sleep(60_000);
        }
    }

    @Test
    @DisabledOnOs(value = WINDOWS, disabledReason = "SIGTERM does not exist on Windows")
    @DisplayName("exits with 130 at once after SIGTERM while it connects")
    void connecting() throws Exception {
        Process program = start(Starting.class);
        try (BufferedReader output = program.inputReader()) {
            assertThat(output.readLine()).isEqualTo("ready");
            program.toHandle().destroy();
            assertThat(output.readLine()).isNull();
        }
        assertThat(exitStatus(program)).isEqualTo(130);
    }

    @Test
    @DisabledOnOs(value = WINDOWS, disabledReason = "SIGTERM does not exist on Windows")
    @DisplayName("closes the application after SIGTERM when the worker polls and the application has started")
    void polling() throws Exception {
        Process program = start(Starting.class, "polls");
        try (BufferedReader output = program.inputReader();
                Writer input = program.outputWriter()) {
            assertThat(output.readLine()).isEqualTo("ready");
            program.toHandle().destroy();
            input.write("\n");
            input.flush();
            assertThat(output.readLine()).isEqualTo("started");
            assertThat(output.readLine()).isEqualTo("hook");
        }
        assertThat(exitStatus(program)).isZero();
    }

    private static int exitStatus(Process program) throws InterruptedException {
        assertThat(program.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return program.exitValue();
    }

    private static Process start(Class<?> program, String... args) throws IOException {
        return builderOf(program, args).start();
    }

    private static ProcessBuilder builderOf(Class<?> program, String... args) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        ProcessBuilder builder =
                new ProcessBuilder(java, "-cp", System.getProperty("java.class.path"), program.getName());
        builder.command().addAll(List.of(args));
        return builder;
    }
}
