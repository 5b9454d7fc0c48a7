import type { LyraContracts } from '../parts.js';
import type { Address } from '../world.js';
import { ACCOUNTS } from './accounts.js';
import { MAX_UINT256, ZERO_ADDRESS } from './protocols.js';

const HOUR = 3_600;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const MONTH = 28 * DAY;

/** A setter of Lyra's, with the record that it takes. */
export interface ParameterCall {
  readonly to: Address;
  readonly signature: string;
  readonly args: readonly unknown[];
}

type Field = readonly [type: string, value: bigint | boolean | number | string];

/** `decimal(0.05)`: a number of Lyra's, 18 decimals. */
const decimal = (value: number): Field => ['uint256', BigInt(Math.round(value * 1e9)) * 10n ** 9n];
const signed = (value: number): Field => ['int256', decimal(value)[1]];
const seconds = (value: number): Field => ['uint256', value];

/**
 * How the market behaves: the values of Lyra's own tests (`defaultParams` of its package). Deltas outside 0.15 to 0.85
 * cannot be traded.
 */
export function parameterCalls(all: LyraContracts): readonly ParameterCall[] {
  return [
    setting(all.optionMarket, 'setOptionMarketParams', [
      seconds(12 * MONTH), // maxBoardExpiry
      ['address', ACCOUNTS.owner.address], // securityModule
      decimal(0.1), // feePortionReserved
      decimal(0.0075), // staticBaseSettlementFee
    ]),
    setting(all.liquidityPool, 'setLiquidityPoolParameters', [
      decimal(1), // minDepositWithdraw
      seconds(WEEK), // depositDelay
      seconds(WEEK), // withdrawalDelay
      decimal(0.01), // withdrawalFee
      decimal(0.01), // liquidityCBThreshold
      seconds(3 * DAY), // liquidityCBTimeout
      decimal(0.1), // ivVarianceCBThreshold
      decimal(0.35), // skewVarianceCBThreshold
      seconds(12 * HOUR), // ivVarianceCBTimeout
      seconds(12 * HOUR), // skewVarianceCBTimeout
      ['address', ZERO_ADDRESS], // guardianMultisig
      seconds(2 * WEEK), // guardianDelay
      seconds(6 * HOUR), // boardSettlementCBTimeout
      decimal(0.01), // maxFeePaid
    ]),
    setting(all.poolHedger, 'setPoolHedgerParams', [
      seconds(DAY), // interactionDelay
      ['uint256', MAX_UINT256], // hedgeCap
    ]),
    { to: all.poolHedger, signature: 'setShortBuffer(uint256)', args: [decimal(2)[1]] },
    setting(all.optionGreekCache, 'setGreekCacheParameters', [
      ['uint256', 30], // maxStrikesPerBoard
      decimal(0.05), // acceptableSpotPricePercentMove
      seconds(3 * HOUR), // staleUpdateDuration
      seconds(DAY), // varianceIvGWAVPeriod
      seconds(3 * DAY), // varianceSkewGWAVPeriod
      seconds(DAY), // optionValueIvGWAVPeriod
      seconds(3 * DAY), // optionValueSkewGWAVPeriod
      decimal(0.5), // gwavSkewFloor
      decimal(2), // gwavSkewCap
      signed(0.05), // rateAndCarry
    ]),
    setting(all.optionGreekCache, 'setMinCollateralParameters', [
      decimal(200), // minStaticQuoteCollateral
      decimal(0.2), // minStaticBaseCollateral
      decimal(2.5), // shockVolA
      seconds(2 * WEEK), // shockVolPointA
      decimal(1.8), // shockVolB
      seconds(8 * WEEK), // shockVolPointB
      decimal(1.2), // callSpotPriceShock
      decimal(0.8), // putSpotPriceShock
    ]),
    setting(all.optionGreekCache, 'setForceCloseParameters', [
      seconds(12 * HOUR), // ivGWAVPeriod
      seconds(DAY), // skewGWAVPeriod
      decimal(1.2), // shortVolShock
      decimal(1.4), // shortPostCutoffVolShock
      decimal(0.8), // longVolShock
      decimal(0.5), // longPostCutoffVolShock
      decimal(1.3), // liquidateVolShock
      decimal(1.6), // liquidatePostCutoffVolShock
      decimal(0.01), // shortSpotMin
      decimal(0.02), // liquidateSpotMin
    ]),
    setting(all.optionMarketPricer, 'setPricingParams', [
      decimal(0.01), // optionPriceFeeCoefficient
      seconds(6 * WEEK), // optionPriceFee1xPoint
      seconds(16 * WEEK), // optionPriceFee2xPoint
      decimal(0.01), // spotPriceFeeCoefficient
      seconds(6 * WEEK), // spotPriceFee1xPoint
      seconds(12 * WEEK), // spotPriceFee2xPoint
      decimal(100), // vegaFeeCoefficient
      decimal(5), // standardSize
      decimal(0.75), // skewAdjustmentFactor
    ]),
    setting(all.optionMarketPricer, 'setTradeLimitParams', [
      signed(0.15), // minDelta
      signed(0.25), // minForceCloseDelta
      seconds(DAY / 2), // tradingCutoff
      decimal(0.35), // minBaseIV
      decimal(2), // maxBaseIV
      decimal(0.5), // minSkew
      decimal(1.5), // maxSkew
      decimal(0.55), // minVol
      decimal(3), // maxVol
      decimal(0.15), // absMinSkew
      decimal(5), // absMaxSkew
      ['bool', false], // capSkewsToAbs
    ]),
    setting(all.optionMarketPricer, 'setVarianceFeeParams', [
      decimal(0.25), // defaultVarianceFeeCoefficient
      decimal(0.25), // forceCloseVarianceFeeCoefficient
      decimal(3), // skewAdjustmentCoefficient
      decimal(1), // referenceSkew
      decimal(1), // minimumStaticSkewAdjustment
      decimal(0.01), // vegaCoefficient
      decimal(0), // minimumStaticVega
      decimal(1.5), // ivVarianceCoefficient
      decimal(1), // minimumStaticIvVariance
    ]),
    setting(all.optionToken, 'setPartialCollateralParams', [
      decimal(0.2), // penaltyRatio
      decimal(0.4), // liquidatorFeeRatio
      decimal(0.3), // smFeeRatio
      decimal(15), // minLiquidationFee
    ]),
  ];
}

function setting(to: Address, name: string, fields: readonly Field[]): ParameterCall {
  const types = fields.map(([type]) => type).join();
  return { to, signature: `${name}((${types}))`, args: [fields.map(([, value]) => value)] };
}
