@NullMarked
package com.example.worker;

import org.jspecify.annotations.NullMarked;
