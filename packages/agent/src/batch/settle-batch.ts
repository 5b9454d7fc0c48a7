import {
  chainSettlement,
  orderOfFill,
  ownerCalls,
  type RoutedMarket,
  type SettledMarket,
  type SettlementVerdict,
  type SignedFill,
  tryOwnerSettlement,
  trySettlement,
} from '@evenkeel/adapters/batch';
import { type Gpv2Domain, type Gpv2Order, type OrderSignature, settleCall } from '@evenkeel/adapters/gpv2';
import type { Address, Call } from '@evenkeel/core';
import {
  type BatchClearing,
  type BatchInput,
  type BatchOrder,
  type ClearedMarket,
  clearUntilSound,
  type RouteRemainder,
} from '@evenkeel/core/batch';
import { BatchOwnerMissingError } from './errors.js';
import { callsOf, quoteAtomsOf, type ReadMarket, type WayKind } from './market.js';
import type { BatchPlace } from './place.js';

/** Signs its owner's part of a batch, or says that the owner does not. */
export type SignFill = (domain: Gpv2Domain, order: Gpv2Order, intent: BatchOrder) => Promise<OrderSignature>;

export interface BatchRun {
  readonly markets: readonly ReadMarket[];
  readonly orders: readonly BatchOrder[];
  readonly nowSeconds: number;
  /** What else the participants could do; see `BatchInput`. */
  readonly alone: NonNullable<BatchInput['alone']>;
  /** What each would pay otherwise, where that is known; see `BatchInput`. */
  readonly outsideCosts?: BatchInput['outsideCosts'];
  /** Unix seconds until which settlements and their swaps may be mined. */
  readonly validTo: number;
  /** Default: the settlement contract. */
  readonly way?: WayKind;
  /** Asked for what the settlement contract settles; to an owner's account all of its accounts have agreed already. */
  readonly sign: SignFill;
  /** Gets the fees: whoever pays for the gas. */
  readonly feeReceiver: Address;
  readonly signal: AbortSignal;
}

/** All of a batch that is settled on one chain, in one transaction. */
export interface ReadySettlement {
  readonly place: BatchPlace;
  /** Numeraire per unit of gas. */
  readonly gasCost: number;
  readonly way: WayKind;
  readonly markets: readonly RoutedMarket[];
  /** With the signatures; empty where an owner's account settles. */
  readonly signed: readonly SettledMarket[];
  readonly call: Call;
}

/** A settlement with what its simulation has said. */
interface TriedSettlement {
  readonly settlement: ReadySettlement;
  readonly verdict: SettlementVerdict;
}

/** A batch that holds in simulation on every chain, ready to be sent by the solver. */
export interface ReadyBatch {
  readonly clearing: BatchClearing;
  readonly settlements: readonly ReadySettlement[];
  /** Units, as simulated; all chains together, and by chain. */
  readonly gasUsed: number;
  /** The same in numeraire. */
  readonly gasCost: number;
}

/**
 * Clears a batch and tries every chain's settlement out, again and again without whoever spoils it. Nothing is sent.
 *
 * @throws {BatchUnsoundError} when a settlement fails and it is nobody's fault
 * @throws {BatchOwnerMissingError} for a multicall where no owner's account is given
 */
export async function prepareBatch(run: BatchRun): Promise<ReadyBatch> {
  const byId = new Map(run.markets.map((read) => [read.market.id, read]));
  const route: RouteRemainder = (id, side, baseAtoms) => quoteAtomsOf(byId.get(id)!.route(side, baseAtoms));
  let tried: readonly TriedSettlement[] = [];
  const simulate = async (clearing: BatchClearing) => {
    tried = await trySettlements(run, clearing);
    const verdicts = tried.map(({ verdict }) => verdict);
    const culprits = verdicts.flatMap((verdict) => (verdict.sound ? [] : verdict.culprits));
    return verdicts.every(({ sound }) => sound) ? ({ sound: true } as const) : ({ sound: false, culprits } as const);
  };
  const markets = run.markets.map(({ market }) => market);
  const { alone, nowSeconds, orders, outsideCosts } = run;
  const stated = outsideCosts === undefined ? {} : { outsideCosts };
  const clearing = await clearUntilSound({ markets, orders, nowSeconds, alone, route, ...stated }, simulate);
  return readyOf(clearing, tried);
}

