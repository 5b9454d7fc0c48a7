import { concat, type JsonRpcProvider, NonceManager, Signature, toBeHex, Wallet } from 'ethers';
import { entryPointAbi } from '../../src/erc4337/entry-point.js';
import { RpcError, startLoopbackServer } from './loopback-server.js';

// A bundler of ours for tests: it speaks ERC-7769 over loopback HTTP, and really calls handleOps of the deployed entry
// point. It validates by simulating the bundle. It is not a bundler for production: no mempool rules, no ERC-7562.

/** How it behaves to the next requests. */
export type Mood =
  | 'honest'
  /** Takes operations and keeps them until it is honest again. */
  | 'holds'
  /** Takes operations and forgets them: killed after acceptance. */
  | 'forgets'
  | 'hangs'
  | 'garbage'
  | 'rejects'
  /** Names a transaction that does not hold the operation. */
  | 'lies'
  /** Knows nothing of what it has included. */
  | 'denies'
  /** Answers with another operation's hash. */
  | 'renames'
  /** Wants absurd amounts of gas. */
  | 'greedy'
  | 'other-chain';

export interface LoopbackBundler {
  readonly url: string;
  mood: Mood;
  /** Requests by method. */
  readonly requests: string[];
  /** Bundles that were mined. */
  readonly bundles: string[];
  release(): Promise<void>;
  close(): Promise<void>;
}

export type RpcOperation = Record<string, string> & {
  eip7702Auth?: { chainId: string; address: string; nonce: string; yParity: string; r: string; s: string };
};

export async function startLoopbackBundler(
  provider: JsonRpcProvider,
  chainId: number,
  entryPoints: readonly string[],
  key: string,
): Promise<LoopbackBundler> {
  const wallet = new NonceManager(new Wallet(key, provider));
  const executor = await wallet.getAddress();
  const mined = new Map<string, string>();
  const held = new Map<string, readonly [RpcOperation, string]>();

  const bundle = async (operation: RpcOperation, entryPoint: string): Promise<string> => {
    const data = entryPointAbi.encodeFunctionData('handleOps', [[packRpcOperation(operation)], executor]);
    const authorization = operation.eip7702Auth;
    const sent = await wallet.sendTransaction({
      to: entryPoint,
      data,
      gasLimit: 5_000_000n,
      ...(authorization && {
        type: 4,
        authorizationList: [
          {
            address: authorization.address,
            chainId: BigInt(authorization.chainId),
            nonce: BigInt(authorization.nonce),
            signature: Signature.from({
              r: authorization.r,
              s: authorization.s,
              yParity: Number(authorization.yParity) as 0 | 1,
            }),
          },
        ],
      }),
    });
    await sent.wait();
    return sent.hash;
  };

  const send = async (operation: RpcOperation, entryPoint: string): Promise<string> => {
    const hash = await hashOf(provider, operation, entryPoint);
    if (self.mood === 'renames') return `0x${'ab'.repeat(32)}`;
    if (held.has(hash)) throw new RpcError(-32_602, 'user operation already known');
    const code = await provider.getCode(operation['sender']!);
    if (code !== '0x' || operation['factory'] !== '0x7702') await validate(provider, operation, entryPoint, executor);
    if (self.mood === 'holds') held.set(hash, [operation, entryPoint]);
    else if (self.mood !== 'forgets') {
      const txHash = await bundle(operation, entryPoint);
      mined.set(hash, txHash);
      self.bundles.push(txHash);
    }
    return hash;
  };

  const answer = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    self.requests.push(method);
    if (self.mood === 'rejects' && method !== 'eth_chainId' && method !== 'eth_supportedEntryPoints') {
      throw new RpcError(-32_500, 'AA23 reverted: not today');
    }
    switch (method) {
      case 'eth_chainId':
        return self.mood === 'other-chain' ? '0x1' : toBeHex(chainId);
      case 'eth_supportedEntryPoints':
        return entryPoints;
      case 'eth_estimateUserOperationGas':
        return estimate(provider, params[0] as RpcOperation, String(params[1]), self.mood === 'greedy');
      case 'eth_sendUserOperation':
        return send(params[0] as RpcOperation, String(params[1]));
      case 'eth_getUserOperationReceipt': {
        const hash = String(params[0]);
        const other = self.bundles[0] ?? `0x${'cd'.repeat(32)}`;
        const txHash = self.mood === 'lies' ? other : mined.get(hash);
        const known = self.mood === 'denies' ? undefined : txHash;
        return known === undefined ? null : { userOpHash: hash, receipt: { transactionHash: known } };
      }
      default:
        throw new RpcError(-32_601, `the method ${method} does not exist`);
    }
  };

  const server = await startLoopbackServer(answer, () =>
    self.mood === 'hangs' || self.mood === 'garbage' ? self.mood : undefined,
  );
  const self: LoopbackBundler = {
    url: server.url,
    mood: 'honest',
    requests: [],
    bundles: [],
    release: async () => {
      self.mood = 'honest';
      for (const [hash, [operation, entryPoint]] of held) {
        held.delete(hash);
        const txHash = await bundle(operation, entryPoint);
        mined.set(hash, txHash);
        self.bundles.push(txHash);
      }
    },
    close: () => server.close(),
  };
  return self;
}

