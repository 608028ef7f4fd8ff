package kuflow.worker.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;
import kuflow.worker.Logged;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("the watch of the engine")
class EngineWatchTest {

    private static final Supplier<Optional<String>> ANSWERS = Optional::empty;
    private static final Supplier<Optional<String>> FAILS = () -> {
        throw new IllegalStateException("connection refused");
    };

    private final TestClock clock = new TestClock(Instant.parse("2025-01-01T00:00:00Z"));
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private Supplier<Optional<String>> answer = ANSWERS;
    private int asked;
    private final EngineWatch watch = new EngineWatch(
            () -> {
                asked++;
                return answer.get();
            },
            clock,
            new WorkerMetrics(meters));

    @Test
    @DisplayName("polls every 20 s, and is unhealthy after 60 s without a response")
    void outage() {
        assertThat(watch.check()).isEqualTo(Duration.ofSeconds(20));
        answer = FAILS;
        check(Duration.ofSeconds(20));
        check(Duration.ofSeconds(20));
        assertThat(watch.problem()).isEmpty();
        assertThat(isReachable()).isFalse();
        check(Duration.ofSeconds(20));
        assertThat(watch.problem()).contains("no answer from the engine for 60 s");

        answer = ANSWERS;
        check(Duration.ofSeconds(20));
        assertThat(watch.problem()).isEmpty();
        assertThat(isReachable()).isTrue();
        assertThat(asked).isEqualTo(5);
    }

    @Test
    @DisplayName("counts an engine that denies the call as reachable, and does not ask again")
    void denied() {
        answer = () -> Optional.of("PERMISSION_DENIED");
        check(Duration.ofSeconds(20));
        check(Duration.ofMinutes(10));
        assertThat(asked).isEqualTo(1);
        assertThat(watch.problem()).isEmpty();
        assertThat(isReachable()).isTrue();
    }

    @Test
    @DisplayName("asks again if only a later call is denied")
    void deniedLater() {
        watch.check();
        answer = () -> Optional.of("UNIMPLEMENTED");
        check(Duration.ofSeconds(20));
        answer = FAILS;
        check(Duration.ofSeconds(60));
        assertThat(watch.problem()).contains("no answer from the engine for 60 s");
    }

    @Test
    @DisplayName("reports nothing when its call is interrupted, because the worker is shutting down")
    void interrupted() {
        answer = () -> {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted");
        };
        try (Logged logged = new Logged(EngineWatch.class)) {
            watch.check();
            assertThat(Thread.interrupted()).isTrue();
            assertThat(logged.containing("")).isEmpty();
            assertThat(isReachable()).isTrue();
        }
    }

    private void check(Duration later) {
        clock.pass(later);
        watch.check();
    }

    private boolean isReachable() {
        return meters.get("kuflow.engine.reachable").gauge().value() == 1;
    }
}
