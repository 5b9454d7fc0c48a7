import { EvenkeelError } from '@evenkeel/intents';
import type { CostCurve } from '../model/cost-curve.js';
import type { Pool } from '../model/curve.js';
import { Decimal, type DecimalString, toAtoms } from '../model/decimal.js';
import type { Token, TokenAmount } from '../model/token.js';
import type { Clock } from '../ports/ambient.js';
import type { Chain } from '../ports/chain.js';
import { costCurve } from '../route/cost-curve.js';
import type { ReferencePrice } from '../route/reference-price.js';
import { agreedPrice, type PriceDispute } from '../rebalancer/agreed-price.js';
import { askMarket, marketOn } from '../rebalancer/ask-market.js';
import type { CostCurves } from '../rebalancer/cost-curves.js';
import { hedgeRequest } from '../rebalancer/hedge-request.js';
import type { Portfolio, RebalancerPorts } from '../rebalancer/portfolio.js';
import { assertGoesOn, type SilentChain } from '../rebalancer/read-chains.js';

/** What all portfolios of one market see alike. Frozen. */
export interface MarketLook {
  readonly atSeconds: number;
  readonly reference: ReferencePrice;
  /** Why nothing may be traded at the reference price; undefined when nothing speaks against it. */
  readonly dispute: PriceDispute | undefined;
  readonly pools: readonly Pool[];
  /** Wei per unit of gas, by chain that answers. */
  readonly gasPriceWei: Readonly<Record<number, bigint>>;
  /** Numeraire per native coin, by chain that answers. */
  readonly nativePrice: Readonly<Record<number, DecimalString>>;
  readonly silentChains: readonly SilentChain[];
}

type MarketPorts = Pick<RebalancerPorts, 'bridges' | 'chains' | 'clock' | 'prices' | 'venues'>;

/**
 * Prices, pools and gas of one market, once for all portfolios that trade there: a few requests a chain, however many
 * portfolios there are.
 *
 * @param portfolio any of them
 * @throws NO_REFERENCE_PRICE when no pool answers; the signal's reason when it aborts
 */
export async function lookAtMarket(
  portfolio: Portfolio,
  ports: MarketPorts,
  signal: AbortSignal,
  lastSeen?: DecimalString,
): Promise<MarketLook> {
  const gas = await Promise.all(ports.chains.map((chain) => gasOn(chain, portfolio, ports.clock, signal)));
  const live = gas.filter((each) => 'gasPriceWei' in each);
  const market = marketOn(portfolio, live);
  const { pools } = await askMarket(market, ports, { kind: 'pools' }, signal);
  const atSeconds = Math.floor(ports.clock.now() / 1000);
  const price = await agreedPrice(market, pools, { feed: ports.prices, lastSeen }, atSeconds, signal);
  return Object.freeze({
    atSeconds,
    reference: price.reference,
    dispute: price.dispute,
    pools: price.pools,
    gasPriceWei: Object.freeze(Object.fromEntries(live.map(({ chainId, gasPriceWei }) => [chainId, gasPriceWei]))),
    nativePrice: Object.freeze(
      Object.fromEntries(
        live.map(({ chainId }) => [chainId, portfolio.nativePrices[chainId] ?? price.reference.price]),
      ),
    ),
    silentChains: Object.freeze(gas.filter((each) => 'sentence' in each)),
  });
}

interface GasOn {
  readonly chainId: number;
  readonly gasPriceWei: bigint;
}

async function gasOn(
  chain: Chain,
  portfolio: Portfolio,
  clock: Clock,
  signal: AbortSignal,
): Promise<GasOn | SilentChain> {
  const own = AbortSignal.any([signal, AbortSignal.timeout(portfolio.limits.solicitMs)]);
  try {
    const [{ baseFeeWei, priorityFeeWei }] = await Promise.all([
      chain.fees(own),
      assertGoesOn(chain, portfolio, clock, own),
    ]);
    return { chainId: chain.id, gasPriceWei: baseFeeWei + priorityFeeWei };
  } catch (error) {
    signal.throwIfAborted();
    const code = own.aborted ? 'RPC_TIMEOUT' : error instanceof EvenkeelError ? error.code : 'CHAIN_FAILED';
    return { chainId: chain.id, code, sentence: `${chain.name} gave no answer: ${code}.` };
  }
}

/** Sizes double from one sample to the next: what is asked for lies near one of them, be it small or large. */
const SAMPLES = 13;
/** Convex problems for one sample at the most. */
const POINT_NODES = 60;

/**
 * What trading costs at the least in a market: C(q) for an owner who has plenty everywhere, so that no inventory is in
 * the wrong place and no bridge is needed. What does not pay at this cost pays for nobody, so that a portfolio which
 * holds here need not be looked at in full.
 *
 * @param largestUnits the largest trade that is in question
 */
export function leastCurves(portfolio: Portfolio, look: MarketLook, largestUnits: number): CostCurves {
  const largest = Math.max(largestUnits, Number(portfolio.policy.lotUnits));
  const sizes = Array.from({ length: SAMPLES }, (_, i) => Number((largest * 2 ** (i + 1 - SAMPLES)).toPrecision(9)));
  const balances = plenty(portfolio, look, largest);
  const curve = (side: 'buy' | 'sell'): CostCurve => {
    const request = hedgeRequest(
      portfolio,
      { ...look, bridges: [], balances },
      {
        deltaChangeUnits: `${side === 'buy' ? '' : '-'}${new Decimal(largest.toPrecision(9)).toFixed()}`,
        annualVolatility: 1,
        riskAversion: 0,
        onShortfall: 'partial',
        // Whatever a portfolio is content with: a curve that was solved badly is no lower bound.
        nodeBudget: POINT_NODES,
      },
    );
    try {
      return costCurve(request, sizes);
    } catch (error) {
      if (!(error instanceof EvenkeelError) || !NOTHING_TO_TRADE.has(error.code)) throw error;
      return Object.freeze({
        side,
        referencePrice: Number(look.reference.price),
        fixedCost: 0,
        points: Object.freeze([]),
      });
    }
  };
  return Object.freeze({ buy: curve('buy'), sell: curve('sell') });
}

const NOTHING_TO_TRADE: ReadonlySet<string> = new Set(['ROUTE_DISCONNECTED', 'ROUTE_INFEASIBLE']);

/** Twice what the largest trade takes, of every token on every chain that answers, and gas for a long time. */
function plenty(portfolio: Portfolio, look: MarketLook, largestUnits: number): readonly TokenAmount[] {
  const answers = ({ chainId }: Token): boolean => look.gasPriceWei[chainId] !== undefined;
  const amount = (token: Token, units: Decimal): TokenAmount => ({
    token,
    atoms: toAtoms(token, units.decimalPlaces(token.decimals, Decimal.ROUND_UP).toFixed()),
  });
  const units = new Decimal(largestUnits).times(2);
  return [
    ...portfolio.baseTokens.filter(answers).map((token) => amount(token, units)),
    ...portfolio.quoteTokens.filter(answers).map((token) => amount(token, units.times(look.reference.price))),
  ];
}