/** The packed form, made here anew: nothing of the client's own packing is used. */
export function packRpcOperation(operation: RpcOperation): readonly unknown[] {
  const word = (high: string, low: string): string =>
    concat([toBeHex(BigInt(operation[high] ?? 0), 16), toBeHex(BigInt(operation[low] ?? 0), 16)]);
  const { factory, paymaster } = operation;
  const initCode =
    factory === undefined
      ? '0x'
      : concat([factory === '0x7702' ? `0x7702${'00'.repeat(18)}` : factory, operation['factoryData'] ?? '0x']);
  return [
    operation['sender'],
    operation['nonce'],
    initCode,
    operation['callData'],
    word('verificationGasLimit', 'callGasLimit'),
    operation['preVerificationGas'],
    word('maxPriorityFeePerGas', 'maxFeePerGas'),
    paymaster === undefined
      ? '0x'
      : concat([
          paymaster,
          word('paymasterVerificationGasLimit', 'paymasterPostOpGasLimit'),
          operation['paymasterData']!,
        ]),
    operation['signature'],
  ];
}

/** As the entry point sees it; for one that is yet to delegate, with its delegation pretended. */
async function hashOf(provider: JsonRpcProvider, operation: RpcOperation, entryPoint: string): Promise<string> {
  const data = entryPointAbi.encodeFunctionData('getUserOpHash', [packRpcOperation(operation)]);
  const authorization = operation.eip7702Auth;
  const overrides = authorization && { [operation['sender']!]: { code: `0xef0100${authorization.address.slice(2)}` } };
  return (await provider.send('eth_call', [
    { to: entryPoint, data },
    'latest',
    ...(overrides ? [overrides] : []),
  ])) as string;
}

async function validate(
  provider: JsonRpcProvider,
  operation: RpcOperation,
  entryPoint: string,
  executor: string,
): Promise<void> {
  const data = entryPointAbi.encodeFunctionData('handleOps', [[packRpcOperation(operation)], executor]);
  try {
    await provider.send('eth_call', [{ from: executor, to: entryPoint, data, gas: toBeHex(10_000_000) }, 'latest']);
  } catch (error) {
    const revert = String((error as { data?: unknown; info?: { error?: { data?: unknown } } }).info?.error?.data ?? '');
    const failed = revert.startsWith('0x') ? entryPointAbi.parseError(revert) : null;
    throw new RpcError(-32_500, failed === null ? 'reverted' : String(failed.args['reason']));
  }
}

const VERIFICATION_GAS = 90_000;
const DEPLOYMENT_GAS = 400_000;
const PAYMASTER_GAS = 60_000;

/** Call gas by the node's own estimate from the entry point; the rest by figures that suffice for these accounts. */
async function estimate(
  provider: JsonRpcProvider,
  operation: RpcOperation,
  entryPoint: string,
  isGreedy: boolean,
): Promise<unknown> {
  const { callData, factory, paymaster, sender } = operation;
  const isThere = (await provider.getCode(sender!)) !== '0x';
  const call = { from: entryPoint, to: sender, data: callData };
  const callGas = callData === '0x' || !isThere ? 0n : await callGasOf(provider, call);
  const bytes = packRpcOperation(operation).reduce<number>((sum, field) => sum + String(field).length / 2, 0);
  return {
    callGasLimit: toBeHex(callGas),
    verificationGasLimit: toBeHex(VERIFICATION_GAS + (factory === undefined ? 0 : DEPLOYMENT_GAS)),
    preVerificationGas: toBeHex(
      isGreedy ? 50_000_000 : 21_000 + Math.ceil(bytes) * 16 + (factory === undefined ? 0 : 25_000),
    ),
    ...(paymaster !== undefined && {
      paymasterVerificationGasLimit: toBeHex(PAYMASTER_GAS),
      paymasterPostOpGasLimit: toBeHex(1),
    }),
  };
}

async function callGasOf(provider: JsonRpcProvider, call: object): Promise<bigint> {
  try {
    return BigInt((await provider.send('eth_estimateGas', [call, 'latest'])) as string);
  } catch {
    throw new RpcError(-32_521, 'execution reverted');
  }
}
