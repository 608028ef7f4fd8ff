package kuflow.worker.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("engine token")
class EngineTokenTest {

    private static final Instant NOW = Instant.parse("2025-01-01T00:00:00Z");

    private final TestClock clock = new TestClock(NOW);
    private final AtomicInteger requests = new AtomicInteger();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private Supplier<EngineToken> answers = () -> validFor(60);

    @ParameterizedTest(name = "{0} s: after {1} s")
    @CsvSource({"3600, 360", "86400, 600", "5, 1"})
    @DisplayName("is renewed after a tenth of its lifetime: at least 1 s, at most 10 min")
    void renewalTime(int life, int expected) {
        assertThat(validFor(life).renewalTime()).isEqualTo(NOW.plusSeconds(expected));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"nonsense", "2020-01-01T00:00:00Z", "9999-12-31T00:00:00Z"})
    @DisplayName("is assumed to be valid for five minutes when its expiry is missing, past or implausible")
    void implausible(String expiredAt) {
        assertThat(EngineToken.of("t", expiredAt, clock).expiresAt()).isEqualTo(NOW.plusSeconds(300));
    }

    @Test
    @DisplayName("is requested once for 1,000 concurrent callers when it has expired")
    void single() throws Exception {
        CountDownLatch requested = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        TokenRenewer tokens = started(() -> {
            requested.countDown();
            await(answer);
            return validFor(60);
        });
        clock.pass(Duration.ofSeconds(60));

        List<Future<String>> callers = callConcurrently(tokens::supply, () -> {
            await(requested);
            answer.countDown();
        });

        assertThat(requests).hasValue(2);
        for (Future<String> caller : callers) {
            assertThat(caller.get()).isEqualTo("Bearer token-2");
        }
    }

    @Test
    @DisplayName("is still supplied to 1,000 concurrent callers, without waiting, while it is renewed")
    void whileRenewing() throws Exception {
        CountDownLatch requested = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        TokenRenewer tokens = started(() -> {
            requested.countDown();
            await(answer);
            return validFor(60);
        });
        clock.pass(Duration.ofSeconds(59));
        Thread renewal = new Thread(tokens::renewIfDue);
        renewal.start();
        await(requested);

        // All callers are done before the renewal is.
        List<Future<String>> callers = callConcurrently(tokens::supply, () -> {});
        answer.countDown();
        renewal.join();

        for (Future<String> caller : callers) {
            assertThat(caller.get()).isEqualTo("Bearer token-1");
        }
        assertThat(tokens.supply()).isEqualTo("Bearer token-2");
        assertThat(requests).hasValue(2);
    }

    @Test
    @DisplayName("is renewed repeatedly, and retried with growing pauses after a failure")
    void retries() {
        answers = () -> validFor(3600);
        TokenRenewer tokens = started(answers);
        assertThat(tokens.renewIfDue()).isEqualTo(Duration.ofSeconds(30));
        clock.pass(Duration.ofSeconds(360));
        tokens.renewIfDue();
        assertThat(requests).hasValue(2);

        answers = () -> {
            throw new IllegalStateException("down");
        };
        clock.pass(Duration.ofSeconds(360));
        List<Long> pauses = new ArrayList<>();
        for (Duration passed = Duration.ZERO; passed.compareTo(Duration.ofSeconds(60)) < 0; ) {
            Duration pause = tokens.renewIfDue();
            pauses.add(pause.toMillis());
            clock.pass(pause);
            passed = passed.plus(pause);
        }
        // 1, 2, 4, 8 and 16 s, then 30 s, each shortened by up to a half.
        assertThat(pauses.get(0)).isBetween(500L, 1_000L);
        assertThat(pauses.get(3)).isBetween(4_000L, 8_000L);
        assertThat(pauses).hasSizeBetween(5, 9);
        assertThat(tokens.lastError()).hasMessage("down");
        assertThat(tokens.isValid()).isTrue();
        assertThat(meters.counter("kuflow.engine.token.failures").count()).isEqualTo(pauses.size());
    }

    @Test
    @DisplayName("is not requested for each caller when it has expired and cannot be renewed")
    void outage() throws Exception {
        TokenRenewer tokens = started(() -> {
            throw new IllegalStateException("down");
        });
        clock.pass(Duration.ofSeconds(60));
        for (Future<String> caller : callConcurrently(tokens::supply, () -> {})) {
            // Temporal's SDK repeats the call. With an expired token, the engine would answer UNAUTHENTICATED, which is
            // final:
            // the result of a completed activity would be lost.
            assertThatThrownBy(caller::get)
                    .hasCauseInstanceOf(StatusRuntimeException.class)
                    .hasStackTraceContaining("UNAVAILABLE");
        }
        assertThat(requests).hasValue(2);
        assertThat(tokens.countExpiredChecks()).isEqualTo(1);
        assertThat(tokens.countExpiredChecks()).isEqualTo(2);
    }

    @Test
    @DisplayName("is renewed when a laptop wakes up")
    void wakesUp() {
        TokenRenewer tokens = started(() -> validFor(3600));
        // The wall clock moves on while the threads sleep. The check of the expiry may come first.
        clock.pass(Duration.ofHours(2));
        assertThat(tokens.countExpiredChecks()).isEqualTo(1);
        tokens.renewIfDue();
        assertThat(tokens.supply()).isEqualTo("Bearer token-2");
        assertThat(tokens.countExpiredChecks()).isZero();
    }

    /** A renewer with a first token, which is valid for 60 s by default. */
    private TokenRenewer started(Supplier<EngineToken> next) {
        TokenRenewer tokens = new TokenRenewer(
                () -> {
                    int number = requests.incrementAndGet();
                    EngineToken token = answers.get();
                    return new EngineToken(Secret.of("token-" + number), token.receivedAt(), token.expiresAt());
                },
                clock,
                new WorkerMetrics(meters));
        tokens.start();
        answers = next;
        return tokens;
    }

    private EngineToken validFor(long seconds) {
        return EngineToken.of("t", clock.instant().plusSeconds(seconds).toString(), clock);
    }

    /** Runs a call in 1,000 threads, and waits until all have ended. */
    private static <T> List<Future<T>> callConcurrently(Callable<T> call, Runnable duringCalls)
            throws InterruptedException {
        int callers = 1_000;
        CountDownLatch ready = new CountDownLatch(callers);
        ExecutorService threads = Executors.newFixedThreadPool(callers);
        try {
            List<Future<T>> results = new ArrayList<>();
            for (int i = 0; i < callers; i++) {
                results.add(threads.submit(() -> {
                    ready.countDown();
                    ready.await();
                    return call.call();
                }));
            }
            await(ready);
            duringCalls.run();
            threads.shutdown();
            assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
            return results;
        } finally {
            threads.shutdownNow();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }
}
