// The account that is attacked: real EntryPoint, real Uniswap V3 pools, and, because its owner was careless, a hostile pool on
// the list of venues and a hostile token among the instruments.
import { Interface } from 'ethers/abi';
import {
  balanceOf,
  clockOf,
  deployContract,
  execute,
  hostilePool,
  hostileToken,
  openScene,
  sceneKeys,
  setFeed,
  settableFeed,
  SCENE_ANSWER,
  succeed,
} from '@evenkeel/contracts/local';

export const ETH = 10n ** 18n;
export const USDC = 10n ** 6n;
/** What an ether is worth: at every moment at least one source says so. */
export const TRUTH = SCENE_ANSWER;

export const abi = new Interface([
  'function approve(address,uint256)',
  'function transfer(address,uint256)',
  'function mint(address,uint256)',
  'function take(address,uint256)',
  'function plan((uint256[] askPercent, address gives, uint256 amount, address target, bytes data, bool mustSucceed))',
  'function setTick(int56)',
  'function exactInputSingle((address tokenIn,address tokenOut,uint24 fee,address recipient,uint256 amountIn,uint256 amountOutMinimum,uint160 sqrtPriceLimitX96)) payable returns (uint256)',
  'function slot0() view returns (uint160,int24,uint16,uint16,uint16,uint8,bool)',
  'function fee() view returns (uint24)',
]);
export const hostAbi = new Interface(['function plan(address,bytes,bool)']);

/** Opens the world's chain for the attack; `attacker` has all the money that it wants, and is the bundler too. */
export async function openVictim(world, change = (policy) => policy) {
  const node = world.chains[0];
  const { deployer, stranger, trader } = world.accounts;
  await node.rpc('anvil_autoImpersonateAccount', [true]);
  const pool = await deployContract(node, deployer.address, hostilePool);
  const host = await deployContract(node, deployer.address, hostileToken);
  const hostFeed = await deployContract(node, deployer.address, settableFeed, ['int192'], [10n ** 8n]);
  const usdc = node.tokens.USDC.address;
  // One dollar for 10^18 atoms of HOST: 10^6 / 10^18, as a tick of token1 for token0.
  const tick = Math.round(Math.log(1e-12) / Math.log(1.0001));
  const upright = BigInt(host) < BigInt(usdc) ? tick : -tick;
  // `observe` answers −ago · tick, so that the mean is the tick itself.
  await succeed(node, deployer.address, pool, abi.encodeFunctionData('setTick', [upright]));
  const fund = (token, to, atoms) =>
    world.fund(
      Object.values(node.tokens).find(({ address }) => address === token.address),
      to,
      atoms,
    );
  const scene = await openScene({
    node,
    deployer: deployer.address,
    keys: sceneKeys(7),
    fund,
    change: (policy) =>
      change({
        ...policy,
        lossBps: 50,
        markets: [
          { ...policy.markets[0], pools: [...policy.markets[0].pools, pool] },
          {
            ...policy.markets[0],
            base: host,
            twapPool: pool,
            feed: hostFeed,
            low: 1_000n * ETH,
            high: 20_000n * ETH,
            outerLow: 0n,
            outerHigh: 40_000n * ETH,
            feedMaxAgeSeconds: 2 ** 31,
            pools: [pool],
          },
        ],
      }),
  });
  await succeed(node, deployer.address, host, abi.encodeFunctionData('mint', [scene.self, 10_000n * ETH]));
  const attacker = stranger.address;
  await fund(node.tokens.WETH, attacker, 5_000n * ETH);
  // For what only the account itself can call; not part of what is counted.
  await node.rpc('anvil_setBalance', [scene.self, '0x8ac7230489e80000']);
  await fund(node.tokens.USDC, attacker, 20_000_000n * USDC);
  const router = node.contracts.uniswapV3SwapRouter02;
  for (const token of [scene.weth, scene.usdc]) {
    await succeed(node, attacker, token, abi.encodeFunctionData('approve', [router, 2n ** 255n]));
  }
  await succeed(node, deployer.address, host, abi.encodeFunctionData('mint', [pool, 10n ** 9n * ETH]));
  await fund(node.tokens.USDC, pool, 1_000_000n * USDC);
  await fund(node.tokens.WETH, pool, 1_000n * ETH);
  const fees = [];
  for (const each of scene.pools) {
    fees.push(
      Number(BigInt(await node.rpc('eth_call', [{ to: each, data: abi.encodeFunctionData('fee') }, 'latest']))),
    );
  }
  return {
    world,
    node,
    scene,
    attacker,
    deployer: deployer.address,
    other: trader.address,
    pool,
    host,
    hostFeed,
    router,
    fees,
  };
}

/** What the account is worth by the truth, in atoms of USDC. */
export async function worthOf({ node, scene, host }) {
  const [weth, usdc, hosts] = await Promise.all([
    balanceOf(node, scene.weth, scene.self),
    balanceOf(node, scene.usdc, scene.self),
    balanceOf(node, host, scene.self),
  ]);
  return (weth * TRUTH) / 10n ** 20n + usdc + hosts / 10n ** 12n;
}

/** Moves a pool to `bps` above the truth (or below), as far as money goes. In USDC for an ether. */
export async function movePool(victim, bps, at = 0) {
  const { node, scene, attacker, router, fees } = victim;
  const price = 3_000 * (1 + bps / 10_000);
  const wethFirst = BigInt(scene.weth) < BigInt(scene.usdc);
  const ratio = wethFirst ? price * 1e-12 : 1e12 / price;
  const wanted = BigInt(Math.round(Math.sqrt(ratio) * 2 ** 48)) * 2n ** 48n;
  const slot = await node.rpc('eth_call', [{ to: scene.pools[at], data: abi.encodeFunctionData('slot0') }, 'latest']);
  const current = BigInt(slot.slice(0, 66));
  if (current === wanted) return;
  const zeroForOne = wanted < current;
  const [tokenIn, tokenOut] = zeroForOne === wethFirst ? [scene.weth, scene.usdc] : [scene.usdc, scene.weth];
  const amountIn = tokenIn === scene.weth ? 3_000n * ETH : 9_000_000n * USDC;
  const data = abi.encodeFunctionData('exactInputSingle', [
    {
      tokenIn,
      tokenOut,
      fee: fees[at],
      recipient: attacker,
      amountIn,
      amountOutMinimum: 0n,
      sqrtPriceLimitX96: wanted,
    },
  ]);
  // When his money does not reach that far, the pool stays where it is.
  await execute(node, { from: attacker, to: router, data });
}

/** Time goes on only: what an attack waited for may be long over in a composition. */
export async function pass(victim, seconds) {
  if (seconds <= 0) return;
  await victim.node.rpc('evm_increaseTime', [seconds]);
  await victim.node.rpc('evm_mine');
}

/** The keeper says a price, as of now. */
export async function say(victim, answer) {
  const { node, deployer, scene } = victim;
  await setFeed(node, deployer, scene.band.feed, answer, await clockOf(node));
}
