// A wallet that lets its user's money be rebalanced in the background, and keeps its keys: it is offered the grant as calls,
// as an unsigned user operation, or as a permission request, with words for the person, and takes what it can do.
// Two local chains, real contracts; the wallet's own contract account signs the operation.
//   node examples/grant-from-a-wallet.mjs
import { entryPoint, packUserOperation } from '@evenkeel/accounts/erc4337';
import { bandAccountKind, grantCalls } from '@evenkeel/accounts/session';
import { offerToWallet } from '@evenkeel/accounts/wallet';
import { clockOf, deployBand, execute, handleOpsCalldata, scenePools } from '@evenkeel/contracts/local';
import { startWorld } from '@evenkeel/devnet';
import { Wallet } from 'ethers';

const ETH = 10n ** 18n;
const world = await startWorld({ chains: 2, parts: ['erc4337'] });
try {
  const user = new Wallet(world.accounts.owner.privateKey); // stays in the wallet
  const sessionKey = world.accounts.stranger.address; // whoever will rebalance
  const sites = await Promise.all(world.chains.map((chain) => siteOf(chain, user.address, sessionKey)));

  const offers = await offerToWallet({
    account: user.address,
    calls: sites.flatMap(({ module, policy }) => grantCalls({ account: user.address, module, policy })),
    policies: sites.map(({ policy }) => policy),
    // A page passes window.ethereum, once for each chain.
    providers: Object.fromEntries(sites.map(({ chain }) => [chain.id, providerOf(chain)])),
    names: Object.fromEntries(
      sites.map(({ chain }) => [chain.id, { tokens: Object.values(chain.tokens), chainName: chain.name }]),
    ),
  });

  for (const [index, offer] of offers.entries()) {
    const { account, chain } = sites[index];
    console.log(`\n${offer.grant.title}`);
    for (const line of offer.description) console.log(`  ${line}`);
    const { calls } = offer.sendCalls(`0x${'01'.repeat(32)}`);
    console.log(`(a) wallet_sendCalls: ${calls.length} calls, all or none`);
    console.log(
      `(c) wallet_requestExecutionPermissions: ${offer.permission.permission.type} to ${offer.permission.to}`,
    );

    // (b) This wallet has a contract account: it signs the operation, and sends it by its own bundler.
    const options = { kind: bandAccountKind(account), entryPoint: entryPoint('0.8'), gas: { callGasLimit: 400_000n } };
    const { hash, operation, typedData } = await offer.userOperation(options);
    console.log(`(b) user operation ${hash}`);
    const signature = await user.signTypedData(typedData.domain, typedData.types, typedData.message);
    const { status } = await bundle(chain, { ...operation, signature });
    console.log(`    signed by the wallet, included: ${status}`);
    if (!status) process.exitCode = 1;
  }
} finally {
  await world.close();
}

/** The permission on one chain, the user's account upgraded to one that knows modules, and what the user may want. */
async function siteOf(chain, user, sessionKey) {
  const usdc = chain.tokens.USDC.address;
  const { deployer } = world.accounts;
  const request = { deployer: deployer.address, entryPoint: entryPoint('0.8').address, gasToken: usdc };
  const { account, feed, module, paymaster } = await deployBand(chain, { ...request, answer: 3_000n * 10n ** 8n });
  await chain.rpc('anvil_setCode', [user, `0xef0100${account.slice(2)}`]);
  const pools = scenePools(chain);
  const now = await clockOf(chain);
  const market = {
    base: chain.tokens.WETH.address,
    twapPool: pools[0],
    twapSeconds: 900,
    feed,
    feedMaxAgeSeconds: 3_600,
    feedExponent: -20,
    ...{ low: 8n * ETH, high: 12n * ETH, outerLow: 4n * ETH, outerHigh: 16n * ETH },
    pools,
  };
  const policy = {
    ...{ chainId: chain.id, sessionKey, policyKey: user, paymaster, quote: usdc },
    ...{ start: now - 3_600, expiry: now + 30 * 86_400, windowSeconds: 86_400 },
    ...{ lossBps: 50, maxDeviationBps: 300, paymasterOverheadGas: 30_000 },
    capAtoms: 12_000n * 10n ** 6n,
    gasBudgetWei: ETH / 50n,
    markets: [market],
  };
  return { chain, account, module, policy };
}

/** What a wallet's own provider would be. */
function providerOf(chain) {
  return { request: ({ method, params = [] }) => chain.rpc(method, params) };
}

/** Stands for the wallet's bundler. */
async function bundle(chain, operation) {
  const { entryPointV08 } = chain.parts.erc4337;
  const packed = packUserOperation(operation);
  const local = {
    ...packed,
    callGas: operation.callGasLimit,
    verificationGas: operation.verificationGasLimit,
    maxFeeWei: operation.maxFeePerGasWei,
    priorityFeeWei: operation.maxPriorityFeePerGasWei,
  };
  const { address } = world.accounts.relayer;
  return execute(chain, { from: address, to: entryPointV08, data: handleOpsCalldata([local], address) });
}
