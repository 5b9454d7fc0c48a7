import { appDataOf, bidOfAmounts, type CowOptions } from '@evenkeel/adapters/cow';
import { Decimal, fromAtoms, type Hex, sameAddress, sameToken, type Token, toAtoms } from '@evenkeel/core';
import type { BatchOrder } from '@evenkeel/core/batch';
import { delegationsOf, liveChildren, nextChildIndex, spentOf } from '@evenkeel/core/delegate';
import type { ContestedSlice, NetworksPort, SliceAward } from '@evenkeel/core/rebalancer';
import { EvenkeelError } from '@evenkeel/intents';
import { Interface } from 'ethers';
import type { BatchPlace } from '../../batch/place.js';
import { type Alone, type Need, ownCostIn } from './need.js';
import { opennessOf, type Outlook } from './outlook.js';
import type { Room, Seat } from './room.js';
import { signedLimit } from './signed-limit.js';

export interface CompanyParts {
  readonly portfolio: string;
  readonly room: Room;
  /** How orders of batches are made and followed. */
  readonly orders: CowOptions;
  /** Where batches are settled, as this portfolio reaches its chains; by the survey's prices of native coins. */
  readonly places: (slice: ContestedSlice) => readonly BatchPlace[];
  /** What was last seen of it; undefined before the first look. */
  readonly outlook: () => Outlook | undefined;
  readonly settleSeconds: number;
  /** Told what is decided for this portfolio. */
  readonly tell: (slice: ContestedSlice, code: string, sentence: string, details: Details) => Promise<void>;
}

type Details = Readonly<Record<string, unknown>>;

const YEAR_SECONDS = 365 * 86_400;
/** Gas of an exact approval, which an order needs before it. */
const APPROVE_GAS = 60_000;
/** When a batch is expected to be settled after it was cleared. */
const SETTLED_IN_SECONDS = 12;
const erc20 = new Interface(['function allowance(address owner, address spender) view returns (uint256)']);

/**
 * Networks before which a slice waits for the company of the agent's other portfolios, when the rule says that this pays:
 * what a batch gives is given by the same path as to any network, with the same journal and the same proofs; what no batch
 * takes goes on as it would have.
 *
 * @param networks with the adapter of batches among them, so that orders of batches are followed and resumed
 */
export function companyNetworks(networks: NetworksPort, parts: CompanyParts): NetworksPort {
  return Object.freeze({
    ...networks,
    award: async (slice) => {
      const answer = await askCompany(parts, slice);
      if (answer.kind === 'award') return answer.award;
      const { code, details, sentence } = answer;
      await parts.tell(slice, code, sentence, details);
      return networks.award(slice);
    },
  } satisfies NetworksPort);
}

async function askCompany(
  parts: CompanyParts,
  slice: ContestedSlice,
): Promise<Alone | { readonly kind: 'award'; readonly award: SliceAward }> {
  const need = await needOf(parts, slice);
  if (need === undefined) {
    const sentence = `Slice ${slice.slice.index} cannot be settled with others: no chain where batches are settled holds enough for the whole of it.`;
    return { kind: 'alone', code: 'BATCH_NO_PLACE', sentence, details: {} };
  }
  const answer = await parts.room.join(need, AbortSignal.any([slice.cancelled, slice.signal]));
  slice.signal.throwIfAborted();
  if (answer.kind === 'alone') return answer;
  try {
    return { kind: 'award', award: await awardOf(parts, slice, answer) };
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    const sentence = `Slice ${slice.slice.index} is not settled with others: ${error.message}`;
    return { kind: 'alone', code: 'BATCH_REFUSED', sentence, details: { cause: error.code } };
  }
}

