import { keccak256 } from 'ethers/crypto';
import type { Address, Hex } from '../types.js';
import type { LocalNode } from './node.js';
import { handleOpsCalldata, type LocalOperation } from './operation.js';

/** Something that bundlers do not let pass in validation, and the rule of ERC-7562 that says so. */
export interface ValidationFault {
  readonly rule: 'OP-011' | 'OP-012' | 'OP-061' | 'STO-021';
  readonly entity: 'account' | 'paymaster';
  readonly contract: Address;
  readonly what: string;
}

interface Step {
  readonly depth: number;
  readonly op: string;
  readonly next: string;
  readonly at: Hex;
  /** Of SLOAD and SSTORE the slot, of calls target and value, of KECCAK256 what is hashed. */
  readonly args: readonly string[];
}

const BANNED = new Set(
  'GASPRICE GASLIMIT DIFFICULTY PREVRANDAO RANDOM TIMESTAMP BASEFEE BLOCKHASH NUMBER SELFBALANCE BALANCE ORIGIN CREATE CREATE2 COINBASE SELFDESTRUCT BLOBHASH BLOBBASEFEE INVALID'.split(
    ' ',
  ),
);
const CALLS = new Set(['CALL', 'STATICCALL', 'DELEGATECALL', 'CALLCODE']);
const STORAGE = new Set(['SLOAD', 'SSTORE', 'TLOAD', 'TSTORE']);

/** In the node, so that only what matters is handed over. */
const TRACER = `{
  steps: [], pending: null,
  hex: function (value, width) { var text = value.toString(16); while (text.length < width) text = '0' + text; return '0x' + text; },
  fault: function () {},
  step: function (log) {
    var op = log.op.toString();
    if (this.pending !== null) { this.pending.next = op; this.steps.push(this.pending); this.pending = null; }
    var depth = log.getDepth();
    var args = null;
    if (op === 'SLOAD' || op === 'SSTORE' || op === 'TLOAD' || op === 'TSTORE') args = [this.hex(log.stack.peek(0), 64)];
    else if (op === 'CALL' || op === 'CALLCODE') args = [this.hex(log.stack.peek(1), 64), this.hex(log.stack.peek(2), 64)];
    else if (op === 'STATICCALL' || op === 'DELEGATECALL') args = [this.hex(log.stack.peek(1), 64), '0x0'];
    else if (op === 'KECCAK256' || op === 'SHA3') {
      var from = Number(log.stack.peek(0).toString()); var size = Number(log.stack.peek(1).toString());
      args = size === 64 ? [toHex(log.memory.slice(from, from + size))] : [];
    } else if (${JSON.stringify([...BANNED, 'GAS'])}.indexOf(op) >= 0) {
      args = [];
    }
    if (args !== null) this.pending = { depth: depth, op: op, next: '', at: toHex(log.contract.getAddress()), args: args };
  },
  result: function () { return this.steps; }
}`;

export interface ValidationParties {
  readonly account: Address;
  readonly entryPoint: Address;
  readonly paymaster: Address | undefined;
  /** With a stake: may use its own storage anywhere, and read everybody's. */
  readonly isPaymasterStaked: boolean;
}

/**
 * Has the node trace how an entry point handles an operation, and holds what account and paymaster do while they validate
 * against the rules of ERC-7562: no opcode that tells of the world outside, no storage but the account's own, what is
 * associated with it, and what a staked paymaster may use.
 */
export async function lintValidation(
  node: LocalNode,
  operation: LocalOperation,
  parties: ValidationParties,
  bundler: Address,
): Promise<readonly ValidationFault[]> {
  const data = handleOpsCalldata([operation], bundler);
  const call = { from: bundler, to: parties.entryPoint, data, gas: '0xe4e1c0' };
  const steps = (await node.rpc('debug_traceCall', [call, 'latest', { tracer: TRACER }])) as readonly Step[];
  return lintSteps(steps, parties);
}

/** The same over steps that were traced already. */
export function lintSteps(steps: readonly Step[], parties: ValidationParties): readonly ValidationFault[] {
  const { account, entryPoint, isPaymasterStaked, paymaster } = parties;
  const faults: ValidationFault[] = [];
  const associated = associations(steps);
  let entity: 'account' | 'paymaster' | undefined;
  let isExecuting = false;
  for (const { args, at, depth, next, op } of steps) {
    // The entry point, at the bottom, calls the account first, then the paymaster, then itself to execute.
    if (depth === 1) {
      if (!CALLS.has(op)) continue;
      const target = lastBytes(args[0]!);
      if (same(target, entryPoint)) isExecuting = true;
      entity = same(target, account)
        ? 'account'
        : paymaster !== undefined && same(target, paymaster)
          ? 'paymaster'
          : undefined;
      continue;
    }
    if (isExecuting || entity === undefined || same(at, entryPoint)) continue;
    const fault = (rule: ValidationFault['rule'], what: string): void => {
      faults.push(Object.freeze({ rule, entity: entity!, contract: at, what }));
    };
    if (BANNED.has(op)) fault('OP-011', op);
    if (op === 'GAS' && !CALLS.has(next)) fault('OP-012', `GAS before ${next}`);
    if (CALLS.has(op) && BigInt(args[1]!) !== 0n && !same(lastBytes(args[0]!), entryPoint)) fault('OP-061', 'value');
    if (!STORAGE.has(op) || same(at, account)) continue;
    const slot = BigInt(args[0]!);
    if (associated(slot, account)) continue;
    if (entity === 'paymaster' && isPaymasterStaked) {
      const isRead = op === 'SLOAD' || op === 'TLOAD';
      if (isRead || same(at, paymaster!) || associated(slot, paymaster!)) continue;
    }
    fault('STO-021', `${op} of ${args[0]!}`);
  }
  return Object.freeze(faults);
}

/** A slot belongs to an address A when it is keccak256(A ‖ x) + n, n up to 128. */
function associations(steps: readonly Step[]): (slot: bigint, of: Address) => boolean {
  const preimages = steps.flatMap(({ args, op }) =>
    (op === 'KECCAK256' || op === 'SHA3') && args[0] !== undefined ? [args[0]] : [],
  );
  const basesOf = new Map<string, bigint[]>();
  for (const preimage of preimages) {
    if (!/^0x0{24}/.test(preimage)) continue;
    const owner = `0x${preimage.slice(26, 66)}`.toLowerCase();
    const bases = basesOf.get(owner) ?? [];
    bases.push(BigInt(keccak256(preimage)));
    basesOf.set(owner, bases);
  }
  return (slot, of) => (basesOf.get(of.toLowerCase()) ?? []).some((base) => slot >= base && slot - base <= 128n);
}

const lastBytes = (word: string): string => `0x${word.slice(-40)}`;
const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
