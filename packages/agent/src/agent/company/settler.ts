import { chainSettlement, type SettledMarket, type SignedFill, trySettlement } from '@evenkeel/adapters/batch';
import type { CowOrderBook, CowOrderPost } from '@evenkeel/adapters/cow';
import { orderUid, settleCall } from '@evenkeel/adapters/gpv2';
import type { Address, Call, Chain, Clock, Hex } from '@evenkeel/core';
import type { BatchFill } from '@evenkeel/core/batch';
import { EvenkeelError } from '@evenkeel/intents';
import { callsOf, quoteAtomsOf, readRouter } from '../../batch/market.js';
import type { ClearedBatch } from './room.js';

/** Signs transactions of whoever settles. */
export interface SettlerKey {
  readonly address: string;
  signTransaction(transaction: {
    readonly type: 2;
    readonly chainId: number;
    readonly nonce: number;
    readonly to: string;
    readonly data: string;
    readonly value: bigint;
    readonly gasLimit: bigint;
    readonly maxFeePerGas: bigint;
    readonly maxPriorityFeePerGas: bigint;
  }): Promise<string>;
}

export interface SettlerParts {
  readonly key: SettlerKey;
  readonly clock: Clock;
  /** How long signed orders may be settled. */
  readonly settleSeconds: number;
  /** Told what becomes of a batch. */
  readonly tell: (
    batch: ClearedBatch,
    code: string,
    sentence: string,
    details: Readonly<Record<string, unknown>>,
  ) => void;
  readonly signal: AbortSignal;
}

/** Collects what the members of a batch sign, and settles it once all have, or without those who have not. */
export interface Settler {
  readonly address: Address;
  /** A batch whose members will hand their orders over. */
  expect(batch: ClearedBatch): void;
  /** How members hand their orders over. Orders of no batch of this process are left to end by themselves. */
  readonly book: (chain: Chain, settlement: Address) => CowOrderBook;
}

interface Table {
  readonly batch: ClearedBatch;
  readonly signed: Map<string, SignedFill>;
  begun: boolean;
}

const GAS_MARGIN = { numerator: 13n, denominator: 10n };
const POLL_MS = 500;

export function openSettler(parts: SettlerParts): Settler {
  const { clock, key, settleSeconds, signal } = parts;
  const tables = new Map<string, Table>();
  /** One settlement after another on each chain: whoever settles has one counter of nonces. */
  const lanes = new Map<number, Promise<void>>();
  const address = key.address as Address;

  const begin = (table: Table): void => {
    if (table.begun) return;
    table.begun = true;
    const { batch } = table;
    for (const { order } of batch.cleared.fills) tables.delete(order.id);
    const { id } = batch.read.place.chain;
    const before = lanes.get(id) ?? Promise.resolve();
    const own = before.then(() => settle(parts, address, table.batch, [...table.signed.values()]));
    lanes.set(
      id,
      own.catch((error: unknown) => {
        const code = error instanceof EvenkeelError ? error.code : 'UNEXPECTED';
        const sentence = `The batch is not settled: ${error instanceof Error ? error.message : String(error)}`;
        parts.tell(batch, 'BATCH_FAILED', sentence, { cause: code });
      }),
    );
  };

  return Object.freeze({
    address,
    expect: (batch) => {
      const table: Table = { batch, signed: new Map(), begun: false };
      for (const { order } of batch.cleared.fills) tables.set(order.id.toLowerCase(), table);
      // Half of the orders' life is for signing, the other half for the chain.
      clock.sleep(settleSeconds * 500, signal).then(
        () => begin(table),
        () => undefined,
      );
    },
    book: (chain, settlement) =>
      Object.freeze({
        quote: () => Promise.resolve(undefined),
        post: (post) => {
          const id = post.order.appData.toLowerCase();
          const table = tables.get(id);
          if (table !== undefined) {
            table.signed.set(id, signedFill(table.batch, id, post));
            if (table.signed.size === table.batch.cleared.fills.length) begin(table);
          }
          return Promise.resolve(orderUid({ chainId: chain.id, settlement }, post.order, post.from));
        },
        cancel: () => Promise.resolve(),
      } satisfies CowOrderBook),
  } satisfies Settler);
}

function signedFill(
  { cleared }: ClearedBatch,
  id: string,
  { from, order, scheme, signature }: CowOrderPost,
): SignedFill {
  const fill = cleared.fills.find((each) => each.order.id.toLowerCase() === id)!;
  return { fill, order, signature: { scheme, owner: from, signature } };
}

/**
 * Plays the settlement on the latest state and sends it. Whoever spoils it is taken out; the others have signed the price,
 * so that it holds without it as long as what is then left can still be had for that price.
 */
