import { Interface, type JsonRpcProvider, type TypedDataField, Wallet } from 'ethers';
import type { Eip1193Provider } from '../../src/eip5792/provider.js';

// A wallet of ours for tests: an EIP-1193 provider that speaks EIP-5792 and really sends transactions, as an account that
// has delegated to Simple7702Account. Its user is `mood`.

export type WalletMood =
  | 'confirms'
  /** The person says no. */
  | 'rejects'
  /** Switched to another chain. */
  | 'elsewhere'
  /** Names requests by itself. */
  | 'renames'
  /** Takes requests and does nothing yet. */
  | 'waits'
  /** Takes requests and gives up. */
  | 'gives-up'
  /** Says that it is done, and names a transaction that is not there. */
  | 'lies'
  | 'fails'
  | 'garbage';

export interface TestWallet extends Eip1193Provider {
  mood: WalletMood;
  /** Prompts that its user has seen. */
  prompts: number;
  /** Carries out what waited. */
  resume(): Promise<void>;
}

interface Sent {
  readonly id: string;
  readonly calls: readonly { readonly to: string; readonly data: string; readonly value: string }[];
  status: number;
  txHash?: string;
}

class ProviderError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

const batch = new Interface(['function executeBatch((address target, uint256 value, bytes data)[] calls)']);

export function testWallet(node: JsonRpcProvider, key: string, delegate: string, isAtomic = true): TestWallet {
  const signer = new Wallet(key, node);
  const sent = new Map<string, Sent>();

  const carryOut = async (request: Sent): Promise<void> => {
    const [single] = request.calls;
    const self = signer.address;
    const nonce = await node.getTransactionCount(self);
    const isDelegating = (await node.getCode(self)) !== '0x';
    const calls = request.calls.map(({ data, to, value }) => [to, value, data]);
    const transaction =
      request.calls.length === 1
        ? { to: single!.to, data: single!.data, value: BigInt(single!.value) }
        : { to: self, data: batch.encodeFunctionData('executeBatch', [calls]) };
    const authorization = { address: delegate, chainId: (await node.getNetwork()).chainId, nonce: nonce + 1 };
    const needsDelegation = request.calls.length > 1 && !isDelegating;
    const response = await signer.sendTransaction({
      ...transaction,
      nonce,
      gasLimit: 1_000_000n,
      ...(needsDelegation && { type: 4, authorizationList: [await signer.authorize(authorization)] }),
    });
    const receipt = await node.waitForTransaction(response.hash);
    request.txHash = response.hash;
    request.status = receipt?.status === 1 ? 200 : 500;
  };

  const sendCalls = async (
    request: Sent & { readonly from: string; readonly atomicRequired: boolean },
  ): Promise<object> => {
    if (sent.has(request.id)) throw new ProviderError(5_720, 'Duplicate ID');
    if (request.atomicRequired && !isAtomic) throw new ProviderError(5_760, 'Atomicity not supported');
    self.prompts += 1;
    if (self.mood === 'rejects') throw new ProviderError(4_001, `User rejected ${key}`);
    if (self.mood === 'fails') throw new ProviderError(-32_603, 'Internal error');
    const own: Sent = { id: request.id, calls: request.calls, status: self.mood === 'gives-up' ? 400 : 100 };
    if (self.mood === 'lies') Object.assign(own, { status: 200, txHash: `0x${'cd'.repeat(32)}` });
    sent.set(request.id, own);
    if (self.mood === 'confirms') await carryOut(own);
    return { id: self.mood === 'renames' ? '0x1234' : request.id };
  };

  const self: TestWallet = {
    mood: 'confirms',
    prompts: 0,
    resume: async () => {
      self.mood = 'confirms';
      for (const request of sent.values()) if (request.status === 100) await carryOut(request);
    },
    request: async ({ method, params = [] }) => {
      if (self.mood === 'garbage') return '<html>';
      switch (method) {
        case 'eth_chainId':
          return self.mood === 'elsewhere' ? '0x1' : `0x${(await node.getNetwork()).chainId.toString(16)}`;
        case 'wallet_getCapabilities':
          return { '0x0': { atomic: { status: isAtomic ? 'supported' : 'unsupported' } } };
        case 'wallet_sendCalls':
          return sendCalls(params[0] as Sent & { readonly from: string; readonly atomicRequired: boolean });
        case 'wallet_getCallsStatus': {
          const own = sent.get(String(params[0]));
          if (own === undefined) throw new ProviderError(5_730, 'Unknown bundle id');
          const receipts = own.txHash === undefined ? {} : { receipts: [{ transactionHash: own.txHash }] };
          return { version: '2.0.0', id: own.id, status: own.status, atomic: true, ...receipts };
        }
        case 'eth_signTypedData_v4': {
          const { domain, message, primaryType, types } = JSON.parse(String(params[1])) as {
            domain: Record<string, unknown>;
            message: Record<string, unknown>;
            primaryType: string;
            types: Record<string, TypedDataField[]>;
          };
          return signer.signTypedData(domain, { [primaryType]: types[primaryType]! }, message);
        }
        default:
          if (method.startsWith('eth_')) return node.send(method, [...params]);
          throw new ProviderError(4_200, `The wallet has no ${method}`);
      }
    },
  };
  return self;
}
