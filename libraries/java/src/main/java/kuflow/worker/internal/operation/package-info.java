/** What operators see of this worker: health, metrics and log. */
@NullMarked
package kuflow.worker.internal.operation;

import org.jspecify.annotations.NullMarked;
