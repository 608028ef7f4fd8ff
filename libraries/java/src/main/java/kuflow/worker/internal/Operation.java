package kuflow.worker.internal;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * How to call an operation of KuFlow's API. The parameters of the method, or the components of a record, are the fields of the request
 * of KuFlow's activity with this name. Those that are not {@code @Nullable} are required.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Operation {

    /**
     * The HTTP method and the path, with fields in braces. A field after a question mark is a parameter of the query. The other fields
     * are the body, or the query of a GET.
     */
    String call();

    /** The field of the activity's result. Empty for an empty result. */
    String result() default "";

    /** Of these fields, at least one is required. */
    String[] oneOf() default {};

    /** Whether the call can safely be repeated, for example if the response was lost. */
    boolean isRepeatable() default true;

    /**
     * The state of the task after the operation. If KuFlow refuses the operation because this application has already done it, the first
     * response was lost, and the operation counts as a success.
     */
    String taskState() default "";
}
