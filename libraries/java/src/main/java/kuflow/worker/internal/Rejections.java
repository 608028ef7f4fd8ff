package kuflow.worker.internal;

import io.temporal.common.interceptors.Header;
import io.temporal.failure.ApplicationFailure;
import io.temporal.workflow.Promise;
import io.temporal.workflow.WorkflowThreadLocal;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import kuflow.worker.RestError;
import kuflow.worker.workflow.CallRejected;
import org.jspecify.annotations.Nullable;

/** Calls that KuFlow rejects because of their data. By default, Temporal repeats them until the cause is removed. */
public final class Rejections {

    /** The header of an activity whose call is not repeated after a rejection. */
    private static final String HEADER = "kuflow-fail-on-rejection";

    private static final String TYPE = "KuFlow_Worker.CallRejected";

    /** Missing permissions, timeouts and limits are not a matter of the data. */
    private static final Set<Integer> REPEATED = Set.of(401, 403, 408, 429);

    private static final WorkflowThreadLocal<@Nullable Boolean> FAILS = new WorkflowThreadLocal<>();

    private record Details(String operation, int status, RestError.@Nullable Details response) {}

    private Rejections() {}

    /** Runs workflow code whose calls fail after a rejection, including those in the workflow threads that it starts. */
    public static <R> R failing(Supplier<R> work) {
        Boolean outer = FAILS.get();
        FAILS.set(true);
        try {
            return work.get();
        } finally {
            FAILS.set(outer);
        }
    }

    static boolean areFailing() {
        return Boolean.TRUE.equals(FAILS.get());
    }

    static Header withRejections(Header header) {
        return Headers.with(header, HEADER, true);
    }

    /** What an activity fails with if it must not be repeated after this error. */
    public static @Nullable RuntimeException failureOf(RuntimeException error, Header header) {
        if (!header.getValues().containsKey(HEADER) || !(error instanceof RestError rejected)) {
            return null;
        }
        int status = rejected.status().orElse(0);
        if (status < 400 || status >= 500 || REPEATED.contains(status)) {
            return null;
        }
        CallRejected failure = new CallRejected(
                rejected.operation(), status, rejected.details().orElse(null));
        return toFailure(failure, rejected);
    }

    /** What a workflow fails with that does not catch the rejection. */
    static ApplicationFailure toFailure(CallRejected rejected, @Nullable Throwable cause) {
        return ApplicationFailure.newBuilder()
                .setMessage(rejected.getMessage())
                .setType(TYPE)
                .setNonRetryable(true)
                .setDetails(new Details(
                        rejected.operation(),
                        rejected.status(),
                        rejected.response().orElse(null)))
                .setCause(cause)
                .build();
    }

    /** The result of an activity, which fails with {@link CallRejected} if that is the reason. */
    static <R> Promise<R> catchable(Promise<R> result) {
        Function<Throwable, RuntimeException> toCatchable = Rejections::toCatchable;
        return result.exceptionally(failure -> {
            throw toCatchable.apply(failure);
        });
    }

    private static RuntimeException toCatchable(Throwable failure) {
        if (failure.getCause() instanceof ApplicationFailure cause
                && cause.getType().equals(TYPE)) {
            Details details = cause.getDetails().get(Details.class);
            return new CallRejected(details.operation(), details.status(), details.response());
        }
        return (RuntimeException) failure;
    }
}
