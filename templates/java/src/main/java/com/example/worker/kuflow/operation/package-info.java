/** What operators see of this worker: health, metrics and log. */
@NullMarked
package com.example.worker.kuflow.operation;

import org.jspecify.annotations.NullMarked;
