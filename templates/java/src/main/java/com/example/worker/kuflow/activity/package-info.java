/** KuFlow's activities, and what applies to all activities of this worker. */
@NullMarked
package com.example.worker.kuflow.activity;

import org.jspecify.annotations.NullMarked;
