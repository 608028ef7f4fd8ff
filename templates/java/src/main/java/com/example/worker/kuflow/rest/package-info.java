@NullMarked
package com.example.worker.kuflow.rest;

import org.jspecify.annotations.NullMarked;
