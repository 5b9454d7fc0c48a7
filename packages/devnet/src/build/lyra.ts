import { encodeBytes32String } from 'ethers';
import type { LyraContracts } from '../parts.js';
import type { Address } from '../world.js';
import { ACCOUNTS } from './accounts.js';
import type { Builder } from './builder.js';
import { parameterCalls } from './lyra-parameters.js';
import type { PartContext } from './parts.js';
import { MAX_UINT256 } from './protocols.js';
import { ETH_PRICE_USDC } from './seed.js';

const deployer = ACCOUNTS.deployer.address;

const E18 = 10n ** 18n;
const SUSD = encodeBytes32String('sUSD');
const SETH = encodeBytes32String('sETH');
const POOL_DOLLARS = 10_000_000n;
const TRADER_DOLLARS = 2_000_000n;
const TRADER_ETH = 2_000n;
/** What Synthetix takes of an exchange, as in Lyra's own tests: 0.75 % of sETH, 0.5 % of sUSD. */
const SELL_BASE_FEE = (E18 * 75n) / 10_000n;
const SELL_QUOTE_FEE = (E18 * 50n) / 10_000n;

const BLACK_SCHOLES = 'contracts/libraries/BlackScholes.sol:BlackScholes';
const GWAV = 'contracts/libraries/GWAV.sol:GWAV';

/**
 * Lyra's options market for ETH with its liquidity pool filled, and below it the stand-ins of Synthetix that Lyra's own
 * package brings. Boards are listed when a world opens: what is built may be months old by then.
 */
export async function buildLyra({ builder }: PartContext): Promise<LyraContracts> {
  const synthetix = deploySynthetixStandIns(builder);
  const market = deployMarket(builder);
  const contracts = { ...market, ...synthetix };
  initialise(builder, contracts);
  for (const { args, signature, to } of parameterCalls(contracts)) builder.send(deployer, to, signature, args);
  await builder.flush();
  fill(builder, contracts);
  await builder.flush();
  return Object.freeze(contracts);
}

type SynthetixStandIns = Pick<
  LyraContracts,
  | 'addressResolver'
  | 'collateralShort'
  | 'delegateApprovals'
  | 'exchangeRates'
  | 'exchanger'
  | 'sETH'
  | 'sUSD'
  | 'synthetix'
>;

function deploySynthetixStandIns(builder: Builder): SynthetixStandIns {
  const deploy = (contract: string): Address => builder.deploy(deployer, contract);
  const synth = (name: string, symbol: string): Address =>
    builder.deploy(deployer, 'LyraTestSynth', ['string', 'string'], [name, symbol]);
  return {
    exchanger: deploy('LyraTestExchanger'),
    exchangeRates: deploy('LyraTestExchangeRates'),
    synthetix: deploy('LyraTestSynthetix'),
    delegateApprovals: deploy('LyraTestDelegateApprovals'),
    collateralShort: deploy('LyraTestCollateralShort'),
    addressResolver: deploy('LyraTestAddressResolver'),
    sUSD: synth('Synthetic USD', 'sUSD'),
    sETH: synth('Synthetic ETH', 'sETH'),
  };
}

function deployMarket(builder: Builder): Omit<LyraContracts, keyof SynthetixStandIns> {
  const deploy = (contract: string): Address => builder.deploy(deployer, contract);
  const named = (contract: string, name: string, symbol: string): Address =>
    builder.deploy(deployer, contract, ['string', 'string'], [name, symbol]);
  const gwav = deploy('LyraGWAV');
  const blackScholes = deploy('LyraBlackScholes');
  return {
    gwav,
    blackScholes,
    synthetixAdapter: deploy('LyraSynthetixAdapter'),
    optionMarketViewer: deploy('LyraOptionMarketViewer'),
    optionMarket: deploy('LyraOptionMarket'),
    optionMarketPricer: deploy('LyraOptionMarketPricer'),
    optionGreekCache: builder.deploy(deployer, 'LyraOptionGreekCache', [], [], {
      [BLACK_SCHOLES]: blackScholes,
      [GWAV]: gwav,
    }),
    gwavOracle: builder.deploy(deployer, 'LyraGWAVOracle', [], [], { [BLACK_SCHOLES]: blackScholes }),
    liquidityPool: deploy('LyraLiquidityPool'),
    liquidityToken: named('LyraLiquidityToken', 'sUSD/sETH Pool Tokens', 'LyraELPT'),
    optionToken: named('LyraOptionToken', 'sUSD/sETH Option Tokens', 'LyraEOT'),
    shortCollateral: deploy('LyraShortCollateral'),
    poolHedger: deploy('LyraShortPoolHedger'),
  };
}

