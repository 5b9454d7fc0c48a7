import { expectationsOf, verifyDeployment } from '@evenkeel/adapters/chains';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { startWorld, type World, type WorldChain } from '@evenkeel/devnet';

let world: World;

beforeAll(async () => {
  world = await startWorld({ chains: 2 });
}, 120_000);
afterAll(() => world?.close());

const permit2On = async ({ contracts, id, name, rpcUrl }: WorldChain) => {
  const chain = jsonRpcChain({ id, name, url: rpcUrl, multicall3: contracts.multicall3 });
  const expected = expectationsOf(1).filter(({ contract }) => contract === 'permit2');
  return (await verifyDeployment(chain, expected))[0]!;
};

it('the real Permit2 is known by its code on every chain, although its immutables differ', async () => {
  const [first, second] = world.chains as [WorldChain, WorldChain];
  const codes = await Promise.all(
    [first, second].map((chain) => chain.rpc('eth_getCode', [chain.contracts.permit2, 'latest'])),
  );
  expect(codes[0]).not.toBe(codes[1]);
  for (const chain of [first, second]) expect(await permit2On(chain)).toMatchObject({ compared: true, ok: true });
});

it('a Permit2 that was tampered with, or comes from another chain, is not', async () => {
  const [first, second] = world.chains as [WorldChain, WorldChain];
  const code = String(await first.rpc('eth_getCode', [first.contracts.permit2, 'latest']));
  await second.rpc('anvil_setCode', [second.contracts.permit2, code]);
  expect(await permit2On(second)).toMatchObject({ codePresent: true, ok: false });
  await first.rpc('anvil_setCode', [first.contracts.permit2, `${code.slice(0, -2)}00`]);
  expect(await permit2On(first)).toMatchObject({ codePresent: true, ok: false });
});
