/** What applies to all workflows of this worker. */
@NullMarked
package kuflow.worker.internal.workflow;

import org.jspecify.annotations.NullMarked;
