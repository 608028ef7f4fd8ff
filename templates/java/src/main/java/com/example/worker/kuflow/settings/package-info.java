@NullMarked
package com.example.worker.kuflow.settings;

import org.jspecify.annotations.NullMarked;
