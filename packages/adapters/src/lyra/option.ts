import { type Greeks, type InstrumentTerms, type TradeRequest, valuePosition } from '@evenkeel/core';
import * as v from 'valibot';
import { contractRead, optionalRead, readContracts } from '../common/read.js';
import { InstrumentUnknownError } from '../instruments/errors.js';
import { fromWad } from '../instruments/request.js';
import { optionMarketAbi, synthetixAdapterAbi } from './abi.js';
import { asOption, volatilityOf } from './as-position.js';
import { LyraBoardClosedError, LyraFeedHaltedError } from './errors.js';
import { isCall, type LyraTrading } from './market.js';
import { type LyraPosition, readBoard, readLyraBook, readStrike } from './read.js';

const E18 = 10n ** 18n;
const INSTRUMENT = /^(?<strike>[1-9]\d{0,17})-(?<type>call|put)$/;

const uint = v.bigint();

/** All options of boards that are open. */
export async function listOptions(market: LyraTrading, signal: AbortSignal): Promise<readonly InstrumentTerms[]> {
  const { chain, optionMarket } = market;
  const { block, values } = await readContracts(
    chain,
    [contractRead(optionMarketAbi, optionMarket, 'getLiveBoards', [], v.array(uint))],
    signal,
  );
  const [boardIds] = values;
  const boards = await Promise.all(boardIds.map((boardId) => readBoard(market, boardId, 0n, signal)));
  const open = boards.filter(({ expirySeconds, frozen }) => !frozen && expirySeconds > block.timeSeconds);
  const strikes = await Promise.all(
    open.flatMap(({ expirySeconds, strikeIds }) =>
      strikeIds.map(async (strikeId) => ({
        strikeId,
        expirySeconds,
        strikePrice: (await readStrike(market, strikeId, 0n, signal)).strikePrice,
      })),
    ),
  );
  return strikes.flatMap(({ expirySeconds, strikeId, strikePrice }) =>
    (['call', 'put'] as const).map((type): InstrumentTerms => {
      const day = new Date(expirySeconds * 1_000).toISOString().slice(0, 10);
      const label = `${type} ${fromWad(strikePrice)} of ${day} on ${chain.name}`;
      return { id: `${strikeId}-${type}`, chainId: chain.id, kind: 'option', label, expirySeconds };
    }),
  );
}

/** One option with all that a trade of it hangs on. */
export interface Option {
  readonly strikeId: bigint;
  readonly isCallOption: boolean;
  readonly strikePrice: bigint;
  readonly expirySeconds: number;
  readonly volatility: bigint;
  readonly annualRate: bigint;
  /** Of the owner, on this strike and type. */
  readonly positions: readonly LyraPosition[];
  /** The venue's own, 18 decimals. */
  readonly spot: bigint;
  readonly block: { readonly number: number; readonly timeSeconds: number };
}

/**
 * Reads one option by its name, for an owner.
 *
 * @throws {InstrumentUnknownError} {@link LyraBoardClosedError} {@link LyraFeedHaltedError} and what the chain throws
 */
export async function readOption(
  id: string,
  market: LyraTrading,
  { instrument, owner }: TradeRequest,
  signal: AbortSignal,
): Promise<Option> {
  const named = INSTRUMENT.exec(instrument)?.groups;
  if (named === undefined) throw new InstrumentUnknownError(id, instrument);
  const strikeId = BigInt(named['strike']!);
  const isCallOption = named['type'] === 'call';
  const book = await readLyraBook(market, owner, signal);
  const { averagedOver, annualRate, block } = book;
  const strike = await readStrike(market, strikeId, averagedOver.skew, signal);
  if (strike.boardId === 0n) throw new InstrumentUnknownError(id, instrument);
  const [board, { values }] = await Promise.all([
    readBoard(market, strike.boardId, averagedOver.iv, signal),
    readContracts(
      market.chain,
      [
        optionalRead(
          contractRead(
            synthetixAdapterAbi,
            market.synthetixAdapter,
            'getSpotPriceForMarket',
            [market.optionMarket],
            uint,
          ),
        ),
      ],
      signal,
    ),
  ]);
  const { expirySeconds } = board;
  if (strike.settlement !== undefined || expirySeconds <= block.timeSeconds) {
    throw new LyraBoardClosedError(id, instrument, 'it has expired');
  }
  const [spot] = values;
  if (spot === undefined) throw new LyraFeedHaltedError(id, instrument);
  if (board.frozen) throw new LyraBoardClosedError(id, instrument, 'it is frozen');
  return {
    strikeId,
    isCallOption,
    strikePrice: strike.strikePrice,
    expirySeconds,
    volatility: ((board.averageIv ?? board.iv) * (strike.averageSkew ?? strike.skew)) / E18,
    annualRate,
    positions: book.positions.filter((each) => each.strikeId === strikeId && isCall(each.kind) === isCallOption),
    spot,
    block,
  };
}

/** Value and greeks of one option held, at the volatility that the venue averages. */
export function unitGreeks(option: Option, spot: number): Greeks {
  const { annualRate, block, expirySeconds, isCallOption, strikeId, strikePrice, volatility } = option;
  const one: LyraPosition = {
    positionId: 0n,
    strikeId,
    boardId: 0n,
    kind: isCallOption ? 'long-call' : 'long-put',
    amount: E18,
    collateral: 0n,
    strikePrice,
    expirySeconds,
    volatility: { iv: volatility, skew: E18 },
  };
  return valuePosition(
    asOption(one, volatilityOf(one, 'current')!, annualRate, block.timeSeconds),
    spot,
    block.timeSeconds,
  );
}
