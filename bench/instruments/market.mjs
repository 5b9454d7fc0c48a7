// A local chain with all markets, and hands that move them. Everything is a transaction on the real contracts.
import { aaveShort, aaveV3Account } from '@evenkeel/adapters/aave-v3';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { perpV2Instrument } from '@evenkeel/adapters/perp-v2';
import { spotInstrument } from '@evenkeel/adapters/spot';
import { uniswapV3 } from '@evenkeel/adapters/uniswap-v3';
import { startWorld } from '@evenkeel/devnet';
import { Interface, toBeHex, zeroPadValue } from 'ethers';

const MAX = 2n ** 256n - 1n;
const E18 = 10n ** 18n;
const NO_REFERRAL = `0x${'00'.repeat(32)}`;
const MARGIN_DOLLARS = 400_000n;
const USDC_DECIMALS = 6;
const FEED_DECIMALS = 8;
const DEPTH_TICKS = 6_000;
/** Divides into the spacing of every fee tier. */
const TICK_SPACING = 600;

const ABI = new Interface([
  'function approve(address,uint256)',
  'function balanceOf(address) view returns (uint256)',
  'function deposit(address,uint256)',
  'function getAccountValue(address) view returns (int256)',
  'function openPosition((address,bool,bool,uint256,uint256,uint256,uint160,bytes32)) returns (uint256,uint256)',
  'function slot0() view returns (uint160, int24, uint16, uint16, uint16, uint8, bool)',
  'function exactInputSingle((address,address,uint24,address,uint256,uint256,uint160)) returns (uint256)',
  'function updateAnswer(int256)',
  'function supply(address,uint256,address,uint16)',
  'function borrow(address,uint256,uint256,uint16,address)',
  'function mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256)) returns (uint256,uint128,uint256,uint256)',
]);

const signal = new AbortController().signal;
const clock = { now: () => Date.now(), sleep: () => Promise.resolve() };

