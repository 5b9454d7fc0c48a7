import type { Hex, Token, TokenAmount } from '../model/token.js';
import { tokenKey } from '../model/token.js';
import { BalanceMissingError, FlowInvalidError } from './errors.js';

/** What moved a balance. `swap-in` is what a swap took, `swap-out` what it gave. */
export type FlowKind =
  'swap-in' | 'swap-out' | 'gas' | 'message-fee' | 'bridge-sent' | 'bridge-received' | 'refund' | 'transfer';

/** One recorded movement: read from a receipt, a log or a bridge's far side, never computed from balances. */
export interface Flow {
  /** Unique: a transaction's hash with the log's index, or `gas` of it. */
  readonly id: string;
  readonly kind: FlowKind;
  readonly token: Token;
  /** Signed effect on the balance: spending is negative. */
  readonly atoms: bigint;
  readonly txHash: Hex;
}

export interface ReconciliationInput {
  /** Balances before the first flow and after the last, one for each (chain, token). */
  readonly opening: readonly TokenAmount[];
  readonly flows: readonly Flow[];
  readonly closing: readonly TokenAmount[];
}

export interface ReconciliationLine {
  readonly token: Token;
  readonly openingAtoms: bigint;
  /** Sum of the recorded flows of each kind that occurred. */
  readonly flowsByKind: Readonly<Partial<Record<FlowKind, bigint>>>;
  readonly closingAtoms: bigint;
  /** closing − opening − all flows. Zero, or something happened that nobody recorded. */
  readonly unexplainedAtoms: bigint;
}

export interface Reconciliation {
  readonly lines: readonly ReconciliationLine[];
  /** Sum of the lines' absolute differences: zero only when every line is. */
  readonly unexplainedAtoms: bigint;
  readonly exact: boolean;
}

/** Which way a kind can move a balance; a transfer goes either way. */
const DIRECTION: Readonly<Record<FlowKind, -1 | 0 | 1>> = {
  'swap-in': -1,
  'swap-out': 1,
  gas: -1,
  'message-fee': -1,
  'bridge-sent': -1,
  'bridge-received': 1,
  refund: 1,
  transfer: 0,
};

/**
 * Books each (chain, token) in atoms: opening + every recorded flow = closing. No flow is ever computed by subtraction;
 * what does not add up stands in `unexplainedAtoms`, and differences of opposite sign do not cancel in the total.
 *
 * @throws {FlowInvalidError} for a flow recorded twice, or of the wrong sign for its kind
 * @throws {BalanceMissingError} for a token in the books whose opening or closing balance was not read
 *
 * @example
 * ```ts
 * reconcile({ opening: [{ token: usdc, atoms: 100n }], closing: [{ token: usdc, atoms: 40n }],
 *   flows: [{ id: '0xabc:3', kind: 'swap-in', token: usdc, atoms: -60n, txHash: '0xabc' }] }).exact // true
 * ```
 */
export function reconcile({ closing, flows, opening }: ReconciliationInput): Reconciliation {
  checkFlows(flows);
  const tokens = new Map<string, Token>();
  for (const { token } of [...opening, ...flows, ...closing]) {
    const key = tokenKey(token);
    if (!tokens.has(key)) tokens.set(key, token);
  }
  const before = byToken(opening, 'opening');
  const after = byToken(closing, 'closing');
  const lines = Array.from(tokens, ([key, token]): ReconciliationLine => {
    const openingAtoms = before.get(key);
    const closingAtoms = after.get(key);
    if (openingAtoms === undefined) throw new BalanceMissingError('opening', `${token.symbol} (${key})`);
    if (closingAtoms === undefined) throw new BalanceMissingError('closing', `${token.symbol} (${key})`);
    const own = flows.filter((flow) => tokenKey(flow.token) === key);
    const moved = own.reduce((sum, { atoms }) => sum + atoms, 0n);
    return Object.freeze({
      token,
      openingAtoms,
      flowsByKind: Object.freeze(sumByKind(own)),
      closingAtoms,
      unexplainedAtoms: closingAtoms - openingAtoms - moved,
    });
  });
  const unexplainedAtoms = lines.reduce((sum, line) => sum + magnitude(line.unexplainedAtoms), 0n);
  return Object.freeze({ lines: Object.freeze(lines), unexplainedAtoms, exact: unexplainedAtoms === 0n });
}

function magnitude(atoms: bigint): bigint {
  return atoms < 0n ? -atoms : atoms;
}

function byToken(balances: readonly TokenAmount[], which: 'opening' | 'closing'): Map<string, bigint> {
  const map = new Map<string, bigint>();
  for (const { atoms, token } of balances) {
    const key = tokenKey(token);
    if (map.has(key)) throw new FlowInvalidError(`${which} ${key}`, 'is a balance that is given twice');
    map.set(key, atoms);
  }
  return map;
}

function sumByKind(flows: readonly Flow[]): Partial<Record<FlowKind, bigint>> {
  const sums: Partial<Record<FlowKind, bigint>> = {};
  for (const { atoms, kind } of flows) sums[kind] = (sums[kind] ?? 0n) + atoms;
  return sums;
}

function checkFlows(flows: readonly Flow[]): void {
  const seen = new Set<string>();
  for (const { atoms, id, kind } of flows) {
    if (seen.has(id)) throw new FlowInvalidError(id, 'is recorded twice');
    seen.add(id);
    if (!Object.hasOwn(DIRECTION, kind)) throw new FlowInvalidError(id, 'is of a kind that is not known', kind);
    if (DIRECTION[kind] * (atoms < 0n ? -1 : 1) < 0 && atoms !== 0n) {
      throw new FlowInvalidError(id, `is a ${kind} of the wrong sign`, atoms.toString());
    }
  }
}
