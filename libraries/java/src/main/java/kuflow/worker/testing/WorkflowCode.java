package kuflow.worker.testing;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.temporal.activity.ActivityInterface;
import io.temporal.workflow.WorkflowInterface;
import java.lang.annotation.Annotation;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** A project's workflow code, with a check that finds nondeterministic calls. */
public final class WorkflowCode {

    private static final DescribedPredicate<JavaClass> IS_WORKFLOW = DescribedPredicate.describe(
            "implement a workflow", type -> !type.isInterface() && hasInterface(type, WorkflowInterface.class));

    private record Forbidden(Pattern call, String advice) {

        Forbidden(String call, String advice) {
            this(Pattern.compile(call), advice);
        }
    }

    /** Calls whose results differ in a replay, by class and method. A constructor is {@code <init>}. */
    private static final List<Forbidden> FORBIDDEN = List.of(
            new Forbidden("java\\.time\\.\\w+\\.now", "use Workflow.currentTimeMillis()"),
            new Forbidden("java\\.time\\.\\w+\\.(system|tick)\\w*", "use Workflow.currentTimeMillis()"),
            new Forbidden("java\\.lang\\.System\\.(currentTimeMillis|nanoTime)", "use Workflow.currentTimeMillis()"),
            new Forbidden("java\\.util\\.Date\\.<init>\\(\\)", "use Workflow.currentTimeMillis()"),
            new Forbidden("java\\.util\\.Calendar\\.getInstance", "use Workflow.currentTimeMillis()"),
            new Forbidden("java\\.util\\.UUID\\.randomUUID", "use Workflow.randomUUID()"),
            new Forbidden("java\\.lang\\.Math\\.random", "use Workflow.newRandom()"),
            new Forbidden("java\\.util\\.Random\\.<init>\\(\\)", "use Workflow.newRandom()"),
            new Forbidden(
                    "java\\.(security\\.SecureRandom|util\\.concurrent\\.ThreadLocalRandom)\\..*",
                    "use Workflow.newRandom()"),
            new Forbidden("java\\.lang\\.Thread\\.sleep", "use Workflow.sleep()"),
            new Forbidden("java\\.lang\\.Thread\\..*", "use Async"),
            new Forbidden("java\\.util\\.concurrent\\.(?!TimeUnit|Callable)\\w+\\..*", "use Async and Promise"),
            new Forbidden("java\\.util\\.(Timer|TimerTask)\\..*", "use Workflow.newTimer()"),
            new Forbidden("java\\.util\\..*\\.(parallel|parallelStream)", "use Async"),
            new Forbidden("java\\.lang\\.Object\\.(wait|notify|notifyAll)", "use Workflow.await()"),
            new Forbidden("java\\.lang\\.System\\.(getenv|getProperty)", "pass the value to an activity"),
            new Forbidden("java\\.lang\\.(ProcessBuilder|Runtime)\\..*", "use an activity"),
            new Forbidden(
                    "java\\.(io\\.File|nio\\.file\\.Files|net\\.(?!URI|URLEncoder|URLDecoder)|sql\\.).*",
                    "use an activity"),
            new Forbidden("org\\.slf4j\\.LoggerFactory\\.getLogger", "use Workflow.getLogger()"));

    private final JavaClasses code;
    private final String basePackage;

    WorkflowCode(JavaClasses code, String basePackage) {
        this.code = code;
        this.basePackage = basePackage;
    }

    /** The code in the package of this class and below, without tests. */
    public static WorkflowCode of(Class<?> application) {
        String basePackage = application.getPackageName();
        return new WorkflowCode(
                new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .importPackages(basePackage),
                basePackage);
    }

    /** The implementations of workflows. */
    public Class<?>[] workflows() {
        return code.stream()
                .filter(IS_WORKFLOW)
                .filter(type -> !type.getModifiers().contains(JavaModifier.ABSTRACT))
                .map(JavaClass::reflect)
                .toArray(Class<?>[]::new);
    }

    /**
     * Finds calls that are not deterministic, in workflows and in the methods of the project that they call. Activities may call
     * everything.
     *
     * @throws AssertionError with the file and line of each such call, and what to use instead
     */
    public void checkDeterminism() {
        classes()
                .that(IS_WORKFLOW)
                .should(runOnlyDeterministicCode())
                .allowEmptyShould(true)
                .check(code);
    }

    private ArchCondition<JavaClass> runOnlyDeterministicCode() {
        return new ArchCondition<>("run only deterministic code") {
            @Override
            public void check(JavaClass workflow, ConditionEvents events) {
                workflow.getFields().stream()
                        .filter(field -> field.getModifiers().contains(JavaModifier.STATIC))
                        .filter(field -> !field.getModifiers().contains(JavaModifier.FINAL))
                        .forEach(field -> events.add(SimpleConditionEvent.violated(
                                field,
                                field.getFullName()
                                        + " is shared by all workflows; make it final or an instance field")));
                for (JavaCodeUnit code : reachableFrom(workflow)) {
                    for (JavaAccess<?> access : code.getAccessesFromSelf()) {
                        adviceFor(access)
                                .ifPresent(advice -> events.add(SimpleConditionEvent.violated(
                                        access, access.getDescription() + ": " + advice)));
                    }
                }
            }
        };
    }

    private Set<JavaCodeUnit> reachableFrom(JavaClass workflow) {
        Set<JavaCodeUnit> reachable = new LinkedHashSet<>(workflow.getCodeUnits());
        Deque<JavaCodeUnit> open = new ArrayDeque<>(reachable);
        while (!open.isEmpty()) {
            for (JavaAccess<?> access : open.remove().getAccessesFromSelf()) {
                if (access.getTarget().resolveMember().orElse(null) instanceof JavaCodeUnit called
                        && called.getOwner().getPackageName().startsWith(basePackage)
                        && !hasInterface(called.getOwner(), ActivityInterface.class)
                        && reachable.add(called)) {
                    open.add(called);
                }
            }
        }
        return reachable;
    }

    private static Optional<String> adviceFor(JavaAccess<?> access) {
        String parameters = access.getTarget() instanceof CodeUnitAccessTarget code
                        && code.getRawParameterTypes().isEmpty()
                ? "()"
                : "";
        String call =
                access.getTargetOwner().getName() + "." + access.getTarget().getName();
        return FORBIDDEN.stream()
                .filter(forbidden -> forbidden.call().matcher(call).matches()
                        || forbidden.call().matcher(call + parameters).matches())
                .map(Forbidden::advice)
                .findFirst();
    }

    private static boolean hasInterface(JavaClass type, Class<? extends Annotation> annotation) {
        return type.isAnnotatedWith(annotation)
                || type.getAllRawInterfaces().stream().anyMatch(one -> one.isAnnotatedWith(annotation));
    }
}
