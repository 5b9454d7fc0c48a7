#!/usr/bin/env node
// An owner signs twice; then a session key rebalances on two chains for a day, with gas paid in USDC and no ETH held: real
// entry point, a production bundler, real Uniswap V3 pools, an ERC-20 paymaster.
import { setTimeout as delay } from 'node:timers/promises';
import { bundlerClient, entryPoint, erc4337Account, joinNonce } from '@evenkeel/accounts/erc4337';
import { signDelegation } from '@evenkeel/accounts/eip7702';
import {
  bandAccountKind,
  bandSessionKind,
  describeGrant,
  grantCalls,
  sessionTrade,
  signOperations,
  tokenPaymaster,
} from '@evenkeel/accounts/session';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { bucketAt } from '@evenkeel/contracts';
import {
  balanceOf,
  clockOf,
  deployBand,
  PAYMASTER_OVERHEAD_GAS,
  scenePools,
  setFeed,
  succeed,
} from '@evenkeel/contracts/local';
import { startWorld } from '@evenkeel/devnet';
import { id, Interface, Wallet } from 'ethers';
import { readOptions } from '../../scripts/options.mjs';
import { installAlto, startAlto } from './alto.mjs';

const HELP = `Usage: npm run accounts -- [--trades N] [--json]

Two local chains with the real EntryPoint 0.8, the bundler alto (fetched on demand into .cache/alto) and real Uniswap V3
pools. An owner without ETH signs twice. Then a session key rebalances N times (default 12, at most 48) a chain over a
simulated day.`;

const options = readOptions(HELP, {
  trades: { type: 'whole', least: 1, most: 48, default: 12 },
  json: { type: 'boolean' },
});
const { trades } = options;

const ETH = 10n ** 18n;
const USDC = 10n ** 6n;
const DAY = 86_400;
const say = (text) => (options.json ? process.stderr.isTTY && process.stderr.write(`${text}\n`) : console.log(text));
const router = new Interface([
  'function approve(address,uint256)',
  'function increaseObservationCardinalityNext(uint16)',
  'function giveFreeOperations(address,uint256)',
  'function exactInputSingle((address tokenIn,address tokenOut,uint24 fee,address recipient,uint256 amountIn,uint256 amountOutMinimum,uint160 sqrtPriceLimitX96)) payable',
]);

const topic = (signature) => id(signature);
const EVENT = topic('UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)');
const SPONSORED = topic('UserOperationSponsored(bytes32,address,uint256,uint256)');
const REBALANCED = topic('Rebalanced(address,bytes32,address,bool,uint256,uint256,uint256,uint256)');