/** Tells each contract of the others, in the order of the package's own deployment script. */
function initialise(builder: Builder, all: LyraContracts): void {
  const send = (to: Address, signature: string, args: readonly unknown[]): void =>
    builder.send(deployer, to, signature, args);
  const init = (to: Address, ...others: readonly Address[]): void =>
    send(to, `init(${others.map(() => 'address').join()})`, others);
  const { optionGreekCache: cache, liquidityPool: pool, optionMarket: market, synthetixAdapter: adapter } = all;
  const { optionMarketPricer: pricer, optionToken: token, poolHedger: hedger, sETH, shortCollateral, sUSD } = all;
  const synths = [sUSD, sETH] as const;

  init(all.synthetix, adapter, sUSD, all.addressResolver);
  init(all.collateralShort, adapter, sUSD);
  const names = ['ProxySynthetix', 'Exchanger', 'ExchangeRates', 'CollateralShort', 'DelegateApprovals'];
  const places = [all.synthetix, all.exchanger, all.exchangeRates, all.collateralShort, all.delegateApprovals];
  send(all.addressResolver, 'setAddresses(bytes32[],address[])', [names.map(encodeBytes32String), places]);
  for (const issuer of [all.synthetix, all.collateralShort]) {
    send(issuer, 'addBaseAsset(bytes32,address,address)', [SETH, sETH, market]);
    for (const synth of synths) send(synth, 'permitMint(address,bool)', [issuer, true]);
  }
  send(adapter, 'initialize()', []);
  send(adapter, 'setAddressResolver(address)', [all.addressResolver]);
  send(adapter, 'updateSynthetixAddresses()', []);
  init(all.optionMarketViewer, adapter);

  init(market, adapter, pool, pricer, cache, shortCollateral, token, ...synths);
  init(pricer, market, cache);
  init(cache, adapter, market, pricer);
  init(pool, adapter, market, all.liquidityToken, cache, hedger, shortCollateral, ...synths);
  init(all.liquidityToken, pool);
  init(hedger, adapter, market, cache, pool, ...synths);
  init(shortCollateral, market, pool, token, adapter, ...synths);
  init(token, market, cache, shortCollateral, adapter);
  const globals = [market, SUSD, SETH, deployer, encodeBytes32String('')];
  send(adapter, 'setGlobalsForContract(address,bytes32,bytes32,address,bytes32)', globals);
  init(all.gwavOracle, market, cache, adapter);
  const listed = [pool, all.liquidityToken, cache, market, pricer, token, shortCollateral, hedger, ...synths];
  send(all.optionMarketViewer, `addMarket((${listed.map(() => 'address').join()}))`, [listed]);

  send(all.exchanger, 'setFeeRateForExchange(bytes32,bytes32,uint256)', [SETH, SUSD, SELL_BASE_FEE]);
  send(all.exchanger, 'setFeeRateForExchange(bytes32,bytes32,uint256)', [SUSD, SETH, SELL_QUOTE_FEE]);
  const rate = BigInt(ETH_PRICE_USDC) * E18;
  send(all.exchangeRates, 'setRateAndInvalid(bytes32,uint256,bool)', [SETH, rate, false]);
  send(all.exchangeRates, 'nominateNewOwner(address)', [ACCOUNTS.feedKeeper.address]);
  builder.send(ACCOUNTS.feedKeeper.address, all.exchangeRates, 'acceptOwnership()');
}

/** Money for the pool, an account for its hedges, and synths for the trader. */
function fill(builder: Builder, all: LyraContracts): void {
  const provider = ACCOUNTS.liquidityProvider.address;
  const mint = (synth: Address, to: Address, units: bigint): void =>
    builder.send(deployer, synth, 'mint(address,uint256)', [to, units * E18]);
  mint(all.sUSD, provider, POOL_DOLLARS);
  builder.send(provider, all.sUSD, 'approve(address,uint256)', [all.liquidityPool, MAX_UINT256]);
  const deposit = [provider, POOL_DOLLARS * E18];
  builder.send(provider, all.liquidityPool, 'initiateDeposit(address,uint256)', deposit);
  builder.send(deployer, all.poolHedger, 'openShortAccount()');
  mint(all.sUSD, ACCOUNTS.trader.address, TRADER_DOLLARS);
  mint(all.sETH, ACCOUNTS.trader.address, TRADER_ETH);
}
