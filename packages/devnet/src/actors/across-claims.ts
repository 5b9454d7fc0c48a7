import type { Address, Hex, World, WorldChain } from '../world.js';
import {
  FILLED,
  FILLED_RELAY,
  FUNDS_DEPOSITED,
  REFUND_EXECUTED,
  SPOKE,
  relayData,
  toAddress,
  toDeposit,
} from './across-abi.js';
import type { AcrossDeposit } from './across-abi.js';
import type { AcrossRefund } from './actors.js';
import { read } from './contract.js';
import { chainClock, createLogReader } from './log-reader.js';
import type { SeenEvent } from './log-reader.js';

/** `fillType` of a fill that the relayer paid for. A slow fill is paid by the pool and earns no repayment. */
const SLOW_FILL = 2n;

/** Share of the input that the hub's liquidity providers keep when a relayer wants its money on a third chain. */
const LP_FEE_BPS = 1n;
const BPS = 10_000n;

interface PaymentArgs {
  readonly l2TokenAddress: Address;
  readonly refundAddresses: readonly Address[];
  readonly refundAmounts: readonly bigint[];
}

interface FillArgs {
  readonly originChainId: bigint;
  readonly repaymentChainId: bigint;
  readonly inputToken: Hex;
  readonly inputAmount: bigint;
  readonly relayer: Hex;
  readonly relayExecutionInfo: { readonly fillType: bigint };
}

export interface ClaimBook {
  /** What the spoke pools owe and have not yet paid. */
  unpaid(): Promise<readonly AcrossRefund[]>;
  readonly rewind: (fromBlocks: readonly number[]) => void;
}

/**
 * Keeps account of what Across owes: repayments to relayers, and refunds of deposits that nobody filled in time. Derived
 * from the chains alone, as (all that is due) − (all that root bundles paid), so that it survives restarts and reverts.
 */
export function createClaimBook(world: World, fromBlocks: readonly number[]): ClaimBook {
  const readerOf = (event: string) => (chain: WorldChain, index: number) =>
    createLogReader(chain, chain.contracts.acrossSpokePool, event, fromBlocks[index] ?? 0);
  const depositReaders = world.chains.map(readerOf(FUNDS_DEPOSITED));
  const fillReaders = world.chains.map(readerOf(FILLED_RELAY));
  const paymentReaders = world.chains.map(readerOf(REFUND_EXECUTED));
  let open: AcrossDeposit[] = [];
  let due: AcrossRefund[] = [];
  let paid = new Map<string, bigint>();

  const collectExpired = async (): Promise<void> => {
    const clocks = new Map<number, number>();
    for (const chain of world.chains) clocks.set(chain.id, await chainClock(chain));
    const still: AcrossDeposit[] = [];
    for (const deposit of open) {
      const clock = clocks.get(deposit.destinationChainId);
      if (clock !== undefined && clock <= deposit.fillDeadline) still.push(deposit);
      else if (clock === undefined || !(await isFilled(world, deposit))) due.push(refundOf(deposit));
    }
    open = still;
  };

  const collectPayments = (event: SeenEvent): void => {
    const { l2TokenAddress, refundAddresses, refundAmounts } = event.args as unknown as PaymentArgs;
    refundAddresses.forEach((to, index) => {
      const key = claimKey(event.chain.id, l2TokenAddress, to);
      paid.set(key, (paid.get(key) ?? 0n) + (refundAmounts[index] ?? 0n));
    });
  };

  return {
    async unpaid() {
      for (const reader of depositReaders) open.push(...(await reader.next()).map(toDeposit));
      for (const reader of fillReaders) {
        due.push(...(await reader.next()).flatMap((event) => repaymentOf(world, event) ?? []));
      }
      for (const reader of paymentReaders) (await reader.next()).forEach(collectPayments);
      await collectExpired();
      return outstanding(due, paid);
    },
    rewind(blocks) {
      for (const readers of [depositReaders, fillReaders, paymentReaders]) {
        readers.forEach((reader, index) => reader.rewind(blocks[index] ?? 0));
      }
      open = [];
      due = [];
      paid = new Map();
    },
  };
}

/** The claims that payments, taken off in the order in which the claims arose, leave open. */
function outstanding(due: readonly AcrossRefund[], paid: ReadonlyMap<string, bigint>): readonly AcrossRefund[] {
  const rest = new Map(paid);
  return due.flatMap((claim) => {
    const key = claimKey(claim.chainId, claim.token, claim.to);
    const covered = rest.get(key) ?? 0n;
    const used = covered < claim.atoms ? covered : claim.atoms;
    rest.set(key, covered - used);
    return used === claim.atoms ? [] : [{ ...claim, atoms: claim.atoms - used }];
  });
}

function claimKey(chainId: number, token: string, to: string): string {
  return `${chainId}:${token}:${to}`.toLowerCase();
}

function refundOf({ depositor, inputAmount, inputToken, origin }: AcrossDeposit): AcrossRefund {
  return { chainId: origin.id, to: depositor, token: inputToken, atoms: inputAmount, why: 'expired-deposit' };
}

function repaymentOf(world: World, { args: raw }: SeenEvent): AcrossRefund | undefined {
  const args = raw as unknown as FillArgs;
  if (args.relayExecutionInfo.fillType === SLOW_FILL) return undefined;
  const origin = world.chains.find(({ id }) => id === Number(args.originChainId));
  const payer = world.chains.find(({ id }) => id === Number(args.repaymentChainId));
  if (origin === undefined || payer === undefined) return undefined;
  const input = toAddress(args.inputToken);
  const symbol = (['WETH', 'USDC'] as const).find((name) => origin.tokens[name].address === input);
  if (symbol === undefined) return undefined;
  const inputAmount = args.inputAmount;
  const atoms = origin === payer ? inputAmount : inputAmount - (inputAmount * LP_FEE_BPS) / BPS;
  const token = payer.tokens[symbol].address;
  return { chainId: payer.id, to: toAddress(args.relayer), token, atoms, why: 'relayer-repayment' };
}

async function isFilled(world: World, deposit: AcrossDeposit): Promise<boolean> {
  const destination = world.chain(deposit.destinationChainId);
  const spoke = destination.contracts.acrossSpokePool;
  const [hash] = await read(destination, spoke, SPOKE, 'getV3RelayHash', [relayData(deposit)]);
  const [status] = await read(destination, spoke, SPOKE, 'fillStatuses', [hash]);
  return status === FILLED;
}
