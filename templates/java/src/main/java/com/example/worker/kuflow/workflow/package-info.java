/** What workflow code uses to work with its process in KuFlow. */
@NullMarked
package com.example.worker.kuflow.workflow;

import org.jspecify.annotations.NullMarked;
