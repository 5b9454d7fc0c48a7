import { AbiCoder, Wallet, ZeroHash } from 'ethers';
import { startWorld } from '../src/index.js';
import type { Address, BalancerWeightedPool, TestAccount, World, WorldChain, WorldSnapshot } from '../src/index.js';
import { approve, balanceOf, send, view } from './support.js';

const coder = AbiCoder.defaultAbiCoder();
const ETH = 10n ** 18n;
const DOLLARS = 10n ** 6n;
const ZERO = `0x${'00'.repeat(20)}`;
const MAX_UINT160 = 2n ** 160n - 1n;

let world: World;
let chain: WorldChain;
let start: WorldSnapshot;

beforeAll(async () => {
  world = await startWorld({ chains: 2 });
  chain = world.chains[1]!;
  start = await world.snapshot();
}, 120_000);

afterEach(() => world.revert(start));
afterAll(() => world?.close());

const holdings = async (who: TestAccount) => ({
  weth: await balanceOf(chain, chain.tokens.WETH, who.address),
  usdc: await balanceOf(chain, chain.tokens.USDC, who.address),
});

test('UniswapX: a signed Dutch order is filled once', async () => {
  const { maker, trader } = world.accounts;
  const { permit2, uniswapXExclusiveDutchReactor: reactor } = chain.contracts;
  const { USDC, WETH } = chain.tokens;
  const now = await world.clockSeconds();
  const deadline = now + 600;
  const output = {
    token: USDC.address,
    startAmount: 2_990n * DOLLARS,
    endAmount: 2_990n * DOLLARS,
    recipient: trader.address,
  };
  const info = {
    reactor,
    swapper: trader.address,
    nonce: 1n,
    deadline,
    additionalValidationContract: ZERO,
    additionalValidationData: '0x',
  };
  const witness = {
    info,
    decayStartTime: now,
    decayEndTime: now,
    exclusiveFiller: ZERO,
    exclusivityOverrideBps: 0n,
    inputToken: WETH.address,
    inputStartAmount: ETH,
    inputEndAmount: ETH,
    outputs: [output],
  };
  const permitted = { token: WETH.address, amount: ETH };
  const types = {
    PermitWitnessTransferFrom: fields(
      'TokenPermissions permitted, address spender, uint256 nonce, uint256 deadline, ExclusiveDutchOrder witness',
    ),
    TokenPermissions: fields('address token, uint256 amount'),
    ExclusiveDutchOrder: fields(
      'OrderInfo info, uint256 decayStartTime, uint256 decayEndTime, address exclusiveFiller, uint256 exclusivityOverrideBps, address inputToken, uint256 inputStartAmount, uint256 inputEndAmount, DutchOutput[] outputs',
    ),
    DutchOutput: fields('address token, uint256 startAmount, uint256 endAmount, address recipient'),
    OrderInfo: fields(
      'address reactor, address swapper, uint256 nonce, uint256 deadline, address additionalValidationContract, bytes additionalValidationData',
    ),
  };
  const domain = { name: 'Permit2', chainId: chain.id, verifyingContract: permit2 };
  const message = { permitted, spender: reactor, nonce: 1n, deadline, witness };
  const signature = await new Wallet(trader.privateKey).signTypedData(domain, types, message);
  const order = coder.encode(
    [
      'tuple(tuple(address,address,uint256,uint256,address,bytes),uint256,uint256,address,uint256,tuple(address,uint256,uint256),tuple(address,uint256,uint256,address)[])',
    ],
    [[Object.values(info), now, now, ZERO, 0n, [WETH.address, ETH, ETH], [Object.values(output)]]],
  );
  await approve(chain, trader, WETH, permit2, ETH);
  await approve(chain, maker, USDC, reactor, 10_000n * DOLLARS);
  const before = await holdings(trader);
  const fill = () => send(chain, maker, reactor, 'execute((bytes,bytes)) payable', [[order, signature]]);
  await fill();
  const after = await holdings(trader);
  expect([after.weth - before.weth, after.usdc - before.usdc]).toEqual([-ETH, 2_990n * DOLLARS]);
  // InvalidNonce()
  await expect(fill()).rejects.toMatchObject({ data: '0x756688fe' });
});

