#!/usr/bin/env node
require('../dist/kuflow.cjs');
