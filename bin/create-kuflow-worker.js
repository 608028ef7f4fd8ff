#!/usr/bin/env node
require('../dist/create-kuflow-worker.cjs');
