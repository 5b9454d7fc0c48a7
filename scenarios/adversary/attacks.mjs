// What a holder of the session key does, one entry a kind. Each answers operations to be handled, or calls to be made; before
// that it may do whatever anybody can do: trade in the pools, wait, give money away, plan the hostile pool.
import {
  executeCalldata,
  grantCall,
  rebalanceCall,
  revokeForCall,
  attestCall,
  revokeCall,
  typedDataHash,
  attestationTypedData,
} from '@evenkeel/contracts';
import { clockOf, execute, sceneOperation, sceneOrder, setFeed, signHash, SCENE_GAS } from '@evenkeel/contracts/local';
import { Interface } from 'ethers/abi';
import { concat, toBeHex } from 'ethers/utils';
import { abi, ETH, hostAbi, movePool, pass, say, TRUTH, USDC } from './scene.mjs';

/** What an attack does beforehand may be in vain: in a composition it was done already, or is too late. */
const prepare = (node, from, to, data) => execute(node, { from, to, data });

const NOTHING = '0x';
const between = (random, low, high) => low + (BigInt(Math.floor(random() * 2 ** 40)) * (high - low)) / 2n ** 40n;
const pick = (random, list) => list[Math.floor(random() * list.length)];
const account = new Interface([
  'function execute(bytes32 mode, bytes executionCalldata)',
  'function installModule(uint256,address,bytes)',
  'function executeFromExecutor(bytes32,bytes)',
]);

/** An order as an honest key would give it. */
export async function honestOrder(victim, random, change = {}) {
  const now = await clockOf(victim.node);
  const sell = change.sell ?? random() < 0.5;
  const amountIn = sell ? between(random, ETH / 100n, 2n * ETH) : between(random, 30n * USDC, 5_000n * USDC);
  // Any place is named as the beginning of the mean price, most of them wrong.
  const observation = random() < 0.5 ? 65_535 : Math.floor(random() * 90);
  const venue = Math.floor(random() * 2);
  return sceneOrder(victim.scene.policy, now + 1, { sell, amountIn, venue, observation, ...change });
}

async function operation(victim, random, { order = {}, ...rest } = {}) {
  const sequence = await sequenceOf(victim, rest.lane ?? 0n);
  return sceneOperation(victim.scene, { sequence, ...rest, order: await honestOrder(victim, random, order) });
}

export async function sequenceOf({ node, scene }, lane) {
  const key = (BigInt(scene.band.module) << 32n) | lane;
  const data = `0x35567e1a${scene.self.slice(2).padStart(64, '0')}${key.toString(16).padStart(64, '0')}`;
  return BigInt(await node.rpc('eth_call', [{ to: scene.entryPoint, data }, 'latest'])) & (2n ** 64n - 1n);
}

const raw = (to, data) => ({ callData: executeCalldata([{ to, data }]) });
const withCallData = (victim, random, change) => operation(victim, random, { change });
const direct = (from, to, data) => ({ call: { from, to, data } });
/** What the hostile pool is to do next. */
export const planPool = (victim, fields) =>
  prepare(
    victim.node,
    victim.attacker,
    victim.pool,
    abi.encodeFunctionData('plan', [
      {
        askPercent: [100n],
        gives: victim.scene.usdc,
        amount: 0n,
        target: `0x${'00'.repeat(20)}`,
        data: NOTHING,
        mustSucceed: true,
        ...fields,
      },
    ]),
  );
const atHostilePool = (victim, random, order = {}) =>
  operation(victim, random, { order: { venue: 2, sell: true, amountIn: ETH, ...order } });

/** A signed attestation of the policy key, or of somebody who is not. */
export async function attestation(
  victim,
  { low, high, sequence, seconds = 600, key = victim.scene.keys.policy, market = 0 },
) {
  const { node, scene } = victim;
  const fields = { low, high, sequence, validUntil: (await clockOf(node)) + seconds };
  const data = attestationTypedData({
    chainId: node.id,
    module: scene.band.module,
    account: scene.self,
    grantId: scene.grantId,
    base: scene.policy.markets[market].base,
    attestation: fields,
  });
  return { ...fields, signature: signHash(key, typedDataHash(data)) };
}

