/** The process LOAN: its workflow, activities, tasks and types. */
@NullMarked
package com.example.loanworker.loan;

import org.jspecify.annotations.NullMarked;
