import type { CallStep } from '../model/programme.js';
import type { Account, GasPrice } from '../ports/account.js';
import type { Chain } from '../ports/chain.js';
import type { Reservation, StepKey, StoredOperation } from '../ports/journal.js';
import { accountOf, chainOf, type Execution, laneOf } from './context.js';
import { GasFundsMissingError } from './errors.js';
import { gasLimitFor, openingPrice, replacementPrice } from './gas-price.js';

// The first half of the outbox: reserve, sign, persist. Nothing here sends; nothing is sent that was not persisted.

type Signing = Pick<Execution, 'parts' | 'options' | 'signal'>;

/** Sets the step's nonce aside, or answers the reservation that it has. */
export async function reserve(run: Execution, step: CallStep, key: StepKey): Promise<Reservation> {
  const account = accountOf(run.parts, step.account);
  const chain = chainOf(run.parts, step.chainId);
  const lane = laneOf(account, step.chainId);
  const floor = await account.submission.usedNonces(chain, lane.account, lane.nonceKey, run.signal);
  return run.parts.journal.reserve(key, lane, floor, run.parts.clock.now());
}

/** What the step's transaction may burn, and whether the account can pay for it. @throws GAS_FUNDS_MISSING */
export async function priceStep(
  run: Execution,
  step: CallStep,
  gasUsed: bigint,
): Promise<GasPrice & { gasLimit: bigint }> {
  const chain = chainOf(run.parts, step.chainId);
  const price = capped(openingPrice(await chain.fees(run.signal)), run.options.maxFeePerGasWei?.[step.chainId]);
  const floor = step.calls.reduce((sum, call) => sum + (call.minGasLimit ?? 0n), 0n);
  const gasLimit = gasLimitFor(gasUsed, run.options.gasMarginBps, floor);
  await assertPayable(run, accountOf(run.parts, step.account), chain, gasLimit * price.maxFeePerGasWei, [step]);
  return { ...price, gasLimit };
}

/** Signs the step's own calls with the reserved nonce; answers what is stored, which may be another's copy. */
export async function signStep(
  run: Execution,
  step: CallStep,
  reservation: Reservation,
  price: GasPrice & { readonly gasLimit: bigint },
  bump: number,
): Promise<StoredOperation> {
  const account = accountOf(run.parts, step.account);
  return signAndPersist(run, account, reservation, price, bump, step.calls);
}

/** Uses a nonce up for which nothing was ever signed: an operation that does nothing, as the first of its nonce. */
export async function signAbandonment(
  run: Signing,
  account: Account,
  reservation: Reservation,
): Promise<StoredOperation> {
  const chain = chainOf(run.parts, reservation.chainId);
  const market = openingPrice(await chain.fees(run.signal));
  const price = capped(market, run.options.maxFeePerGasWei?.[reservation.chainId]);
  const gasLimit = await emptyGasLimit(run, chain, account);
  return signAndPersist(run, account, reservation, { ...price, gasLimit }, 0, []);
}

/** Takes the nonce away from what was signed for it; undefined when the price bound forbids it. */
export async function signCancellation(
  run: Signing,
  account: Account,
  reservation: Reservation,
  last: StoredOperation,
): Promise<StoredOperation | undefined> {
  const chain = chainOf(run.parts, reservation.chainId);
  const market = openingPrice(await chain.fees(run.signal));
  const cap = run.options.maxFeePerGasWei?.[reservation.chainId];
  const price = replacementPrice(last, market, run.options.replaceBumpBps, cap);
  if (price === undefined) return undefined;
  const gasLimit = await emptyGasLimit(run, chain, account);
  return signAndPersist(run, account, reservation, { ...price, gasLimit }, last.bump + 1, []);
}

/** The same calls at a higher price; undefined when the price bound forbids it. */
export async function signReplacement(
  run: Execution,
  step: CallStep,
  reservation: Reservation,
  last: StoredOperation,
): Promise<StoredOperation | undefined> {
  const market = openingPrice(await chainOf(run.parts, step.chainId).fees(run.signal));
  const cap = run.options.maxFeePerGasWei?.[step.chainId];
  const price = replacementPrice(last, market, run.options.replaceBumpBps, cap);
  if (price === undefined) return undefined;
  return signStep(run, step, reservation, { ...price, gasLimit: last.gasLimit }, last.bump + 1);
}

async function signAndPersist(
  run: Signing,
  account: Account,
  reservation: Reservation,
  price: GasPrice & { readonly gasLimit: bigint },
  bump: number,
  calls: CallStep['calls'],
): Promise<StoredOperation> {
  const { chainId, nonceKey, nonce } = reservation;
  const { maxFeePerGasWei, maxPriorityFeePerGasWei, gasLimit } = price;
  const signed = await account.sign(
    { chainId, calls, nonceKey, nonce, maxFeePerGasWei, maxPriorityFeePerGasWei, gasLimit },
    run.signal,
  );
  return run.parts.journal.persistOperation({
    reservationId: reservation.id,
    bump,
    purpose: calls.length === 0 ? 'cancellation' : 'step',
    raw: signed.raw,
    hash: signed.hash,
    gasLimit,
    maxFeePerGasWei,
    maxPriorityFeePerGasWei,
    signedAtMs: run.parts.clock.now(),
  });
}

/** Rollups charge for data in gas, so that even an empty transaction needs more than 21,000 there: ask, do not assume. */
async function emptyGasLimit(run: Signing, chain: Chain, account: Account): Promise<bigint> {
  const self = account.addressOn(chain.id);
  const [result] = await chain.simulate({ from: self, calls: [{ to: self, data: '0x', valueWei: 0n }] }, run.signal);
  return gasLimitFor(result?.gasUsed ?? 0n, run.options.gasMarginBps, 21_000n);
}

function capped(price: GasPrice, maxFeePerGasWei: bigint | undefined): GasPrice {
  if (maxFeePerGasWei === undefined || price.maxFeePerGasWei <= maxFeePerGasWei) return price;
  const priority = price.maxPriorityFeePerGasWei;
  return {
    maxFeePerGasWei,
    maxPriorityFeePerGasWei: priority < maxFeePerGasWei ? priority : maxFeePerGasWei,
  };
}

/** Gas and value that a lane's steps may cost together at opening prices. @throws GAS_FUNDS_MISSING */
export async function assertGasFunds(
  run: Pick<Execution, 'parts' | 'signal'>,
  account: Account,
  chain: Chain,
  gasUsed: bigint,
  steps: readonly CallStep[],
): Promise<void> {
  const price = openingPrice(await chain.fees(run.signal));
  await assertPayable(run, account, chain, gasUsed * price.maxFeePerGasWei, steps);
}

/** @throws GAS_FUNDS_MISSING */
async function assertPayable(
  run: Pick<Execution, 'parts' | 'signal'>,
  account: Account,
  chain: Chain,
  gasWei: bigint,
  steps: readonly CallStep[],
): Promise<void> {
  const lane = laneOf(account, chain.id);
  const valueWei = steps.flatMap((step) => step.calls).reduce((sum, call) => sum + call.valueWei, 0n);
  const funds = await account.gasFundsWei?.(chain, run.signal);
  const neededWei = (funds === 'sponsored' ? 0n : gasWei) + valueWei;
  const heldWei = typeof funds === 'bigint' ? funds : await chain.balanceWei(lane.account, run.signal);
  if (heldWei < neededWei) throw new GasFundsMissingError(lane, neededWei, heldWei);
}
