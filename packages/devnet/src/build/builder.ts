import { AbiCoder, Interface, concat, getCreateAddress } from 'ethers';
import { linkLibraries } from '../artifacts/bytecode.js';
import type { Artifacts } from '../artifacts/fetch.js';
import { DevnetError } from '../errors.js';
import type { Rpc, RpcCall } from '../node/rpc.js';
import { GENESIS_TIME_SECONDS } from '../world.js';
import type { Address, Hex } from '../world.js';

/** Far above any block limit in use: while building, everything fits into one block. */
const BUILD_BLOCK_GAS_LIMIT = 1_000_000_000_000n;
const BUILD_TX_GAS_LIMIT = 30_000_000n;
const PLENTY_WEI = 10n ** 30n;

interface Pending {
  readonly from: Address;
  readonly label: string;
  readonly call: RpcCall;
}

/**
 * Queues transactions and sends them by the block. Senders are impersonated, so nothing is signed; addresses of
 * contracts are computed from the nonces, so later calls can be encoded before earlier ones are mined.
 */
export interface Builder {
  readonly chainId: number;
  /** Queues a deployment and returns the address that it will have. Libraries by fully qualified name. */
  deploy(
    from: Address,
    contract: string,
    types?: readonly string[],
    args?: readonly unknown[],
    libraries?: Readonly<Record<string, Address>>,
  ): Address;
  /** Queues a call of `signature`, such as `approve(address,uint256)`. */
  send(from: Address, to: Address, signature: string, args?: readonly unknown[], valueWei?: bigint): void;
  sendRaw(from: Address, to: Address, data: string, label: string, valueWei?: bigint): void;
  /** Lets so many seconds pass before the next block. A world opens a day after it was built, at the earliest. */
  pass(seconds: number): void;
  /** Mines all that is queued. @throws {DevnetError} `DEPLOYMENT_FAILED` naming the first that reverted. */
  flush(): Promise<void>;
  /** Reads; flush first what it depends on. `signature` as in Solidity with returns: `f(uint256) view returns (address)`. */
  read(to: Address, signature: string, args?: readonly unknown[]): Promise<readonly unknown[]>;
  readonly rpc: Rpc;
  transactionCount(): number;
}