/** Undefined where it cannot be settled with others. */
async function needOf(parts: CompanyParts, slice: ContestedSlice): Promise<Need | undefined> {
  const { plan, portfolio, route, signed, survey } = slice;
  const side = route.side;
  const size = new Decimal(slice.slice.deltaUnits).abs();
  const { intent } = signed;
  const price = new Decimal(survey.reference.price);
  const worth = size.times(price);
  const limit = worth.times(10_000 + (side === 'buy' ? 1 : -1) * intent.maxCostBps).div(10_000);
  const all = parts.places(slice);
  const [first] = all;
  // An own route that does not do all of it is no alternative that could be compared.
  if (first === undefined || route.status !== 'complete') return undefined;
  const needed = (place: BatchPlace): bigint => (side === 'buy' ? atoms(place.quote, limit) : atoms(place.base, size));
  const places = all.filter((place) => canSpend(slice, side === 'buy' ? place.quote : place.base, needed(place)));
  if (places.length === 0) return undefined;
  const index = await nextChildIndex(slice.parts.journal, signed.id);
  const order: BatchOrder = {
    id: appDataOf(signed.id, index).hash,
    owner: portfolio.owner,
    side,
    markets: places.map(({ chain }) => String(chain.id)),
    baseAtoms: atoms(first.base, size),
    limitQuoteAtoms: atoms(first.quote, limit),
    validUntil: intent.deadline - parts.settleSeconds,
  };
  const { annualVolatility, exposure } = survey;
  const spot = price.toNumber();
  const outlook = parts.outlook();
  const middle = new Decimal(exposure.delta.low).plus(exposure.delta.high).div(2).toNumber();
  const open =
    outlook === undefined
      ? { band: { outer: 0, inner: 0 }, deviationUnits: middle - Number(plan.landingUnits) }
      : opennessOf({ ...outlook, deltaUnits: middle });
  return Object.freeze({
    portfolio: parts.portfolio,
    slice,
    order,
    index,
    ownCost: Number(route.cost) - (await allowanceCost(slice, places, side)),
    referencePrice: spot,
    waiting: {
      orderId: order.id,
      market: {
        spot,
        annualVolatility,
        gammaPerUnit: exposure.gammaPerUnit,
        riskAversion: plan.riskAversion,
        years: portfolio.horizonSeconds / YEAR_SECONDS,
        annualRate: portfolio.annualRate,
        monitoringYears: portfolio.policy.monitoringSeconds / YEAR_SECONDS,
        latencyYears: portfolio.latencySeconds / YEAR_SECONDS,
        settlement: 'free',
        holdingUnits: 0,
      },
      ...open,
    },
    places,
    sinceSeconds: Math.floor(slice.parts.clock.now() / 1000),
  } satisfies Need);
}

/** Whether the account holds it and the intent still lets it be spent. */
function canSpend({ signed, survey }: ContestedSlice, token: Token, wanted: bigint): boolean {
  const held = survey.balances.find((each) => sameToken(each.token, token))?.atoms ?? 0n;
  const limit = signed.intent.spending.find(
    (each) => each.chainId === token.chainId && sameAddress(each.token, token.address),
  );
  return wanted > 0n && wanted <= held && wanted <= (limit?.maxSpend ?? 0n);
}

/** What the approval costs that the dearest of its places still needs. Numeraire. */
async function allowanceCost(
  { portfolio, signal, survey }: ContestedSlice,
  places: readonly BatchPlace[],
  side: 'buy' | 'sell',
): Promise<number> {
  const costs = places.map(async ({ base, chain, quote, relayer }) => {
    const data = erc20.encodeFunctionData('allowance', [portfolio.owner, relayer]) as Hex;
    const { results } = await chain.read([{ to: (side === 'buy' ? quote : base).address, data }], signal);
    if (BigInt(results[0]?.data ?? '0x0') > 1n << 128n) return 0;
    const wei = Number(survey.gasPriceWei[chain.id] ?? 0n);
    return ((APPROVE_GAS * wei) / 1e18) * Number(survey.nativePrice[chain.id] ?? 0);
  });
  return Math.max(...(await Promise.all(costs)));
}

