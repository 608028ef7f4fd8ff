/** Runs a worker, and calls KuFlow's API from its activities. */
@NullMarked
package kuflow.worker;

import org.jspecify.annotations.NullMarked;
