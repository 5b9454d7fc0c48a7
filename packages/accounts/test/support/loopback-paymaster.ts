import { AbiCoder, concat, Contract, getBytes, type JsonRpcProvider, Wallet } from 'ethers';
import { packRpcOperation, type RpcOperation } from './loopback-bundler.js';
import { type LoopbackServer, RpcError, startLoopbackServer } from './loopback-server.js';

// A paymaster service of ours for tests: it speaks ERC-7677 over loopback HTTP and signs for the deployed
// VerifyingPaymaster of entry point 0.7.

export type PaymasterMood =
  | 'honest'
  | 'hangs'
  | 'garbage'
  | 'misshapen'
  | 'refuses'
  | /** Signs with a key that the contract does not know. */ 'forges';

export interface LoopbackPaymaster extends LoopbackServer {
  mood: PaymasterMood;
  /** What came as context, by request. */
  readonly contexts: unknown[];
}

const TUPLE =
  'tuple(address sender, uint256 nonce, bytes initCode, bytes callData, bytes32 accountGasLimits, uint256 preVerificationGas, bytes32 gasFees, bytes paymasterAndData, bytes signature)';
const VALID_UNTIL = 2n ** 47n;
const GAS = { paymasterVerificationGasLimit: '0xea60', paymasterPostOpGasLimit: '0x1' };

export async function startLoopbackPaymaster(
  provider: JsonRpcProvider,
  address: string,
  key: string,
): Promise<LoopbackPaymaster> {
  const contract = new Contract(
    address,
    [`function getHash(${TUPLE} userOp, uint48 validUntil, uint48 validAfter) view returns (bytes32)`],
    provider,
  );
  const window = AbiCoder.defaultAbiCoder().encode(['uint48', 'uint48'], [VALID_UNTIL, 0n]);
  const stub = { paymaster: address, paymasterData: concat([window, `0x${'ff'.repeat(64)}1c`]), ...GAS };

  const signed = async (operation: RpcOperation): Promise<object> => {
    const hash = (await contract.getHash!(packRpcOperation(operation), VALID_UNTIL, 0n)) as string;
    const signer = new Wallet(self.mood === 'forges' ? `0x${'66'.repeat(32)}` : key);
    return { paymaster: address, paymasterData: concat([window, await signer.signMessage(getBytes(hash))]) };
  };

  const server = await startLoopbackServer(
    async (method, [operation, , , context]) => {
      self.contexts.push(context);
      if (self.mood === 'refuses') throw new RpcError(-32_000, 'this account has used up its budget');
      if (self.mood === 'misshapen') return { paymaster: '0x12', paymasterData: '0x' };
      if (method === 'pm_getPaymasterStubData') return stub;
      if (method === 'pm_getPaymasterData') return signed(operation as RpcOperation);
      throw new RpcError(-32_601, `there is no ${method}`);
    },
    () => (self.mood === 'hangs' || self.mood === 'garbage' ? self.mood : undefined),
  );
  const self: LoopbackPaymaster = { ...server, mood: 'honest', contexts: [] };
  return self;
}
