import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MULTICALL3_CODE_HASH, PERMIT2_CODE_HASH } from '@evenkeel/adapters/chains';
import { defaultCacheDir } from '@evenkeel/devnet';
import { concat, keccak256 } from 'ethers';
import * as v from 'valibot';
import { fetchArtifacts } from '../../devnet/src/artifacts/fetch.js';
import { type Anvil, startEmptyChain } from '../../adapters/test/support/anvil.js';
import { CREATE2_DEPLOYER, PERMIT2_ADDRESS, PERMIT2_SALT } from '../../devnet/src/build/protocols.js';
import { documentIn, failureIn, folder, inProcess } from './cli-process.js';

jest.setTimeout(60_000);

// A local chain with the id of Base. Permit2 stands there as on the real one, by the CREATE2 deployer and its own salt;
// at the address of Multicall3 there is another build of it.

let node: Anvil;
const files = folder();

beforeAll(async () => {
  const artifacts = await fetchArtifacts({ cacheDir: defaultCacheDir() });
  node = await startEmptyChain(8453);
  const [sender] = v.parse(v.array(v.string()), await node.rpc.request('eth_accounts'));
  const data = concat([PERMIT2_SALT, artifacts['Permit2']!]);
  await node.rpc.request('eth_sendTransaction', [{ from: sender, to: CREATE2_DEPLOYER, data, gas: '0x989680' }]);
});
afterAll(async () => {
  await node?.stop();
  rmSync(files, { recursive: true, force: true });
});

const verdictSchema = v.object({
  chainId: v.number(),
  name: v.string(),
  ok: v.boolean(),
  contracts: v.array(
    v.object({
      contract: v.string(),
      codePresent: v.boolean(),
      codeHash: v.nullable(v.string()),
      compared: v.boolean(),
      ok: v.boolean(),
      problem: v.optional(v.string()),
    }),
  ),
});

async function verify(...args: readonly string[]) {
  const ended = await inProcess(['verify', '--rpc', node.rpcUrl, '--json', ...args]);
  const verdict = v.parse(verdictSchema, documentIn(ended));
  const rowOf = (contract: string) => verdict.contracts.find((each) => each.contract === contract)!;
  return { ...verdict, code: ended.code, rowOf };
}

const codeAt = async (address: string): Promise<string> =>
  String(await node.rpc.request('eth_getCode', [address, 'latest']));
const setCode = (address: string, code: string) => node.rpc.request('anvil_setCode', [address, code]);

it('tells what is proven, what is another code, and what is missing', async () => {
  const { chainId, code, contracts, name, ok, rowOf } = await verify();
  expect({ code, ok, chainId, name }).toEqual({ code: 1, ok: false, chainId: 8453, name: 'Base' });
  expect(rowOf('permit2')).toMatchObject({ ok: true, compared: true, codeHash: PERMIT2_CODE_HASH });
  expect(rowOf('multicall3')).toMatchObject({ codePresent: true, compared: true, ok: false });
  expect(rowOf('multicall3').codeHash).not.toBe(MULTICALL3_CODE_HASH);
  expect(rowOf('multicall3').problem).toContain('Another code');
  const rest = contracts.filter(({ contract }) => contract !== 'permit2' && contract !== 'multicall3');
  expect(rest.length).toBeGreaterThan(14);
  expect(rest.filter(({ ok: fine, problem }) => fine || !problem?.includes('no code'))).toEqual([]);
});

it('says the same in words', async () => {
  const { code, stdout } = await inProcess(['verify', '--rpc', node.rpcUrl]);
  expect(code).toBe(1);
  expect(stdout).toContain('Base (8453)');
  expect(stdout).toMatch(/✔.*permit2.*as expected/);
  expect(stdout).toMatch(/✘.*uniswapV3Factory.*no code/);
  expect(stdout).toMatch(/\d+ of \d+ do not match/);
});

it('an altered code is found', async () => {
  const code = await codeAt(PERMIT2_ADDRESS);
  await setCode(PERMIT2_ADDRESS, `${code.slice(0, -2)}${code.endsWith('00') ? '01' : '00'}`);
  try {
    const { rowOf } = await verify();
    expect(rowOf('permit2')).toMatchObject({ codePresent: true, compared: true, ok: false });
    expect(rowOf('permit2').problem).toContain('Another code');
    expect(rowOf('permit2').codeHash).not.toBe(PERMIT2_CODE_HASH);
  } finally {
    await setCode(PERMIT2_ADDRESS, code);
  }
});

it('a node of another chain is refused', async () => {
  const ended = await inProcess(['verify', '--rpc', node.rpcUrl, '--chain', '1', '--json']);
  expect(failureIn(ended)).toMatchObject({ exitCode: 1, code: 'RPC_WRONG_CHAIN' });
  const unknown = await inProcess(['verify', '--rpc', node.rpcUrl, '--chain', '999', '--json']);
  expect(failureIn(unknown)).toMatchObject({ exitCode: 1, code: 'UNKNOWN_CHAIN', value: 999 });
});

it('pins that were written are compared with later', async () => {
  const pins = join(files, 'pins.json');
  const usdc = '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913';
  await setCode(usdc, '0x6001600255');
  const first = await verify('--write-pins', pins);
  expect(first.rowOf('token:USDC')).toMatchObject({ ok: true, compared: false });
  const written = v.parse(
    v.array(v.object({ contract: v.string(), codeHash: v.string() })),
    JSON.parse(readFileSync(pins, 'utf8')),
  );
  expect(written.map(({ contract }) => contract).sort()).toEqual(['permit2', 'token:USDC']);
  expect(written.find(({ contract }) => contract === 'token:USDC')?.codeHash).toBe(keccak256('0x6001600255'));

  expect((await verify('--pins', pins)).rowOf('token:USDC')).toMatchObject({ ok: true, compared: true });
  await setCode(usdc, '0x6001600355');
  expect((await verify('--pins', pins)).rowOf('token:USDC')).toMatchObject({ ok: false, compared: true });
});

it('pins that are none are refused', async () => {
  const pins = join(files, 'broken.json');
  for (const content of ['{', '[{"contract":"permit2"}]']) {
    writeFileSync(pins, content);
    const ended = await inProcess(['verify', '--rpc', node.rpcUrl, '--pins', pins, '--json']);
    expect(failureIn(ended)).toMatchObject({
      exitCode: 1,
      code: 'INVALID_INPUT',
      field: expect.stringContaining('pins'),
    });
  }
});
