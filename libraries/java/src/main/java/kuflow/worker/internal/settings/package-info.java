@NullMarked
package kuflow.worker.internal.settings;

import org.jspecify.annotations.NullMarked;