async function settle(
  parts: SettlerParts,
  solver: Address,
  batch: ClearedBatch,
  signed: readonly SignedFill[],
): Promise<void> {
  const { place } = batch.read;
  let fills = signed;
  const missing = batch.cleared.fills.filter(({ order }) => !signed.some(({ fill }) => fill.order.id === order.id));
  const out = missing.map(({ order }) => `${nameOf(batch, order.id)} has not signed in time.`);
  const target = { ...place.settlement, solver };
  while (fills.length > 0) {
    const market = await marketFor(parts, batch, fills);
    const verdict = await trySettlement(place.chain, target, [market], solver, parts.signal);
    if (verdict.sound) {
      const call = settleCall(target, chainSettlement([market], solver));
      const txHash = await send(parts, place.chain, call, verdict.gasUsed, fills[0]!.order.validTo);
      const without = out.length === 0 ? '' : ` Without some: ${out.join(' ')}`;
      const sentence =
        txHash === undefined
          ? `The settlement of batch ${batch.id} was not mined in time: its orders are dead.`
          : `Batch ${batch.id} is settled: ${fills.length} orders in one transaction.${without}`;
      const code = txHash === undefined ? 'BATCH_FAILED' : 'BATCH_SETTLED';
      parts.tell(batch, code, sentence, { txHash: txHash ?? null, removed: out, orders: fills.length });
      return;
    }
    const culprits = new Set(verdict.culprits.map(({ orderId }) => orderId));
    out.push(...verdict.culprits.map(({ orderId, sentence }) => `${nameOf(batch, orderId)}: ${sentence}`));
    if (culprits.size === 0) {
      parts.tell(batch, 'BATCH_FAILED', `Batch ${batch.id} does not hold: ${verdict.error}`, { removed: out });
      return;
    }
    fills = fills.filter(({ fill }) => !culprits.has(fill.order.id));
  }
  parts.tell(batch, 'BATCH_FAILED', `Nobody is left of batch ${batch.id}. ${out.join(' ')}`, { removed: out });
}

function nameOf({ needs }: ClearedBatch, orderId: string): string {
  return needs.find(({ order }) => order.id === orderId)!.portfolio;
}

/** Those who are in it, at the price that they have signed, with the rest routed as the market is now. */
async function marketFor(
  { signal }: SettlerParts,
  { cleared, read }: ClearedBatch,
  fills: readonly SignedFill[],
): Promise<SettledMarket> {
  const { market, place } = read;
  const { settlement } = place.settlement;
  const validTo = fills[0]!.order.validTo;
  const net = netOf(fills.map(({ fill }) => fill));
  const side = net > 0n ? 'buy' : 'sell';
  const size = net < 0n ? -net : net;
  if (size === 0n) return { market, cleared: part(cleared, fills, undefined), fills, route: [] };
  const route = (await readRouter(place, signal)).route(side, size);
  const remainder = { side, baseAtoms: size, quoteAtoms: quoteAtomsOf(route) } as const;
  return { market, cleared: part(cleared, fills, remainder), fills, route: callsOf(route, place, settlement, validTo) };
}

/** What buyers want beyond what sellers bring: fees of sellers are not for sale. */
function netOf(fills: readonly BatchFill[]): bigint {
  return fills.reduce(
    (net, { baseAtoms, feeAtoms, side }) => net + (side === 'buy' ? baseAtoms : feeAtoms - baseAtoms),
    0n,
  );
}

/** Of those who are in it; what the price leaves over without the others stays with the contract. */
function part(
  cleared: ClearedBatch['cleared'],
  fills: readonly SignedFill[],
  remainder: ClearedBatch['cleared']['remainder'],
): ClearedBatch['cleared'] {
  const own = fills.map(({ fill }) => fill);
  const isWhole = own.length === cleared.fills.length;
  if (isWhole) return cleared;
  const sum = (side: 'buy' | 'sell'): bigint =>
    own.filter((fill) => fill.side === side).reduce((total, { feeAtoms }) => total + feeAtoms, 0n);
  return {
    ...cleared,
    fills: own,
    remainder,
    fees: { quoteAtoms: sum('buy'), baseAtoms: sum('sell') },
    dustQuoteAtoms: 0n,
  };
}

/** @returns undefined when no block has taken it before the orders' last second */
async function send(
  { clock, key, signal }: SettlerParts,
  chain: Chain,
  { data, to }: Call,
  gasUsed: bigint,
  validTo: number,
): Promise<Hex | undefined> {
  const [fees, nonce] = await Promise.all([
    chain.fees(signal),
    chain.transactionCount(key.address as Address, 'latest', signal),
  ]);
  // What hangs from before carries dead orders: it is replaced.
  const raw = await key.signTransaction({
    type: 2,
    chainId: chain.id,
    nonce,
    to,
    data,
    value: 0n,
    gasLimit: (gasUsed * GAS_MARGIN.numerator) / GAS_MARGIN.denominator,
    maxFeePerGas: 2n * fees.baseFeeWei + fees.priorityFeeWei,
    maxPriorityFeePerGas: fees.priorityFeeWei,
  });
  const txHash = await chain.sendRawTransaction(raw as Hex, signal);
  for (;;) {
    const receipt = await chain.receipt(txHash, signal);
    if (receipt !== null) return receipt.success ? txHash : undefined;
    const { timeSeconds } = await chain.block('latest', signal);
    if (timeSeconds > validTo) return undefined;
    await clock.sleep(POLL_MS, signal);
  }
}
