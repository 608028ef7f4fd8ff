#!/usr/bin/env node
require('./start.js')('create-kuflow-worker');