installAlto();
const world = await startWorld({ chains: 2, parts: ['erc4337'] });
const bundlers = [];
let signatures = 0;
try {
  const owner = counting(new Wallet(`0x${'0b'.repeat(32)}`));
  const session = new Wallet(`0x${'0c'.repeat(32)}`);
  const sites = [];
  for (const node of world.chains) sites.push(await openSite(node, owner.address, session.address));
  say(
    describeGrant(sites[0].policy, { tokens: Object.values(sites[0].node.tokens), chainName: sites[0].node.name }).text,
  );

  // First signature: one authorization for every chain. Second: the root over one grant operation on each.
  const delegate = sites[0].band.account;
  const delegation = await signDelegation(owner, { delegate, chainId: 0, nonce: 0n });
  const unsigned = sites.map((site) => grantOperation(site, owner.address, delegation));
  const grants = await signOperations(owner, unsigned);
  const gasPerGrant = [];
  for (const [index, site] of sites.entries()) {
    await site.bundler.send(grants[index], site.entryPoint);
    gasPerGrant.push(await included(site, 0n));
    if (site.lastFailed) throw new Error('A grant was included and failed.');
  }
  say(`\nGranted on ${sites.length} chains with ${signatures} signatures; gas ${gasPerGrant.join(' and ')}.\n`);

  const gas = [];
  const moved = [];
  const gasAtoms = [];
  for (let trade = 0; trade < trades; trade++) {
    for (const site of sites) {
      await passTo(site, trade);
      const { order, words } = await nextOrder(site, owner.address, trade);
      const call = sessionTrade({
        module: site.band.module,
        policy: site.policy,
        market: 0,
        order,
        description: words,
      });
      const { baseFeeWei, priorityFeeWei } = await site.chain.fees();
      const nonce = await site.account.submission.usedNonces(site.chain, owner.address, 0n);
      const request = {
        chainId: site.node.id,
        calls: [call],
        nonceKey: 0n,
        nonce,
        gasLimit: 230_000n,
        maxFeePerGasWei: 2n * baseFeeWei + priorityFeeWei,
        maxPriorityFeePerGasWei: priorityFeeWei,
      };
      const signed = await site.account.sign(request);
      await site.account.submission.send(site.chain, signed);
      const used = await included(site, nonce, signed.hash);
      const { charged, value } = await reading(site);
      gas.push(used);
      moved.push(value);
      gasAtoms.push(charged);
      say(
        `${site.node.name.padEnd(10)} hour ${String(Math.round((trade * 24) / trades)).padStart(2)}: ${words.padEnd(34)} gas ${used}, paid ${usd(charged)} USDC`,
      );
    }
  }
  const held = await Promise.all(sites.map(({ node }) => node.provider.getBalance(owner.address)));
  const sum = (list) => list.reduce((total, each) => total + each, 0n);
  const later = gas.slice(sites.length);
  const report = {
    gasPerRebalance: Number(sum(later.length > 0 ? later : gas)) / (later.length || gas.length),
    gasPerGrant: Number(sum(gasPerGrant)) / gasPerGrant.length,
    signatures,
    chains: sites.length,
    rebalances: gas.length,
    gasOfFirstRebalances: gas.slice(0, sites.length).map(Number),
    maxGasPerLaterRebalance: Number(later.reduce((most, each) => (each > most ? each : most), 0n)),
    valueMovedUsdc: Number(sum(moved)) / 1e6,
    gasPaidUsdc: Number(sum(gasAtoms)) / 1e6,
    ownerWei: Number(sum(held)),
  };
  if (options.json) console.log(JSON.stringify(report));
  else {
    console.log(
      `\n${report.rebalances} rebalances moved ${report.valueMovedUsdc} USDC for ${report.gasPaidUsdc} USDC of gas.`,
    );
    console.log(
      `Gas of a rebalance: ${Math.round(report.gasPerRebalance)} on average, at most ${report.maxGasPerLaterRebalance}; the first of each chain ${report.gasOfFirstRebalances.join(' and ')}.`,
    );
    console.log(
      `Gas of a grant: ${Math.round(report.gasPerGrant)}. Signatures of the owner: ${signatures}. ETH held by the owner: ${report.ownerWei}.`,
    );
  }
} finally {
  await Promise.all(bundlers.map(({ stop }) => stop()));
  await world.close();
}