export async function createBuilder(chainId: number, rpc: Rpc, artifacts: Artifacts): Promise<Builder> {
  await rpc.batch([
    { method: 'evm_setAutomine', params: [false] },
    { method: 'anvil_autoImpersonateAccount', params: [true] },
    { method: 'evm_setBlockGasLimit', params: [`0x${BUILD_BLOCK_GAS_LIMIT.toString(16)}`] },
    { method: 'anvil_setNextBlockBaseFeePerGas', params: ['0x0'] },
  ]);
  const nonces = new Map<Address, number>();
  let pending: Pending[] = [];
  let sent = 0;
  let elapsed = 0;

  const enqueue = (from: Address, label: string, fields: object): number => {
    const nonce = nonces.get(from);
    if (nonce === undefined) pending.unshift({ from, label: 'balance', call: setBalance(from) });
    nonces.set(from, (nonce ?? 0) + 1);
    const transaction = { from, nonce: nonce ?? 0, gas: BUILD_TX_GAS_LIMIT, gasPrice: 0n, ...fields };
    pending.push({ from, label, call: { method: 'eth_sendTransaction', params: [transaction] } });
    return nonce ?? 0;
  };

  return Object.freeze({
    chainId,
    rpc,
    deploy(
      from: Address,
      contract: string,
      types: readonly string[] = [],
      args: readonly unknown[] = [],
      libraries: Readonly<Record<string, Address>> = {},
    ): Address {
      const bytecode = artifacts[contract];
      if (bytecode === undefined) {
        throw new DevnetError('ARTIFACT_INVALID', `No bytecode of ${contract}. List it in artifacts.lock.json.`);
      }
      const code = linkLibraries(bytecode, libraries, contract);
      const data = concat([code, AbiCoder.defaultAbiCoder().encode([...types], [...args])]);
      const nonce = enqueue(from, `deployment of ${contract}`, { data });
      return getCreateAddress({ from, nonce }) as Address;
    },
    send(from: Address, to: Address, signature: string, args: readonly unknown[] = [], valueWei = 0n): void {
      const data = encodeCall(signature, args);
      enqueue(from, `${signature} at ${to}`, { to, data, value: valueWei });
    },
    sendRaw(from: Address, to: Address, data: string, label: string, valueWei = 0n): void {
      enqueue(from, label, { to, data, value: valueWei });
    },
    pass(seconds: number): void {
      elapsed += seconds;
    },
    async flush(): Promise<void> {
      const batch = pending;
      pending = [];
      const results = await rpc.batch(batch.map(({ call }) => call));
      await rpc.batch([
        { method: 'anvil_setNextBlockBaseFeePerGas', params: ['0x0'] },
        // Not the wall clock: the same build must give the same state.
        { method: 'evm_setNextBlockTimestamp', params: [GENESIS_TIME_SECONDS + (elapsed += 1)] },
        { method: 'evm_mine', params: [] },
      ]);
      const transactions = batch.flatMap((item, index) =>
        item.call.method === 'eth_sendTransaction' ? [{ label: item.label, hash: results[index] as Hex }] : [],
      );
      sent += transactions.length;
      await assertMined(rpc, chainId, transactions);
    },
    async read(to: Address, signature: string, args: readonly unknown[] = []): Promise<readonly unknown[]> {
      const coder = new Interface([`function ${signature}`]);
      const name = signature.slice(0, signature.indexOf('('));
      const data = coder.encodeFunctionData(name, [...args]);
      return coder.decodeFunctionResult(name, (await rpc.request('eth_call', [{ to, data }, 'latest'])) as string);
    },
    transactionCount: () => sent,
  });
}

/** Ends the building mode: real gas limits, fees and signatures from here on. */
export async function finishBuilding(rpc: Rpc): Promise<void> {
  await rpc.batch([
    { method: 'anvil_autoImpersonateAccount', params: [false] },
    { method: 'evm_setBlockGasLimit', params: [`0x${(60_000_000).toString(16)}`] },
    { method: 'evm_setAutomine', params: [true] },
  ]);
}

/** Encodes a call from a signature without names: `approve(address,uint256)`. */
export function encodeCall(signature: string, args: readonly unknown[]): Hex {
  const coder = new Interface([`function ${signature}`]);
  return coder.encodeFunctionData(signature.slice(0, signature.indexOf('(')), [...args]) as Hex;
}

function setBalance(account: Address): RpcCall {
  return { method: 'anvil_setBalance', params: [account, `0x${PLENTY_WEI.toString(16)}`] };
}

interface Sent {
  readonly label: string;
  readonly hash: Hex;
}

async function assertMined(rpc: Rpc, chainId: number, transactions: readonly Sent[]): Promise<void> {
  const calls = transactions.map(({ hash }) => ({ method: 'eth_getTransactionReceipt', params: [hash] }));
  const receipts = (await rpc.batch(calls)) as readonly ({ readonly status: string } | null)[];
  const failed = receipts.findIndex((receipt) => receipt?.status !== '0x1');
  if (failed < 0) return;
  const { hash, label } = transactions[failed] as Sent;
  throw new DevnetError(
    'DEPLOYMENT_FAILED',
    `Chain ${chainId} could not be set up: the ${label} failed. Report this.`,
    {
      details: { chainId, label, hash, mined: receipts[failed] !== null, why: await explain(rpc, hash) },
    },
  );
}

async function explain(rpc: Rpc, hash: Hex): Promise<unknown> {
  const trace = (await rpc
    .request('debug_traceTransaction', [hash, { tracer: 'callTracer' }])
    .catch(() => undefined)) as { error?: string; output?: string; revertReason?: string } | undefined;
  return trace && { error: trace.error, output: trace.output, reason: trace.revertReason };
}
