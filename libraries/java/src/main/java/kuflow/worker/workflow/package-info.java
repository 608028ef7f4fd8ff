/** What workflow code uses to work with its process in KuFlow. */
@NullMarked
package kuflow.worker.workflow;

import org.jspecify.annotations.NullMarked;
