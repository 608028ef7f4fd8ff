package kuflow.worker.internal;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

record LogLine(
        Instant time,
        Level level,
        String logger,
        String message,
        Map<String, Object> fields,
        @Nullable String error,
        @Nullable String stack) {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSX").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter SHORT_TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneOffset.UTC);

    /** Fields that are the same in most lines of a terminal. */
    private static final Set<String> NOT_PRETTY = Set.of("namespace", "taskQueue", "runId", "activityId", "times");

    String toJson() {
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        members.put("time", TIME.format(time));
        members.put("level", level.toString());
        members.put("message", message);
        members.put("logger", logger);
        members.putAll(fields);
        members.put("error", error);
        members.put("stack", stack);
        return KuFlowJson.write(members) + "\n";
    }

    String toText() {
        Stream<String> start = Stream.of(SHORT_TIME.format(time), "%-5s".formatted(level), message);
        Stream<String> rest = fields.entrySet().stream()
                .filter(field -> !NOT_PRETTY.contains(field.getKey()))
                .map(field -> field.getKey() + "=" + field.getValue());
        Stream<String> end = error == null ? Stream.of() : Stream.of("error=" + error);
        String line = Stream.of(start, rest, end).flatMap(parts -> parts).collect(Collectors.joining(" "));
        return stack == null ? line + "\n" : line + "\n" + stack + "\n";
    }

    LogLine withStack(@Nullable String other) {
        return new LogLine(time, level, logger, message, fields, error, other);
    }

    /** The line that reports how often this line was repeated. */
    LogLine repeated(int times, Instant at) {
        String text = "%s (again, %d %s in the last minute)".formatted(message, times, times == 1 ? "time" : "times");
        Map<String, Object> counted = new LinkedHashMap<>(fields);
        counted.put("times", times);
        return new LogLine(at, level, logger, text, counted, error, null);
    }
}
