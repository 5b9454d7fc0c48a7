import { assembleExposure, type Address, type Exposure, type PositionReading } from '@evenkeel/core';
import type { DerivativeChain, Markets } from './markets.js';

/** Units of the underlying that each instrument stands for at present, by adapter and chain. Signed. */
type Holdings = ReadonlyMap<string, string>;

/** What one look at all chains saw. */
export interface BookLook {
  readonly readings: readonly PositionReading[];
  readonly exposure: Exposure;
}

const RULES = { maxAgeSeconds: 600, staleSharePerHour: '0.25' } as const;

/** Reads all positions of the owner on all chains. */
export async function lookAtBook(
  markets: Markets,
  owner: Address,
  at: { readonly spot: number; readonly nowSeconds: number },
  signal: AbortSignal,
): Promise<BookLook> {
  const readings = (await Promise.all(markets.chains.map((each) => readAll(each, owner, signal)))).flat();
  const exposure = assembleExposure({
    underlying: 'ETH',
    spot: String(at.spot),
    nowSeconds: at.nowSeconds,
    readings,
    inFlight: [],
    rules: RULES,
  });
  return { readings, exposure };
}

export function holdingsOf({ adapters, chains }: Markets, readings: readonly PositionReading[]): Holdings {
  return new Map(
    chains.flatMap((each) => {
      const { id } = each.chain;
      const { loan, perp, spot } = unitsHeld(
        each,
        readings.filter(({ asOf }) => asOf.chainId === id),
      );
      return [
        [holdingKey(adapters.perp.id, id), perp],
        [holdingKey(adapters.loan.id, id), loan],
        [holdingKey(adapters.spot.id, id), spot],
      ] as const;
    }),
  );
}

/** What all hedges together stand for, units. */
export function hedgeUnitsOf(markets: Markets, readings: readonly PositionReading[]): number {
  return [...holdingsOf(markets, readings).values()].reduce((sum, units) => sum + Number(units), 0);
}

export function holdingKey(adapter: string, chainId: number): string {
  return `${adapter}/${chainId}`;
}

async function readAll(
  { sources }: DerivativeChain,
  owner: Address,
  signal: AbortSignal,
): Promise<readonly PositionReading[]> {
  return (await Promise.all(sources.map((source) => source.read(owner, signal)))).flat();
}

function unitsHeld(
  { tokens }: DerivativeChain,
  readings: readonly PositionReading[],
): Readonly<Record<'loan' | 'perp' | 'spot', string>> {
  let [perp, loan, spot] = ['0', '0', '0'];
  for (const reading of readings) {
    if (reading.status !== 'known') continue;
    const { position } = reading;
    if (position.kind === 'perpetual') perp = position.sizeUnits;
    if (position.kind === 'holding' && position.amount.token.address === tokens.WETH.address) {
      spot = unitsOf(position.amount.atoms);
    }
    if (position.kind === 'lending') {
      const owed = position.debt.find(({ deltaPerUnit }) => deltaPerUnit === '1')?.amountUnits ?? '0';
      loan = Number(owed) === 0 ? '0' : `-${owed}`;
    }
  }
  return { perp, loan, spot };
}

/** Eighteen decimals. */
function unitsOf(atoms: bigint): string {
  const digits = atoms.toString().padStart(19, '0');
  return `${digits.slice(0, -18)}.${digits.slice(-18)}`.replace(/\.?0+$/, '');
}
