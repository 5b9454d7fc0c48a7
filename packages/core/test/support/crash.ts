import type { Account, Submission } from '../../src/ports/account.js';
import type { Clock } from '../../src/ports/ambient.js';
import type { Journal } from '../../src/ports/journal.js';
import type { ExecuteRequest } from '../../src/execution/execute-programme.js';

/** The process is gone: thrown at the point of death, and by everything that is tried afterwards. */
export class Death extends Error {}

export interface Mortal {
  readonly request: ExecuteRequest;
  /** The operations so far that leave a trace outside of the process, by name. */
  readonly operations: readonly string[];
}

/** Journal writes, signatures and deliveries: between any two of them a process may die and leave a different world. */
const WRITES: ReadonlySet<string> = new Set([
  'putIntent',
  'putProgramme',
  'reserve',
  'persistOperation',
  'settle',
  'putOutcome',
  'putTransfer',
  'updateTransfer',
  'finishProgramme',
]);

/**
 * The request of a process that dies at its n-th operation: `before` it has happened, or `after` it has and before its
 * answer is known.
 */
export function mortal(request: ExecuteRequest, deathAt: number, side: 'before' | 'after'): Mortal {
  const operations: string[] = [];
  let dead = false;
  const die = (): never => {
    dead = true;
    throw new Death(`died at ${operations.at(-1)}`);
  };
  const trace = <A extends unknown[], R>(name: string, operation: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (dead) throw new Death('dead already');
      operations.push(name);
      const isTheOne = operations.length === deathAt;
      if (isTheOne && side === 'before') die();
      const result = await operation(...args);
      if (dead) throw new Death('dead already');
      if (isTheOne) die();
      return result;
    };
  };
  const alive = <A extends unknown[], R>(operation: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (dead) throw new Death('dead already');
      return operation(...args);
    };
  };
  const journal = Object.fromEntries(
    Object.entries(request.journal).map(([name, method]) => [
      name,
      WRITES.has(name) ? trace(`journal.${name}`, method as never) : alive(method as never),
    ]),
  ) as unknown as Journal;
  const accounts = request.accounts.map((account): Account => {
    const submission: Submission = {
      ...account.submission,
      send: trace('send', account.submission.send),
      receipt: alive(account.submission.receipt),
    };
    return { ...account, submission, sign: trace('sign', account.sign) };
  });
  const clock: Clock = {
    now: () => request.clock.now(),
    sleep: alive((ms, signal) => request.clock.sleep(ms, signal)),
  };
  return { request: { ...request, journal, accounts, clock }, operations };
}
