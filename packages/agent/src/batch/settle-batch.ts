import {
  chainSettlement,
  orderOfFill,
  type SettledMarket,
  type SignedFill,
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
  type Culprit,
  type RouteRemainder,
} from '@evenkeel/core/batch';
import { callsOf, quoteAtomsOf, type ReadMarket } from './market.js';
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
  readonly markets: readonly SettledMarket[];
  readonly call: Call;
}

/** A batch that holds in simulation on every chain, ready to be sent by the solver. */
export interface ReadyBatch {
  readonly clearing: BatchClearing;
  readonly settlements: readonly ReadySettlement[];
}

/**
 * Clears a batch and tries every chain's settlement out, again and again without whoever spoils it. Nothing is sent.
 *
 * @throws {BatchUnsoundError} when a settlement fails and it is nobody's fault
 */
export async function prepareBatch(run: BatchRun): Promise<ReadyBatch> {
  const byId = new Map(run.markets.map((read) => [read.market.id, read]));
  const route: RouteRemainder = (id, side, baseAtoms) => quoteAtomsOf(byId.get(id)!.route(side, baseAtoms));
  let settlements: ReadyBatch['settlements'] = [];
  const simulate = async (clearing: BatchClearing) => {
    const chains = [...new Set(clearing.markets.map(({ marketId }) => byId.get(marketId)!.place.chain.id))];
    settlements = await Promise.all(
      chains.map((id) =>
        chainSettlementOf(
          run,
          clearing.markets.flatMap((cleared) => {
            const read = byId.get(cleared.marketId)!;
            return read.place.chain.id === id ? [{ read, cleared }] : [];
          }),
        ),
      ),
    );
    const verdicts = await Promise.all(
      settlements.map(({ markets: settled, place }) =>
        trySettlement(place.chain, place.settlement, settled, run.feeReceiver, run.signal),
      ),
    );
    const culprits: readonly Culprit[] = verdicts.flatMap((verdict) => (verdict.sound ? [] : verdict.culprits));
    return verdicts.every(({ sound }) => sound) ? ({ sound: true } as const) : ({ sound: false, culprits } as const);
  };
  const markets = run.markets.map(({ market }) => market);
  const { alone, nowSeconds, orders, outsideCosts } = run;
  const stated = outsideCosts === undefined ? {} : { outsideCosts };
  const clearing = await clearUntilSound({ markets, orders, nowSeconds, alone, route, ...stated }, simulate);
  return Object.freeze({ clearing, settlements: Object.freeze(settlements) });
}

async function chainSettlementOf(
  run: BatchRun,
  parts: readonly { readonly read: ReadMarket; readonly cleared: ClearedMarket }[],
): Promise<ReadySettlement> {
  const markets = await Promise.all(parts.map(({ cleared, read }) => signedMarket(run, read, cleared)));
  const { gasCost, place } = parts[0]!.read;
  return { place, gasCost, markets, call: settleCall(place.settlement, chainSettlement(markets, run.feeReceiver)) };
}

async function signedMarket(run: BatchRun, read: ReadMarket, cleared: ClearedMarket): Promise<SettledMarket> {
  const { market, place } = read;
  const fills = await Promise.all(
    cleared.fills.map(async (fill): Promise<SignedFill> => {
      const order = orderOfFill(market, cleared, fill, run.validTo);
      return { fill, order, signature: await run.sign(place.settlement, order, fill.order) };
    }),
  );
  const { remainder } = cleared;
  const calls =
    remainder === undefined
      ? []
      : callsOf(read.route(remainder.side, remainder.baseAtoms), place, place.settlement.settlement, run.validTo);
  return { market, cleared, fills, route: calls };
}
