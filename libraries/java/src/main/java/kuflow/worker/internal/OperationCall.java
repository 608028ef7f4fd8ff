package kuflow.worker.internal;

import com.fasterxml.jackson.databind.JavaType;
import io.temporal.failure.ApplicationFailure;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import kuflow.worker.KuFlowOperations;
import org.jspecify.annotations.Nullable;

/**
 * An operation of {@link KuFlowOperations}: how its request is read from arguments and from the payload of an activity, checked, and sent.
 *
 * @param fields the fields of the request by name; none for a search, whose filters are passed on
 */
public record OperationCall(String name, Operation declared, Map<String, Field> fields, JavaType resultType) {

    public static final Map<String, OperationCall> ALL = Stream.of(KuFlowOperations.class.getMethods())
            .map(OperationCall::of)
            .collect(Collectors.toUnmodifiableMap(OperationCall::name, Function.identity()));

    private static final String PREFIX = "KuFlow_Engine_";
    private static final String JSON_PATCH = "jsonPatch";
    private static final Pattern IN_PATH = Pattern.compile("\\{(\\w+)}");

    public record Field(JavaType type, boolean isRequired) {

        static Field of(AnnotatedType type) {
            return new Field(
                    KuFlowJson.mapper().constructType(type.getType()), !type.isAnnotationPresent(Nullable.class));
        }
    }

    /** Reads the declarations of all operations now and not at the first use of this class. */
    public static void load() {}

    private static OperationCall of(Method method) {
        Map<String, Field> fields = new LinkedHashMap<>();
        for (Parameter parameter : method.getParameters()) {
            if (isRequest(parameter.getType())) {
                for (RecordComponent component : parameter.getType().getRecordComponents()) {
                    fields.put(component.getName(), Field.of(component.getAnnotatedType()));
                }
            } else if (parameter.getType() != Map.class) {
                fields.put(parameter.getName(), Field.of(parameter.getAnnotatedType()));
            }
        }
        JavaType result = KuFlowJson.mapper().constructType(method.getGenericReturnType());
        return new OperationCall(method.getName(), method.getAnnotation(Operation.class), fields, result);
    }

    private static boolean isRequest(Class<?> type) {
        return type.isRecord() && type != KuFlowOperations.JsonValue.class;
    }

    /** The type of the activity, as KuFlow's Java library capitalizes it. */
    public String activityType() {
        return PREFIX + name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
    }

    public static @Nullable OperationCall ofActivity(String type) {
        return type.startsWith(PREFIX) && type.length() > PREFIX.length()
                ? ALL.get(type.substring(PREFIX.length(), PREFIX.length() + 1).toLowerCase(Locale.ROOT)
                        + type.substring(PREFIX.length() + 1))
                : null;
    }

    public Map<String, Object> requestOf(Method method, Object[] arguments) {
        Map<String, @Nullable Object> request = new LinkedHashMap<>();
        Parameter[] parameters = method.getParameters();
        for (int i = 0; i < parameters.length; i++) {
            if (arguments[i] instanceof Map<?, ?> filters) {
                filters.forEach((name, value) -> request.put(String.valueOf(name), value));
            } else if (arguments[i] instanceof Record record && isRequest(record.getClass())) {
                for (RecordComponent component : record.getClass().getRecordComponents()) {
                    request.put(component.getName(), valueOf(component, record));
                }
            } else {
                request.put(parameters[i].getName(), arguments[i]);
            }
        }
        request.values().removeIf(OperationCall::isMissing);
        return request;
    }

    private static @Nullable Object valueOf(RecordComponent component, Record record) {
        try {
            return component.getAccessor().invoke(record);
        } catch (IllegalAccessException | InvocationTargetException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** The request in the payload of an activity. KuFlow's older Python library calls a patch {@code params}. */
    public Map<String, Object> read(Map<String, ?> payload) {
        if (fields.isEmpty()) {
            return new LinkedHashMap<>(payload);
        }
        Map<String, Object> request = new LinkedHashMap<>();
        fields.forEach((name, field) -> {
            Object value = payload.get(name);
            value = value == null && name.equals(JSON_PATCH) ? payload.get("params") : value;
            if (!isMissing(value)) {
                request.put(name, convert(name, value, field.type()));
            }
        });
        return request;
    }

    private static Object convert(String name, Object value, JavaType type) {
        try {
            return KuFlowJson.mapper().convertValue(value, type);
        } catch (IllegalArgumentException unfit) {
            // Its message contains the value.
            throw invalid("'" + name + "' is not valid");
        }
    }

    public void validate(Map<String, Object> request) {
        fields.forEach((name, field) -> {
            if (field.isRequired()) {
                require(request.get(name), "'" + name + "' is required");
            }
        });
        List<String> oneOf = List.of(declared.oneOf());
        if (!oneOf.isEmpty() && oneOf.stream().noneMatch(request::containsKey)) {
            throw invalid(
                    oneOf.stream().map(name -> "'" + name + "'").collect(Collectors.joining(" or ")) + " is required");
        }
        if (name.equals("createProcessItem")) {
            validateItem(request);
        }
    }

    /** The fields that KuFlow requires depend on the type of the item. */
    private static void validateItem(Map<String, Object> item) {
        if (item.get("type") != KuFlowOperations.ProcessItem.Type.MESSAGE) {
            require(item.get("processItemDefinitionCode"), "'processItemDefinitionCode' is required");
            return;
        }
        if (!(item.get("message") instanceof KuFlowOperations.CreateProcessItem.Message message)) {
            throw invalid("'message' is required");
        }
        if (message.data() == null) {
            require(message.text(), "'message.text' and/or 'message.data' is required for message items");
        } else {
            require(
                    message.dataStructureDataDefinitionCode(),
                    "'message.dataStructureDataDefinitionCode' is required for message items when 'message.data' is set");
        }
    }

    private static void require(@Nullable Object value, String problem) {
        if (isMissing(value)) {
            throw invalid(problem);
        }
    }

    private static boolean isMissing(@Nullable Object value) {
        return value == null || value.equals("") || (value instanceof Collection<?> collection && collection.isEmpty());
    }

    /** A request that can never succeed. Temporal does not repeat the activity. */
    private static ApplicationFailure invalid(String message) {
        return ApplicationFailure.newNonRetryableFailure(message, "KuFlowActivities.ValidationFailure");
    }

    RestRequest toRest(Map<String, Object> request) {
        Map<String, Object> body = new LinkedHashMap<>(request);
        String[] methodAndPath = declared.call().split("[ ?]");
        Matcher inPath = IN_PATH.matcher(methodAndPath[1]);
        String path = inPath.replaceAll(field -> String.valueOf(body.remove(field.group(1))));
        RestRequest call = RestRequest.of(name, methodAndPath[0], path);
        List<String> query = methodAndPath.length > 2 ? List.of(methodAndPath[2]) : List.of();
        for (String field : methodAndPath[0].equals("GET") ? List.copyOf(body.keySet()) : query) {
            // Activities use plural names for filters; the API uses singular ones.
            call = call.query(field.replaceFirst("s$", ""), body.remove(field));
        }
        if (body.containsKey(JSON_PATCH)) {
            call = call.body(body.get(JSON_PATCH), "application/json-patch+json");
        } else if (!body.isEmpty()) {
            call = call.body(body);
        }
        return declared.isRepeatable() ? call : call.neverRepeated();
    }
}