/** A seat as the bid that has won: what it gives is certain, and better than our own route by the auction's own rule. */
async function awardOf(parts: CompanyParts, slice: ContestedSlice, seat: Seat): Promise<SliceAward> {
  const { batch, fill, need } = seat;
  const { base, quote } = batch.read.place;
  const { price } = batch.cleared;
  const { intent, id } = slice.signed;
  const buys = fill.side === 'buy';
  const input = buys ? { token: quote, atoms: fill.quoteAtoms } : { token: base, atoms: fill.baseAtoms };
  const sellAmount = input.atoms - fill.feeAtoms;
  // The contract rounds in the owner's favour: whatever is below the clearing price by less than an atom holds.
  const buyAmount = buys
    ? (sellAmount * price.baseAtoms) / price.quoteAtoms
    : (sellAmount * price.quoteAtoms) / price.baseAtoms;
  const least = signedLimit(batch.read.market, fill, ownCostIn(need, batch.read), sellAmount, buyAmount);
  const { journal } = slice.parts;
  const recipient = intent.spending.find(({ chainId }) => chainId === base.chainId)?.recipient ?? intent.signer;
  // The contract goes by its chain's clock.
  const { timeSeconds } = await batch.read.place.chain.block('latest', slice.signal);
  const validTo = Math.max(timeSeconds, Math.floor(slice.parts.clock.now() / 1000)) + parts.settleSeconds;
  const request = {
    intent,
    index: need.index,
    side: fill.side,
    input,
    tokenOut: buys ? base : quote,
    minOutput: least,
    recipient,
    deadline: intent.deadline,
    liveChildren: liveChildren(await delegationsOf(journal, id)),
    spent: spentOf(intent, await journal.flows({ intentId: id })),
  };
  const amounts = { sellAmount, feeAmount: fill.feeAtoms, buyAmount: least, validTo };
  const bid = await bidOfAmounts(parts.orders, request, amounts, SETTLED_IN_SECONDS, slice.signal);
  const { details, sentence } = toldOf(seat);
  await parts.tell(slice, 'BATCH_CLEARED', sentence, { ...details, validTo });
  const own = {
    kind: 'own',
    adapter: 'own route',
    bidId: undefined,
    cost: slice.route.cost,
    costBps: slice.route.costBps,
    improvement: undefined,
    won: false,
    code: 'LESS_IMPROVEMENT',
    sentence: `Alone it costs ${need.ownCost.toFixed(2)}.`,
  } as const;
  const won = {
    ...own,
    kind: 'bid',
    adapter: bid.adapter,
    bidId: bid.id,
    cost: new Decimal(fill.cost).toFixed(),
    costBps: (fill.cost / (Number(fromAtoms(base, fill.baseAtoms)) * need.referencePrice)) * 1e4,
    won: true,
    code: 'BEST',
    sentence,
  } as const;
  return Object.freeze({ winner: 'bid', bid, contestants: Object.freeze([won, own]) });
}

/** Why it waited, with whom it crossed, and what it saves. */
function toldOf({ batch, fill, need, waited, waitedSeconds }: Seat): { sentence: string; details: Details } {
  const { cleared, id, needs, read } = batch;
  const others = needs.filter((each) => each !== need);
  const across = others.filter(({ order }) => order.side !== fill.side).map(({ portfolio }) => portfolio);
  const beside = others.filter(({ order }) => order.side === fill.side).map(({ portfolio }) => portfolio);
  const saving = fill.costAlone - fill.cost;
  const why = waited === undefined ? 'It found its company here' : `It waited ${waitedSeconds} s (${waited.sentence})`;
  const whom = across.length === 0 ? 'crosses nobody' : `crosses ${across.join(', ')}`;
  const shares = beside.length === 0 ? '' : `, shares gas and route with ${beside.join(', ')}`;
  return {
    sentence: `${why}; in batch ${id} on chain ${read.place.chain.id} it ${whom}${shares}, pays ${fill.cost.toFixed(4)} and saves ${saving.toFixed(4)} against ${fill.costAlone.toFixed(4)} alone.`,
    details: {
      batch: id,
      chainId: read.place.chain.id,
      crosses: across,
      shares: beside,
      waitedSeconds,
      weighed: waited?.weighed ?? [],
      cost: fill.cost,
      costAlone: fill.costAlone,
      saving,
      price: { quoteAtoms: cleared.price.quoteAtoms.toString(), baseAtoms: cleared.price.baseAtoms.toString() },
    },
  };
}

function atoms(token: Token, units: Decimal): bigint {
  return toAtoms(token, units.decimalPlaces(token.decimals, Decimal.ROUND_DOWN).toFixed());
}
