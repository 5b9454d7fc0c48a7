import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Anvil, startAnvil } from '../../../devnet/src/node/anvil.js';
import { MULTICALL3_ADDRESS } from '@evenkeel/adapters/json-rpc';

export type { Anvil };

/** An empty local chain with Multicall3 at its usual address. */
export async function startEmptyChain(chainId = 31337): Promise<Anvil> {
  const anvil = await startAnvil({ chainId, genesisTimeSeconds: 1_800_000_000 });
  await placeMulticall3(anvil);
  return anvil;
}

async function placeMulticall3({ rpc }: Anvil): Promise<void> {
  // Creation code that is called, not sent, answers with the code that it would leave.
  const runtime = await rpc.request('eth_call', [{ data: multicall3CreationCode() }, 'latest']);
  await rpc.request('anvil_setCode', [MULTICALL3_ADDRESS, runtime]);
  await rpc.request('evm_mine');
}

/** viem ships the creation code as a constant of a module that it does not export, so that it is read as text. */
function multicall3CreationCode(): string {
  const entry = createRequire(__filename).resolve('viem');
  const source = readFileSync(join(dirname(entry), 'constants', 'contracts.js'), 'utf8');
  return /multicall3Bytecode = '(0x[0-9a-f]+)'/.exec(source)![1]!;
}
