#!/usr/bin/env node
import '../dist/kuflow.js';
