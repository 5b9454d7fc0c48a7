import { AbiCoder, Interface } from 'ethers';
import {
  type Address,
  type Call,
  type Hex,
  type LogEntry,
  NATIVE_ADDRESS,
  sameAddress,
  type SimulatedCall,
  type SimulatedResult,
  type StateOverride,
  type Token,
} from '@evenkeel/core';
import { type Grant, grantsOf } from './allowances.js';
import { chainOf, type CommonSubject } from './subject.js';

/** What a sequence of calls does, measured on the latest state from the account of the subject. */
export interface Probe {
  /** Which call failed, and why. Nothing below means anything then. */
  readonly failure?: { readonly index: number; readonly reason: string };
  /** Atoms that the sender has less of the input, and more of the output, where output is on this chain. */
  readonly spent: bigint;
  readonly senderGained: bigint;
  readonly received: bigint;
  /** Rights that the calls gave, with what is left of them afterwards and was there before. */
  readonly rights: readonly { readonly grant: Grant; readonly before: bigint; readonly after: bigint }[];
  readonly logs: readonly LogEntry[];
}

const erc20 = new Interface([
  'function balanceOf(address) view returns (uint256)',
  'function allowance(address, address) view returns (uint256)',
]);
const permit2 = new Interface(['function allowance(address, address, address) view returns (uint160, uint48, uint48)']);

/** Answers a word of calldata, an address, with the native balance of that address. */
const NATIVE_PROBE: Address = '0xba1aacceba1aacceba1aacceba1aacceba1aacce';
const NATIVE_PROBE_CODE: Hex = '0x5f35315f5260205ff3';

/** Runs reads, the calls, and the same reads again, in one simulation. */
export async function probe(
  subject: CommonSubject,
  calls: readonly Call[],
  tokenIn: Token,
  tokenOut: Token | undefined,
  recipient: Address,
): Promise<Probe> {
  const { account } = subject;
  const grants = grantsOf(calls).filter(({ kind }) => kind !== 'everything');
  const permit2Address = calls.find(({ data }) => data.startsWith('0x87517c45'))?.to;
  const reads: readonly SimulatedCall[] = [
    balanceRead(tokenIn, account),
    balanceRead(tokenOut ?? tokenIn, account),
    balanceRead(tokenOut ?? tokenIn, recipient),
    ...grants.map((grant) => allowanceRead(grant, account, permit2Address)),
  ];
  const results = await chainOf(subject, tokenIn.chainId).simulate({
    from: account,
    calls: [...reads, ...calls.map(toSimulated), ...reads],
    overrides: { ...subject.overrides, [NATIVE_PROBE]: { code: NATIVE_PROBE_CODE } satisfies StateOverride },
  });
  const before = results.slice(0, reads.length).map(word);
  const own = results.slice(reads.length, reads.length + calls.length);
  const after = results.slice(reads.length + calls.length).map(word);
  const failed = own.findIndex(({ success }) => !success);
  const at = (values: readonly bigint[], index: number): bigint => values[index] ?? 0n;
  return {
    ...(failed === -1 ? {} : { failure: { index: failed, reason: own[failed]!.error ?? 'no reason' } }),
    spent: at(before, 0) - at(after, 0),
    senderGained: at(after, 1) - at(before, 1),
    received: at(after, 2) - at(before, 2),
    rights: grants.map((grant, index) => ({ grant, before: at(before, 3 + index), after: at(after, 3 + index) })),
    logs: own.flatMap(({ logs }) => logs),
  };
}

function toSimulated({ data, to, valueWei }: Call): SimulatedCall {
  return { to, data, valueWei };
}

function balanceRead({ address }: Token, owner: Address): SimulatedCall {
  if (sameAddress(address, NATIVE_ADDRESS)) {
    const data = AbiCoder.defaultAbiCoder().encode(['address'], [owner]) as Hex;
    return { to: NATIVE_PROBE, data, valueWei: 0n };
  }
  return { to: address, data: erc20.encodeFunctionData('balanceOf', [owner]) as Hex, valueWei: 0n };
}

function allowanceRead({ kind, spender, token }: Grant, owner: Address, permit2Address?: Address): SimulatedCall {
  if (kind === 'permit2') {
    const data = permit2.encodeFunctionData('allowance', [owner, token, spender]) as Hex;
    return { to: permit2Address!, data, valueWei: 0n };
  }
  return { to: token, data: erc20.encodeFunctionData('allowance', [owner, spender]) as Hex, valueWei: 0n };
}

/** The first word of an answer; a read that fails counts as zero, and then the check says what is missing. */
function word({ data, success }: SimulatedResult): bigint {
  return success && data.length >= 66 ? BigInt(data.slice(0, 66)) : 0n;
}

const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';

/** Who ends up with more of a token by the logs, and how much; empty on nodes whose simulations have no logs. */
export function gains(logs: readonly LogEntry[], token: Token): ReadonlyMap<Address, bigint> {
  const net = new Map<Address, bigint>();
  const add = (topic: Hex, atoms: bigint): void => {
    const owner: Address = `0x${topic.slice(26).toLowerCase()}`;
    net.set(owner, (net.get(owner) ?? 0n) + atoms);
  };
  for (const { address, data, topics } of logs) {
    const [event, from, to] = topics;
    if (event !== TRANSFER || from === undefined || to === undefined || !sameAddress(address, token.address)) continue;
    const atoms = data.length >= 66 ? BigInt(data.slice(0, 66)) : 0n;
    add(from, -atoms);
    add(to, atoms);
  }
  return new Map([...net].filter(([, atoms]) => atoms > 0n));
}
