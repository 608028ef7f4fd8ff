/**
 * Runs processes in tests: KuFlow in memory, and Temporal's test server, which skips the time that workflows wait; or the worker on a local
 * KuFlow.
 */
@NullMarked
package kuflow.worker.testing;

import org.jspecify.annotations.NullMarked;
