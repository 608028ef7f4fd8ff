/** KuFlow's data in REST calls and workflows. Workflow code may use everything in this package. */
@NullMarked
package com.example.worker.kuflow.model;

import org.jspecify.annotations.NullMarked;