const altered = (victim, change) => ({ ...victim, scene: { ...victim.scene, policy: change(victim.scene.policy) } });

/** The published ones first, then what else there is to try. */
export const ATTACKS = {
  async 'swap to the attacker'(victim, random) {
    const order = await honestOrder(victim, random);
    const { scene, attacker, router } = victim;
    const [tokenIn, tokenOut] = order.sell ? [scene.weth, scene.usdc] : [scene.usdc, scene.weth];
    const swap = {
      tokenIn,
      tokenOut,
      fee: 500,
      recipient: attacker,
      amountIn: order.amountIn,
      amountOutMinimum: 0n,
      sqrtPriceLimitX96: 0n,
    };
    return withCallData(victim, random, raw(router, abi.encodeFunctionData('exactInputSingle', [swap])));
  },
  async 'raw transfer'(victim, random) {
    const { scene, attacker } = victim;
    const token = pick(random, [scene.weth, scene.usdc]);
    return withCallData(
      victim,
      random,
      raw(token, abi.encodeFunctionData('transfer', [attacker, between(random, 1n, ETH)])),
    );
  },
  async 'foreign approve'(victim, random) {
    const { scene, attacker } = victim;
    const token = pick(random, [scene.weth, scene.usdc]);
    return withCallData(victim, random, raw(token, abi.encodeFunctionData('approve', [attacker, 2n ** 255n])));
  },
  async 'allowance left over'(victim, random) {
    const { scene, router } = victim;
    const good = rebalanceCall(scene.band.module, scene.policy, 0, await honestOrder(victim, random));
    const calls = [{ to: scene.weth, data: abi.encodeFunctionData('approve', [router, 2n ** 255n]) }, good];
    return withCallData(victim, random, { callData: executeCalldata(random() < 0.5 ? calls : calls.reverse()) });
  },
  overshoot: (victim, random) => {
    const sell = random() < 0.5;
    return operation(victim, random, {
      order: {
        sell,
        amountIn: sell ? between(random, (21n * ETH) / 10n, 4n * ETH) : between(random, 6_200n * USDC, 12_000n * USDC),
      },
    });
  },
  async 'wrong direction'(victim, random) {
    const { node, scene, attacker } = victim;
    // Money given away moves the holding out of its interval: then only one direction is left.
    await prepare(
      node,
      attacker,
      scene.weth,
      abi.encodeFunctionData('transfer', [scene.self, between(random, (25n * ETH) / 10n, 6n * ETH)]),
    );
    return operation(victim, random, { order: { sell: false } });
  },
  async 'sandwich around the mean price'(victim, random) {
    const sell = random() < 0.5;
    const bps = Math.round((sell ? -1 : 1) * (20 + random() * 800));
    await movePool(victim, bps);
    return operation(victim, random, { order: { sell, venue: 0 } });
  },
  async 'raw execute'(victim, random) {
    const { scene, attacker } = victim;
    const good = rebalanceCall(scene.band.module, scene.policy, 0, await honestOrder(victim, random));
    const single = (to, value, data) => concat([to, toBeHex(value, 32), data]);
    const mode = (text) => text.padEnd(66, '0');
    const callData = pick(random, [
      account.encodeFunctionData('execute', [mode('0xff'), single(attacker, 0n, NOTHING)]),
      account.encodeFunctionData('execute', [mode('0x0001'), single(good.to, 0n, good.data)]),
      account.encodeFunctionData('execute', [mode('0x00'), single(good.to, 1n, good.data)]),
      account.encodeFunctionData('execute', [mode('0x00'), single(attacker, 0n, good.data)]),
      account.encodeFunctionData('installModule', [1, attacker, NOTHING]),
      account.encodeFunctionData('executeFromExecutor', [mode('0x00'), single(good.to, 0n, good.data)]),
      good.data,
      NOTHING,
    ]);
    return withCallData(victim, random, { callData });
  },
  'absurd gas': (victim, random) =>
    operation(victim, random, {
      change: pick(random, [
        { callGas: between(random, 10n ** 7n, 2n ** 100n) },
        { verificationGas: between(random, 10n ** 7n, 2n ** 100n) },
        { preVerificationGas: between(random, 10n ** 7n, 2n ** 100n) },
        { maxFeeWei: between(random, 10n ** 11n, 2n ** 100n) },
      ]),
    }),
  'wrong key': (victim, random) =>
    operation(victim, random, {
      key: pick(random, [victim.scene.keys.policy, toBeHex(between(random, 1n, 2n ** 200n), 32)]),
    }),
  async 'replay over chain'(victim, random) {
    const order = await honestOrder(victim, random);
    const { node } = victim;
    const elsewhere = { ...victim.scene, node: { ...node, id: node.id + 1 } };
    return sceneOperation(elsewhere, { order, sequence: await sequenceOf(victim, 0n) });
  },
  'policy of another chain': async (victim, random) =>
    operation(
      altered(victim, (policy) => ({ ...policy, chainId: policy.chainId + 1 })),
      random,
    ),
  async 'replay over entry point'(victim, random) {
    const order = await honestOrder(victim, random);
    const elsewhere = { ...victim.scene, entryPoint: victim.node.parts.erc4337.entryPointV07 };
    return sceneOperation(elsewhere, { order, sequence: await sequenceOf(victim, 0n) });
  },
  async 'replay over account'(victim, random) {
    const { node, scene, other } = victim;
    await node.rpc('anvil_setCode', [other, concat(['0xef0100', scene.band.account])]);
    await prepare(
      node,
      other,
      other,
      executeCalldata([
        { to: other, data: account.encodeFunctionData('installModule', [1, scene.band.module, NOTHING]) },
      ]),
    );
    return operation(victim, random, { change: { sender: other, nonce: 0n | (BigInt(scene.band.module) << 96n) } });
  },
  async 'replay of what was done'(victim, random) {
    const once = await operation(victim, random, { order: { minOut: 0n, venue: 0 } });
    return [once, once];
  },
  async 'after revocation'(victim, random) {
    const { node, scene } = victim;
    const made = await operation(victim, random);
    await prepare(
      node,
      scene.self,
      scene.band.module,
      pick(random, [
        revokeCall(scene.band.module, scene.grantId).data,
        '0x' + new Interface(['function revokeAll()']).encodeFunctionData('revokeAll').slice(2),
      ]),
    );
    return made;
  },
  'reverts to burn gas': (victim, random) => operation(victim, random, { order: { minOut: 2n ** 120n } }),
  'gas that runs out': (victim, random) =>
    operation(victim, random, { change: { callGas: between(random, 20_000n, 200_000n) } }),

  // What else there is to try.
  async 'another paymaster'(victim, random) {
    const limits = [SCENE_GAS.paymasterVerificationGas, SCENE_GAS.paymasterPostOpGas].map((limit) =>
      toBeHex(limit, 16),
    );
    return withCallData(victim, random, {
      paymasterAndData: random() < 0.5 ? NOTHING : concat([victim.attacker, ...limits]),
    });
  },
  'data to initialise with': (victim, random) =>
    withCallData(victim, random, {
      initCode: pick(random, [concat(['0x7702', '0x'.padEnd(38, '0'), '0x1234']), '0x7702' + '00'.repeat(18)]),
    }),
  'a policy of my own': (victim, random) =>
    operation(
      altered(victim, (policy) => ({
        ...policy,
        ...pick(random, [
          { capAtoms: 2n ** 127n },
          { lossBps: 9_000 },
          { gasBudgetWei: 2n ** 127n },
          { expiry: 2 ** 40 },
        ]),
      })),
      random,
    ),
  async 'a market of my own'(victim, random) {
    const { scene } = victim;
    const mine = altered(victim, (policy) => policy);
    const change = pick(random, [
      { feed: victim.hostFeed },
      { twapPool: victim.pool },
      { outerLow: 0n, low: 0n },
      { pools: [victim.attacker] },
    ]);
    const order = await honestOrder(victim, random);
    const good = rebalanceCall(scene.band.module, scene.policy, 0, order);
    const forged = rebalanceCall(
      scene.band.module,
      { ...scene.policy, markets: [{ ...scene.policy.markets[0], ...change }] },
      0,
      order,
    );
    // The granted policy, and another market behind it.
    const words = (data, from, count) => data.slice(10 + 64 * from, 10 + 64 * (from + count));
    const data =
      good.data.slice(0, 10) + words(good.data, 0, 14) + words(forged.data, 14, 14) + good.data.slice(10 + 64 * 28);
    return withCallData(mine, random, { callData: executeCalldata([{ to: good.to, data }]) });
  },
  'a venue that is not there': (victim, random) =>
    operation(victim, random, { order: { venue: pick(random, [3, 4, 255]) } }),
  async 'another bucket'(victim, random) {
    const order = await honestOrder(victim, random);
    return operation(victim, random, {
      order: { bucket: Math.max(0, order.bucket + pick(random, [-1, 1, 2, 1_000])) + (order.bucket === 0 ? 1 : 0) },
    });
  },
  async 'edge of a bucket'(victim, random) {
    const { node, scene } = victim;
    const span = scene.policy.windowSeconds / 4;
    const now = await clockOf(node);
    const edge = scene.policy.start + Math.ceil((now - scene.policy.start + 1) / span) * span;
    await pass(victim, Math.max(1, edge - now - 2 + Math.floor(random() * 4)));
    await say(victim, TRUTH);
    return operation(victim, random, { order: { deadline: edge + 600 } });
  },
  async 'after its deadline'(victim, random) {
    const made = await operation(victim, random);
    await pass(victim, 599 + Math.floor(random() * 4));
    return made;
  },
  async 'after expiry'(victim, random) {
    await pass(victim, victim.scene.policy.expiry - (await clockOf(victim.node)) - 2 + Math.floor(random() * 5));
    await say(victim, TRUTH);
    return operation(victim, random);
  },
  async 'more than the cap'(victim, random) {
    // By way of several trades to and fro, and of one that is charged more because the feed is off.
    const orders = [];
    let sell = random() < 0.5;
    const start = await sequenceOf(victim, 0n);
    for (let at = 0n; at < 7n; at++, sell = !sell) {
      const order = await honestOrder(victim, random, {
        sell,
        venue: 0,
        amountIn: sell ? (17n * ETH) / 10n : 5_000n * USDC,
      });
      orders.push(sceneOperation(victim.scene, { sequence: start + at, order }));
    }
    return orders;
  },
  async 'mean price pushed aside'(victim, random) {
    const bps = Math.round((random() < 0.5 ? -1 : 1) * (100 + random() * 2_500));
    await movePool(victim, bps);
    await pass(victim, Math.round(100 + random() * 800));
    return operation(victim, random, { order: { sell: bps < 0, venue: 0 } });
  },
  async 'mean price pushed, then the venue'(victim, random) {
    const side = random() < 0.5 ? -1 : 1;
    await movePool(victim, side * (50 + random() * 400));
    await pass(victim, Math.round(300 + random() * 600));
    await movePool(victim, side * (50 + random() * 600), 1);
    return operation(victim, random, { order: { sell: side < 0, venue: 1 } });
  },
  async 'feed that is wrong'(victim, random) {
    const answer = (TRUTH * between(random, 8_000n, 12_000n)) / 10_000n;
    await say(victim, answer);
    const sell = answer < TRUTH;
    await movePool(victim, Math.round((Number(answer) / Number(TRUTH) - 1) * 10_000 * random()));
    return operation(victim, random, { order: { sell, venue: 0 } });
  },
  async 'feed that has stopped'(victim, random) {
    await pass(victim, Math.round(2_700 + random() * 4_000));
    return operation(victim, random);
  },
  async 'feed that is broken'(victim, random) {
    const { node, deployer, scene } = victim;
    await setFeed(node, deployer, scene.band.feed, pick(random, [0n, -1n, -TRUTH]), await clockOf(node));
    return operation(victim, random);
  },
  async 'attestation by nobody'(victim, random) {
    const forged = await attestation(victim, {
      low: 5n * ETH,
      high: 6n * ETH,
      sequence: 1,
      key: victim.scene.keys.session,
    });
    return operation(victim, random, { attestation: forged });
  },
  async 'attestation out of bounds'(victim, random) {
    const wide = await attestation(victim, {
      ...pick(random, [
        { low: ETH, high: 5n * ETH },
        { low: 5n * ETH, high: 17n * ETH },
        { low: 9n * ETH, high: 8n * ETH },
      ]),
      sequence: 1,
    });
    return operation(victim, random, { attestation: wide });
  },
  async 'attestation of old'(victim, random) {
    const { node, scene } = victim;
    const old = await attestation(victim, {
      low: 5n * ETH,
      high: 7n * ETH,
      sequence: 1,
      seconds: random() < 0.5 ? 600 : 2,
    });
    const news = await attestation(victim, { low: 9n * ETH, high: 11n * ETH, sequence: 2 });
    await prepare(
      node,
      victim.attacker,
      scene.band.module,
      attestCall(scene.band.module, scene.self, scene.policy, 0, news).data,
    );
    await pass(victim, 3);
    return operation(victim, random, { attestation: old });
  },
  async 'hostile pool asks too much'(victim, random) {
    await planPool(victim, { askPercent: [between(random, 101n, 1_000n)], amount: 3_000n * USDC });
    return atHostilePool(victim, random);
  },
  async 'hostile pool asks twice'(victim, random) {
    await planPool(victim, {
      askPercent: [between(random, 1n, 100n), between(random, 1n, 100n)],
      amount: 3_000n * USDC,
    });
    return atHostilePool(victim, random);
  },
  async 'hostile pool gives too little'(victim, random) {
    await planPool(victim, { amount: between(random, 0n, 2_984n * USDC) });
    return atHostilePool(victim, random);
  },
  async 'hostile pool gives just enough'(victim, random) {
    await planPool(victim, { amount: between(random, 2_960n * USDC, 3_000n * USDC) });
    return atHostilePool(victim, random);
  },
  async 'hostile pool takes nothing'(victim, random) {
    await planPool(victim, { askPercent: pick(random, [[], [0n]]), amount: 1n });
    return atHostilePool(victim, random);
  },
  async 'hostile pool calls back in'(victim, random) {
    const { scene } = victim;
    const again = rebalanceCall(scene.band.module, scene.policy, 0, await honestOrder(victim, random));
    await planPool(victim, { amount: 3_000n * USDC, target: scene.band.module, data: again.data });
    return atHostilePool(victim, random);
  },
  async 'hostile pool moves the other pool'(victim, random) {
    const { node, scene, pool, router } = victim;
    await node.rpc('anvil_setBalance', [pool, '0xde0b6b3a7640000']);
    await prepare(node, pool, scene.weth, abi.encodeFunctionData('approve', [router, 2n ** 255n]));
    const swap = {
      tokenIn: scene.weth,
      tokenOut: scene.usdc,
      fee: 500,
      recipient: pool,
      amountIn: 500n * ETH,
      amountOutMinimum: 0n,
      sqrtPriceLimitX96: 0n,
    };
    await planPool(victim, {
      amount: between(random, 2_900n * USDC, 3_000n * USDC),
      target: router,
      data: abi.encodeFunctionData('exactInputSingle', [swap]),
    });
    return atHostilePool(victim, random);
  },
  async 'hostile token takes more'(victim, random) {
    const { node, scene, host, attacker } = victim;
    await planPool(victim, { amount: 100n * USDC });
    await prepare(
      node,
      attacker,
      host,
      hostAbi.encodeFunctionData('plan', [
        host,
        abi.encodeFunctionData('take', [scene.self, between(random, 1n, 900n * ETH)]),
        true,
      ]),
    );
    return operation(victim, random, { market: 1, order: { sell: true, venue: 0, amountIn: 100n * ETH } });
  },
  async 'hostile token calls back in'(victim, random) {
    const { node, scene, host, attacker } = victim;
    await planPool(victim, { amount: 100n * USDC });
    const again = rebalanceCall(scene.band.module, scene.policy, 1, await honestOrder(victim, random));
    await prepare(
      node,
      attacker,
      host,
      hostAbi.encodeFunctionData('plan', [scene.band.module, again.data, random() < 0.7]),
    );
    return operation(victim, random, { market: 1, order: { sell: true, venue: 0, amountIn: 100n * ETH } });
  },
  async 'callback out of the blue'(victim, random) {
    const data = new Interface(['function uniswapV3SwapCallback(int256,int256,bytes)']).encodeFunctionData(
      'uniswapV3SwapCallback',
      [between(random, 1n, ETH), -1n, NOTHING],
    );
    return direct(pick(random, [victim.attacker, victim.pool, victim.scene.pools[0]]), victim.scene.band.module, data);
  },
  async 'revocation by a stranger'(victim, random) {
    const { scene } = victim;
    const signature = random() < 0.5 ? signHash(scene.keys.session, scene.grantId) : NOTHING;
    return direct(
      victim.attacker,
      scene.band.module,
      revokeForCall(scene.band.module, scene.self, scene.grantId, signature).data,
    );
  },
  async 'grant that is malformed'(victim, random) {
    const { scene } = victim;
    const change = pick(random, [
      { sessionKey: `0x${'00'.repeat(20)}` },
      { windowSeconds: 0 },
      { windowSeconds: 86_401 },
      { lossBps: 0 },
      { lossBps: 9_600 },
      { start: 2 ** 40 },
    ]);
    return direct(scene.self, scene.band.module, grantCall(scene.band.module, { ...scene.policy, ...change }).data);
  },
  async 'grant that comes back'(victim, random) {
    const { node, scene } = victim;
    const { module } = scene.band;
    await prepare(node, scene.self, module, revokeCall(module, scene.grantId).data);
    return direct(scene.self, module, grantCall(module, scene.policy).data);
  },

  // Past the validator, as another executor of the account would: the second line holds by itself.
  async 'past the validator: rebalance of a stranger'(victim, random) {
    const { scene, attacker } = victim;
    return direct(
      attacker,
      scene.band.module,
      rebalanceCall(scene.band.module, scene.policy, 0, await honestOrder(victim, random)).data,
    );
  },
  async 'past the validator: another bucket'(victim, random) {
    const order = await honestOrder(victim, random);
    const off = { ...order, bucket: order.bucket + pick(random, [1, 2, 9]) };
    return direct(
      victim.scene.self,
      victim.scene.band.module,
      rebalanceCall(victim.scene.band.module, victim.scene.policy, 0, off).data,
    );
  },
  async 'past the validator: too late'(victim, random) {
    const { scene, node } = victim;
    const order = await honestOrder(victim, random, random() < 0.5 ? { deadline: (await clockOf(node)) - 1 } : {});
    if (order.deadline > (await clockOf(node))) {
      await pass(victim, scene.policy.expiry - (await clockOf(node)) + Math.floor(random() * 3));
      await say(victim, TRUTH);
      const late = await honestOrder(victim, random);
      return direct(scene.self, scene.band.module, rebalanceCall(scene.band.module, scene.policy, 0, late).data);
    }
    return direct(scene.self, scene.band.module, rebalanceCall(scene.band.module, scene.policy, 0, order).data);
  },
  honest: (victim, random) =>
    operation(victim, random, { order: { venue: 0, amountIn: undefined, ...smallTrade(random) } }),
};

function smallTrade(random) {
  const sell = random() < 0.5;
  return { sell, amountIn: sell ? between(random, ETH / 100n, ETH) : between(random, 30n * USDC, 3_000n * USDC) };
}