/**
 * The settlements of what was cleared already, to be settled another way: the same fills, to the atom.
 *
 * @returns undefined where one of them does not hold that way
 * @throws as {@link prepareBatch}
 */
export async function sameBatch(run: BatchRun, clearing: BatchClearing): Promise<ReadyBatch | undefined> {
  const tried = await trySettlements(run, clearing);
  return tried.every(({ verdict }) => verdict.sound) ? readyOf(clearing, tried) : undefined;
}

function readyOf(clearing: BatchClearing, tried: readonly TriedSettlement[]): ReadyBatch {
  const gas = tried.map(({ settlement, verdict }) => {
    const units = verdict.sound ? Number(verdict.gasUsed) : 0;
    return { units, cost: units * settlement.gasCost };
  });
  return Object.freeze({
    clearing,
    settlements: Object.freeze(tried.map(({ settlement }) => settlement)),
    gasUsed: gas.reduce((sum, { units }) => sum + units, 0),
    gasCost: gas.reduce((sum, { cost }) => sum + cost, 0),
  });
}

interface Part {
  readonly read: ReadMarket;
  readonly cleared: ClearedMarket;
}

async function trySettlements(run: BatchRun, { markets }: BatchClearing): Promise<readonly TriedSettlement[]> {
  const parts = markets.map((cleared): Part => {
    return { cleared, read: run.markets.find(({ market }) => market.id === cleared.marketId)! };
  });
  const chains = [...new Set(parts.map(({ read }) => read.place.chain.id))];
  return Promise.all(
    chains.map((id) => {
      const here = parts.filter(({ read }) => read.place.chain.id === id);
      return run.way === 'multicall' ? tryMulticall(run, here) : tryContract(run, here);
    }),
  );
}

async function tryContract(run: BatchRun, parts: readonly Part[]): Promise<TriedSettlement> {
  const { gasCost, place } = parts[0]!.read;
  const { settlement: target } = place;
  const markets = await Promise.all(parts.map((part) => signedMarket(run, part)));
  const call = settleCall(target, chainSettlement(markets, run.feeReceiver));
  const settlement = { place, gasCost, way: 'gpv2', markets, signed: markets, call } as const;
  const verdict = await trySettlement(place.chain, target, markets, run.feeReceiver, run.signal);
  return { settlement, verdict };
}

async function tryMulticall(run: BatchRun, parts: readonly Part[]): Promise<TriedSettlement> {
  const { gasCost, place } = parts[0]!.read;
  const { owner } = place;
  if (owner === undefined) throw new BatchOwnerMissingError(place.chain.id);
  const markets = parts.map(({ cleared, read }) => {
    return { market: read.market, cleared, route: routeOf(run, read, cleared, owner.account) };
  });
  const call = owner.atomic(ownerCalls(markets, owner.account));
  const settlement = { place, gasCost, way: 'multicall', markets, signed: [], call } as const;
  return { settlement, verdict: await tryOwnerSettlement(place.chain, owner, markets, run.signal) };
}

async function signedMarket(run: BatchRun, { cleared, read }: Part): Promise<SettledMarket> {
  const { market, place } = read;
  const { settlement } = place;
  const fills = await Promise.all(
    cleared.fills.map(async (fill): Promise<SignedFill> => {
      const order = orderOfFill(market, cleared, fill, run.validTo);
      return { fill, order, signature: await run.sign(settlement, order, fill.order) };
    }),
  );
  return { market, cleared, fills, route: routeOf(run, read, cleared, settlement.settlement) };
}

/** What is left, swapped in the name of whoever settles. */
function routeOf(run: BatchRun, read: ReadMarket, { remainder }: ClearedMarket, account: Address): readonly Call[] {
  if (remainder === undefined) return [];
  return callsOf(read.route(remainder.side, remainder.baseAtoms), read.place, account, run.validTo);
}