test('CoW: a solver nets two signed orders, and nobody else may settle', async () => {
  const { maker, solver, stranger, trader } = world.accounts;
  const { cowSettlement, cowVaultRelayer } = chain.contracts;
  const { USDC, WETH } = chain.tokens;
  const validTo = (await world.clockSeconds()) + 600;
  const price = 3_000n * DOLLARS;
  const types = {
    Order: fields(
      'address sellToken, address buyToken, address receiver, uint256 sellAmount, uint256 buyAmount, uint32 validTo, bytes32 appData, uint256 feeAmount, string kind, bool partiallyFillable, string sellTokenBalance, string buyTokenBalance',
    ),
  };
  const domain = { name: 'Gnosis Protocol', version: 'v2', chainId: chain.id, verifyingContract: cowSettlement };
  const sign = async (
    who: TestAccount,
    sellToken: Address,
    sellAmount: bigint,
    buyToken: Address,
    buyAmount: bigint,
  ) => {
    const terms = { receiver: who.address, sellAmount, buyAmount, validTo, appData: ZeroHash, feeAmount: 0n };
    const how = { kind: 'sell', partiallyFillable: false, sellTokenBalance: 'erc20', buyTokenBalance: 'erc20' };
    const order = { sellToken, buyToken, ...terms, ...how };
    const signature = await new Wallet(who.privateKey).signTypedData(domain, types, order);
    const [sell, buy] = sellToken === WETH.address ? [0, 1] : [1, 0];
    return [sell, buy, who.address, sellAmount, buyAmount, validTo, ZeroHash, 0n, 0n, sellAmount, signature];
  };
  await approve(chain, trader, WETH, cowVaultRelayer, ETH);
  await approve(chain, maker, USDC, cowVaultRelayer, price);
  const trades = [
    await sign(trader, WETH.address, ETH, USDC.address, price),
    await sign(maker, USDC.address, price, WETH.address, ETH),
  ];
  const trade = '(uint256,uint256,address,uint256,uint256,uint32,bytes32,uint256,uint256,uint256,bytes)[]';
  const settle = `settle(address[],uint256[],${trade},(address,uint256,bytes)[][3])`;
  const args = [[WETH.address, USDC.address], [price, ETH], trades, [[], [], []]];
  await expect(send(chain, stranger, cowSettlement, settle, args)).rejects.toMatchObject({
    reason: 'GPv2: not a solver',
  });
  const before = await holdings(trader);
  await send(chain, solver, cowSettlement, settle, args);
  const after = await holdings(trader);
  expect([after.weth - before.weth, after.usdc - before.usdc]).toEqual([-ETH, price]);
});

test('Balancer: the weighted pool pays what the vault says', async () => {
  const { trader } = world.accounts;
  const { balancerVault } = chain.contracts;
  const { USDC, WETH } = chain.tokens;
  const pool = chain.pools.find(
    (candidate): candidate is BalancerWeightedPool => candidate.kind === 'balancer-weighted',
  )!;
  const funds = [trader.address, false, trader.address, false];
  const query =
    'queryBatchSwap(uint8,(bytes32,uint256,uint256,uint256,bytes)[],address[],(address,bool,address,bool)) returns (int256[])';
  const steps = [[pool.id, 0, 1, ETH, '0x']];
  const [, owed] = await view(chain, balancerVault, query, [0, steps, [WETH.address, USDC.address], funds]);
  await approve(chain, trader, WETH, balancerVault, ETH);
  const before = await holdings(trader);
  const swap =
    'swap((bytes32,uint8,address,address,uint256,bytes),(address,bool,address,bool),uint256,uint256) payable returns (uint256)';
  const single = [pool.id, 0, WETH.address, USDC.address, ETH, '0x'];
  await send(chain, trader, balancerVault, swap, [single, funds, -owed, (await world.clockSeconds()) + 600]);
  const after = await holdings(trader);
  expect([after.weth - before.weth, after.usdc - before.usdc]).toEqual([-ETH, -owed]);
});

test('the Universal Router deposits into Across, and the relayer fills it', async () => {
  const { owner, trader } = world.accounts;
  const { permit2, universalRouter } = chain.contracts;
  const { USDC } = chain.tokens;
  const destination = world.chains[0]!;
  const actors = await world.startActors({ only: [] });
  const atoms = 5_000n * DOLLARS;
  const output = atoms - 5n * DOLLARS;
  await approve(chain, trader, USDC, permit2, atoms);
  const grant = [USDC.address, universalRouter, MAX_UINT160, 2n ** 48n - 1n];
  await send(chain, trader, permit2, 'approve(address,address,uint160,uint48)', grant);
  const now = await world.clockSeconds();
  const pull = coder.encode(['address', 'address', 'uint160'], [USDC.address, universalRouter, atoms]);
  const deposit = coder.encode(
    ['tuple(address,address,address,address,uint256,uint256,uint256,address,uint32,uint32,uint32,bytes,bool)'],
    [
      [
        ...[trader.address, owner.address, USDC.address, destination.tokens.USDC.address, atoms, output],
        ...[destination.id, ZERO, now, now + 600, 0, '0x', false],
      ],
    ],
  );
  const execute = 'execute(bytes,bytes[],uint256) payable';
  await send(chain, trader, universalRouter, execute, ['0x0240', [pull, deposit], now + 600]);
  await actors.acrossRelayer.tick();
  expect(await balanceOf(destination, destination.tokens.USDC, owner.address)).toBe(output);
});

/** `address token, uint256 amount` as the fields of a typed-data struct. */
function fields(declaration: string) {
  return declaration.split(', ').map((field) => {
    const [type = '', name = ''] = field.split(' ');
    return { type, name };
  });
}
