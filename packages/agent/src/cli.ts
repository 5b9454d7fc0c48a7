#!/usr/bin/env node
import { EvenkeelError } from '@evenkeel/intents';
import { main } from './main.js';

/** Exit codes of a command that a signal ended: 128 and the signal's number, as shells have it. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** The first signal ends what is under way in order; a second one ends it at once. */
const stop = new AbortController();
let interrupted: number | undefined;
for (const [name, exitCode] of Object.entries(SIGNALS)) {
  process.on(name, () => {
    if (interrupted !== undefined) process.exit(exitCode);
    interrupted = exitCode;
    stop.abort(
      new EvenkeelError('INTERRUPTED', `Interrupted by ${name}. What was sent is in the journal.`, {
        hint: 'Run `evenkeel resume` to bring it to its end.',
      }),
    );
  });
}

const exitCode = await main(process.argv.slice(2), stop.signal);
process.exitCode = exitCode === 0 ? 0 : (interrupted ?? exitCode);
