/** How values become payloads of Temporal. */
@NullMarked
package kuflow.worker.internal.payload;

import org.jspecify.annotations.NullMarked;