/** One chain: the permission's contracts, a bundler, and the owner's money; no ETH. */
async function openSite(node, owner, sessionKey) {
  const { deployer, relayer, maker, trader } = world.accounts;
  const { entryPointV07, entryPointV08 } = node.parts.erc4337;
  const usdc = node.tokens.USDC.address;
  const band = await deployBand(node, {
    deployer: deployer.address,
    entryPoint: entryPointV08,
    gasToken: usdc,
    answer: 3_000n * 10n ** 8n,
    oneFeed: true,
  });
  const pools = scenePools(node);
  for (const pool of pools) {
    await succeed(node, deployer.address, pool, router.encodeFunctionData('increaseObservationCardinalityNext', [80]));
  }
  await succeed(node, deployer.address, band.paymaster, router.encodeFunctionData('giveFreeOperations', [owner, 1]));
  await world.fund(node.tokens.WETH, owner, 10n * ETH);
  await world.fund(node.tokens.USDC, owner, 60_000n * USDC);
  // As where a grant is made: the paymaster has been paid before, and the pool has been traded in, both ways.
  await world.fund(node.tokens.USDC, band.paymaster, 1n);
  for (const token of [node.tokens.WETH.address, usdc]) {
    await succeed(
      node,
      trader.address,
      token,
      router.encodeFunctionData('approve', [node.contracts.uniswapV3SwapRouter02, 2n ** 255n]),
    );
  }
  for (const sell of [true, false]) await drift(node, sell);
  await setFeed(node, deployer.address, band.feed, 3_000n * 10n ** 8n, await clockOf(node));
  const start = Math.floor(Date.now() / 1000) - 3_600;
  const market = {
    base: node.tokens.WETH.address,
    twapPool: pools[0],
    twapSeconds: 900,
    feed: band.feed,
    feedMaxAgeSeconds: 3_600,
    feedExponent: -20,
    low: 6n * ETH,
    high: 14n * ETH,
    outerLow: 2n * ETH,
    outerHigh: 18n * ETH,
    pools,
  };
  const policy = {
    chainId: node.id,
    sessionKey,
    policyKey: `0x${'00'.repeat(20)}`,
    paymaster: band.paymaster,
    quote: usdc,
    start,
    expiry: start + 30 * DAY,
    // A bundler judges times by its own clock, which does not take part in the simulation: a day is within one quarter of
    // this window.
    windowSeconds: 7 * DAY,
    lossBps: 50,
    maxDeviationBps: 300,
    paymasterOverheadGas: PAYMASTER_OVERHEAD_GAS,
    capAtoms: 200_000n * USDC,
    gasBudgetWei: ETH,
    markets: [market],
  };
  const point = entryPoint('0.8');
  const alto = await startAlto({
    rpcUrl: node.rpcUrl,
    chainId: node.id,
    entryPoints: [entryPointV07, entryPointV08],
    executorKeys: [relayer.privateKey],
    utilityKey: maker.privateKey,
  });
  bundlers.push(alto);
  const chain = jsonRpcChain({ id: node.id, name: node.name, url: node.rpcUrl });
  const bundler = bundlerClient({ chainId: node.id, urls: [alto.url] });
  const account = erc4337Account({
    kind: bandSessionKind({ account: owner, module: band.module }),
    signer: new Wallet(`0x${'0c'.repeat(32)}`),
    networks: [{ chain, bundler, entryPoint: point, paymaster: tokenPaymaster({ address: band.paymaster }) }],
  });
  const opened = await clockOf(node);
  return {
    node,
    chain,
    band,
    usdc,
    policy,
    bundler,
    account,
    entryPoint: point,
    alto,
    opened,
    owner,
    lastHash: undefined,
  };
}

function grantOperation(site, owner, delegation) {
  const { band, node, policy } = site;
  const calls = grantCalls({
    account: owner,
    module: band.module,
    policy,
    gas: { token: site.usdc, atoms: 100n * USDC },
  });
  const kind = bandAccountKind(band.account, { delegation, installs: band.module });
  const operation = {
    sender: owner,
    nonce: joinNonce(kind.nonceKey.keyOf(0n), 0n),
    deployment: { kind: 'delegation', delegation, data: '0x' },
    callData: kind.encodeCalls(calls),
    callGasLimit: 400_000n,
    verificationGasLimit: 120_000n,
    preVerificationGas: 120_000n,
    maxFeePerGasWei: 20_000_000_000n,
    maxPriorityFeePerGasWei: 1_000_000_000n,
    paymaster: { address: band.paymaster, verificationGasLimit: 100_000n, postOpGasLimit: 20_000n, data: '0x01' },
  };
  return { chainId: node.id, entryPoint: site.entryPoint, operation };
}

