/** Replays histories with the workflow code of a project. */
@NullMarked
package kuflow.worker.internal.replay;

import org.jspecify.annotations.NullMarked;
