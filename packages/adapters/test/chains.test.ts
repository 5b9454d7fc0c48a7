import { getAddress, id, keccak256 } from 'ethers';
import type { Address, Chain, Hex } from '@evenkeel/core';
import {
  chainDescription,
  describedChainIds,
  type Expectation,
  expectationsOf,
  MULTICALL3_CODE_HASH,
  parsePins,
  pinsOf,
  resolveToken,
  verifyDeployment,
} from '@evenkeel/adapters/chains';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { type Anvil, startEmptyChain } from './support/anvil.js';

const isAddress = (value: string): boolean => getAddress(value) === value;

describe('chain descriptions', () => {
  it('describe five public chains', () => {
    expect(describedChainIds.map((chainId) => chainDescription(chainId).name)).toEqual([
      'Ethereum',
      'Optimism',
      'Polygon',
      'Base',
      'Arbitrum',
    ]);
  });

  it.each(describedChainIds)('chain %i is whole and frozen', (chainId) => {
    const chain = chainDescription(chainId);
    expect(chain.id).toBe(chainId);
    const addresses = [...Object.values(chain.contracts), ...chain.tokens.map((token) => token.address)];
    expect(addresses.filter((address) => !isAddress(address))).toEqual([]);
    expect(Object.keys(chain.contracts).sort()).toEqual(Object.keys(chainDescription(1).contracts).sort());
    expect(Object.keys(chain.sources).sort()).toEqual(Object.keys(chain.contracts).sort());
    expect(chain.wrappedNative.decimals).toBe(18);
    expect(chain.tokens.map((token) => token.symbol)).toEqual(expect.arrayContaining(['USDC', 'WETH']));
    expect(chain.tokens.find((token) => token.symbol === 'USDC')!.decimals).toBe(6);
    const parts = [chain, chain.contracts, chain.sources, chain.tokens, ...chain.tokens, chain.native];
    expect(parts.every(Object.isFrozen)).toBe(true);
  });

  it('name their sources', () => {
    const { sources } = chainDescription(10);
    expect(sources.acrossSpokePool).toMatchObject({ package: '@across-protocol/contracts', version: '5.0.27' });
    expect(sources.uniswapV4Quoter).toEqual({ kind: 'dependency', package: '@uniswap/sdk-core' });
    expect(sources.uniswapV3TickLens).toMatchObject({ kind: 'page' });
  });

  it('tell wrapped native coins apart', () => {
    expect(chainDescription(137).wrappedNative.symbol).toBe('WPOL');
    expect(chainDescription(137).native.symbol).toBe('POL');
    expect(chainDescription(1).resetAllowance).toEqual([resolveToken(1, 'USDT').address]);
    expect(chainDescription(8453).resetAllowance).toEqual([]);
  });

  it('resolve tokens by symbol and address', () => {
    const usdc = resolveToken(42161, 'USDC');
    expect(usdc).toEqual({
      chainId: 42161,
      address: '0xaf88d065e77c8cC2239327C5EDb3A432268e5831',
      symbol: 'USDC',
      decimals: 6,
    });
    expect(resolveToken(42161, usdc.address.toLowerCase())).toBe(usdc);
    expect(resolveToken(1, 'ETH').address).toBe(`0x${'00'.repeat(20)}`);
  });

  it('refuse what they do not know', () => {
    const thrown = (act: () => unknown): unknown => {
      try {
        return act();
      } catch (error) {
        return error;
      }
    };
    expect(thrown(() => chainDescription(5))).toMatchObject({ code: 'UNKNOWN_CHAIN', field: 'chainId', value: 5 });
    expect(thrown(() => resolveToken(5, 'USDC'))).toMatchObject({ code: 'UNKNOWN_CHAIN' });
    expect(thrown(() => resolveToken(1, 'usdc'))).toMatchObject({
      code: 'UNKNOWN_TOKEN',
      field: 'token',
      value: 'usdc',
    });
    expect((thrown(() => resolveToken(8453, 'USDT')) as Error).message).toContain('Use one of ETH, USDC, WETH');
  });
});

