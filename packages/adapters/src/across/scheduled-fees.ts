import { type Address, type Chain, fromAtoms, type Lane, type LaneLimits, NATIVE_ADDRESS } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { scaleAtoms } from '../common/amounts.js';
import { balanceRead } from '../common/erc20.js';
import { deepFreeze } from '../common/freeze.js';
import { readContracts } from '../common/read.js';
import type { AcrossFees, AcrossFeeSource } from './fee-source.js';

/** What one relayer charges on a lane. */
export interface AcrossFeeSchedule {
  /** Share of the input for the relayer's capital, parts per million. */
  readonly capitalPpm: number;
  /** Share of the input for the hub's liquidity providers, parts per million. */
  readonly liquidityProviderPpm: number;
  /** For gas on the destination, atoms of the input token. */
  readonly gasAtoms: bigint;
  /** Smallest deposit worth its gas, atoms of the input token. */
  readonly minDepositAtoms: bigint;
  readonly expectedFillSeconds: number;
}

export interface ScheduledFeesOptions {
  /** Chains by id; the adapter's own record will do. */
  readonly chains: Readonly<Record<number, { readonly chain: Chain }>>;
  /** Whose balances on the destination limit what can be paid now. */
  readonly relayer: Address;
  readonly schedule: (lane: Lane) => AcrossFeeSchedule;
}

const PPM = 1_000_000n;

/**
 * Fees by a stated schedule, and limits by the relayer's real balance on the destination: for local worlds and for
 * operators who run their own relayer.
 *
 * @example
 * ```ts
 * const fees = scheduledAcrossFees({
 *   chains, relayer, schedule: () => ({ capitalPpm: 300, liquidityProviderPpm: 100, gasAtoms: 20_000n,
 *     minDepositAtoms: 1_000_000n, expectedFillSeconds: 3 }),
 * });
 * ```
 */
export function scheduledAcrossFees(options: ScheduledFeesOptions): AcrossFeeSource {
  return Object.freeze({
    name: 'schedule',
    fees: async ({ lane, inputAtoms }, signal): Promise<AcrossFees> => {
      const schedule = checkedSchedule(options, lane);
      return deepFreeze({
        relayerCapitalAtoms: share(inputAtoms, schedule.capitalPpm),
        relayerGasAtoms: schedule.gasAtoms,
        liquidityProviderAtoms: share(inputAtoms, schedule.liquidityProviderPpm),
        exclusiveRelayer: NATIVE_ADDRESS,
        exclusivityParameter: 0,
        expectedFillSeconds: schedule.expectedFillSeconds,
        limits: await relayerLimits(options, lane, schedule, signal),
      });
    },
    limits: (lane, signal) => relayerLimits(options, lane, checkedSchedule(options, lane), signal),
  } satisfies AcrossFeeSource);
}

/** The relayer pays from what it holds; that the fees stay with it leaves a little to spare. */
async function relayerLimits(
  options: ScheduledFeesOptions,
  lane: Lane,
  schedule: AcrossFeeSchedule,
  signal: AbortSignal,
): Promise<LaneLimits> {
  const { chain } = options.chains[lane.to.chainId]!;
  const {
    values: [payable],
  } = await readContracts(chain, [balanceRead(lane.to, options.relayer)], signal);
  return deepFreeze({
    min: schedule.minDepositAtoms,
    max: scaleAtoms(payable, lane.to, lane.from),
    reason: `relayer ${options.relayer} can pay ${fromAtoms(lane.to, payable)} ${lane.to.symbol} on chain ${chain.id}`,
  });
}

/** Rounded up: a relayer does not give the fraction of an atom away. */
function share(atoms: bigint, ppm: number): bigint {
  return (atoms * BigInt(ppm) + PPM - 1n) / PPM;
}

function checkedSchedule(options: ScheduledFeesOptions, lane: Lane): AcrossFeeSchedule {
  const schedule = options.schedule(lane);
  for (const field of ['capitalPpm', 'liquidityProviderPpm'] as const) {
    const ppm = schedule[field];
    if (Number.isInteger(ppm) && ppm >= 0 && ppm < Number(PPM)) continue;
    throw new InvalidInputError(`schedule.${field}`, ppm, 'is not a share', 'Write parts per million, 0 to 999,999.');
  }
  if (options.chains[lane.to.chainId] === undefined) {
    throw new InvalidInputError('chains', lane.to.chainId, 'does not name this chain', 'Add it.');
  }
  return schedule;
}
