/** KuFlow's activities, and what applies to all activities of this worker. */
@NullMarked
package kuflow.worker.internal.activity;

import org.jspecify.annotations.NullMarked;