describe('verifyDeployment', () => {
  const CREATE2_DEPLOYER = '0x4e59b44847b379578588920cA78FbF26c0B4956C';
  const PROXY: Address = `0x${'a1'.repeat(20)}`;
  const TARGET: Address = `0x${'a2'.repeat(20)}`;
  const SLOT = `0x${(BigInt(id('eip1967.proxy.implementation')) - 1n).toString(16)}`;
  const expectations: readonly Expectation[] = [
    { contract: 'proxy', address: PROXY },
    { contract: 'target', address: TARGET },
  ];
  const set = (address: Address, code: Hex): Promise<unknown> => anvil.rpc.request('anvil_setCode', [address, code]);
  let anvil: Anvil;
  let chain: Chain;

  beforeAll(async () => {
    anvil = await startEmptyChain(42161);
    chain = jsonRpcChain({ id: 42161, name: 'like Arbitrum', url: anvil.rpcUrl });
  });
  beforeEach(async () => {
    await set(PROXY, '0x6001');
    await set(TARGET, '0x6002');
    await anvil.rpc.request('anvil_setStorageAt', [PROXY, SLOT, `0x${TARGET.slice(2).padStart(64, '0')}`]);
  });
  afterAll(() => anvil?.stop());

  it('records what it cannot know, follows proxies, and notices every change later', async () => {
    const rows = await verifyDeployment(chain, expectations);
    expect(rows).toEqual([
      {
        contract: 'proxy',
        address: PROXY,
        codePresent: true,
        codeHash: keccak256('0x6001'),
        implementation: { address: TARGET, codeHash: keccak256('0x6002') },
        compared: false,
        ok: true,
      },
      {
        contract: 'target',
        address: TARGET,
        codePresent: true,
        codeHash: keccak256('0x6002'),
        compared: false,
        ok: true,
      },
    ]);
    const pins = parsePins(JSON.parse(JSON.stringify(pinsOf(rows))));
    expect((await verifyDeployment(chain, pins)).map((row) => [row.compared, row.ok])).toEqual([
      [true, true],
      [true, true],
    ]);

    await set(TARGET, '0x6003');
    const changed = await verifyDeployment(chain, pins);
    expect(changed.map((row) => row.ok)).toEqual([false, false]);
    expect(changed[0]!.problem).toContain('has changed');
    expect(changed[1]!.problem).toContain('Another code');
    expect(pinsOf(changed)).toEqual([]);

    await set(TARGET, '0x6002');
    await anvil.rpc.request('anvil_setStorageAt', [PROXY, SLOT, `0x${CREATE2_DEPLOYER.slice(2).padStart(64, '0')}`]);
    expect((await verifyDeployment(chain, pins))[0]!.problem).toContain('It was upgraded');
    await anvil.rpc.request('anvil_setStorageAt', [PROXY, SLOT, `0x${'0'.repeat(64)}`]);
    expect((await verifyDeployment(chain, pins))[0]!.problem).toContain('It was upgraded');
    await anvil.rpc.request('anvil_setStorageAt', [PROXY, SLOT, `0x${'ee'.repeat(20).padStart(64, '0')}`]);
    expect((await verifyDeployment(chain, expectations))[0]!.problem).toContain('there is no code');
  });

  it('finds what is not there', async () => {
    const rows = await verifyDeployment(chain, expectationsOf(42161));
    const usdc = rows.find((row) => row.contract === 'token:USDC')!;
    expect(usdc).toMatchObject({ codePresent: false, codeHash: null, ok: false });
    expect(usdc.problem).toContain('There is no code at this address');
  });

  it('knows Multicall3 by its code, whoever stands at its address', async () => {
    const multicall3 = expectationsOf(42161).filter((each) => each.contract === 'multicall3');
    // What this test deploys there was built with other settings than the canonical one.
    const [row] = await verifyDeployment(chain, multicall3);
    expect(row).toMatchObject({ codePresent: true, compared: true, ok: false, expectedHash: MULTICALL3_CODE_HASH });
  });

  it('refuses damaged pins', () => {
    const bad = [{ contract: 'x', address: '0x12', codeHash: keccak256('0x') }];
    expect(() => parsePins(bad)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field: 'pins.0.address' }));
    expect(() => parsePins('nonsense')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field: 'pins' }));
  });
});
