// What both browser clients share: where Chromium is and how it is started.

import { existsSync } from 'node:fs';

export const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));

// As root Chromium wants no sandbox; the rest keeps it from speaking to anybody but the site.
export const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'];

export const RELOAD_EVERY_MS = 300;
