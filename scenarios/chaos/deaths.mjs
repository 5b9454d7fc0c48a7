// Where a process can be made to die: between each pair of neighbouring states of the outbox.
import { kill, pid } from 'node:process';

/**
 * The windows, in the order in which a step goes through them. Each names the port's method whose call is on its border,
 * and on which side of that call the process dies.
 */
export const WINDOWS = Object.freeze({
  'checked → reserved': { port: 'journal', method: 'reserve', side: 'before' },
  'reserved → signed': { port: 'journal', method: 'reserve', side: 'after' },
  'signed → stored': { port: 'account', method: 'sign', side: 'after' },
  'stored → sent': { port: 'journal', method: 'persistOperation', side: 'after' },
  'sent → mined': { port: 'submission', method: 'send', side: 'after' },
  'mined → settled': { port: 'journal', method: 'settle', side: 'before' },
  'settled → concluded': { port: 'journal', method: 'settle', side: 'after' },
  'concluded → next step': { port: 'journal', method: 'putOutcome', side: 'after' },
});

/** SIGKILL: nothing is flushed, nothing is closed, no handler runs. */
function die() {
  kill(pid, 'SIGKILL');
  // The signal is delivered at once; should it not be, nothing more may happen.
  for (;;);
}

/** A port whose `method` kills the process when `breathe` says so, on its side of the call. */
function mortal(target, { method, side }, breathe) {
  // Around an empty object: a proxy of a frozen one may not answer anything else than it holds.
  return new Proxy(
    {},
    {
      get(_, name) {
        const value = target[name];
        if (name !== method) return typeof value === 'function' ? value.bind(target) : value;
        return async (...args) => {
          const isLast = breathe();
          if (side === 'before' && isLast) die();
          const answer = await value.apply(target, args);
          if (side === 'after' && isLast) die();
          return answer;
        };
      },
    },
  );
}

/** Makes the ports of one process such that it will not see the `count`-th time of this window, however often they are made. */
export function mortality(window, count) {
  if (window === undefined) return (ports) => ports;
  const death = WINDOWS[window];
  if (death === undefined) throw new Error(`No window "${window}"; there are: ${Object.keys(WINDOWS).join(', ')}.`);
  let calls = 0;
  const breathe = () => ++calls === count;
  return (ports) => {
    switch (death.port) {
      case 'journal':
        return { ...ports, journal: mortal(ports.journal, death, breathe) };
      case 'account':
        return { ...ports, account: mortal(ports.account, death, breathe) };
      case 'submission': {
        const submission = mortal(ports.account.submission, death, breathe);
        return { ...ports, account: { ...ports.account, submission } };
      }
    }
  };
}
