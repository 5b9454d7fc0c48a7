// A venue closes most of a short by itself, by a real liquidation on Perp v2.
import { perpV2Positions } from '@evenkeel/adapters/perp-v2';
import { Contract, parseUnits, Wallet } from 'ethers';

const SHORT_UNITS = '18';
const MARGIN_USD = '7600';
const FUNDED_WETH = '10';
const CLOSED_PERCENT = 60n;
const TERMS = { gasLimit: 5_000_000n, maxFeePerGas: 5n * 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n };
const NO_REFERRAL = `0x${'00'.repeat(32)}`;
const HOUSE = [
  'function openPosition((address,bool,bool,uint256,uint256,uint256,uint160,bytes32)) returns (uint256,uint256)',
  'function liquidate(address trader, address baseToken, int256 positionSize)',
];
const BALANCE = ['function getTakerPositionSize(address,address) view returns (int256)'];
const VAULT = ['function deposit(address,uint256)'];
const ERC20 = ['function approve(address,uint256)'];

/** Margin and a short, before the agent begins. */
async function openShort({ actors, owner, world }) {
  const [chain] = world.chains;
  const { baseToken, clearingHouse, vault } = chain.parts.perpV2;
  const { USDC, WETH } = chain.tokens;
  const margin = parseUnits(MARGIN_USD, 6);
  await world.fund(USDC, owner.address, margin);
  await world.fund(WETH, owner.address, parseUnits(FUNDED_WETH, 18));
  const wallet = new Wallet(owner.privateKey, chain.provider);
  const done = async (sent) => (await sent).wait();
  await done(new Contract(USDC.address, ERC20, wallet).approve(vault, margin));
  await done(new Contract(vault, VAULT, wallet).deposit(USDC.address, margin));
  const order = [baseToken, true, true, parseUnits(SHORT_UNITS, 18), 0n, 10n ** 12n, 0n, NO_REFERRAL];
  await done(new Contract(clearingHouse, HOUSE, wallet).openPosition(order, TERMS));
  await actors.arbitrageur.tick();
}

function withPerp(ports, { id, parts, tokens }) {
  const {
    aggregator: _a,
    insuranceFund: _i,
    marketRegistry: _m,
    orderBook: _o,
    pool: _p,
    priceFeed: _f,
    ...contracts
  } = parts.perpV2;
  const virtual = (symbol, address) => ({ chainId: id, address, symbol, decimals: 18 });
  const market = {
    ...contracts,
    chain: ports.chains[0],
    baseToken: virtual('vETH', contracts.baseToken),
    quoteToken: virtual('vUSD', contracts.quoteToken),
    settlementToken: tokens.USDC,
  };
  return { ...ports, sources: [...ports.sources, perpV2Positions(market)] };
}

export default {
  number: 4,
  title: 'Forced close',
  story:
    'A short of 18 ETH on Perp v2 hedges what is held. The price rises by 13 %, and a liquidator closes 60 % of it. The agent sees it in its next look, says why, and hedges what is open in the pools.',
  url: import.meta.url,
  tMaxSeconds: 900,
  world: { chains: 1, parts: ['perp-v2'], options: null, blockSeconds: 30, prepare: openShort },
  play: async ({ stage, path, record, expect, keep }) => {
    const [chain] = stage.world.chains;
    const { accountBalance, baseToken, clearingHouse } = chain.parts.perpV2;
    const balance = new Contract(accountBalance, BALANCE, chain.provider);
    let closed;
    stage.afterBlock(async ({ row, t }) => {
      // The perpetual's pool follows in steps, for it lets nobody cross many ticks at once.
      if (t > 120) await stage.arbitrage();
      if (row.venueState !== 'closes' || closed !== undefined) return;
      const before = await balance.getTakerPositionSize(stage.owner.address, baseToken);
      const liquidator = new Wallet(stage.world.accounts.arbitrageur.privateKey, chain.provider);
      const house = new Contract(clearingHouse, HOUSE, liquidator);
      const sent = await house.liquidate(stage.owner.address, baseToken, (before * CLOSED_PERCENT) / 100n, TERMS);
      await sent.wait().catch(() => undefined);
      const after = await balance.getTakerPositionSize(stage.owner.address, baseToken);
      if (after !== before) closed = { t, before: Number(before) / 1e18, after: Number(after) / 1e18 };
    });
    const everySeconds = 60;
    const agent = await stage.openAgent(
      { policy: { monitoringSeconds: everySeconds } },
      { extend: (ports) => withPerp(ports, chain) },
    );
    const kept = keep(agent, everySeconds);
    await stage.runTo(path.endSeconds);
    await kept.stop();

    const share = closed === undefined ? 0 : 1 - closed.after / closed.before;
    expect('the venue closes 60 % of the short', Math.abs(share - 0.6) < 0.01, closed);
    const told = record.events.filter(
      ({ code, kind, t }) => code === 'EXTERNAL_CLOSE' && kind === 'decision' && t >= closed?.t,
    );
    expect(
      'it is seen in the next look, with its reason',
      told.length === 1 && told[0].t <= closed.t + everySeconds,
      told,
    );
    const sold = record.looks.filter(({ t }) => t >= closed?.t).reduce((sum, { units }) => sum + units, 0);
    expect('what is open is sold elsewhere', Math.abs(sold + (closed?.after - closed?.before)) < 3, { sold, closed });
    expect('it ends in its band', record.samples.at(-1).code === 'INSIDE_BAND', record.samples.at(-1));
    return { agent, failures: kept.failures };
  },
};
