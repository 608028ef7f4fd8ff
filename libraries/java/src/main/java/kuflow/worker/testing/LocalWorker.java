package kuflow.worker.testing;

import java.io.IOException;
import java.util.Arrays;
import kuflow.worker.internal.Daemons;

/** Runs an application class, and ends when stdin closes, so that the worker does not outlive a test runner that is killed. */
final class LocalWorker {

    private LocalWorker() {}

    public static void main(String[] args) throws ReflectiveOperationException {
        Daemons.start("end-with-stdin", LocalWorker::endWithStdin);
        Class.forName(args[0]).getMethod("main", String[].class).invoke(null, (Object)
                Arrays.copyOfRange(args, 1, args.length));
    }

    private static void endWithStdin() {
        try {
            System.in.readAllBytes();
        } catch (IOException broken) {
            // It has closed too.
        }
        Runtime.getRuntime().halt(1);
    }
}
