@NullMarked
package com.example.worker.kuflow.engine;

import org.jspecify.annotations.NullMarked;
