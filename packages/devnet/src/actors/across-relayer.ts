import { Interface } from 'ethers';
import { ZERO_ADDRESS } from '../build/protocols.js';
import type { World, WorldChain } from '../world.js';
import { FILLED, FUNDS_DEPOSITED, SPOKE, relayData, toBytes32, toDeposit } from './across-abi.js';
import type { AcrossDeposit } from './across-abi.js';
import type { AcrossRelayerBehaviour, AcrossSkipReason, ActorEvent } from './actors.js';
import { read, reasonOf, submit } from './contract.js';
import { blockTime, chainClock, createLogReader } from './log-reader.js';

const ERC20 = new Interface(['function balanceOf(address) view returns (uint256)']);
const BPS = 10_000n;

const DEFAULTS: AcrossRelayerBehaviour = { minFeeBps: 2, delaySeconds: 0, ignore: () => false };

/** What is to be done with a deposit now. */
type Verdict =
  { readonly kind: 'fill' } | { readonly kind: 'gone' } | { readonly kind: 'wait'; readonly why: AcrossSkipReason };

export interface RelayerCore {
  readonly pass: () => Promise<void>;
  readonly rewind: (fromBlocks: readonly number[]) => void;
  readonly behave: (change: Partial<AcrossRelayerBehaviour>) => void;
}

/**
 * Fills Across deposits from its own inventory, as public relayers do: it wants its fee, heeds deadlines and exclusivity,
 * and looks at every open deposit again in each pass. It takes its repayment on the origin chain, where the hub charges
 * no fee for it.
 */
export function createAcrossRelayer(
  world: World,
  fromBlocks: readonly number[],
  initial: Partial<AcrossRelayerBehaviour>,
  emit: (event: ActorEvent) => void,
): RelayerCore {
  const relayer = world.accounts.relayer;
  let behaviour: AcrossRelayerBehaviour = { ...DEFAULTS, ...initial };
  let open: AcrossDeposit[] = [];
  const told = new Map<string, AcrossSkipReason>();
  const readers = world.chains.map((chain, index) =>
    createLogReader(chain, chain.contracts.acrossSpokePool, FUNDS_DEPOSITED, fromBlocks[index] ?? 0),
  );

  const judge = async (deposit: AcrossDeposit, destination: WorldChain): Promise<Verdict> => {
    const clock = await chainClock(destination);
    if (clock > deposit.fillDeadline) {
      tell(deposit, 'expired');
      return { kind: 'gone' };
    }
    const spoke = destination.contracts.acrossSpokePool;
    const [hash] = await read(destination, spoke, SPOKE, 'getV3RelayHash', [relayData(deposit)]);
    const [status] = await read(destination, spoke, SPOKE, 'fillStatuses', [hash]);
    if (status === FILLED) return { kind: 'gone' };
    const why = await objection(deposit, destination, clock);
    return why === undefined ? { kind: 'fill' } : { kind: 'wait', why };
  };

  const objection = async (
    deposit: AcrossDeposit,
    destination: WorldChain,
    clock: number,
  ): Promise<AcrossSkipReason | undefined> => {
    const { exclusiveRelayer, inputAmount, origin, outputAmount } = deposit;
    const view = { ...deposit, originChainId: origin.id };
    if (behaviour.ignore(view)) return 'ignored';
    if (!sameAsset(deposit, destination)) return 'unsupported-token';
    if ((inputAmount - outputAmount) * BPS < inputAmount * BigInt(behaviour.minFeeBps)) return 'fee-too-low';
    const reserved = exclusiveRelayer !== ZERO_ADDRESS && exclusiveRelayer !== relayer.address;
    if (reserved && clock <= deposit.exclusivityDeadline) return 'exclusive-to-another';
    if (clock < (await blockTime(origin, deposit.blockNumber)) + behaviour.delaySeconds) return 'not-yet';
    const [held] = await read(destination, deposit.outputToken, ERC20, 'balanceOf', [relayer.address]);
    return (held as bigint) < outputAmount ? 'no-inventory' : undefined;
  };

  const tell = (deposit: AcrossDeposit, reason: AcrossSkipReason): void => {
    const key = `${deposit.origin.id}:${deposit.depositId}`;
    if (told.get(key) === reason) return;
    told.set(key, reason);
    emit({ kind: 'across-skipped', ...identify(deposit), reason });
  };

  const fill = async (deposit: AcrossDeposit, destination: WorldChain): Promise<boolean> => {
    const args = [relayData(deposit), deposit.origin.id, toBytes32(relayer.address)];
    const data = SPOKE.encodeFunctionData('fillRelay', args);
    try {
      const { hash } = await submit(destination, relayer, destination.contracts.acrossSpokePool, data);
      emit({ kind: 'across-filled', ...identify(deposit), txHash: hash as `0x${string}` });
      return true;
    } catch (error) {
      if (reasonOf(error).includes('does not answer')) throw error;
      tell(deposit, 'fill-reverts');
      return false;
    }
  };

  /** Whether the deposit stays open. */
  const handle = async (deposit: AcrossDeposit): Promise<boolean> => {
    const destination = world.chains.find(({ id }) => id === deposit.destinationChainId);
    if (destination === undefined) return false;
    const verdict = await judge(deposit, destination);
    if (verdict.kind === 'gone') return false;
    if (verdict.kind === 'fill') return !(await fill(deposit, destination));
    tell(deposit, verdict.why);
    return true;
  };

  return {
    behave(change) {
      behaviour = { ...behaviour, ...change };
    },
    rewind(blocks) {
      readers.forEach((reader, index) => reader.rewind(blocks[index] ?? 0));
      open = [];
      told.clear();
    },
    async pass() {
      for (const reader of readers) open.push(...(await reader.next()).map(toDeposit));
      const still: AcrossDeposit[] = [];
      for (const deposit of open) if (await handle(deposit)) still.push(deposit);
      open = still;
    },
  };
}

function identify({ depositId, destinationChainId, origin }: AcrossDeposit) {
  return { originChainId: origin.id, destinationChainId, depositId: depositId.toString() };
}

/** The relayer gives a token for the same token on another chain; it does not trade. */
function sameAsset(deposit: AcrossDeposit, destination: WorldChain): boolean {
  return (['WETH', 'USDC'] as const).some(
    (symbol) =>
      deposit.origin.tokens[symbol].address === deposit.inputToken &&
      destination.tokens[symbol].address === deposit.outputToken,
  );
}