export async function openMarket() {
  const world = await startWorld({ chains: 1, parts: ['perp-v2', 'aave-v3'] });
  const [local] = world.chains;
  const { aaveV3, perpV2 } = local.parts;
  const { USDC, WETH } = local.tokens;
  const chain = jsonRpcChain({
    id: local.id,
    name: local.name,
    url: local.rpcUrl,
    multicall3: local.contracts.multicall3,
  });
  const trader = world.accounts.trader.address;
  const crowd = world.accounts.arbitrageur.address;
  const borrower = world.accounts.maker.address;
  const router = local.contracts.uniswapV3SwapRouter02;
  const manager = local.contracts.uniswapV3PositionManager;

  async function send(from, to, name, args) {
    return sendData(from, to, ABI.encodeFunctionData(name, args));
  }
  async function sendData(from, to, data) {
    const hash = await local.rpc('eth_sendTransaction', [{ from, to, data, gas: '0x5b8d80' }]);
    for (let looks = 0; looks < 2_000; looks += 1) {
      const receipt = await local.rpc('eth_getTransactionReceipt', [hash]);
      if (receipt !== null) {
        if (receipt.status !== '0x1') throw new Error(`a call to ${to} failed`);
        return BigInt(receipt.gasUsed);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    throw new Error('a transaction was not mined');
  }
  async function ask(to, name, args = []) {
    const answer = await local.rpc('eth_call', [{ to, data: ABI.encodeFunctionData(name, args) }, 'latest']);
    return ABI.decodeFunctionResult(name, answer)[0];
  }

  const venue = uniswapV3({
    chains: {
      [local.id]: {
        chain,
        factory: local.contracts.uniswapV3Factory,
        tickLens: local.contracts.uniswapV3TickLens,
        router,
      },
    },
  });
  const market = {
    ...perpV2,
    chain,
    baseToken: { chainId: local.id, address: perpV2.baseToken, symbol: 'vETH', decimals: 18 },
    quoteToken: { chainId: local.id, address: perpV2.quoteToken, symbol: 'vUSD', decimals: 18 },
    settlementToken: USDC,
  };
  const adapters = {
    perp: perpV2Instrument({ chains: { [local.id]: market }, clock }),
    spot: spotInstrument({
      chains: { [local.id]: { chain, underlying: WETH, numeraire: USDC, venues: [venue] } },
      clock,
    }),
    loan: aaveShort({
      chains: {
        [local.id]: {
          chain,
          addressesProvider: aaveV3.addressesProvider,
          pool: aaveV3.pool,
          underlying: WETH,
          numeraire: USDC,
          venues: [venue],
        },
      },
      clock,
    }),
  };

  const account = aaveV3Account({
    chain,
    addressesProvider: aaveV3.addressesProvider,
    assets: [
      { token: WETH, deltaPerUnit: '1', valuePerUnit: '0' },
      { token: USDC, deltaPerUnit: '0', valuePerUnit: '1' },
    ],
  });

  /** All pools of the pair at a price, by somebody who trades until they are. */
  async function moveSpot(dollars) {
    for (const { address, payload, tokens } of await venue.liquidity({
      chainId: local.id,
      tokens: [WETH, USDC],
      signal,
    })) {
      const isWethFirst = tokens[0].address === WETH.address;
      const price = isWethFirst ? dollars * 10 ** (USDC_DECIMALS - 18) : 10 ** (18 - USDC_DECIMALS) / dollars;
      const target = rootOf(price);
      const root = await ask(address, 'slot0');
      if (near(root, target)) continue;
      const [tokenIn, tokenOut] = root > target ? tokens : [tokens[1], tokens[0]];
      const plenty = tokenIn.address === WETH.address ? 50_000n * E18 : 100_000_000n * 10n ** 6n;
      const order = [tokenIn.address, tokenOut.address, payload.feePpm, crowd, plenty, 0n, target];
      await send(crowd, router, 'exactInputSingle', [order]);
    }
  }
  /** The world's pools are those of a small chain: somebody brings what a large one has, around the price. */
  async function deepen() {
    const pools = await venue.liquidity({ chainId: local.id, tokens: [WETH, USDC], signal });
    const pool = pools.find(({ payload }) => payload.feePpm === 500) ?? pools[0];
    const { feePpm } = pool.payload;
    const tick = Number((await slot0(pool.address))[1]);
    const low = Math.round((tick - DEPTH_TICKS) / TICK_SPACING) * TICK_SPACING;
    const amounts = pool.tokens.map(({ address }) =>
      address === WETH.address ? 40_000n * E18 : 120_000_000n * 10n ** 6n,
    );
    const [first, second] = pool.tokens;
    const range = [low, low + Math.round((2 * DEPTH_TICKS) / TICK_SPACING) * TICK_SPACING];
    const order = [first.address, second.address, feePpm, ...range, ...amounts, 0n, 0n, crowd, MAX];
    await send(crowd, manager, 'mint', [order]);
  }
  async function slot0(address) {
    const answer = await local.rpc('eth_call', [{ to: address, data: ABI.encodeFunctionData('slot0', []) }, 'latest']);
    return ABI.decodeFunctionResult('slot0', answer);
  }
  async function movePerp(dollars) {
    const target = rootOf(dollars);
    const root = await ask(perpV2.pool, 'slot0');
    if (near(root, target)) return;
    const order = [perpV2.baseToken, root > target, true, 10n ** 30n, 0n, MAX, target, NO_REFERRAL];
    await send(crowd, perpV2.clearingHouse, 'openPosition', [order]);
  }
  async function setFeeds(dollars) {
    const answer = BigInt(Math.round(dollars * 10 ** FEED_DECIMALS));
    await send(crowd, perpV2.aggregator, 'updateAnswer', [answer]);
    await local.rpc('anvil_setStorageAt', [aaveV3.feeds.WETH, toBeHex(0n, 32), zeroPadValue(toBeHex(answer), 32)]);
  }
  /** Somebody else borrows the underlying. */
  async function borrow(eth) {
    if (eth === 0) return;
    await send(borrower, aaveV3.pool, 'borrow', [WETH.address, BigInt(eth) * E18, 2, 0, borrower]);
  }
  /** Dollars in wallet and vault, and units in the wallet; loans are in neither and have to be repaid before. */
  async function wealth() {
    const [usdc, weth, vault] = await Promise.all([
      ask(USDC.address, 'balanceOf', [trader]),
      ask(WETH.address, 'balanceOf', [trader]),
      ask(perpV2.vault, 'getAccountValue', [trader]),
    ]);
    return { dollars: Number(usdc + vault) / 10 ** USDC_DECIMALS, units: Number(weth) / 1e18 };
  }
  /** Units of the underlying. */
  async function owed() {
    const [{ position }] = await account.read(trader, signal);
    return position.debt[0].amountUnits;
  }
  async function advance(seconds) {
    await local.rpc('evm_increaseTime', [Math.max(1, Math.round(seconds))]);
    await local.rpc('evm_mine', []);
  }
  async function nowSeconds() {
    return (await chain.block('latest', signal)).timeSeconds;
  }

  for (const account of [trader, crowd, borrower, world.accounts.deployer.address]) {
    await local.rpc('anvil_impersonateAccount', [account]);
  }
  const margin = MARGIN_DOLLARS * 10n ** 6n;
  await world.fund(USDC, trader, margin + 2_000_000n * 10n ** 6n);
  await world.fund(WETH, crowd, 200_000n * E18);
  await world.fund(USDC, crowd, 600_000_000n * 10n ** 6n);
  await world.fund(USDC, borrower, 20_000_000n * 10n ** 6n);
  for (const token of [USDC, WETH]) {
    for (const spender of [router, manager]) await send(crowd, token.address, 'approve', [spender, MAX]);
  }
  await deepen();
  await send(trader, USDC.address, 'approve', [perpV2.vault, margin]);
  await send(trader, perpV2.vault, 'deposit', [USDC.address, margin]);
  await send(borrower, USDC.address, 'approve', [aaveV3.pool, MAX]);
  await send(borrower, aaveV3.pool, 'supply', [USDC.address, 20_000_000n * 10n ** 6n, borrower, 0]);

  return {
    world,
    chainId: local.id,
    trader,
    adapters,
    moveSpot,
    movePerp,
    setFeeds,
    borrow,
    wealth,
    owed,
    advance,
    nowSeconds,
    sendCall: ({ data, to }) => sendData(trader, to, data),
    snapshot: () => local.rpc('evm_snapshot', []),
    revert: (id) => local.rpc('evm_revert', [id]),
    signal,
  };
}

const rootOf = (price) => BigInt(Math.floor(Math.sqrt(price) * 2 ** 64)) << 32n;
const near = (a, b) => Math.abs(Number(a) / Number(b) - 1) < 1e-9;
