@NullMarked
package kuflow.worker.internal.rest;

import org.jspecify.annotations.NullMarked;
