#!/usr/bin/env node
import '../dist/create-kuflow-worker.js';
