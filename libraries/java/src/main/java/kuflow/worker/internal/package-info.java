/** Everything that is not public. It can change in any version. */
@NullMarked
package kuflow.worker.internal;

import org.jspecify.annotations.NullMarked;