/** Waits until the nonce is used up; answers the gas of the transaction that did it. */
async function included(site, nonce, hash) {
  for (let tries = 0; tries < 600; tries++) {
    const logs = await site.node.rpc('eth_getLogs', [
      {
        fromBlock: 'earliest',
        address: site.entryPoint.address,
        topics: [EVENT, hash ?? null, `0x${site.owner.slice(2).toLowerCase().padStart(64, '0')}`],
      },
    ]);
    const found = logs.at(-1);
    if (found !== undefined) {
      site.lastHash = found.transactionHash;
      site.lastFailed = BigInt(`0x${found.data.slice(66, 130)}`) !== 1n;
      const receipt = await site.node.rpc('eth_getTransactionReceipt', [found.transactionHash]);
      if (site.lastFailed) throw new Error(`The operation with nonce ${nonce} was included and failed.`);
      return BigInt(receipt.gasUsed);
    }
    await delay(100);
  }
  throw new Error(`The operation with nonce ${nonce} was not included.\n${site.alto.log().slice(-4_000)}`);
}

/** The next hour: the outside price has moved, and the pools and the feed with it. */
async function passTo(site, trade) {
  const { node, band } = site;
  const { deployer } = world.accounts;
  const target = site.opened + Math.round((trade * DAY) / trades) + 30;
  const now = await clockOf(node);
  if (target > now) await node.rpc('evm_increaseTime', [target - now]);
  await drift(node, trade % 2 === 0);
  // A quarter of an hour later the mean price has no other trade to look for.
  await node.rpc('evm_increaseTime', [960]);
  await node.rpc('evm_mine');
  await setFeed(node, deployer.address, band.feed, 3_000n * 10n ** 8n, await clockOf(node));
}

/** Somebody else trades. */
async function drift(node, sell) {
  const { trader } = world.accounts;
  const [weth, usdc] = [node.tokens.WETH.address, node.tokens.USDC.address];
  const swap = sell
    ? { tokenIn: weth, tokenOut: usdc, amountIn: ETH / 2n }
    : { tokenIn: usdc, tokenOut: weth, amountIn: 1_500n * USDC };
  const data = router.encodeFunctionData('exactInputSingle', [
    { ...swap, fee: 500, recipient: trader.address, amountOutMinimum: 0n, sqrtPriceLimitX96: 0n },
  ]);
  await succeed(node, trader.address, node.contracts.uniswapV3SwapRouter02, data);
}

/** Toward a target that moves with the hours, as that of an option would. */
async function nextOrder(site, owner, trade) {
  const weth = await balanceOf(site.node, site.node.tokens.WETH.address, owner);
  const target = 10n * ETH + BigInt(Math.round(2e6 * Math.sin(((trade + 1) * 2 * Math.PI) / 12))) * 10n ** 12n;
  const sell = weth > target;
  const gap = sell ? weth - target : target - weth;
  const amountIn = sell ? gap : (gap * 3_000n) / 10n ** 12n;
  const now = await clockOf(site.node);
  const deadline = Math.max(now, Math.floor(Date.now() / 1000)) + 600;
  const order = { sell, venue: 0, bucket: bucketAt(site.policy, now), deadline, amountIn, minOut: 1n };
  const words = sell ? `sell ${Number(amountIn) / 1e18} WETH` : `buy WETH for ${Number(amountIn) / 1e6} USDC`;
  return { order, words: words.slice(0, 34) };
}

/** What the last operation moved, and what the paymaster took for it, in atoms of USDC. */
async function reading(site) {
  const receipt = await site.node.rpc('eth_getTransactionReceipt', [site.lastHash]);
  const sponsored = receipt.logs.find(({ topics }) => topics[0] === SPONSORED);
  const traded = receipt.logs.find(({ topics }) => topics[0] === REBALANCED);
  const words = (log) =>
    log.data
      .slice(2)
      .match(/.{64}/g)
      .map((word) => BigInt(`0x${word}`));
  const [sell, paid, received] = words(traded);
  return { charged: words(sponsored)[0], value: sell === 1n ? received : paid };
}

function usd(atoms) {
  return (Number(atoms) / 1e6).toFixed(4);
}

/** Counts what the owner is asked to sign. */
function counting(wallet) {
  return {
    address: wallet.address,
    signTypedData: (...args) => ((signatures += 1), wallet.signTypedData(...args)),
    authorize: (request) => ((signatures += 1), wallet.authorize(request)),
  };
}
