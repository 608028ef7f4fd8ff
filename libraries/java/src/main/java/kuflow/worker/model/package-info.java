/** KuFlow's data in REST calls and workflows. Workflow code may use everything in this package. */
@NullMarked
package kuflow.worker.model;

import org.jspecify.annotations.NullMarked;
