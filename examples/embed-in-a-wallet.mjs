// A wallet that keeps its key: the rebalancer asks, the wallet shows what and why, the person says yes or no.
// One local chain, real contracts. First the person refuses: nothing is sent. Then the person agrees.
//   node examples/embed-in-a-wallet.mjs
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { eoaAccount } from '@evenkeel/accounts';
import { erc20Holdings } from '@evenkeel/adapters/erc20';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { uniswapV3 } from '@evenkeel/adapters/uniswap-v3';
import { createRebalancer } from '@evenkeel/core/rebalancer';
import { fromAtoms } from '@evenkeel/core';
import { memoryJournal } from '@evenkeel/core/execution';
import { startWorld } from '@evenkeel/devnet';
import { Wallet } from 'ethers';

const world = await startWorld({ chains: 1 });
try {
  const [local] = world.chains;
  const { USDC, WETH } = local.tokens;
  const key = new Wallet(world.accounts.owner.privateKey); // stays in the wallet
  await world.fund(WETH, key.address, 5n * 10n ** 18n);
  const sentBefore = await transactionsOf(local, key.address);

  console.log('The wallet holds 5 WETH, and its owner wants to be long 3 ETH.\n');
  console.log('— the person says no');
  await rebalance(
    local,
    askingSigner(key, () => false),
  ).then(
    () => {
      throw new Error('A refusal was passed over.');
    },
    (error) => console.log(`  refused: ${error.code} ${error.message}`),
  );
  console.log(`  transactions sent: ${(await transactionsOf(local, key.address)) - sentBefore}`);

  console.log('\n— the person says yes');
  const { report } = await rebalance(
    local,
    askingSigner(key, () => true),
  );
  console.log(`  transactions sent: ${(await transactionsOf(local, key.address)) - sentBefore}`);
  console.log(`\n${report.outcome}: ${report.reason}`);
  console.log(`USDC received: ${fromAtoms(USDC, await balanceOf(local, USDC, key.address))}`);
  process.exitCode = report.outcome === 'hedged' ? 0 : 1;
} finally {
  await world.close();
}

/**
 * All that Evenkeel needs of a wallet: an address and two methods. It never sees the key, picks no nonce by itself (the
 * journal does), and what comes back is compared with what was asked for, field by field.
 */
function askingSigner(wallet, answer) {
  let effect = '';
  const confirm = (lines) => {
    for (const line of lines) console.log(`  ? ${line}`);
    if (!answer()) throw Object.assign(new Error('The person said no.'), { code: 'ACTION_REJECTED' });
  };
  return {
    address: wallet.address,
    /** What the guard has just measured in a simulation of the step that is to be signed next. */
    explain: ({ changes, id }) => {
      const amounts = changes.map(({ atoms, token }) => `${fromAtoms(token, atoms)} ${token.symbol}`);
      effect = `${id}: ${amounts.join(', ') || 'no balance changes'}`;
    },
    signTypedData: async (domain, types, message) => {
      const { deadline, deltaChangeUnits, maxCostBps, spending, underlying } = message;
      const minutes = Math.round((Number(deadline) - Date.now() / 1000) / 60);
      confirm([
        `Sign an intent (${domain.name}): change the delta by ${deltaChangeUnits} ${underlying}`,
        `  for at most ${maxCostBps} bp, within ${minutes} minutes, spending at most`,
        ...spending.map(({ chainId, maxSpend, token }) => `  ${maxSpend} atoms of ${token} on chain ${chainId}`),
      ]);
      return wallet.signTypedData(domain, types, message);
    },
    signTransaction: async (transaction) => {
      const { chainId, gasLimit, maxFeePerGas, nonce, to } = transaction;
      const most = fromAtoms({ decimals: 18 }, gasLimit * maxFeePerGas);
      confirm([
        `Sign transaction ${nonce} on chain ${chainId} to ${to}, gas at most ${most} ETH`,
        `  simulated on the latest block: ${effect}`,
      ]);
      return wallet.signTransaction(transaction);
    },
  };
}

/** One rebalancing. A wallet that has a provider instead of a URL passes `request` (EIP-1193), as here. */
async function rebalance({ contracts: c, id, name, provider, tokens: { USDC, WETH } }, signer) {
  const request = ({ method, params }) => provider.send(method, params ?? []);
  const chain = jsonRpcChain({ id, name, request });
  const clock = {
    now: () => Date.now(),
    sleep: (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
  };
  const journal = memoryJournal();
  const portfolio = {
    name: 'wallet',
    underlying: 'ETH',
    owner: signer.address,
    baseTokens: [WETH],
    quoteTokens: [USDC],
    policy: {
      rule: { kind: 'constant-band', halfWidthUnits: 0.5, tradeTo: 'middle' },
      riskAversion: { perNumeraire: 0.001 },
      targetDeltaUnits: '3',
      monitoringSeconds: 60,
      settlement: 'free',
      maxCostBps: 50,
      lotUnits: '0.001',
    },
    schedule: { kind: 'single', maxParts: 1, spanSeconds: 6, recoverySeconds: 1, volumeProfile: [1] },
    limits: {
      slippageBps: 30,
      maxHops: 2,
      deadlineSeconds: 1800,
      solicitMs: 10_000,
      maxAgeSeconds: 120,
      maxDisagreementBps: 500,
    },
    annualRate: 0,
    horizonSeconds: 30 * 86_400,
    latencySeconds: 15,
    nativePrices: {},
    confirmations: {},
    execution: { pollMs: 50 },
  };
  const holdings = erc20Holdings({
    chain,
    tokens: [
      { token: WETH, deltaPerUnit: '1', valuePerUnit: '0' },
      { token: USDC, deltaPerUnit: '0', valuePerUnit: '1' },
    ],
  });
  const pools = { factory: c.uniswapV3Factory, tickLens: c.uniswapV3TickLens, router: c.uniswapV3SwapRouter02 };
  const rebalancer = createRebalancer(portfolio, {
    chains: [chain],
    venues: [uniswapV3({ chains: { [id]: { chain, ...pools } } })],
    bridges: [],
    sources: [holdings],
    account: eoaAccount(signer),
    volatility: {
      realised: async () => ({
        value: '0.65',
        asOf: { source: 'by hand', timeSeconds: Math.floor(clock.now() / 1000) },
      }),
    },
    journal,
    clock,
    random: { next: () => Math.random(), bytes: (length) => randomBytes(length) },
  });
  rebalancer.on('decided', ({ sentence }) => console.log(`  why: ${sentence}`));
  rebalancer.on('execution', (event) => {
    if (event.type === 'step-guarded') signer.explain(event.report.steps[0]);
    if (event.type === 'step-done') console.log(`    ${event.sentence}`);
  });
  try {
    return await rebalancer.rebalance();
  } finally {
    await journal.close();
  }
}

async function transactionsOf({ provider }, address) {
  return provider.getTransactionCount(address);
}

async function balanceOf({ provider }, { address: token }, owner) {
  return BigInt(await provider.call({ to: token, data: `0x70a08231${owner.slice(2).padStart(64, '0')}` }));
}
