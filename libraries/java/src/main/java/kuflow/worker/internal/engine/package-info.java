@NullMarked
package kuflow.worker.internal.engine;

import org.jspecify.annotations.NullMarked;
