/** Can change in any version, like all packages below. */
@NullMarked
package kuflow.worker.internal;

import org.jspecify.annotations.NullMarked;
