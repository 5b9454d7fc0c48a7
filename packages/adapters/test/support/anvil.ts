import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Anvil, startAnvil } from '../../../devnet/src/node/anvil.js';
import { MULTICALL3_ADDRESS } from '@evenkeel/adapters/json-rpc';

export type { Anvil };

/** An empty local chain with Multicall3 at its usual address. */
export async function startEmptyChain(chainId = 31337): Promise<Anvil> {
  const anvil = await startAnvil({ chainId, genesisTimeSeconds: 1_800_000_000 });
  await deployMulticall3(anvil);
  return anvil;
}

export async function deployMulticall3({ rpc }: Anvil): Promise<void> {
  const [from] = (await rpc.request('eth_accounts')) as string[];
  const hash = await rpc.request('eth_sendTransaction', [{ from, data: multicall3CreationCode(), gas: '0x4c4b40' }]);
  const receipt = (await rpc.request('eth_getTransactionReceipt', [hash])) as { contractAddress: string };
  const code = await rpc.request('eth_getCode', [receipt.contractAddress, 'latest']);
  await rpc.request('anvil_setCode', [MULTICALL3_ADDRESS, code]);
}

/** viem ships the creation code as a constant of a module that it does not export, so that it is read as text. */
function multicall3CreationCode(): string {
  const entry = createRequire(__filename).resolve('viem');
  const source = readFileSync(join(dirname(entry), 'constants', 'contracts.js'), 'utf8');
  return /multicall3Bytecode = '(0x[0-9a-f]+)'/.exec(source)![1]!;
}
