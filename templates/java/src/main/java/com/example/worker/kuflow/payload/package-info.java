/** How values become payloads of Temporal. */
@NullMarked
package com.example.worker.kuflow.payload;

import org.jspecify.annotations.NullMarked;
