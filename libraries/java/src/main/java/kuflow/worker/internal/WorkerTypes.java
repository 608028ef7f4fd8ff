package kuflow.worker.internal;

import io.temporal.activity.ActivityInterface;
import io.temporal.activity.DynamicActivity;
import io.temporal.common.metadata.POJOActivityImplMetadata;
import io.temporal.common.metadata.POJOActivityMethodMetadata;
import io.temporal.common.metadata.POJOWorkflowImplMetadata;
import io.temporal.common.metadata.POJOWorkflowMethodMetadata;
import io.temporal.workflow.WorkflowInterface;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.boot.autoconfigure.AutoConfigurationPackages;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.io.ResourceLoader;
import org.springframework.core.type.filter.AnnotationTypeFilter;
import org.springframework.util.ClassUtils;

/**
 * The workflows and activities of this worker: all classes below its base package that implement a workflow interface, and all beans
 * that implement an activity interface.
 */
public record WorkerTypes(List<Class<?>> workflows, List<Object> activities) {

    static WorkerTypes find(ApplicationContext context) {
        List<Class<?>> workflows = AutoConfigurationPackages.get(context).stream()
                .flatMap(basePackage -> workflowsIn(basePackage, context).stream())
                .toList();
        // Spring finds the annotation of interfaces too.
        List<Object> activities = Stream.of(
                        context.getBeansWithAnnotation(ActivityInterface.class),
                        context.getBeansOfType(DynamicActivity.class))
                .<Object>flatMap(beans -> beans.values().stream())
                .toList();
        return new WorkerTypes(workflows, activities);
    }

    /** The classes in a package and below that implement a workflow interface. Temporal creates the workflows, so they are not beans. */
    public static List<Class<?>> workflowsIn(String basePackage, ResourceLoader resources) {
        ClassPathScanningCandidateComponentProvider scanner = new ClassPathScanningCandidateComponentProvider(false);
        scanner.setResourceLoader(resources);
        scanner.addIncludeFilter(new AnnotationTypeFilter(WorkflowInterface.class, false, true));
        return scanner.findCandidateComponents(basePackage).stream()
                .<Class<?>>map(found -> ClassUtils.resolveClassName(
                        String.valueOf(found.getBeanClassName()), resources.getClassLoader()))
                .toList();
    }

    List<String> workflowTypes() {
        return workflows.stream()
                .flatMap(type -> POJOWorkflowImplMetadata.newInstance(type).getWorkflowMethods().stream())
                .map(POJOWorkflowMethodMetadata::getName)
                .sorted()
                .toList();
    }

    List<String> activityTypes() {
        Stream<String> ofBeans = activities.stream()
                .filter(bean -> !(bean instanceof DynamicActivity))
                .flatMap(bean -> POJOActivityImplMetadata.newInstance(bean.getClass()).getActivityMethods().stream())
                .map(POJOActivityMethodMetadata::getActivityTypeName);
        return Stream.concat(ofBeans, KuFlowActivities.types().stream())
                .sorted()
                .toList();
    }
}
