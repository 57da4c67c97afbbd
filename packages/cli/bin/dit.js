#!/usr/bin/env node
// npm links commands when it installs, which in a clone is before anything is built: so what it links is not built.
import "../dist/dit.js";
