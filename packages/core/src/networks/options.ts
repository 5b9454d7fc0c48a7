import type { RoundPatience } from '../solicit/deadline.js';
import type { Account } from '../ports/account.js';
import type { SolverAdapter } from '../ports/solver.js';

/** Which networks are asked, and on what terms. */
export interface NetworkOptions {
  readonly solvers: readonly SolverAdapter[];
  /** Signs the orders, and sends what goes around them: the intent's signer. */
  readonly account: Account;
  /** How long the networks have to answer. */
  readonly round: RoundPatience;
  /** How long a network may take with an order: then it cannot be filled any more. Seconds. */
  readonly patienceSeconds: number;
  /** How long after its end an order is proven dead: the finality of its chain. Seconds. */
  readonly proofSeconds: number;
  /** How much better than our own route a bid has to be, of what it gives. Basis points. */
  readonly handicapBps: number;
  /** Between two looks at an order. Milliseconds. */
  readonly pollMs: number;
}
