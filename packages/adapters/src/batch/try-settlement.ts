import type { Address, Chain, SimulatedResult, StateOverride, TokenAmount } from '@evenkeel/core';
import { pretendFunds } from '@evenkeel/core/guard';
import { EvenkeelError } from '@evenkeel/intents';
import { balanceRead } from '../common/erc20.js';
import { settleCall } from '../gpv2/settle.js';
import { settledTrades } from '../gpv2/order-calls.js';
import {
  chainSettlement,
  pricesOf,
  type SettledMarket,
  type SettlementPlace,
  type SignedFill,
  tradeOf,
} from './chain-settlement.js';
import { type Played, type SettlementVerdict, verdictOf } from './find-culprits.js';

/**
 * Plays a settlement on the latest state, before anything is sent. It is sound when it does not revert and the contract
 * holds afterwards at least what it held before: nothing was paid out of what belongs to others.
 *
 * Where it is not, every order is tried alone against a contract that has all it must pay out; an order that fails there,
 * brings less than it says, or moves somebody else's money is a culprit. Where each is fine alone, orders are added one
 * by one (by halving) until the first that fails beside the others: two that spend the same money. No culprit is named
 * when all hold together on pretended funds, or when not even an empty settlement holds: then it is the route or the
 * solver.
 *
 * @throws `RPC_*` when the node does not answer
 * @example
 * ```ts
 * const verdict = await trySettlement(chain, { chainId, settlement, solver }, markets, feeReceiver, signal);
 * ```
 */
export async function trySettlement(
  chain: Chain,
  place: SettlementPlace,
  markets: readonly SettledMarket[],
  feeReceiver: Address,
  signal?: AbortSignal,
): Promise<SettlementVerdict> {
  const nothing = { prices: [], trades: [] };
  return verdictOf({
    parts: markets.flatMap((market) =>
      market.fills.map((fill) => ({ orderId: fill.fill.order.id, market: { ...market, fills: [fill] } })),
    ),
    whole: () => play(chain, place, markets, chainSettlement(markets, feeReceiver), {}, signal),
    empty: () => play(chain, place, [], nothing, {}, signal),
    problemOf: (parts) => problemOf(chain, place, parts, signal),
  });
}

/** What is wrong with these orders alone, against a contract that can pay all of them. */
async function problemOf(
  chain: Chain,
  place: SettlementPlace,
  parts: readonly SettledMarket[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  let overrides: Readonly<Record<Address, StateOverride>>;
  try {
    overrides = await pretendFunds(chain, place.settlement, owedBy(parts), signal);
  } catch (error) {
    if (error instanceof EvenkeelError && error.code === 'GUARD_FUNDS_UNPRETENDABLE') return error.message;
    throw error;
  }
  const settlement = { prices: pricesOf(parts), trades: parts.flatMap(({ fills }) => fills.map(tradeOf)) };
  return (await play(chain, place, parts, settlement, overrides, signal)).error;
}

function owedBy(parts: readonly SettledMarket[]): readonly TokenAmount[] {
  return parts.flatMap(({ fills, market }) =>
    fills.map(({ fill }) =>
      fill.side === 'buy'
        ? { token: market.base, atoms: fill.baseAtoms }
        : { token: market.quote, atoms: fill.quoteAtoms },
    ),
  );
}

/** Simulates `settle` between two looks at what the contract holds. */
async function play(
  chain: Chain,
  place: SettlementPlace,
  markets: readonly SettledMarket[],
  settlement: Parameters<typeof settleCall>[1],
  overrides: Readonly<Record<Address, StateOverride>>,
  signal: AbortSignal | undefined,
): Promise<Played> {
  const tokens = [
    ...new Map(
      markets.flatMap(({ market }) => [market.base, market.quote]).map((token) => [token.address.toLowerCase(), token]),
    ).values(),
  ];
  const looks = tokens.map((token) => balanceRead(token, place.settlement));
  const { data, to } = settleCall(place, settlement);
  const look = looks.map(({ data: read, to: token }) => ({ to: token, data: read, valueWei: 0n }));
  const calls = [...look, { to, data, valueWei: 0n }, ...look];
  const results = await chain.simulate({ from: place.solver, calls, overrides }, signal);
  const settled = results[looks.length]!;
  if (!settled.success)
    return { error: `It fails in simulation: ${settled.error ?? 'without a reason'}.`, gasUsed: 0n };
  const fills = markets.flatMap((each) => each.fills);
  const foreign = movesForeign(place, settled, fills);
  if (foreign !== undefined) return { error: foreign, gasUsed: 0n };
  // What comes in less what goes out, by the orders' own words; the rest of it is the route's and the fees' business.
  const isWhole = settlement.after !== undefined;
  for (const [i, token] of tokens.entries()) {
    const before = looks[i]!.decode(results[i]!, chain.id);
    const after = looks[i]!.decode(results[looks.length + 1 + i]!, chain.id);
    const expected = isWhole ? 0n : flowOf(token.address, markets);
    if (after - before < expected) {
      const short = expected - (after - before);
      return { error: `The contract ends with ${short} atoms of ${token.symbol} less than it should.`, gasUsed: 0n };
    }
  }
  return { error: undefined, gasUsed: settled.gasUsed };
}

/** The contract believes a signature, not a claim: whose money moved must be whose intent it is. */
function movesForeign(
  place: SettlementPlace,
  settled: SimulatedResult,
  fills: readonly SignedFill[],
): string | undefined {
  const trades = settledTrades(place, settled.logs);
  const wrong = trades.findIndex(({ owner }, i) => owner.toLowerCase() !== fills[i]!.fill.order.owner.toLowerCase());
  if (wrong < 0) return undefined;
  const { owner } = fills[wrong]!.fill.order;
  return `The order is signed by ${trades[wrong]!.owner}, but the intent is of ${owner}.`;
}

function flowOf(token: Address, markets: readonly SettledMarket[]): bigint {
  const own = token.toLowerCase();
  return markets.reduce((sum, { fills, market }) => {
    const isBase = market.base.address.toLowerCase() === own;
    if (!isBase && market.quote.address.toLowerCase() !== own) return sum;
    return fills.reduce((flow, { fill }) => {
      const atoms = isBase ? fill.baseAtoms : fill.quoteAtoms;
      return (fill.side === 'sell') === isBase ? flow + atoms : flow - atoms;
    }, sum);
  }, 0n);
}
